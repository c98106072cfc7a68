"""The local Bedrock, as boto3 sees it.

Usage: python tour.py http://127.0.0.1:PORT

Walks through everything that is served, asserts what came back, and prints a line a step. The first step that fails
ends the tour with a trace and an exit code of one.
"""

import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"
PROFILE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
REEL = "amazon.nova-reel-v1:0"


def clients(url, region):
    settings = dict(
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )
    return boto3.client("bedrock", **settings), boto3.client("bedrock-runtime", **settings)


def refused(code, status, call, **arguments):
    """The message of the error that a call must end with."""
    try:
        call(**arguments)
    except ClientError as error:
        told = error.response["Error"]
        assert told["Code"] == code, told
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status, error.response
        assert len(error.response["ResponseMetadata"]["RequestId"]) == 36
        return told["Message"]
    raise AssertionError(f"{call} was not refused")


def user(text):
    return {"role": "user", "content": [{"text": text}]}


def foundation_models(bedrock, runtime):
    models = bedrock.list_foundation_models()["modelSummaries"]
    assert len(models) > 60
    anthropic = bedrock.list_foundation_models(byProvider="anthropic", byOutputModality="TEXT")["modelSummaries"]
    assert anthropic and all(model["providerName"] == "Anthropic" for model in anthropic)
    embeddings = bedrock.list_foundation_models(byOutputModality="EMBEDDING", byInferenceType="ON_DEMAND")
    assert any(model["modelId"] == "amazon.titan-embed-text-v2:0" for model in embeddings["modelSummaries"])
    tunable = bedrock.list_foundation_models(byCustomizationType="FINE_TUNING")["modelSummaries"]
    assert tunable and all("FINE_TUNING" in model["customizationsSupported"] for model in tunable)
    details = bedrock.get_foundation_model(modelIdentifier=MODEL)["modelDetails"]
    assert details["modelName"] == "Claude 3.5 Sonnet"
    assert bedrock.get_foundation_model(modelIdentifier=details["modelArn"])["modelDetails"] == details
    available = bedrock.get_foundation_model_availability(modelId=MODEL)
    assert available["authorizationStatus"] == "AUTHORIZED"
    refused("ResourceNotFoundException", 404, bedrock.get_foundation_model, modelIdentifier="no.such-model")
    refused("ValidationException", 400, bedrock.list_foundation_models, byInferenceType="SOMETIMES")


