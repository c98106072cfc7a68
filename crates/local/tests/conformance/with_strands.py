"""Strands (strands-agents) on the local Bedrock.

Usage: python with_strands.py http://127.0.0.1:PORT
"""

import asyncio
import os

import local_bedrock as local

ARGUMENT = local.connect("Strands")

import boto3
from pydantic import BaseModel
from strands import Agent, tool
from strands.models import BedrockModel


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: 21 degrees"


def agent(model=local.CLAUDE, streaming=True, tools=(), prompt=None, **settings):
    chosen = BedrockModel(model_id=model, streaming=streaming, **settings)
    return Agent(model=chosen, tools=list(tools), system_prompt=prompt, callback_handler=None)


def chat():
    for streaming, operation in ((True, "ConverseStream"), (False, "Converse")):
        result = agent(streaming=streaming, prompt="Answer in one word.")("What is the capital of France?")
        assert "capital of France" in str(result) and result.stop_reason == "end_turn"
        assert result.metrics.accumulated_usage["outputTokens"] > 0
        assert local.last(operation)["body"]["system"][0]["text"] == "Answer in one word."


def stream():
    async def read():
        events = agent(local.NOVA).stream_async("Count from one to five, please.")
        return [event["data"] async for event in events if "data" in event]

    said = asyncio.run(read())
    assert len(said) > 3 and "one to five" in "".join(said)


def conversation():
    talking = agent(local.NOVA)
    talking("My name is Ada.")
    talking("What is my name?")
    roles = [message["role"] for message in local.last("ConverseStream")["body"]["messages"]]
    assert roles == ["user", "assistant", "user"]


def tools():
    for model in (local.CLAUDE, local.NOVA):
        for streaming in (True, False):
            asked = agent(model, streaming, [get_weather])
            result = asked("What is the weather in Paris?")
            assert "Paris: 21 degrees" in str(result) and result.stop_reason == "end_turn"
            (call,) = [block["toolUse"] for block in asked.messages[1]["content"] if "toolUse" in block]
            assert call["name"] == "get_weather" and call["input"] == {"city": "Paris"}


def structured_output():
    person = agent()("Ada is 36 years old.", structured_output_model=Person).structured_output
    assert person == Person(name="Ada", age=36), person


def guardrail():
    made = boto3.client("bedrock").create_guardrail(
        name="strands", blockedInputMessaging="I may not talk about that.", blockedOutputsMessaging="No.",
        wordPolicyConfig={"wordsConfig": [{"text": "launch codes"}]},
    )
    for streaming in (True, False):
        guarded = agent(local.NOVA, streaming, guardrail_id=made["guardrailId"], guardrail_version="DRAFT")
        result = guarded("What are the launch codes?")
        assert result.stop_reason == "guardrail_intervened" and str(result).strip() == "I may not talk about that."
        # Strands takes the blocked prompt out of the history.
        assert "launch codes" not in str(guarded.messages)


def address_as_argument():
    del os.environ["AWS_ENDPOINT_URL"]
    before = len(local.requests("ConverseStream"))
    agent(local.NOVA, **{ARGUMENT: local.URL})("Hello.")
    assert len(local.requests("ConverseStream")) == before + 1


local.run(chat, stream, conversation, tools, structured_output, guardrail, address_as_argument)
