"""Runs Anthropic's SDK for Bedrock (anthropic[bedrock]) against the local Bedrock.

Usage: python with_anthropic.py http://127.0.0.1:PORT
"""

import os

import local_bedrock as local

ARGUMENT = local.connect("Anthropic's SDK")

import anthropic
from shared import WEATHER_SCHEMA, Person, create_guardrail

TOOL = {"name": "get_weather", "description": "The weather in a city.", "input_schema": WEATHER_SCHEMA}


def user(*content):
    return {"role": "user", "content": content[0] if len(content) == 1 else list(content)}


def request(*messages, **settings):
    return dict(model=local.CLAUDE, max_tokens=200, messages=list(messages), **settings)


def chat():
    reply = client.messages.create(**request(user("What is the capital of France?"), system="Answer in one word."))
    (block,) = reply.content
    assert block.type == "text" and "capital of France" in block.text and reply.stop_reason == "end_turn"
    assert reply.usage.input_tokens > 0 and reply.usage.output_tokens > 0
    body = local.last("InvokeModel")["body"]
    assert "anthropic_version" in body and body["system"] == "Answer in one word."


def stream():
    with client.messages.stream(**request(user("Count from one to five, please."))) as events:
        said = list(events.text_stream)
        reply = events.get_final_message()
    assert len(said) > 3 and "one to five" in "".join(said) == reply.content[0].text
    assert reply.stop_reason == "end_turn" and reply.usage.output_tokens > 0
    local.last("InvokeModelWithResponseStream")


def tools():
    asked = user("What is the weather in Paris?")
    called = client.messages.create(**request(asked, tools=[TOOL]))
    (call,) = [block for block in called.content if block.type == "tool_use"]
    assert called.stop_reason == "tool_use" and call.name == "get_weather" and call.input == {"city": "Paris"}
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "21 degrees"}
    messages = [asked, {"role": "assistant", "content": called.content}, {"role": "user", "content": [result]}]
    reply = client.messages.create(**request(*messages, tools=[TOOL]))
    assert "21 degrees" in reply.content[0].text and reply.stop_reason == "end_turn"


def tools_in_a_stream():
    asked = user("What is the weather in Paris and in Rome?")
    with client.messages.stream(**request(asked, tools=[TOOL])) as events:
        reply = events.get_final_message()
    assert [block.input["city"] for block in reply.content if block.type == "tool_use"] == ["Paris", "Rome"]


def structured_output():
    reply = client.messages.parse(**request(user("Ada is 36 years old."), output_format=Person))
    person = reply.parsed_output
    assert person == Person(name="Ada", age=36), reply
    assert local.last("InvokeModel")["body"]["output_config"]["format"]["type"] == "json_schema"


def thinking():
    budget = {"type": "enabled", "budget_tokens": 1024}
    reply = client.messages.create(**{**request(user("What is 17 × 23?"), thinking=budget), "max_tokens": 4096})
    thought, text = reply.content
    assert thought.type == "thinking" and thought.signature and "17 × 23" in text.text


def guardrail():
    headers = {
        "X-Amzn-Bedrock-GuardrailIdentifier": create_guardrail("anthropic"),
        "X-Amzn-Bedrock-GuardrailVersion": "DRAFT",
    }
    reply = client.messages.create(**request(user("What are the launch codes?"), extra_headers=headers))
    assert reply.content[0].text == "I may not talk about that."


def refused():
    try:
        client.messages.create(**{**request(user("Hello.")), "model": "anthropic.no-such-model-v1:0"})
    except anthropic.BadRequestError as error:
        assert "model identifier is invalid" in str(error)
        return
    raise AssertionError("an unknown model was accepted")


def address_as_argument():
    del os.environ["ANTHROPIC_BEDROCK_BASE_URL"]
    before = len(local.requests("InvokeModel"))
    anthropic.AnthropicBedrock(**{ARGUMENT: local.URL}).messages.create(**request(user("Hello.")))
    assert len(local.requests("InvokeModel")) == before + 1


def aws_endpoint_url_is_not_read():
    os.environ["AWS_ENDPOINT_URL"] = local.URL
    with local.expect_request_to_aws():
        anthropic.AnthropicBedrock(max_retries=0).messages.create(**request(user("Hello.")))


client = anthropic.AnthropicBedrock()
local.run(
    chat, stream, tools, tools_in_a_stream, structured_output, thinking, guardrail, refused, address_as_argument,
    aws_endpoint_url_is_not_read,
)
