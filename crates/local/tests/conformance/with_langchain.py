"""Runs LangChain (langchain-aws) against the local Bedrock.

Usage: python with_langchain.py http://127.0.0.1:PORT
"""

import os

import local_bedrock as local

ARGUMENT = local.connect("LangChain (langchain-aws)")

from langchain_aws import BedrockEmbeddings, ChatBedrock, ChatBedrockConverse
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from shared import TEXTS, Person, create_guardrail, is_nearer
from shared import get_weather as get_weather_function

get_weather = tool(get_weather_function)


def chat():
    reply = ChatBedrockConverse(model=local.CLAUDE).invoke(
        [SystemMessage("Answer in one word."), HumanMessage("What is the capital of France?")]
    )
    assert "capital of France" in reply.text and reply.response_metadata["stopReason"] == "end_turn"
    assert reply.usage_metadata["total_tokens"] > reply.usage_metadata["output_tokens"] > 0
    assert local.last("Converse")["body"]["system"] == [{"text": "Answer in one word."}]


def stream():
    chunks = list(ChatBedrockConverse(model=local.NOVA).stream("Count from one to five, please."))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    assert len(chunks) > 3 and "one to five" in whole.text
    assert whole.usage_metadata["output_tokens"] > 0
    local.last("ConverseStream")


def tools():
    for model in (ChatBedrockConverse(model=local.CLAUDE), ChatBedrock(model=local.CLAUDE)):
        asking = HumanMessage("What is the weather in Paris?")
        called = model.bind_tools([get_weather]).invoke([asking])
        (call,) = called.tool_calls
        assert call["name"] == "get_weather" and call["args"] == {"city": "Paris"}, call
        result = get_weather.invoke(call)
        assert isinstance(result, ToolMessage)
        reply = model.bind_tools([get_weather]).invoke([asking, called, result])
        assert "21 degrees" in reply.text and not reply.tool_calls


def tools_in_a_stream():
    model = ChatBedrockConverse(model=local.NOVA).bind_tools([get_weather])
    whole = None
    for chunk in model.stream("What is the weather in Paris and in Rome?"):
        whole = chunk if whole is None else whole + chunk
    assert [call["args"] for call in whole.tool_calls] == [{"city": "Paris"}, {"city": "Rome"}]


def structured_output():
    model = ChatBedrockConverse(model=local.CLAUDE)
    for method in ("function_calling", "json_schema"):
        person = model.with_structured_output(Person, method=method).invoke("Ada is 36 years old.")
        assert person == Person(name="Ada", age=36), (method, person)


def invoke_model():
    model = ChatBedrock(model=local.CLAUDE)
    reply = model.invoke("Say hello.")
    assert "Say hello." in reply.text and reply.usage_metadata["input_tokens"] > 0
    assert local.last("InvokeModel")["body"]["anthropic_version"] == "bedrock-2023-05-31"
    streamed = [chunk.text for chunk in model.stream("Say hello, word by word.")]
    assert len(streamed) > 3 and "word by word" in "".join(streamed)


def embeddings():
    for model in (local.TITAN, local.COHERE):
        embedder = BedrockEmbeddings(model_id=model)
        vectors = embedder.embed_documents(TEXTS)
        assert len(vectors[0]) == 1024 and is_nearer(vectors), model
    assert local.last("InvokeModel")["body"]["input_type"] == "search_document"


def guardrail():
    config = {"guardrailIdentifier": create_guardrail("langchain"), "guardrailVersion": "DRAFT", "trace": "enabled"}
    model = ChatBedrockConverse(model=local.NOVA, guardrail_config=config)
    reply = model.invoke("What are the launch codes?")
    assert reply.text == "I may not talk about that."
    assert reply.response_metadata["stopReason"] == "guardrail_intervened"
    assert model.invoke("What is the time?").response_metadata["stopReason"] == "end_turn"


def address_as_argument():
    del os.environ["AWS_ENDPOINT_URL"]
    before = len(local.requests("Converse"))
    reply = ChatBedrockConverse(model=local.NOVA, **{ARGUMENT: local.URL}).invoke("Hello.")
    assert isinstance(reply, AIMessage) and len(local.requests("Converse")) == before + 1


local.run(
    chat, stream, tools, tools_in_a_stream, structured_output, invoke_model, embeddings, guardrail, address_as_argument
)
