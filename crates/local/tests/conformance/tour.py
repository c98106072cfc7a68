"""Runs boto3 against the local Bedrock.

Usage: python tour.py http://127.0.0.1:PORT

Start `bedrock-local --keep-retired-models --job-duration 300 --stream-pace 0` first, so that jobs and streams are quick.

The script covers all features except bidirectional streams, which boto3 does not support. It asserts the responses and
prints a line for each step. The first failure ends the script with a traceback and exit code 1.
"""

import base64
import json
import struct
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
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )
    return boto3.client("bedrock", **settings), boto3.client("bedrock-runtime", **settings)


def refused(code, status, call, **arguments):
    """Asserts that a call fails with this error, and returns its message."""
    try:
        call(**arguments)
    except ClientError as error:
        details = error.response["Error"]
        assert details["Code"] == code, details
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status, error.response
        assert len(error.response["ResponseMetadata"]["RequestId"]) == 36
        return details["Message"]
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
    text = masked["output"]["message"]["content"][0]["text"]
    assert "{EMAIL}" in text and "{Ticket}" in text and "a@b.org" not in text, text
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
    response = runtime.converse(modelId=MODEL, messages=messages, toolConfig=config)
    text = response["output"]["message"]["content"][0]["text"]
    assert "clear in London" in text and "clear in Paris" in text


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


def providers(bedrock, runtime):
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
    picture = {
        "taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a boat"},
        "imageGenerationConfig": {"width": 640, "height": 320, "seed": 7},
    }
    made = runtime.invoke_model(modelId="amazon.nova-canvas-v1:0", body=json.dumps(picture))
    png = base64.b64decode(json.load(made["body"])["images"][0])
    assert png.startswith(b"\x89PNG") and struct.unpack(">II", png[16:24]) == (640, 320)
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


ROLE = "arn:aws:iam::123456789012:role/bedrock"
S3 = "s3://tour-bucket/folder/"
LLAMA = "meta.llama3-1-8b-instruct-v1:0"


def until(wanted, member, call, **arguments):
    """Repeats a call until a member has the wanted value, and returns the response."""
    for _ in range(200):
        answer = call(**arguments)
        if answer[member] == wanted:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{call} never came to {wanted}: {answer}")


def names(bedrock, operation, member, name, **arguments):
    """Returns the names of a list's rows, with two rows per page."""
    pages = bedrock.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}, **arguments)
    return [row[name] for page in pages for row in page.get(member, [])]


def customization(bedrock, runtime):
    start = dict(
        roleArn=ROLE, baseModelIdentifier=LLAMA, customizationType="FINE_TUNING",
        trainingDataConfig={"s3Uri": S3}, outputDataConfig={"s3Uri": S3}, hyperParameters={"epochCount": "1"},
    )
    arn = bedrock.create_model_customization_job(jobName="tuning", customModelName="tuned", **start)["jobArn"]
    assert bedrock.get_model_customization_job(jobIdentifier=arn)["status"] == "InProgress"
    job = until("Completed", "status", bedrock.get_model_customization_job, jobIdentifier="tuning")
    assert job["endTime"] > job["creationTime"]
    stopped = bedrock.create_model_customization_job(jobName="stopped", customModelName="unmade", **start)["jobArn"]
    bedrock.stop_model_customization_job(jobIdentifier=stopped)
    until("Stopped", "status", bedrock.get_model_customization_job, jobIdentifier=stopped)
    refused("ConflictException", 400, bedrock.stop_model_customization_job, jobIdentifier=stopped)
    bedrock.create_model_customization_job(jobName="failing", customModelName="never", **start)
    failed = until("Failed", "status", bedrock.get_model_customization_job, jobIdentifier="failing")
    assert "fail" in failed["failureMessage"]
    jobs = names(bedrock, "list_model_customization_jobs", "modelCustomizationJobSummaries", "jobName")
    assert jobs == ["failing", "stopped", "tuning"], jobs
    model = bedrock.get_custom_model(modelIdentifier="tuned")
    assert model["modelArn"] == job["outputModelArn"] and model["modelStatus"] == "Active"
    copy = bedrock.create_model_copy_job(sourceModelArn=model["modelArn"], targetModelName="copied")["jobArn"]
    until("Completed", "status", bedrock.get_model_copy_job, jobArn=copy)
    assert len(bedrock.list_model_copy_jobs(sourceModelArnEquals=model["modelArn"])["modelCopyJobSummaries"]) == 1
    bedrock.create_custom_model(modelName="imported", modelSourceConfig={"s3DataSource": {"s3Uri": S3}})
    until("Active", "modelStatus", bedrock.get_custom_model, modelIdentifier="imported")
    models = names(bedrock, "list_custom_models", "modelSummaries", "modelName", sortOrder="Ascending", sortBy="CreationTime")
    assert models == ["tuned", "copied", "imported"], models
    assert names(bedrock, "list_custom_models", "modelSummaries", "modelName", nameContains="cop") == ["copied"]