def guardrails(bedrock, runtime):
    created = bedrock.create_guardrail(
        name="tour",
        description="for the tour",
        topicPolicyConfig={"topicsConfig": [
            {"name": "Weather", "definition": "Anything about the weather.", "type": "DENY"},
        ]},
        contentPolicyConfig={"filtersConfig": [
            {"type": "INSULTS", "inputStrength": "HIGH", "outputStrength": "HIGH"},
        ]},
        wordPolicyConfig={"wordsConfig": [{"text": "Project X"}], "managedWordListsConfig": [{"type": "PROFANITY"}]},
        sensitiveInformationPolicyConfig={
            "piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}],
            "regexesConfig": [{"name": "Ticket", "pattern": r"T-\d+", "action": "ANONYMIZE"}],
        },
        blockedInputMessaging="I cannot take that.",
        blockedOutputsMessaging="I cannot say that.",
        tags=[{"key": "team", "value": "tour"}],
    )
    identifier, arn = created["guardrailId"], created["guardrailArn"]
    assert created["version"] == "DRAFT" and created["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert bedrock.list_tags_for_resource(resourceARN=arn)["tags"] == [{"key": "team", "value": "tour"}]
    version = bedrock.create_guardrail_version(guardrailIdentifier=identifier, description="first")["version"]
    assert version == "1"

    draft = bedrock.get_guardrail(guardrailIdentifier=arn)
    assert draft["version"] == "DRAFT" and draft["status"] == "READY"
    assert draft["topicPolicy"]["topics"][0]["name"] == "Weather"
    assert draft["contentPolicy"]["filters"][0]["type"] == "INSULTS"
    assert bedrock.get_guardrail(guardrailIdentifier=identifier, guardrailVersion="1")["description"] == "first"
    assert identifier in [summary["id"] for summary in bedrock.list_guardrails()["guardrails"]]
    versions = bedrock.list_guardrails(guardrailIdentifier=identifier)["guardrails"]
    assert [summary["version"] for summary in versions] == ["DRAFT", "1"]
    paginator = bedrock.get_paginator("list_guardrails").paginate(
        guardrailIdentifier=identifier, PaginationConfig={"PageSize": 1}
    )
    assert len(list(paginator)) == 2

    config = {"guardrailIdentifier": identifier, "guardrailVersion": "1", "trace": "enabled"}
    blocked = runtime.converse(modelId=MODEL, messages=[user("How is the weather?")], guardrailConfig=config)
    assert blocked["stopReason"] == "guardrail_intervened"
    assert blocked["output"]["message"]["content"] == [{"text": "I cannot take that."}]
    assert blocked["usage"]["totalTokens"] == 0
    trace = blocked["trace"]["guardrail"]
    assert trace["modelOutput"] == []
    assert trace["inputAssessment"][identifier]["topicPolicy"]["topics"][0]["action"] == "BLOCKED"

    masked = runtime.converse(modelId=MODEL, messages=[user("Mail a@b.org about T-17.")], guardrailConfig=config)
    said = masked["output"]["message"]["content"][0]["text"]
    assert "{EMAIL}" in said and "{Ticket}" in said and "a@b.org" not in said, said
    passed = runtime.converse(modelId=MODEL, messages=[user("Good morning!")], guardrailConfig=config)
    assert passed["stopReason"] == "end_turn" and "modelOutput" not in passed["trace"]["guardrail"]

    applied = runtime.apply_guardrail(
        guardrailIdentifier=identifier,
        guardrailVersion="DRAFT",
        source="OUTPUT",
        content=[{"text": {"text": "You idiot, write to a@b.org"}}],
    )
    assert applied["action"] == "GUARDRAIL_INTERVENED"
    assert applied["outputs"] == [{"text": "I cannot say that."}]
    assert applied["assessments"][0]["contentPolicy"]["filters"][0]["action"] == "BLOCKED"
    clean = runtime.apply_guardrail(
        guardrailIdentifier=identifier, guardrailVersion="1", source="INPUT", content=[{"text": {"text": "Hello"}}]
    )
    assert clean["action"] == "NONE" and clean["outputs"] == []

    bedrock.update_guardrail(
        guardrailIdentifier=identifier,
        name="tour",
        wordPolicyConfig={"wordsConfig": [{"text": "Hello"}]},
        blockedInputMessaging="No.",
        blockedOutputsMessaging="No.",
    )
    assert "topicPolicy" not in bedrock.get_guardrail(guardrailIdentifier=identifier)
    assert "topicPolicy" in bedrock.get_guardrail(guardrailIdentifier=identifier, guardrailVersion="1")
    message = refused(
        "ConflictException", 400, bedrock.create_guardrail,
        name="tour", blockedInputMessaging="No.", blockedOutputsMessaging="No.",
        wordPolicyConfig={"wordsConfig": [{"text": "Hello"}]},
    )
    assert "already has this name" in message

    bedrock.delete_guardrail(guardrailIdentifier=identifier, guardrailVersion="1")
    refused("ResourceNotFoundException", 404, bedrock.get_guardrail, guardrailIdentifier=identifier, guardrailVersion="1")
    bedrock.delete_guardrail(guardrailIdentifier=identifier)
    assert bedrock.list_guardrails()["guardrails"] == []
    message = refused(
        "ValidationException", 400, runtime.converse,
        modelId=MODEL, messages=[user("Hello")], guardrailConfig=config,
    )
    assert message == "The guardrail identifier or version provided in the request does not exist."


def conversation(bedrock, runtime):
    reply = runtime.converse(
        modelId=MODEL,
        messages=[user("Give me three short deployment safety checks.")],
        system=[{"text": "Answer with concise bullet points."}],
        inferenceConfig={"maxTokens": 200, "temperature": 0.2},
    )
    assert "deployment safety checks" in reply["output"]["message"]["content"][0]["text"]
    usage = reply["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    short = runtime.converse(modelId=MODEL, messages=[user("Hello")], inferenceConfig={"maxTokens": 3})
    assert short["stopReason"] == "max_tokens" and short["usage"]["outputTokens"] == 3
    stopped = runtime.converse(
        modelId=MODEL,
        messages=[user("one two three")],
        inferenceConfig={"stopSequences": ["two"]},
        additionalModelResponseFieldPaths=["/stop_sequence"],
    )
    assert stopped["stopReason"] == "stop_sequence"
    assert stopped["additionalModelResponseFields"] == {"stop_sequence": "two"}


def tools(bedrock, runtime):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    config = {"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": schema}}}]}
    messages = [user("What is the weather in Paris and in London?")]
    reply = runtime.converse(modelId=MODEL, messages=messages, toolConfig=config)
    assert reply["stopReason"] == "tool_use"
    uses = [block["toolUse"] for block in reply["output"]["message"]["content"]]
    assert [use["input"] for use in uses] == [{"city": "Paris"}, {"city": "London"}]
    messages.append(reply["output"]["message"])
    results = [
        {"toolResult": {"toolUseId": use["toolUseId"], "content": [{"json": {"sky": "clear in " + use["input"]["city"]}}]}}
        for use in reversed(uses)
    ]
    half = messages + [{"role": "user", "content": results[:1]}]
    message = refused("ValidationException", 400, runtime.converse, modelId=MODEL, messages=half, toolConfig=config)
    assert message.startswith("Expected toolResult blocks at messages.2.content for the following Ids: ")
    messages.append({"role": "user", "content": results})
    told = runtime.converse(modelId=MODEL, messages=messages, toolConfig=config)
    said = told["output"]["message"]["content"][0]["text"]
    assert "clear in London" in said and "clear in Paris" in said


