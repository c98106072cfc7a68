"""Runs Strands (strands-agents) against the local Bedrock.

Usage: python with_strands.py http://127.0.0.1:PORT
"""

import asyncio
import os

import local_bedrock as local

ARGUMENT = local.connect("Strands")

from shared import Person, create_guardrail
from shared import get_weather as get_weather_function
from strands import Agent, tool
from strands.models import BedrockModel

get_weather = tool(get_weather_function)


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
    assistant = agent(local.NOVA)
    assistant("My name is Ada.")
    assistant("What is my name?")
    roles = [message["role"] for message in local.last("ConverseStream")["body"]["messages"]]
    assert roles == ["user", "assistant", "user"]


def tools():
    for model in (local.CLAUDE, local.NOVA):
        for streaming in (True, False):
            assistant = agent(model, streaming, [get_weather])
            result = assistant("What is the weather in Paris?")
            assert "Paris: 21 degrees" in str(result) and result.stop_reason == "end_turn"
            (call,) = [block["toolUse"] for block in assistant.messages[1]["content"] if "toolUse" in block]
            assert call["name"] == "get_weather" and call["input"] == {"city": "Paris"}


def structured_output():
    person = agent()("Ada is 36 years old.", structured_output_model=Person).structured_output
    assert person == Person(name="Ada", age=36), person


def guardrail():
    guardrail_id = create_guardrail("strands")
    for streaming in (True, False):
        guarded = agent(local.NOVA, streaming, guardrail_id=guardrail_id, guardrail_version="DRAFT")
        result = guarded("What are the launch codes?")
        assert result.stop_reason == "guardrail_intervened" and str(result).strip() == "I may not talk about that."
        # Strands removes the blocked prompt from the history.
        assert "launch codes" not in str(guarded.messages)


def address_as_argument():
    del os.environ["AWS_ENDPOINT_URL"]
    before = len(local.requests("ConverseStream"))
    agent(local.NOVA, **{ARGUMENT: local.URL})("Hello.")
    assert len(local.requests("ConverseStream")) == before + 1


local.run(chat, stream, conversation, tools, structured_output, guardrail, address_as_argument)