def deployments(bedrock, runtime):
    model = bedrock.get_custom_model(modelIdentifier="tuned")["modelArn"]
    other = bedrock.get_custom_model(modelIdentifier="copied")["modelArn"]
    key = dict(customModelDeploymentIdentifier="deployed")
    arn = bedrock.create_custom_model_deployment(modelDeploymentName="deployed", modelArn=model)["customModelDeploymentArn"]
    until("Active", "status", bedrock.get_custom_model_deployment, **key)
    assert "Hello" in json.dumps(runtime.converse(modelId=arn, messages=[user("Hello")])["output"])
    bedrock.update_custom_model_deployment(modelArn=other, **key)
    until(other, "modelArn", bedrock.get_custom_model_deployment, **key)
    found = bedrock.list_custom_model_deployments(modelArnEquals=other)["modelDeploymentSummaries"]
    assert [row["customModelDeploymentName"] for row in found] == ["deployed"]
    refused("ConflictException", 400, bedrock.delete_custom_model, modelIdentifier=other)
    bedrock.delete_custom_model_deployment(**key)
    bedrock.delete_custom_model(modelIdentifier=other)

    bedrock.create_provisioned_model_throughput(provisionedModelName="reserved", modelUnits=1, modelId=model)
    key = dict(provisionedModelId="reserved")
    reserved = until("InService", "status", bedrock.get_provisioned_model_throughput, **key)
    runtime.converse(modelId=reserved["provisionedModelArn"], messages=[user("Hello")])
    bedrock.update_provisioned_model_throughput(desiredModelId=LLAMA, **key)
    assert bedrock.get_provisioned_model_throughput(**key)["status"] == "Updating"
    until(reserved["foundationModelArn"], "modelArn", bedrock.get_provisioned_model_throughput, **key)
    found = bedrock.list_provisioned_model_throughputs(statusEquals="InService", nameContains="serve")
    assert len(found["provisionedModelSummaries"]) == 1
    bedrock.delete_provisioned_model_throughput(**key)
    refused("ResourceNotFoundException", 404, bedrock.get_provisioned_model_throughput, **key)


def imports(bedrock, runtime):
    start = dict(
        jobName="importing", importedModelName="brought", roleArn=ROLE,
        modelDataSource={"s3DataSource": {"s3Uri": S3}}, clientRequestToken="tour-import",
    )
    arn = bedrock.create_model_import_job(**start)["jobArn"]
    assert bedrock.create_model_import_job(**start)["jobArn"] == arn
    job = until("Completed", "status", bedrock.get_model_import_job, jobIdentifier=arn)
    assert names(bedrock, "list_model_import_jobs", "modelImportJobSummaries", "jobName") == ["importing"]
    model = bedrock.get_imported_model(modelIdentifier="brought")
    assert model["modelArn"] == job["importedModelArn"]
    assert names(bedrock, "list_imported_models", "modelSummaries", "modelName") == ["brought"]
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 99})
    assert "Hi" in runtime.invoke_model(modelId=model["modelArn"], body=body)["body"].read().decode()
    bedrock.delete_imported_model(modelIdentifier="brought")
    refused("ResourceNotFoundException", 404, bedrock.get_imported_model, modelIdentifier="brought")


