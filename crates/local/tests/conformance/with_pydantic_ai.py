"""Runs pydantic-ai against the local Bedrock.

Usage: python with_pydantic_ai.py http://127.0.0.1:PORT
"""

import asyncio
import os

import local_bedrock as local

ARGUMENT = local.connect("pydantic-ai")

from pydantic_ai import Agent, Embedder, NativeOutput
from pydantic_ai.models.bedrock import BedrockConverseModel, BedrockModelSettings
from pydantic_ai.providers.bedrock import BedrockProvider
from shared import TEXTS, Person, create_guardrail, get_weather, is_nearer


def chat():
    result = Agent(f"bedrock:{local.CLAUDE}", instructions="Answer in one word.").run_sync("What is the capital of France?")
    assert "capital of France" in result.output and result.usage.output_tokens > 0
    # It streams if a reply can be long: here, up to Claude's 64,000 tokens.
    assert local.last("ConverseStream")["body"]["system"][0]["text"] == "Answer in one word."


def conversation():
    agent = Agent(f"bedrock:{local.NOVA}")
    first = agent.run_sync("My name is Ada.")
    agent.run_sync("What is my name?", message_history=first.all_messages())
    roles = [message["role"] for message in local.last("Converse")["body"]["messages"]]
    assert roles == ["user", "assistant", "user"]


def stream():
    async def read():
        async with Agent(f"bedrock:{local.NOVA}").run_stream("Count from one to five, please.") as result:
            return [text async for text in result.stream_text(delta=True, debounce_by=None)]

    said = asyncio.run(read())
    assert len(said) > 3 and "one to five" in "".join(said)
    local.last("ConverseStream")


def tools():
    for model in (local.CLAUDE, local.NOVA):
        result = Agent(f"bedrock:{model}", tools=[get_weather]).run_sync("What is the weather in Paris?")
        assert "Paris: 21 degrees" in result.output, result.output
        (call,) = [part for message in result.all_messages() for part in message.parts if part.part_kind == "tool-call"]
        assert call.tool_name == "get_weather" and call.args_as_dict() == {"city": "Paris"}


def structured_output():
    for form in (Person, NativeOutput(Person)):
        person = Agent(f"bedrock:{local.CLAUDE}", output_type=form).run_sync("Ada is 36 years old.").output
        assert person == Person(name="Ada", age=36), person


def embeddings():
    for model in (local.TITAN, local.COHERE):
        vectors = Embedder(f"bedrock:{model}").embed_documents_sync(TEXTS).embeddings
        assert len(vectors[0]) == 1024 and is_nearer(vectors), model


def guardrail():
    config = {"guardrailIdentifier": create_guardrail("pydantic-ai"), "guardrailVersion": "DRAFT", "trace": "enabled"}
    agent = Agent(f"bedrock:{local.NOVA}", model_settings=BedrockModelSettings(bedrock_guardrail_config=config))
    result = agent.run_sync("What are the launch codes?")
    assert result.output == "I may not talk about that." and result.response.finish_reason == "content_filter"


def address_as_argument():
    del os.environ["AWS_ENDPOINT_URL"]
    before = len(local.requests("Converse"))
    provider = BedrockProvider(region_name=local.REGION, **{ARGUMENT: local.URL})
    Agent(BedrockConverseModel(local.NOVA, provider=provider)).run_sync("Hello.")
    assert len(local.requests("Converse")) == before + 1


local.run(chat, conversation, stream, tools, structured_output, embeddings, guardrail, address_as_argument)