def streams(bedrock, runtime):
    events = list(runtime.converse_stream(modelId=PROFILE, messages=[user("Hello, stream!")])["stream"])
    assert "messageStart" in events[0] and "messageStop" in events[-2] and "metadata" in events[-1]
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert len(deltas) > 3 and "Hello, stream!" in "".join(deltas)
    thinking = runtime.converse_stream(
        modelId=PROFILE,
        messages=[user("Think!")],
        additionalModelRequestFields={"thinking": {"type": "enabled", "budget_tokens": 1024}},
    )
    deltas = [event["contentBlockDelta"]["delta"] for event in thinking["stream"] if "contentBlockDelta" in event]
    assert "signature" in [list(delta["reasoningContent"])[0] for delta in deltas if "reasoningContent" in delta]
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    config = {
        "tools": [{"toolSpec": {"name": "forecast", "inputSchema": {"json": schema}}}],
        "toolChoice": {"any": {}},
    }
    called = list(runtime.converse_stream(modelId=PROFILE, messages=[user("In Rome?")], toolConfig=config)["stream"])
    assert called[1]["contentBlockStart"]["start"]["toolUse"]["name"] == "forecast"
    fragments = [event["contentBlockDelta"]["delta"]["toolUse"]["input"] for event in called if "contentBlockDelta" in event]
    assert len(fragments) > 1 and json.loads("".join(fragments)) == {"city": "Rome"}


def tokens(bedrock, runtime):
    messages = [user("How many tokens is this?")]
    counted = runtime.count_tokens(modelId=MODEL, input={"converse": {"messages": messages}})["inputTokens"]
    assert counted == runtime.converse(modelId=MODEL, messages=messages)["usage"]["inputTokens"]
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [
        {"role": "user", "content": "How many tokens is this?"},
    ]}
    invoked = runtime.count_tokens(modelId=MODEL, input={"invokeModel": {"body": json.dumps(body)}})
    assert invoked["inputTokens"] == counted
    message = refused(
        "ValidationException", 400, runtime.count_tokens,
        modelId=PROFILE, input={"converse": {"messages": messages}},
    )
    assert message == "The provided model doesn't support counting tokens."


