"""Calls every operation once with boto3, with the smallest input that AWS's description allows.

Usage: python operations.py http://127.0.0.1:PORT

Start `bedrock-local --keep-retired-models --job-duration 300` first. The script generates the required members of an
operation from botocore's copy of the description. PLAN contains members that refer to existing resources, and members
with rules that the description lacks. botocore parses the responses, and the script checks each response against the
description: required members, enums, patterns, and bounds. It prints a line for each operation, then their number.
"""

import datetime
import re
import sys
import time

import boto3
import botocore.session
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.response import StreamingBody

MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"
NOVA = "amazon.nova-lite-v1:0"
REEL = "amazon.nova-reel-v1:0"
LLAMA = "meta.llama3-1-8b-instruct-v1:0"
REGION = "us-east-2"
ARN = f"arn:aws:bedrock:{REGION}::foundation-model/"
ROLE = "arn:aws:iam::123456789012:role/bedrock"
S3 = "s3://some-bucket/some/folder/"
HUB = f"arn:aws:sagemaker:{REGION}:aws:hub-content/SageMakerPublicHub/Model/some-model/1.0.0"
DEFINITION = {
    "version": "1.0",
    "types": [],
    "rules": [{"id": "ABCDEFGHIJ12", "expression": "(= sky true)"}],
    "variables": [{"name": "sky", "type": "BOOL", "description": "Whether there is a sky."}],
}
# Values that AWS returns although its description forbids them, by shape.
BEYOND_DESCRIPTION = {
    "AutomatedReasoningPolicyVersion": "DRAFT",
    "BrandedName": ".+",
    "FoundationModelArn": "arn:aws:bedrock:::foundation-model/.+",
    "InferenceProfileName": ".+",
    "InferenceType": "INFERENCE_PROFILE",
    "ModelModality": "AUDIO|SPEECH|VIDEO",
    "ModelName": "",
}
# boto3 uses HTTP/1.1 and has no method for bidirectional streams.
NOT_IN_BOTO3 = {"InvokeModelWithBidirectionalStream"}


def kept(name):
    """A placeholder for the value of an earlier response that was kept under this name."""
    return lambda values: values[name]


class Keep(dict):
    """The values of a response to keep: names, and paths in the response."""


def settle():
    """Waits until all jobs are done."""
    time.sleep(0.8)


WORDS = {"wordsConfig": [{"text": "tuba"}]}
ROUTED = [{"modelArn": ARN + NOVA}, {"modelArn": ARN + "amazon.nova-pro-v1:0"}]
TUNING = {"roleArn": ROLE, "baseModelIdentifier": LLAMA, "trainingDataConfig": {"s3Uri": S3}, "outputDataConfig": {"s3Uri": S3}}
ENDPOINT = {"sageMaker": {"initialInstanceCount": 1, "instanceType": "ml.g5.2xlarge", "executionRole": ROLE}}
EVALUATION = {
    "evaluationConfig": {"automated": {"datasetMetricConfigs": [
        {"taskType": "QuestionAndAnswer", "dataset": {"name": "Builtin.BoolQ"}, "metricNames": ["Builtin.Accuracy"]},
    ]}},
    "inferenceConfig": {"models": [{"bedrockModel": {"modelIdentifier": MODEL}}]},
    "outputDataConfig": {"s3Uri": S3},
}
BATCH = {
    "modelId": MODEL,
    "inputDataConfig": {"s3InputDataConfig": {"s3Uri": S3}},
    "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": S3}},
}
HELLO = [{"role": "user", "content": [{"text": "Hello"}]}]
POLICY, WORKFLOW, CASE = {"policyArn": kept("policy")}, {"buildWorkflowId": kept("workflow")}, {"testCaseId": kept("case")}

