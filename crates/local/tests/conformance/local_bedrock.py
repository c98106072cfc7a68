"""What the clients' scripts share: where the local Bedrock is, an environment that leads nowhere else, the steps.

Each script is run as `python SCRIPT http://127.0.0.1:PORT`, on a server that was started with `--access-key
any:any --admin-token any`, so that every client's signatures are checked. The script uses the setting that the table
of `docs/testing.md` gives for its client.
"""

import contextlib
import json
import os
import pathlib
import sys
import urllib.request

URL = sys.argv[1]
REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "amazon.nova-lite-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
COHERE = "cohere.embed-english-v3"

PAGE = pathlib.Path(__file__).parents[4] / "docs" / "testing.md"


tried = []


class Outside(BaseException):
    """A client wants to reach another host. No client catches this as an error of the network."""


def only_loopback(event, arguments):
    """Keeps this process from every other host, whatever its client is told."""
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "127.0.0.1", "localhost"):
        tried.append(arguments[0])
        raise Outside(arguments[0])


@contextlib.contextmanager
def leaves_for_aws():
    """What is done in this context must try to reach AWS's runtime."""
    with contextlib.suppress(Outside):
        yield
    assert tried == [f"bedrock-runtime.{REGION}.amazonaws.com"], tried
    tried.clear()


def documented(client):
    """The environment variable and the argument that the page names for a client."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] == client:
            return cells[1].split("`")[1], cells[2].split("`")[1]
    raise LookupError(f"{PAGE.name} names no setting for {client}")


def connect(client):
    """Sets the environment as the page says for this client; gives the name of the argument that says the same."""
    variable, argument = documented(client)
    for name in [name for name in os.environ if name.startswith(("AWS_", "ANTHROPIC_"))]:
        del os.environ[name]
    os.environ.update(
        KEYS,
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    os.environ[variable] = URL
    sys.addaudithook(only_loopback)
    return argument


def requests(operation):
    """What came in for an operation, oldest first."""
    headers = {"Authorization": "Bearer any"}
    asked = urllib.request.Request(f"{URL}/_local/requests?operation={operation}", headers=headers)
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)["requests"]


def last(operation):
    """The last request of an operation, which must have been answered well."""
    request = requests(operation)[-1]
    assert request["status"] == 200, request
    return request


def run(*steps):
    """Runs the steps in order, and prints a line for each; the first that fails ends the script with a trace."""
    for step in steps:
        step()
        assert not tried, f"{step.__name__} tried to reach {tried}"
        print(f"ok  {step.__name__.replace('_', ' ')}", flush=True)