def batch_jobs(bedrock, runtime):
    start = dict(
        roleArn=ROLE, modelId=MODEL, inputDataConfig={"s3InputDataConfig": {"s3Uri": S3}},
        outputDataConfig={"s3OutputDataConfig": {"s3Uri": S3}},
    )
    arn = bedrock.create_model_invocation_job(jobName="batch", **start)["jobArn"]
    assert bedrock.get_model_invocation_job(jobIdentifier=arn)["status"] == "Submitted"
    done = until("Completed", "status", bedrock.get_model_invocation_job, jobIdentifier=arn)
    assert done["jobExpirationTime"] > done["endTime"] > done["submitTime"]
    second = bedrock.create_model_invocation_job(jobName="batch-2", **start)["jobArn"]
    bedrock.stop_model_invocation_job(jobIdentifier=second)
    until("Stopped", "status", bedrock.get_model_invocation_job, jobIdentifier=second)
    assert names(bedrock, "list_model_invocation_jobs", "invocationJobSummaries", "jobName") == ["batch-2", "batch"]
    message = refused(
        "ResourceNotFoundException", 404, bedrock.stop_model_invocation_job, jobIdentifier="abcdefghijkl",
    )
    assert message == "The provided batch inference job was not found."


def evaluations(bedrock, runtime):
    arn = bedrock.create_evaluation_job(
        jobName="grading", roleArn=ROLE, outputDataConfig={"s3Uri": S3},
        evaluationConfig={"automated": {"datasetMetricConfigs": [
            {"taskType": "QuestionAndAnswer", "dataset": {"name": "Builtin.BoolQ"}, "metricNames": ["Builtin.Accuracy"]},
        ]}},
        inferenceConfig={"models": [{"bedrockModel": {"modelIdentifier": MODEL, "inferenceParams": "{}"}}]},
    )["jobArn"]
    refused_jobs = bedrock.batch_delete_evaluation_job(jobIdentifiers=[arn])
    assert [error["code"] for error in refused_jobs["errors"]] == ["ConflictException"]
    bedrock.stop_evaluation_job(jobIdentifier=arn)
    until("Stopped", "status", bedrock.get_evaluation_job, jobIdentifier=arn)
    listed = bedrock.list_evaluation_jobs(applicationTypeEquals="ModelEvaluation")["jobSummaries"]
    assert listed[0]["modelIdentifiers"] == [MODEL] and listed[0]["evaluationTaskTypes"] == ["QuestionAndAnswer"]
    assert bedrock.batch_delete_evaluation_job(jobIdentifiers=[arn])["evaluationJobs"][0]["jobStatus"] == "Deleting"


def prompt_optimization(bedrock, runtime):
    arn = bedrock.create_advanced_prompt_optimization_job(
        jobName="optimizing", inputConfig={"s3Uri": S3}, outputConfig={"s3Uri": S3},
        modelConfigurations=[{"modelId": MODEL}],
    )["jobArn"]
    until("Completed", "jobStatus", bedrock.get_advanced_prompt_optimization_job, jobIdentifier=arn)
    refused("ConflictException", 400, bedrock.stop_advanced_prompt_optimization_job, jobIdentifier=arn)
    assert bedrock.list_advanced_prompt_optimization_jobs()["jobSummaries"][0]["jobName"] == "optimizing"
    deleted = bedrock.batch_delete_advanced_prompt_optimization_job(jobIdentifiers=[arn, "abcdefghijkl"])
    assert len(deleted["advancedPromptOptimizationJobs"]) == 1
    assert deleted["errors"][0]["code"] == "ResourceNotFoundException"