# The operations, in an order that provides the resources that each needs. The third item lists the values to keep.
PLAN = [
    ("ListFoundationModels", {}),
    ("GetFoundationModel", {"modelIdentifier": MODEL}),
    ("GetFoundationModelAvailability", {"modelId": MODEL}),
    ("ListFoundationModelAgreementOffers", {"modelId": MODEL}, Keep(offer="offers.0.offerToken")),
    ("CreateFoundationModelAgreement", {"modelId": MODEL, "offerToken": kept("offer")}),
    settle,
    ("DeleteFoundationModelAgreement", {"modelId": MODEL}),
    ("CreateGuardrail", {"wordPolicyConfig": WORDS}, Keep(guardrail="guardrailId", guardrail_arn="guardrailArn")),
    ("CreateGuardrailVersion", {"guardrailIdentifier": kept("guardrail")}),
    ("GetGuardrail", {"guardrailIdentifier": kept("guardrail")}),
    ("ListGuardrails", {}),
    ("UpdateGuardrail", {"guardrailIdentifier": kept("guardrail"), "wordPolicyConfig": WORDS}),
    ("ApplyGuardrail", {"guardrailIdentifier": kept("guardrail"), "guardrailVersion": "1"}),
    ("InvokeGuardrailChecks", {"checks": {"sensitiveInformation": {"entities": [{"type": "EMAIL"}]}}}),
    (
        "PutEnforcedGuardrailConfiguration",
        {"guardrailInferenceConfig": {"guardrailIdentifier": kept("guardrail"), "guardrailVersion": "1"}},
        Keep(enforced="configId"),
    ),
    ("ListEnforcedGuardrailsConfiguration", {}),
    ("DeleteEnforcedGuardrailConfiguration", {"configId": kept("enforced")}),
    ("TagResource", {"resourceARN": kept("guardrail_arn")}),
    ("ListTagsForResource", {"resourceARN": kept("guardrail_arn")}),
    ("UntagResource", {"resourceARN": kept("guardrail_arn")}),
    ("DeleteGuardrail", {"guardrailIdentifier": kept("guardrail")}),
    ("Converse", {"modelId": MODEL, "messages": HELLO}),
    ("ConverseStream", {"modelId": MODEL, "messages": HELLO}),
    ("CountTokens", {"modelId": MODEL, "input": {"converse": {"messages": HELLO}}}),
    ("InvokeModel", {"modelId": "amazon.titan-text-express-v1", "body": b'{"inputText": "Hello"}'}),
    ("InvokeModelWithResponseStream", {"modelId": "amazon.titan-text-express-v1", "body": b'{"inputText": "Hello"}'}),
    (
        "StartAsyncInvoke",
        {"modelId": REEL, "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": S3}}},
        Keep(invocation="invocationArn"),
    ),
    ("GetAsyncInvoke", {"invocationArn": kept("invocation")}),
    ("ListAsyncInvokes", {}),
    ("CreateInferenceProfile", {"modelSource": {"copyFrom": ARN + NOVA}}, Keep(profile="inferenceProfileArn")),
    ("GetInferenceProfile", {"inferenceProfileIdentifier": kept("profile")}),
    ("ListInferenceProfiles", {}),
    ("DeleteInferenceProfile", {"inferenceProfileIdentifier": kept("profile")}),
    (
        "CreatePromptRouter",
        {"models": ROUTED, "fallbackModel": ROUTED[0], "routingCriteria": {"responseQualityDifference": 25.0}},
        Keep(router="promptRouterArn"),
    ),
    ("GetPromptRouter", {"promptRouterArn": kept("router")}),
    ("ListPromptRouters", {}),
    ("DeletePromptRouter", {"promptRouterArn": kept("router")}),
    ("CreateModelCustomizationJob", {"jobName": "tuning", "customModelName": "tuned", **TUNING}, Keep(job="jobArn")),
    ("GetModelCustomizationJob", {"jobIdentifier": kept("job")}),
    ("StopModelCustomizationJob", {"jobIdentifier": kept("job")}),
    ("ListModelCustomizationJobs", {}),
    ("CreateCustomModel", {"modelSourceConfig": {"s3DataSource": {"s3Uri": S3}}}, Keep(model="modelArn")),
    settle,
    ("GetCustomModel", {"modelIdentifier": kept("model")}),
    ("ListCustomModels", {}),
    ("CreateModelCopyJob", {"sourceModelArn": kept("model"), "targetModelName": "copied"}, Keep(copy="jobArn")),
    ("GetModelCopyJob", {"jobArn": kept("copy")}),
    ("ListModelCopyJobs", {}),
    ("CreateCustomModelDeployment", {"modelArn": kept("model")}, Keep(deployment="customModelDeploymentArn")),
    settle,
    ("GetCustomModelDeployment", {"customModelDeploymentIdentifier": kept("deployment")}),
    ("ListCustomModelDeployments", {}),
    ("UpdateCustomModelDeployment", {"customModelDeploymentIdentifier": kept("deployment"), "modelArn": kept("model")}),
    settle,
    ("DeleteCustomModelDeployment", {"customModelDeploymentIdentifier": kept("deployment")}),
    ("CreateProvisionedModelThroughput", {"modelId": LLAMA}, Keep(provisioned="provisionedModelArn")),
    settle,
    ("GetProvisionedModelThroughput", {"provisionedModelId": kept("provisioned")}),
    ("ListProvisionedModelThroughputs", {}),
    ("UpdateProvisionedModelThroughput", {"provisionedModelId": kept("provisioned"), "desiredProvisionedModelName": "other"}),
    settle,
    ("DeleteProvisionedModelThroughput", {"provisionedModelId": kept("provisioned")}),
    ("PutResourcePolicy", {"resourceArn": kept("model"), "resourcePolicy": '{"Version": "2012-10-17", "Statement": []}'}),
    ("GetResourcePolicy", {"resourceArn": kept("model")}),
    ("DeleteResourcePolicy", {"resourceArn": kept("model")}),
    ("DeleteCustomModel", {"modelIdentifier": kept("model")}),
    (
        "CreateModelImportJob",
        {"roleArn": ROLE, "importedModelName": "brought", "modelDataSource": {"s3DataSource": {"s3Uri": S3}}},
        Keep(importing="jobArn"),
    ),
    ("GetModelImportJob", {"jobIdentifier": kept("importing")}),
    ("ListModelImportJobs", {}),
    settle,
    ("GetImportedModel", {"modelIdentifier": "brought"}),
    ("ListImportedModels", {}),
    ("DeleteImportedModel", {"modelIdentifier": "brought"}),
    ("CreateModelInvocationJob", {"roleArn": ROLE, **BATCH}, Keep(batch="jobArn")),
    ("GetModelInvocationJob", {"jobIdentifier": kept("batch")}),
    ("ListModelInvocationJobs", {}),
    ("StopModelInvocationJob", {"jobIdentifier": kept("batch")}),
    ("CreateEvaluationJob", {"roleArn": ROLE, **EVALUATION}, Keep(evaluation="jobArn")),
    ("GetEvaluationJob", {"jobIdentifier": kept("evaluation")}),
    ("ListEvaluationJobs", {}),
    ("StopEvaluationJob", {"jobIdentifier": kept("evaluation")}),
    (
        "CreateAdvancedPromptOptimizationJob",
        {"inputConfig": {"s3Uri": S3}, "outputConfig": {"s3Uri": S3}, "modelConfigurations": [{"modelId": MODEL}]},
        Keep(optimization="jobArn"),
    ),
    ("GetAdvancedPromptOptimizationJob", {"jobIdentifier": kept("optimization")}),
    ("ListAdvancedPromptOptimizationJobs", {}),
    ("StopAdvancedPromptOptimizationJob", {"jobIdentifier": kept("optimization")}),
    settle,
    ("BatchDeleteEvaluationJob", {"jobIdentifiers": [kept("evaluation")]}),
    ("BatchDeleteAdvancedPromptOptimizationJob", {"jobIdentifiers": [kept("optimization")]}),
    (
        "CreateMarketplaceModelEndpoint",
        {"modelSourceIdentifier": HUB, "endpointConfig": ENDPOINT},
        Keep(endpoint="marketplaceModelEndpoint.endpointArn"),
    ),
    settle,
    ("UpdateMarketplaceModelEndpoint", {"endpointArn": kept("endpoint"), "endpointConfig": ENDPOINT}),
    ("DeregisterMarketplaceModelEndpoint", {"endpointArn": kept("endpoint")}),
    ("RegisterMarketplaceModelEndpoint", {"endpointIdentifier": kept("endpoint"), "modelSourceIdentifier": HUB}),
    ("GetMarketplaceModelEndpoint", {"endpointArn": kept("endpoint")}),
    ("ListMarketplaceModelEndpoints", {}),
    ("DeleteMarketplaceModelEndpoint", {"endpointArn": kept("endpoint")}),
    ("CreateAutomatedReasoningPolicy", {"policyDefinition": DEFINITION}, Keep(policy="policyArn", hash="definitionHash")),
    ("GetAutomatedReasoningPolicy", POLICY),
    ("UpdateAutomatedReasoningPolicy", {**POLICY, "policyDefinition": DEFINITION}, Keep(hash="definitionHash")),
    ("CreateAutomatedReasoningPolicyVersion", {**POLICY, "lastUpdatedDefinitionHash": kept("hash")}, Keep(version="policyArn")),
    ("ExportAutomatedReasoningPolicyVersion", {"policyArn": kept("version")}),
    ("ListAutomatedReasoningPolicies", {}),
    (
        "StartAutomatedReasoningPolicyBuildWorkflow",
        {**POLICY, "buildWorkflowType": "INGEST_CONTENT", "sourceContent": {"workflowContent": {"documents": [
            {"document": b"There is a sky.", "documentContentType": "txt", "documentName": "sky.txt"},
        ]}}},
        Keep(workflow="buildWorkflowId"),
    ),
    ("ListAutomatedReasoningPolicyBuildWorkflows", POLICY),
    settle,
    ("GetAutomatedReasoningPolicyBuildWorkflow", {**POLICY, **WORKFLOW}),
    ("GetAutomatedReasoningPolicyBuildWorkflowResultAssets", {**POLICY, **WORKFLOW, "assetType": "POLICY_DEFINITION"}),
    ("GetAutomatedReasoningPolicyNextScenario", {**POLICY, **WORKFLOW}),
    ("GetAutomatedReasoningPolicyAnnotations", {**POLICY, **WORKFLOW}, Keep(annotations="annotationSetHash")),
    (
        "UpdateAutomatedReasoningPolicyAnnotations",
        {**POLICY, **WORKFLOW, "lastUpdatedAnnotationSetHash": kept("annotations"), "annotations": []},
    ),
    ("CreateAutomatedReasoningPolicyTestCase", POLICY, Keep(case="testCaseId")),
    ("GetAutomatedReasoningPolicyTestCase", {**POLICY, **CASE}, Keep(case_time="testCase.updatedAt")),
    ("UpdateAutomatedReasoningPolicyTestCase", {**POLICY, **CASE, "lastUpdatedAt": kept("case_time")}),
    ("StartAutomatedReasoningPolicyTestWorkflow", {**POLICY, **WORKFLOW}),
    settle,
    ("GetAutomatedReasoningPolicyTestResult", {**POLICY, **WORKFLOW, **CASE}),
    ("ListAutomatedReasoningPolicyTestResults", {**POLICY, **WORKFLOW}),
    ("ListAutomatedReasoningPolicyTestCases", POLICY, Keep(case_time="testCases.0.updatedAt")),
    ("DeleteAutomatedReasoningPolicyTestCase", {**POLICY, **CASE, "lastUpdatedAt": kept("case_time")}),
    # The time of the last update detects concurrent updates.
    ("GetAutomatedReasoningPolicyBuildWorkflow", {**POLICY, **WORKFLOW}, Keep(workflow_time="updatedAt")),
    ("DeleteAutomatedReasoningPolicyBuildWorkflow", {**POLICY, **WORKFLOW, "lastUpdatedAt": kept("workflow_time")}),
    (
        "StartAutomatedReasoningPolicyBuildWorkflow",
        {**POLICY, "buildWorkflowType": "IMPORT_POLICY", "sourceContent": {"policyDefinition": DEFINITION}},
        Keep(workflow="buildWorkflowId"),
    ),
    ("CancelAutomatedReasoningPolicyBuildWorkflow", {**POLICY, **WORKFLOW}),
    ("DeleteAutomatedReasoningPolicy", {**POLICY, "force": True}),
    ("PutModelInvocationLoggingConfiguration", {"loggingConfig": {"s3Config": {"bucketName": "some-bucket"}}}),
    ("GetModelInvocationLoggingConfiguration", {}),
    ("DeleteModelInvocationLoggingConfiguration", {}),
    ("PutAccountDataRetention", {}),
    ("GetAccountDataRetention", {}),
    ("PutUseCaseForModelAccess", {}),
    ("GetUseCaseForModelAccess", {}),
]


