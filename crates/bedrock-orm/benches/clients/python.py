"""Calls, streams and lists through boto3 and botocraft, for `cargo xtask bench`.

`python python.py <boto3|botocraft> <converse|stream|models|invoke|filter|first> <url> <times>` prints the time of `times` of
them, as the Rust programs do. `first` is one call in a new process, whose time is measured from outside.
"""

import json
import os
import sys
import time

side, what, url, times = sys.argv[1:]
times = int(times)
os.environ.update(
    AWS_ENDPOINT_URL=url,
    AWS_ACCESS_KEY_ID="any",
    AWS_SECRET_ACCESS_KEY="any",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
)

MODEL = "provider.model-0-v1:0"
PROMPT = "Give me three short deployment safety checks."
SYSTEM = "Answer with concise bullet points."


def with_boto3():
    import boto3

    def converse():
        reply = runtime.converse(
            modelId=MODEL,
            messages=[{"role": "user", "content": [{"text": PROMPT}]}],
            system=[{"text": SYSTEM}],
        )
        return len(reply["output"]["message"]["content"][0]["text"])

    def stream(events):
        reply = runtime.converse_stream(
            modelId=f"events-{events}", messages=[{"role": "user", "content": [{"text": PROMPT}]}]
        )
        deltas = (event["contentBlockDelta"] for event in reply["stream"] if "contentBlockDelta" in event)
        return sum(len(delta["delta"].get("text", "")) for delta in deltas)

    def models():
        return len(bedrock.list_foundation_models()["modelSummaries"])

    def invoke():
        body = {"messages": [{"role": "user", "content": [{"text": PROMPT}]}]}
        return len(runtime.invoke_model(modelId="amazon.nova-lite-v1:0", body=json.dumps(body))["body"].read())

    runtime = boto3.client("bedrock-runtime")
    # A second client costs time, which a first call does not need.
    bedrock = None if what == "first" else boto3.client("bedrock")
    return {"converse": converse, "stream": lambda: stream(times), "models": models, "invoke": invoke}


def with_botocraft():
    from botocraft.services import BedrockMessage, ContentBlock, FoundationModel, SystemContentBlock

    def message():
        return BedrockMessage(role="user", content=[ContentBlock(text=PROMPT)])

    def converse():
        reply = model.converse(messages=[message()], system=[SystemContentBlock(text=SYSTEM)])
        return len(reply.output.message.content[0].text)

    def stream(events):
        model = FoundationModel.objects.get(f"events-{events}")
        read = 0
        for event in model.converse_stream(messages=[message()]).stream:
            if event.contentBlockDelta is not None:
                read += len(event.contentBlockDelta.delta.text or "")
        return read

    def models():
        return len(FoundationModel.objects.list())

    model = FoundationModel.objects.get(MODEL)
    return {"converse": converse, "stream": lambda: stream(times), "models": models}


def filtered(rows):
    from botocraft.services import FoundationModel
    from botocraft.services.abstract import PrimaryBoto3ModelQuerySet

    providers = ["Amazon", "Anthropic", "Meta", "Mistral AI", None]
    number = 1
    models = []
    for _ in range(rows):
        number = (number * 6364136223846793005 + 1442695040888963407) % 2**64
        models.append(
            FoundationModel.model_construct(
                modelArn=f"arn:aws:bedrock:us-east-1::foundation-model/{number >> 8:016x}",
                modelId=f"{number >> 8:016x}",
                modelName=f"model {number >> 40:08}",
                providerName=providers[(number >> 33) % 5],
            )
        )
    start = (time.process_time_ns(), time.perf_counter_ns())
    found = PrimaryBoto3ModelQuerySet(models).filter(providerName="Anthropic", modelName__contains="7")
    read = len(found.order_by("modelName").values_list("modelName", flat=True))
    return start, read


def main():
    if what == "filter":
        start, read = filtered(times)
    else:
        calls = with_boto3() if side == "boto3" else with_botocraft()
        if what == "first":
            calls["converse"]()
            return
        once = calls[what]
        for _ in range(1 if what == "stream" else 3):
            once()
        start = (time.process_time_ns(), time.perf_counter_ns())
        read = sum(once() for _ in range(1 if what == "stream" else times))
    cpu, wall = time.process_time_ns() - start[0], time.perf_counter_ns() - start[1]
    print(json.dumps({"cpu_ns": cpu, "wall_ns": wall, "read": read}))


main()