def profiles_and_routers(bedrock, runtime):
    system = names(bedrock, "list_inference_profiles", "inferenceProfileSummaries", "inferenceProfileId", typeEquals="SYSTEM_DEFINED")
    assert "us.amazon.nova-lite-v1:0" in system and len(system) == len(set(system)) > 30
    source = bedrock.get_inference_profile(inferenceProfileIdentifier="us.amazon.nova-lite-v1:0")
    own = bedrock.create_inference_profile(
        inferenceProfileName="tour profile", description="for the tour",
        modelSource={"copyFrom": source["inferenceProfileArn"]}, tags=[{"key": "team", "value": "tour"}],
    )["inferenceProfileArn"]
    assert bedrock.get_inference_profile(inferenceProfileIdentifier=own)["models"] == source["models"]
    assert bedrock.list_tags_for_resource(resourceARN=own)["tags"] == [{"key": "team", "value": "tour"}]
    runtime.converse(modelId=own, messages=[user("Hello")])
    bedrock.delete_inference_profile(inferenceProfileIdentifier=own)
    refused("ResourceNotFoundException", 404, runtime.converse, modelId=own, messages=[user("Hello")])

    default = bedrock.list_prompt_routers(type="default")["promptRouterSummaries"][0]
    router = bedrock.create_prompt_router(
        promptRouterName="tour router", models=default["models"], fallbackModel=default["fallbackModel"],
        routingCriteria={"responseQualityDifference": 25.0},
    )["promptRouterArn"]
    assert bedrock.get_prompt_router(promptRouterArn=router)["type"] == "custom"
    runtime.converse(modelId=router, messages=[user("Hello")])
    bedrock.delete_prompt_router(promptRouterArn=router)
    refused("ValidationException", 400, bedrock.delete_prompt_router, promptRouterArn=default["promptRouterArn"])


def marketplace(bedrock, runtime):
    source = "arn:aws:sagemaker:us-west-2:aws:hub-content/SageMakerPublicHub/Model/some-model/1.0.0"
    config = {"sageMaker": {"initialInstanceCount": 1, "instanceType": "ml.g5.2xlarge", "executionRole": ROLE}}
    endpoint = bedrock.create_marketplace_model_endpoint(
        endpointName="tour-endpoint", modelSourceIdentifier=source, endpointConfig=config,
    )["marketplaceModelEndpoint"]
    arn = endpoint["endpointArn"]
    assert endpoint["status"] == "REGISTERED" and endpoint["endpointStatus"] == "Creating"
    config["sageMaker"]["initialInstanceCount"] = 2
    bedrock.update_marketplace_model_endpoint(endpointArn=arn, endpointConfig=config)
    bedrock.deregister_marketplace_model_endpoint(endpointArn=arn)
    refused("ResourceNotFoundException", 404, bedrock.get_marketplace_model_endpoint, endpointArn=arn)
    bedrock.register_marketplace_model_endpoint(endpointIdentifier=arn, modelSourceIdentifier=source)
    assert bedrock.get_marketplace_model_endpoint(endpointArn=arn)["marketplaceModelEndpoint"]["endpointConfig"] == config
    found = bedrock.list_marketplace_model_endpoints(modelSourceEquals=source)["marketplaceModelEndpoints"]
    assert [row["endpointArn"] for row in found] == [arn]
    bedrock.delete_marketplace_model_endpoint(endpointArn=arn)


def agreements(bedrock, runtime):
    status = lambda: bedrock.get_foundation_model_availability(modelId=MODEL)["agreementAvailability"]
    assert status()["status"] == "NOT_AVAILABLE"
    offer = bedrock.list_foundation_model_agreement_offers(modelId=MODEL)["offers"][0]
    bedrock.create_foundation_model_agreement(modelId=MODEL, offerToken=offer["offerToken"])
    until("AVAILABLE", "status", status)
    bedrock.delete_foundation_model_agreement(modelId=MODEL)
    refused("ResourceNotFoundException", 404, bedrock.delete_foundation_model_agreement, modelId=MODEL)


def enforced_guardrail(bedrock, runtime):
    guardrail = bedrock.create_guardrail(
        name="enforced", blockedInputMessaging="No.", blockedOutputsMessaging="No.",
        wordPolicyConfig={"wordsConfig": [{"text": "Hello"}]},
    )["guardrailId"]
    bedrock.create_guardrail_version(guardrailIdentifier=guardrail)
    put = bedrock.put_enforced_guardrail_configuration(
        guardrailInferenceConfig={"guardrailIdentifier": guardrail, "guardrailVersion": "1"},
    )
    listed = bedrock.list_enforced_guardrails_configuration()["guardrailsConfig"]
    assert [config["configId"] for config in listed] == [put["configId"]]
    refused("ConflictException", 400, bedrock.delete_guardrail, guardrailIdentifier=guardrail)
    bedrock.delete_enforced_guardrail_configuration(configId=put["configId"])
    bedrock.delete_guardrail(guardrailIdentifier=guardrail)


