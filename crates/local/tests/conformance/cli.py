"""Runs the AWS CLI against the local Bedrock.

Usage: python cli.py http://127.0.0.1:PORT

Start `bedrock-local --keep-retired-models --job-duration 300` first. The script runs the `aws` command of this Python's
environment and asserts its output. The first command that fails ends the script.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"
ROLE = "arn:aws:iam::123456789012:role/bedrock"
AWS = pathlib.Path(sys.executable).with_name("aws")
FOLDER = pathlib.Path(tempfile.mkdtemp())


def aws(*arguments, fails=None, without=()):
    """Returns the JSON that a command prints.

    With `fails`, asserts that the command fails with this error. `without` removes environment variables.
    """
    environment = {
        "AWS_ENDPOINT_URL": sys.argv[1],
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "ap-southeast-2",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
        "HOME": str(FOLDER),
        "NO_PROXY": "127.0.0.1",
        "PATH": os.environ["PATH"],
    }
    for variable in without:
        del environment[variable]
    command = [AWS, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    if fails is not None:
        assert done.returncode != 0 and fails in done.stderr, done
        return None
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr}"
    return json.loads(done.stdout) if done.stdout.strip() else None


def foundation_models():
    models = aws("bedrock", "list-foundation-models", "--by-provider", "anthropic", "--query", "modelSummaries[].modelId")
    assert MODEL in models, models
    details = aws("bedrock", "get-foundation-model", "--model-identifier", MODEL)["modelDetails"]
    assert details["providerName"] == "Anthropic"
    aws("bedrock", "get-foundation-model", "--model-identifier", "no.such-model", fails="(ResourceNotFoundException)")


def conversation():
    messages = json.dumps([{"role": "user", "content": [{"text": "Say hello."}]}])
    reply = aws("bedrock-runtime", "converse", "--model-id", MODEL, "--messages", messages)
    assert reply["stopReason"] == "end_turn" and "Say hello." in reply["output"]["message"]["content"][0]["text"]
    # The CLI's shorthand syntax.
    short = "role=user,content=[{text=Hello}]"
    limit = ("--inference-config", "maxTokens=2")
    cut = aws("bedrock-runtime", "converse", "--model-id", MODEL, "--messages", short, *limit)
    assert cut["stopReason"] == "max_tokens" and cut["usage"]["outputTokens"] == 2
    aws("bedrock-runtime", "converse", "--model-id", "no-such-model", "--messages", short, fails="(ValidationException)")


def raw():
    body, output = FOLDER / "body.json", FOLDER / "output.json"
    body.write_text(json.dumps({"inputText": "Say hello."}))
    response = aws(
        "bedrock-runtime", "invoke-model", "--model-id", "amazon.titan-text-express-v1",
        "--body", f"file://{body}", str(output),
    )
    assert response["contentType"] == "application/json"
    assert "Say hello." in json.loads(output.read_text())["results"][0]["outputText"]


def guardrails():
    words = json.dumps({"wordsConfig": [{"text": "tuba"}]})
    created = aws(
        "bedrock", "create-guardrail", "--name", "cli", "--blocked-input-messaging", "No.",
        "--blocked-outputs-messaging", "No.", "--word-policy-config", words, "--tags", "key=team,value=cli",
    )
    identifier = ("--guardrail-identifier", created["guardrailId"])
    assert aws("bedrock", "create-guardrail-version", *identifier)["version"] == "1"
    content = json.dumps([{"text": {"text": "A tuba plays."}}])
    applied = aws(
        "bedrock-runtime", "apply-guardrail", *identifier, "--guardrail-version", "1", "--source", "INPUT",
        "--content", content,
    )
    assert applied["action"] == "GUARDRAIL_INTERVENED"
    tags = aws("bedrock", "list-tags-for-resource", "--resource-arn", created["guardrailArn"])["tags"]
    assert tags == [{"key": "team", "value": "cli"}]
    # The CLI follows page tokens itself.
    found = aws("bedrock", "list-guardrails", *identifier, "--page-size", "1")["guardrails"]
    assert [row["version"] for row in found] == ["DRAFT", "1"]
    aws("bedrock", "delete-guardrail", *identifier)
    assert aws("bedrock", "list-guardrails")["guardrails"] == []


def jobs():
    source = "s3Uri=s3://some-bucket/some/folder/"
    arn = aws(
        "bedrock", "create-model-import-job", "--job-name", "importing", "--imported-model-name", "imported",
        "--role-arn", ROLE, "--model-data-source", "s3DataSource={" + source + "}",
    )["jobArn"]
    for _ in range(20):
        job = aws("bedrock", "get-model-import-job", "--job-identifier", arn)
        if job["status"] == "Completed":
            break
        time.sleep(0.2)
    assert job["status"] == "Completed", job
    names = aws("bedrock", "list-imported-models", "--query", "modelSummaries[].modelName")
    assert names == ["imported"]


def address_as_argument():
    rows = aws("bedrock", "list-foundation-models", "--endpoint-url", sys.argv[1], without=["AWS_ENDPOINT_URL"])
    assert len(rows["modelSummaries"]) > 60


def main():
    for step in (foundation_models, conversation, raw, guardrails, jobs, address_as_argument):
        step()
        print(f"ok  {step.__name__.replace('_', ' ')}", flush=True)


if __name__ == "__main__":
    main()
