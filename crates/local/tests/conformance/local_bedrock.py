"""The connection to the local Bedrock, an environment that prevents connections to other hosts, and the step runner.

Run a script with `python SCRIPT http://127.0.0.1:PORT` against a server that was started with `--access-key any:any
--admin-token any`, so that the server checks the client's signatures. The script uses the setting that
`docs/testing.md` documents for its client.
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


blocked_hosts = []


class BlockedHost(BaseException):
    """A client tried to reach another host. Clients do not catch this as a network error."""


def allow_only_loopback(event, arguments):
    """An audit hook that blocks connections to all other hosts."""
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "127.0.0.1", "localhost"):
        blocked_hosts.append(arguments[0])
        raise BlockedHost(arguments[0])


@contextlib.contextmanager
def expect_request_to_aws():
    """Asserts that the body tries to reach AWS's runtime."""
    with contextlib.suppress(BlockedHost):
        yield
    assert blocked_hosts == [f"bedrock-runtime.{REGION}.amazonaws.com"], blocked_hosts
    blocked_hosts.clear()


def documented(client):
    """Returns the environment variable and the argument that the page documents for a client."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] == client:
            return cells[1].split("`")[1], cells[2].split("`")[1]
    raise LookupError(f"{PAGE.name} has no setting for {client}")


def connect(client):
    """Sets the environment that the page documents for a client, and returns the name of the equivalent argument."""
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
    sys.addaudithook(allow_only_loopback)
    return argument


def requests(operation):
    """Returns the requests of an operation, oldest first."""
    headers = {"Authorization": "Bearer any"}
    request = urllib.request.Request(f"{URL}/_local/requests?operation={operation}", headers=headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)["requests"]


def last(operation):
    """Returns the last request of an operation, which must have succeeded."""
    request = requests(operation)[-1]
    assert request["status"] == 200, request
    return request


def run(*steps):
    """Runs the steps in order and prints a line for each. The first failure ends the script with a traceback."""
    for step in steps:
        step()
        assert not blocked_hosts, f"{step.__name__} tried to reach {blocked_hosts}"
        print(f"ok  {step.__name__.replace('_', ' ')}", flush=True)