BODIES = {
    MODEL: {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 99, "messages": [{"role": "user", "content": "Hi"}]},
    "anthropic.claude-v2": {"prompt": "\n\nHuman: Hi\n\nAssistant:", "max_tokens_to_sample": 99},
    "meta.llama3-8b-instruct-v1:0": {"prompt": "Hi", "max_gen_len": 99},
    "mistral.mistral-7b-instruct-v0:2": {"prompt": "<s>[INST] Hi [/INST]", "max_tokens": 99},
    "mistral.mistral-large-2407-v1:0": {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 99},
    "amazon.titan-text-express-v1": {"inputText": "Hi", "textGenerationConfig": {"maxTokenCount": 99}},
    "amazon.nova-lite-v1:0": {"schemaVersion": "messages-v1", "messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
    "cohere.command-r-v1:0": {"message": "Hi", "max_tokens": 99},
    "cohere.command-text-v14": {"prompt": "Hi", "max_tokens": 99},
    "ai21.jamba-1-5-large-v1:0": {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 99},
    "us.deepseek.r1-v1:0": {"prompt": "Hi", "max_tokens": 99},
    "openai.gpt-oss-20b-1:0": {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 99},
    "qwen.qwen3-32b-v1:0": {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 99},
}


def makers(bedrock, runtime):
    for model, body in BODIES.items():
        answer = runtime.invoke_model(modelId=model, body=json.dumps(body), contentType="application/json")
        assert answer["contentType"] == "application/json"
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        assert int(headers["x-amzn-bedrock-input-token-count"]) > 0
        assert int(headers["x-amzn-bedrock-output-token-count"]) > 0
        assert "“Hi”" in json.dumps(json.load(answer["body"]), ensure_ascii=False), model
        stream = runtime.invoke_model_with_response_stream(modelId=model, body=json.dumps(body))
        chunks = [json.loads(event["chunk"]["bytes"]) for event in stream["body"]]
        metrics = chunks[-1]["amazon-bedrock-invocationMetrics"]
        assert metrics["outputTokenCount"] > 0, model
    vector = json.load(runtime.invoke_model(
        modelId="amazon.titan-embed-text-v2:0", body=json.dumps({"inputText": "Hi", "dimensions": 256}),
    )["body"])["embedding"]
    assert len(vector) == 256 and abs(sum(x * x for x in vector) - 1) < 1e-6
    vectors = json.load(runtime.invoke_model(
        modelId="cohere.embed-english-v3", body=json.dumps({"texts": ["Hi", "Ho"], "input_type": "search_query"}),
    )["body"])["embeddings"]
    assert [len(vector) for vector in vectors] == [1024, 1024]
    message = refused("ValidationException", 400, runtime.invoke_model, modelId=MODEL, body=b'{"messages": []}')
    assert message.startswith("Malformed input request: ")


def async_invokes(bedrock, runtime):
    start = dict(
        modelId=REEL,
        modelInput={"taskType": "TEXT_VIDEO", "textToVideoParams": {"text": "a red fox"}},
        outputDataConfig={"s3OutputDataConfig": {"s3Uri": "s3://tour-bucket/videos/"}},
    )
    arn = runtime.start_async_invoke(clientRequestToken="tour-1", **start)["invocationArn"]
    assert runtime.start_async_invoke(clientRequestToken="tour-1", **start)["invocationArn"] == arn
    refused(
        "ConflictException", 400, runtime.start_async_invoke,
        clientRequestToken="tour-1", **{**start, "modelInput": {"taskType": "OTHER"}},
    )
    job = runtime.get_async_invoke(invocationArn=arn)
    assert job["status"] == "InProgress" and job["modelArn"].endswith(REEL)
    for _ in range(100):
        if runtime.get_async_invoke(invocationArn=arn)["status"] == "Completed":
            break
        time.sleep(0.1)
    done = runtime.get_async_invoke(invocationArn=arn)
    assert done["status"] == "Completed" and done["endTime"] > done["submitTime"]
    second = runtime.start_async_invoke(**start)["invocationArn"]
    listed = runtime.list_async_invokes()["asyncInvokeSummaries"]
    assert [summary["invocationArn"] for summary in listed][:2] == [second, arn]
    completed = runtime.list_async_invokes(statusEquals="Completed")["asyncInvokeSummaries"]
    assert arn in [summary["invocationArn"] for summary in completed]
    pages = list(runtime.get_paginator("list_async_invokes").paginate(PaginationConfig={"PageSize": 1}))
    assert len(pages) == len(listed)
    none = runtime.list_async_invokes(submitTimeAfter=job["submitTime"].replace(year=2099))
    assert none["asyncInvokeSummaries"] == []
    refused("ValidationException", 400, runtime.get_async_invoke, invocationArn=arn[:-12] + "a" * 12)
    refused("ValidationException", 400, runtime.start_async_invoke, **{**start, "modelId": MODEL})


def errors(bedrock, runtime):
    hello = [user("Hello")]
    message = refused("ValidationException", 400, runtime.converse, modelId="does-not-exist", messages=hello)
    assert message == "The provided model identifier is invalid."
    message = refused("ValidationException", 400, runtime.converse, modelId=PROFILE[3:], messages=hello)
    assert "on-demand throughput isn’t supported" in message
    message = refused("ValidationException", 400, runtime.converse, modelId=MODEL, messages=[user(" ")])
    assert message.startswith("The text field in the ContentBlock object at messages.0.content.0 is blank.")
    message = refused(
        "ValidationException", 400, runtime.converse,
        modelId=MODEL, messages=hello, inferenceConfig={"temperature": 1.5},
    )
    assert message == (
        "1 validation error detected: Value '1.5' at 'inferenceConfig.temperature' failed to satisfy constraint: "
        "Member must have value less than or equal to 1"
    )
    refused("ResourceNotFoundException", 404, runtime.converse, modelId="anthropic.claude-instant-v1", messages=hello)
    message = refused("NotImplementedException", 501, bedrock.list_custom_models)
    assert "ListCustomModels" in message


def main():
    url = sys.argv[1]
    # A region of our own: what other steps created elsewhere is not to be seen here.
    bedrock, runtime = clients(url, "eu-west-3")
    for step in [foundation_models, conversation, tools, streams, tokens, makers, guardrails, async_invokes, errors]:
        step(bedrock, runtime)
        print(f"ok  {step.__name__.replace('_', ' ')}", flush=True)
    print("the tour is done")


if __name__ == "__main__":
    main()
