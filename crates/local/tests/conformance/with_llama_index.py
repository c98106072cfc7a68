"""Runs llama-index (its packages for Bedrock Converse and for Bedrock embeddings) against the local Bedrock.

Usage: python with_llama_index.py http://127.0.0.1:PORT
"""

import os

import local_bedrock as local

ARGUMENT = local.connect("llama-index")

import boto3
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.bedrock import BedrockEmbedding
from llama_index.llms.bedrock_converse import BedrockConverse
from shared import TEXTS, Person, create_guardrail, get_weather, is_nearer


def chat():
    system = ChatMessage(role="system", content="Answer in one word.")
    asked = ChatMessage(role="user", content="What is the capital of France?")
    reply = BedrockConverse(model=local.CLAUDE).chat([system, asked])
    assert "capital of France" in reply.message.content and reply.raw["stopReason"] == "end_turn"
    assert local.last("Converse")["body"]["system"][0]["text"] == "Answer in one word."
    assert "Say hello." in BedrockConverse(model=local.NOVA).complete("Say hello.").text


def stream():
    chunks = list(BedrockConverse(model=local.NOVA).stream_complete("Count from one to five, please."))
    assert len(chunks) > 3 and "one to five" in chunks[-1].text
    local.last("ConverseStream")


def tools():
    tool = FunctionTool.from_defaults(get_weather)
    for model in (local.CLAUDE, local.NOVA):
        llm = BedrockConverse(model=model)
        called = llm.chat_with_tools([tool], user_msg="What is the weather in Paris?")
        (call,) = llm.get_tool_calls_from_response(called)
        assert call.tool_name == "get_weather" and call.tool_kwargs == {"city": "Paris"}
        asked = ChatMessage(role="user", content="What is the weather in Paris?")
        call_id = {"tool_call_id": call.tool_id, "name": call.tool_name}
        result = ChatMessage(role="tool", content=get_weather(**call.tool_kwargs), additional_kwargs=call_id)
        reply = llm.chat_with_tools([tool], chat_history=[asked, called.message, result])
        assert "21 degrees" in reply.message.content


def structured_output():
    person = BedrockConverse(model=local.CLAUDE).as_structured_llm(Person).complete("Ada is 36 years old.").raw
    assert person == Person(name="Ada", age=36), person


def embeddings():
    for model in (local.TITAN, local.COHERE):
        embedder = BedrockEmbedding(model_name=model)
        vectors = embedder.get_text_embedding_batch(TEXTS)
        assert len(vectors[0]) == 1024 and is_nearer(vectors), model


def guardrail():
    config = {"guardrail_identifier": create_guardrail("llama-index"), "guardrail_version": "DRAFT", "trace": "enabled"}
    reply = BedrockConverse(model=local.NOVA, **config).complete("What are the launch codes?")
    assert reply.text == "I may not talk about that."


def address_as_argument():
    del os.environ["AWS_ENDPOINT_URL"]
    before = len(local.requests("Converse"))
    BedrockConverse(model=local.NOVA, **{ARGUMENT: local.URL}).complete("Hello.")
    assert len(local.requests("Converse")) == before + 1
    # Its embeddings have no argument for the endpoint, but accept a boto3 client.
    runtime = boto3.client("bedrock-runtime", endpoint_url=local.URL)
    before = len(local.requests("InvokeModel"))
    assert len(BedrockEmbedding(model_name=local.TITAN, client=runtime).get_text_embedding("Hello.")) == 1024
    assert len(local.requests("InvokeModel")) == before + 1


local.run(chat, stream, tools, structured_output, embeddings, guardrail, address_as_argument)