def filled(value, kept_values):
    """Returns the input with the kept values in place of their placeholders."""
    if callable(value):
        return value(kept_values)
    if isinstance(value, dict):
        return {name: filled(member, kept_values) for name, member in value.items()}
    if isinstance(value, list):
        return [filled(item, kept_values) for item in value]
    return value


def smallest_input(shape, path=()):
    """Returns the smallest input that the shape allows."""
    kind = shape.type_name
    if kind == "structure":
        names = shape.required_members
        if shape.is_tagged_union:
            names = [name for name in shape.members if shape.members[name] not in path][:1]
        return {name: smallest_input(shape.members[name], (*path, shape)) for name in names}
    if kind == "list":
        return [smallest_input(shape.member, (*path, shape)) for _ in range(max(1, shape.metadata.get("min", 0)))]
    if kind == "map":
        return {smallest_input(shape.key): smallest_input(shape.value, (*path, shape))}
    if kind == "string":
        return smallest_text(shape)
    if kind in ("integer", "long", "float", "double"):
        return shape.metadata.get("min", 1)
    values = {"boolean": True, "blob": b"some bytes", "timestamp": datetime.datetime(2026, 1, 1)}
    return values[kind]


def smallest_text(shape):
    if shape.enum:
        return shape.enum[0]
    for text in ("a" * max(1, shape.metadata.get("min", 1)), "some-name", "some name", "123456789012", ROLE, S3, ARN + NOVA):
        if matches(shape, text):
            return text
    raise AssertionError(f"no known text matches {shape.name}: {shape.metadata}")