def reasoning(bedrock, runtime):
    definition = {
        "version": "1.0",
        "types": [{"name": "Colour", "values": [{"value": "RED"}, {"value": "BLUE"}]}],
        "rules": [{"id": "ABCDEFGHIJ12", "expression": "(= sky BLUE)"}],
        "variables": [{"name": "sky", "type": "Colour", "description": "The colour of the sky."}],
    }
    policy = bedrock.create_automated_reasoning_policy(name="tour policy", policyDefinition=definition)
    arn = policy["policyArn"]
    changed = bedrock.update_automated_reasoning_policy(policyArn=arn, policyDefinition=definition, description="logic")
    version = bedrock.create_automated_reasoning_policy_version(
        policyArn=arn, lastUpdatedDefinitionHash=changed["definitionHash"],
    )
    assert version["policyArn"] == arn + ":1" and version["version"] == "1"
    exported = bedrock.export_automated_reasoning_policy_version(policyArn=version["policyArn"])
    assert exported["policyDefinition"] == definition
    assert bedrock.get_automated_reasoning_policy(policyArn=arn)["description"] == "logic"
    assert len(bedrock.list_automated_reasoning_policies(policyArn=arn)["automatedReasoningPolicySummaries"]) == 2

    workflow = bedrock.start_automated_reasoning_policy_build_workflow(
        policyArn=arn, buildWorkflowType="INGEST_CONTENT",
        sourceContent={"workflowContent": {"documents": [
            {"document": b"The sky is blue.", "documentContentType": "txt", "documentName": "sky.txt"},
        ]}},
    )["buildWorkflowId"]
    key = dict(policyArn=arn, buildWorkflowId=workflow)
    built = until("COMPLETED", "status", bedrock.get_automated_reasoning_policy_build_workflow, **key)
    assert built["documentName"] == "sky.txt"
    assets = bedrock.get_automated_reasoning_policy_build_workflow_result_assets(assetType="SOURCE_DOCUMENT", **key)
    assert assets["buildWorkflowAssets"]["document"]["document"] == b"The sky is blue."
    annotations = bedrock.get_automated_reasoning_policy_annotations(**key)
    bedrock.update_automated_reasoning_policy_annotations(
        annotations=[{"deleteRule": {"ruleId": "ABCDEFGHIJ12"}}],
        lastUpdatedAnnotationSetHash=annotations["annotationSetHash"], **key,
    )
    assert bedrock.get_automated_reasoning_policy_next_scenario(**key)["scenario"]["ruleIds"] == ["ABCDEFGHIJ12"]

    case = bedrock.create_automated_reasoning_policy_test_case(
        policyArn=arn, guardContent="The sky is blue.", expectedAggregatedFindingsResult="VALID",
    )["testCaseId"]
    seen = bedrock.get_automated_reasoning_policy_test_case(policyArn=arn, testCaseId=case)["testCase"]
    time.sleep(0.01)
    change = dict(
        policyArn=arn, testCaseId=case, guardContent="The sky is as blue as ever.",
        expectedAggregatedFindingsResult="VALID", lastUpdatedAt=seen["updatedAt"],
    )
    bedrock.update_automated_reasoning_policy_test_case(**change)
    refused("ConflictException", 400, bedrock.update_automated_reasoning_policy_test_case, **change)
    bedrock.start_automated_reasoning_policy_test_workflow(**key)
    result = lambda: bedrock.get_automated_reasoning_policy_test_result(testCaseId=case, **key)["testResult"]
    assert until("COMPLETED", "testRunStatus", result)["testRunResult"] == "PASSED"
    assert len(bedrock.list_automated_reasoning_policy_test_results(**key)["testResults"]) == 1
    cases = bedrock.list_automated_reasoning_policy_test_cases(policyArn=arn)["testCases"]
    bedrock.delete_automated_reasoning_policy_test_case(
        policyArn=arn, testCaseId=case, lastUpdatedAt=cases[0]["updatedAt"],
    )
    second = bedrock.start_automated_reasoning_policy_build_workflow(
        policyArn=arn, buildWorkflowType="IMPORT_POLICY", sourceContent={"policyDefinition": definition},
    )["buildWorkflowId"]
    bedrock.cancel_automated_reasoning_policy_build_workflow(policyArn=arn, buildWorkflowId=second)
    listed = bedrock.list_automated_reasoning_policy_build_workflows(policyArn=arn)
    assert len(listed["automatedReasoningPolicyBuildWorkflowSummaries"]) == 2
    until("CANCELLED", "status", bedrock.get_automated_reasoning_policy_build_workflow, policyArn=arn, buildWorkflowId=second)
    done = bedrock.get_automated_reasoning_policy_build_workflow(**key)
    bedrock.delete_automated_reasoning_policy_build_workflow(lastUpdatedAt=done["updatedAt"], **key)
    refused("ResourceInUseException", 400, bedrock.delete_automated_reasoning_policy, policyArn=arn)
    bedrock.delete_automated_reasoning_policy(policyArn=arn, force=True)
    refused("ResourceNotFoundException", 404, bedrock.get_automated_reasoning_policy, policyArn=arn)


