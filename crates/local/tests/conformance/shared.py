"""Values and helpers that several clients' scripts use.

Import this module after `local_bedrock.connect`, because it imports boto3, which reads the environment.
"""

import boto3
import local_bedrock as local
from pydantic import BaseModel

WEATHER_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

# The first text is more similar to the second than to the third.
TEXTS = ["a red apple", "the red apple", "stock market prices"]


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: 21 degrees"


def create_guardrail(name):
    """Creates a guardrail that blocks the phrase "launch codes", and returns its ID."""
    return boto3.client("bedrock", endpoint_url=local.URL).create_guardrail(
        name=name,
        blockedInputMessaging="I may not talk about that.",
        blockedOutputsMessaging="No.",
        wordPolicyConfig={"wordsConfig": [{"text": "launch codes"}]},
    )["guardrailId"]


def is_nearer(vectors):
    """Returns whether the first of three vectors is nearer to the second than to the third."""
    one, near, far = vectors
    product = lambda other: sum(a * b for a, b in zip(one, other))
    return product(near) > product(far)
