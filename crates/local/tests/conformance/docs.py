"""Runs the Python snippets and the AWS CLI commands in `docs/testing.md` against the local Bedrock.

Usage: python docs.py http://127.0.0.1:PORT

Runs each Python block in its own namespace, and each command that begins with `$ aws`.
"""

import os
import pathlib
import subprocess
import sys

PAGE = pathlib.Path(__file__).parents[4] / "docs" / "testing.md"
os.environ.update(
    AWS_ENDPOINT_URL=sys.argv[1],
    BEDROCK_LOCAL=sys.argv[1],
    AWS_ACCESS_KEY_ID="any",
    AWS_SECRET_ACCESS_KEY="any",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_PAGER="",
    PATH=f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
)


def blocks():
    """Yields the fenced blocks with their first line's number, their language, and their text."""
    begun = None
    for number, line in enumerate(PAGE.read_text().splitlines(), 1):
        if begun is None and line.startswith("```"):
            begun = (number + 1, line[3:], [])
        elif begun is not None and line == "```":
            yield begun[0], begun[1], "\n".join(begun[2])
            begun = None
        elif begun is not None:
            begun[2].append(line)


def main():
    for number, language, text in blocks():
        if language == "python":
            exec(compile("\n" * (number - 1) + text, PAGE.name, "exec"), {})
            print(f"ok  line {number}", flush=True)
        elif language == "console":
            commands = [line[2:] for line in text.splitlines() if line.startswith("$ aws ")]
            for command in commands:
                subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
                print(f"ok  {command.split(' --')[0]}", flush=True)


if __name__ == "__main__":
    main()