def matches(shape, text):
    """Returns whether a text has the length and the pattern that the shape requires."""
    known = shape.metadata
    if not known.get("min", 0) <= len(text) <= known.get("max", sys.maxsize):
        return False
    pattern = known.get("pattern")
    if pattern is None or "\\p{" in pattern:
        return True
    return re.search(pattern, text) is not None


def check(shape, value, place):
    """Asserts that a response conforms to the shape."""
    kind = shape.type_name
    if kind == "structure":
        value = {name: member for name, member in value.items() if name != "ResponseMetadata"}
        missing = set(shape.required_members) - set(value)
        assert not missing, f"{place} lacks {missing}"
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{place} has {unknown}"
        for name, member in value.items():
            check(shape.members[name], member, f"{place}.{name}")
    elif kind == "list":
        if not isinstance(value, list):
            value = list(value)
        bounds(shape, len(value), place)
        for number, item in enumerate(value):
            check(shape.member, item, f"{place}.{number}")
    elif kind == "map":
        for key, member in value.items():
            check(shape.value, member, f"{place}.{key}")
    elif kind == "string":
        assert isinstance(value, str), f"{place} is {value!r}"
        beyond = re.fullmatch(BEYOND_DESCRIPTION.get(shape.name, "$^"), value)
        assert beyond or not shape.enum or value in shape.enum, f"{place} is {value!r}, not one of {shape.enum}"
        assert beyond or matches(shape, value), f"{place} is {value!r}, which does not match {shape.name}"
    elif kind in ("integer", "long"):
        assert isinstance(value, int) and not isinstance(value, bool), f"{place} is {value!r}"
        bounds(shape, value, place)
    elif kind in ("float", "double"):
        assert isinstance(value, (int, float)), f"{place} is {value!r}"
        bounds(shape, value, place)
    elif kind == "boolean":
        assert isinstance(value, bool), f"{place} is {value!r}"
    elif kind == "timestamp":
        assert isinstance(value, datetime.datetime), f"{place} is {value!r}"
    elif kind == "blob":
        assert isinstance(value, bytes), f"{place} is {value!r}"


