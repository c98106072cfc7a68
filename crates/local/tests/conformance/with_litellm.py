"""Runs LiteLLM against the local Bedrock.

Usage: python with_litellm.py http://127.0.0.1:PORT
"""

import json
import os

import local_bedrock as local

ARGUMENT = local.connect("LiteLLM")
# LiteLLM downloads a list of prices when it is imported. With this variable, it reads the list in its package.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from shared import TEXTS, WEATHER_SCHEMA, Person, create_guardrail, is_nearer

litellm.suppress_debug_info = True

TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather in a city.", "parameters": WEATHER_SCHEMA},
}


def user(text):
    return [{"role": "user", "content": text}]


def chat():
    asked = [{"role": "system", "content": "Answer in one word."}, *user("What is the capital of France?")]
    reply = litellm.completion(f"bedrock/{local.CLAUDE}", asked, max_tokens=100)
    (choice,) = reply.choices
    assert "capital of France" in choice.message.content and choice.finish_reason == "stop"
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0
    body = local.last("Converse")["body"]
    assert body["system"][0]["text"] == "Answer in one word." and body["inferenceConfig"]["maxTokens"] == 100


def stream():
    chunks = list(litellm.completion(f"bedrock/{local.NOVA}", user("Count from one to five, please."), stream=True))
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert len(chunks) > 3 and "one to five" in said and chunks[-1].choices[0].finish_reason == "stop"
    local.last("ConverseStream")


def tools():
    for model in (f"bedrock/{local.CLAUDE}", f"bedrock/invoke/{local.CLAUDE}"):
        asked = user("What is the weather in Paris?")
        message = litellm.completion(model, asked, tools=[TOOL], max_tokens=100).choices[0].message
        (call,) = message.tool_calls
        assert call.function.name == "get_weather" and json.loads(call.function.arguments) == {"city": "Paris"}
        asked += [message, {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}]
        reply = litellm.completion(model, asked, tools=[TOOL], max_tokens=100).choices[0]
        assert "21 degrees" in reply.message.content and reply.finish_reason == "stop"


def tools_in_a_stream():
    asked = user("What is the weather in Paris and in Rome?")
    chunks = list(litellm.completion(f"bedrock/{local.CLAUDE}", asked, tools=[TOOL], stream=True))
    whole = litellm.stream_chunk_builder(chunks).choices[0]
    cities = [json.loads(call.function.arguments)["city"] for call in whole.message.tool_calls]
    assert cities == ["Paris", "Rome"] and whole.finish_reason == "tool_calls"


def structured_output():
    for model in (local.CLAUDE, local.NOVA):
        reply = litellm.completion(f"bedrock/{model}", user("Ada is 36 years old."), response_format=Person)
        person = Person.model_validate_json(reply.choices[0].message.content)
        assert person == Person(name="Ada", age=36), person


def invoke_model():
    model = f"bedrock/invoke/{local.CLAUDE}"
    reply = litellm.completion(model, user("Say hello."), max_tokens=100)
    assert "Say hello." in reply.choices[0].message.content
    assert local.last("InvokeModel")["body"]["anthropic_version"] == "bedrock-2023-05-31"
    chunks = list(litellm.completion(model, user("Say hello, word by word."), max_tokens=100, stream=True))
    assert "word by word" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def embeddings():
    for model in (local.TITAN, local.COHERE):
        vectors = [row["embedding"] for row in litellm.embedding(f"bedrock/{model}", TEXTS).data]
        assert len(vectors[0]) == 1024 and is_nearer(vectors), model


def guardrail():
    config = {"guardrailIdentifier": create_guardrail("litellm"), "guardrailVersion": "DRAFT", "trace": "enabled"}
    asked = user("What are the launch codes?")
    (choice,) = litellm.completion(f"bedrock/{local.NOVA}", asked, guardrailConfig=config).choices
    assert choice.message.content == "I may not talk about that." and choice.finish_reason == "content_filter"


def refused():
    try:
        litellm.completion("bedrock/converse/amazon.no-such-model-v1:0", user("Hello."))
    except litellm.BadRequestError as error:
        assert "model identifier is invalid" in str(error)
        return
    raise AssertionError("an unknown model was accepted")


def address_as_argument():
    del os.environ["AWS_BEDROCK_RUNTIME_ENDPOINT"]
    before = len(local.requests("Converse"))
    litellm.completion(f"bedrock/{local.NOVA}", user("Hello."), **{ARGUMENT: local.URL})
    assert len(local.requests("Converse")) == before + 1


def aws_endpoint_url_is_not_read():
    os.environ["AWS_ENDPOINT_URL"] = local.URL
    with local.expect_request_to_aws():
        litellm.completion(f"bedrock/{local.NOVA}", user("Hello."), num_retries=0)


local.run(
    chat, stream, tools, tools_in_a_stream, structured_output, invoke_model, embeddings, guardrail, refused,
    address_as_argument, aws_endpoint_url_is_not_read,
)
