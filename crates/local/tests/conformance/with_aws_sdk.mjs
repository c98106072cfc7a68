// Runs the AWS SDK for JavaScript v3 against the local Bedrock. Its runtime client uses HTTP/2.
//
// Usage: node with_aws_sdk.mjs http://127.0.0.1:PORT

import assert from "node:assert/strict";

import * as local from "./local_bedrock.mjs";

const argument = local.connect("AWS SDK for JavaScript");

const { BedrockClient, CreateGuardrailCommand, ListFoundationModelsCommand, paginateListInferenceProfiles } = await import(
  "@aws-sdk/client-bedrock"
);
const {
  ApplyGuardrailCommand,
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithBidirectionalStreamCommand,
  InvokeModelWithResponseStreamCommand,
} = await import("@aws-sdk/client-bedrock-runtime");

const bedrock = new BedrockClient();
const runtime = new BedrockRuntimeClient();

const toolConfig = {
  tools: [
    {
      toolSpec: {
        name: "get_weather",
        inputSchema: { json: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
      },
    },
  ],
};

const user = (...content) => ({ role: "user", content: content.map((part) => (part.at ? { text: part } : part)) });
const encoded = (value) => new TextEncoder().encode(JSON.stringify(value));
const decoded = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

async function models() {
  const { modelSummaries } = await bedrock.send(new ListFoundationModelsCommand({ byProvider: "Amazon" }));
  assert(modelSummaries.some((model) => model.modelId === local.NOVA && model.providerName === "Amazon"));
  const ids = [];
  for await (const page of paginateListInferenceProfiles({ client: bedrock, pageSize: 5 }, {})) {
    ids.push(...page.inferenceProfileSummaries.map((profile) => profile.inferenceProfileId));
  }
  assert(ids.includes(local.CLAUDE) && new Set(ids).size === ids.length);
}

async function chat() {
  const asked = { modelId: local.CLAUDE, messages: [user("What is the capital of France?")] };
  const reply = await runtime.send(new ConverseCommand({ ...asked, system: [{ text: "Answer in one word." }] }));
  assert.match(reply.output.message.content[0].text, /capital of France/);
  assert.equal(reply.stopReason, "end_turn");
  assert.equal(reply.usage.totalTokens, reply.usage.inputTokens + reply.usage.outputTokens);
  assert.deepEqual((await local.last("Converse")).body.system, [{ text: "Answer in one word." }]);
}

async function stream() {
  const asked = { modelId: local.NOVA, messages: [user("Count from one to five, please.")] };
  const events = [];
  for await (const event of (await runtime.send(new ConverseStreamCommand(asked))).stream) events.push(event);
  const said = events.map((event) => event.contentBlockDelta?.delta.text ?? "");
  assert(said.filter(Boolean).length > 3 && said.join("").includes("one to five"));
  assert.equal(events.find((event) => event.messageStop).messageStop.stopReason, "end_turn");
  assert(events.at(-1).metadata.usage.outputTokens > 0);
}

async function tools() {
  const asked = user("What is the weather in Paris?");
  const called = await runtime.send(new ConverseCommand({ modelId: local.CLAUDE, messages: [asked], toolConfig }));
  assert.equal(called.stopReason, "tool_use");
  const { toolUse } = called.output.message.content.find((block) => block.toolUse);
  assert.deepEqual([toolUse.name, toolUse.input], ["get_weather", { city: "Paris" }]);
  const result = { toolResult: { toolUseId: toolUse.toolUseId, content: [{ text: "21 degrees" }] } };
  const messages = [asked, called.output.message, user(result)];
  const reply = await runtime.send(new ConverseCommand({ modelId: local.CLAUDE, messages, toolConfig }));
  assert.match(reply.output.message.content[0].text, /21 degrees/);
}

async function structuredOutput() {
  const schema = {
    type: "object",
    properties: { name: { type: "string" }, age: { type: "integer" } },
    required: ["name", "age"],
    additionalProperties: false,
  };
  const structure = { jsonSchema: { name: "person", schema: JSON.stringify(schema) } };
  const asked = {
    modelId: local.CLAUDE,
    messages: [user("Ada is 36 years old.")],
    outputConfig: { textFormat: { type: "json_schema", structure } },
  };
  const reply = await runtime.send(new ConverseCommand(asked));
  const person = JSON.parse(reply.output.message.content[0].text);
  assert(person.name === "Ada" && person.age === 36, JSON.stringify(person));
}

async function invokeModel() {
  const body = encoded({ messages: [user("Say hello, word by word.")] });
  const reply = await runtime.send(new InvokeModelCommand({ modelId: local.NOVA, body }));
  assert.match(decoded(reply.body).output.message.content[0].text, /word by word/);
  const events = [];
  const streamed = await runtime.send(new InvokeModelWithResponseStreamCommand({ modelId: local.NOVA, body }));
  for await (const event of streamed.body) events.push(decoded(event.chunk.bytes));
  const said = events.map((event) => event.contentBlockDelta?.delta.text ?? "").join("");
  assert.match(said, /word by word/);
  assert(events.at(-1)["amazon-bedrock-invocationMetrics"].outputTokenCount > 0);
}

async function embeddings() {
  const texts = ["a red apple", "the red apple", "stock market prices"];
  const titan = texts.map(async (inputText) => {
    const reply = await runtime.send(new InvokeModelCommand({ modelId: local.TITAN, body: encoded({ inputText }) }));
    return decoded(reply.body).embedding;
  });
  assert(local.isNearer(await Promise.all(titan)));
  const body = encoded({ texts, input_type: "search_document" });
  const cohere = await runtime.send(new InvokeModelCommand({ modelId: local.COHERE, body }));
  assert(local.isNearer(decoded(cohere.body).embeddings));
}

async function guardrail() {
  const created = await bedrock.send(
    new CreateGuardrailCommand({
      name: "javascript",
      blockedInputMessaging: "I may not talk about that.",
      blockedOutputsMessaging: "No.",
      wordPolicyConfig: { wordsConfig: [{ text: "launch codes" }] },
    }),
  );
  const guardrailConfig = { guardrailIdentifier: created.guardrailId, guardrailVersion: "DRAFT" };
  const messages = [user("What are the launch codes?")];
  const reply = await runtime.send(new ConverseCommand({ modelId: local.NOVA, messages, guardrailConfig }));
  assert.equal(reply.stopReason, "guardrail_intervened");
  assert.equal(reply.output.message.content[0].text, "I may not talk about that.");
  const content = [{ text: { text: "Here are the launch codes." } }];
  const applied = await runtime.send(new ApplyGuardrailCommand({ ...guardrailConfig, source: "OUTPUT", content }));
  assert.equal(applied.action, "GUARDRAIL_INTERVENED");
}

// A bidirectional stream. Each event is sent after the reply to the previous event has arrived.
async function bidirectionalStream() {
  const heard = [];
  let awaken = () => {};
  async function* events() {
    const content = { promptName: "p", contentName: "c" };
    for (const event of [
      { sessionStart: { inferenceConfiguration: { maxTokens: 100 } } },
      { promptStart: { promptName: "p" } },
      { contentStart: { ...content, type: "TEXT", role: "USER" } },
      { textInput: { ...content, content: "Hello from JavaScript" } },
      { contentEnd: content },
      { promptEnd: { promptName: "p" } },
      { sessionEnd: {} },
    ]) {
      const answered = new Promise((resolve) => (awaken = resolve));
      yield { chunk: { bytes: encoded({ event }) } };
      await answered;
    }
  }
  const asked = { modelId: local.SONIC, body: events() };
  const { body } = await runtime.send(new InvokeModelWithBidirectionalStreamCommand(asked));
  for await (const { chunk } of body) {
    heard.push(decoded(chunk.bytes).event);
    awaken();
  }
  const said = heard.map((event) => event.textOutput?.content ?? "").join("");
  assert.match(said, /Hello from JavaScript/);
  assert(heard.some((event) => event.completionEnd), JSON.stringify(heard));
}

async function refused() {
  const asked = { modelId: "amazon.no-such-model-v1:0", messages: [user("Hello.")] };
  await assert.rejects(runtime.send(new ConverseCommand(asked)), (error) => {
    assert.deepEqual([error.name, error.$metadata.httpStatusCode], ["ValidationException", 400]);
    return /model identifier is invalid/.test(error.message);
  });
  const stranger = new BedrockRuntimeClient({ credentials: { accessKeyId: "any", secretAccessKey: "wrong" } });
  const known = { modelId: local.NOVA, messages: [user("Hello.")] };
  await assert.rejects(stranger.send(new ConverseCommand(known)), { name: "InvalidSignatureException" });
}

async function addressAsArgument() {
  delete process.env.AWS_ENDPOINT_URL;
  const before = (await local.requests("Converse")).length;
  const client = new BedrockRuntimeClient({ [argument]: local.URL });
  await client.send(new ConverseCommand({ modelId: local.NOVA, messages: [user("Hello.")] }));
  assert.equal((await local.requests("Converse")).length, before + 1);
  client.destroy();
}

await local.run(
  models,
  chat,
  stream,
  tools,
  structuredOutput,
  invokeModel,
  embeddings,
  guardrail,
  bidirectionalStream,
  refused,
  addressAsArgument,
);
runtime.destroy();