def bounds(shape, value, place):
    known = shape.metadata
    assert known.get("min", value) <= value <= known.get("max", value), f"{place} is {value!r}: {known}"


def read(response):
    """Returns the response with its streams read to their ends."""
    read = {}
    for name, value in response.items():
        if isinstance(value, EventStream):
            value = list(value)
            assert value, f"{name} has no events"
        elif isinstance(value, StreamingBody):
            value = value.read()
        read[name] = value
    return read


def main():
    url = sys.argv[1]
    session = botocore.session.get_session()
    settings = dict(
        endpoint_url=url, region_name=REGION, aws_access_key_id="any", aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )
    services = {name: (session.get_service_model(name), boto3.client(name, **settings)) for name in ("bedrock", "bedrock-runtime")}
    described = {
        operation: (model.operation_model(operation), client)
        for model, client in services.values() for operation in model.operation_names
    }
    kept_values, done = {}, []
    for step in PLAN:
        if callable(step):
            step()
            continue
        operation, given, *to_keep = step
        model, client = described[operation]
        request = filled(given, kept_values)
        for name in model.input_shape.required_members if model.input_shape else []:
            if name not in request:
                request[name] = smallest_input(model.input_shape.members[name])
        method = botocore.xform_name(operation)
        response = read(getattr(client, method)(**request))
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        assert status == model.http.get("responseCode", 200), f"{operation} returns {status}"
        if model.output_shape:
            # The events of a stream are a list of the stream's union shape.
            for name, value in list(response.items()):
                member = model.output_shape.members.get(name)
                if member is not None and member.serialization.get("eventstream"):
                    for number, event in enumerate(response.pop(name)):
                        check(member, event, f"{operation}.{name}.{number}")
                    response[name] = {}
            shape = model.output_shape
            for name, value in response.items():
                if name != "ResponseMetadata" and value != {}:
                    check(shape.members[name], value, f"{operation}.{name}")
            missing = set(shape.required_members) - set(response)
            assert not missing, f"{operation} lacks {missing}"
        for keep in to_keep:
            for name, path in keep.items():
                value = response
                for part in path.split("."):
                    value = value[int(part)] if part.isdigit() else value[part]
                kept_values[name] = value
        if operation not in done:
            done.append(operation)
            print(f"ok  {operation}", flush=True)
    left = set(described) - set(done) - NOT_IN_BOTO3
    assert not left, f"not called: {sorted(left)}"
    print(f"{len(done)} of {len(described)} operations; boto3 does not support {', '.join(sorted(NOT_IN_BOTO3))}")


if __name__ == "__main__":
    main()