def account(bedrock, runtime):
    logging = {"s3Config": {"bucketName": "tour-bucket", "keyPrefix": "logs/"}, "textDataDeliveryEnabled": True}
    bedrock.put_model_invocation_logging_configuration(loggingConfig=logging)
    assert bedrock.get_model_invocation_logging_configuration()["loggingConfig"] == logging
    bedrock.delete_model_invocation_logging_configuration()
    assert "loggingConfig" not in bedrock.get_model_invocation_logging_configuration()
    assert bedrock.get_account_data_retention()["mode"] == "default"
    assert bedrock.put_account_data_retention(mode="none")["mode"] == "none"
    refused("ResourceNotFoundException", 404, bedrock.get_use_case_for_model_access)
    bedrock.put_use_case_for_model_access(formData=b"to tour with it")
    assert bedrock.get_use_case_for_model_access()["formData"] == b"to tour with it"
    model = bedrock.get_custom_model(modelIdentifier="imported")["modelArn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    assert bedrock.put_resource_policy(resourceArn=model, resourcePolicy=policy)["resourceArn"] == model
    assert bedrock.get_resource_policy(resourceArn=model)["resourcePolicy"] == policy
    bedrock.delete_resource_policy(resourceArn=model)
    refused("ResourceNotFoundException", 404, bedrock.get_resource_policy, resourceArn=model)


def guardrail_checks(bedrock, runtime):
    checked = runtime.invoke_guardrail_checks(
        messages=[{"role": "user", "content": [{"text": "You idiot, mail me@example.org"}]}],
        checks={
            "contentFilter": {"categories": [{"category": "INSULTS"}]},
            "promptAttack": {"categories": [{"category": "JAILBREAK"}]},
            "sensitiveInformation": {"entities": [{"type": "EMAIL"}]},
        },
    )
    results = checked["results"]
    assert results["contentFilter"]["results"] == [{"category": "INSULTS", "severityScore": 0.5}]
    assert results["promptAttack"]["results"][0]["severityScore"] == 0
    assert results["sensitiveInformation"]["results"][0]["beginOffset"] == 16


def ranking(bedrock, runtime):
    body = json.dumps({"query": "a boat", "documents": ["a car", "a boat"]})
    answer = runtime.invoke_model(modelId="amazon.rerank-v1:0", body=body)
    best, other = json.loads(answer["body"].read())["results"]
    assert (best["index"], other["index"]) == (1, 0) and best["relevance_score"] > other["relevance_score"]


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


def main():
    url = sys.argv[1]
    # A separate region, in which the resources of other scripts do not exist.
    bedrock, runtime = clients(url, "us-west-2")
    steps = [
        foundation_models, conversation, tools, streams, tokens, providers, guardrails, async_invokes, customization,
        deployments, imports, batch_jobs, evaluations, prompt_optimization, profiles_and_routers, marketplace, agreements,
        enforced_guardrail, reasoning, account, guardrail_checks, ranking, errors,
    ]
    for step in steps:
        step(bedrock, runtime)
        print(f"ok  {step.__name__.replace('_', ' ')}", flush=True)
    print("the tour is done")


if __name__ == "__main__":
    main()
