// Runs Vercel's AI SDK (`ai`, `@ai-sdk/amazon-bedrock`) against the local Bedrock.
//
// Usage: node with_ai_sdk.mjs http://127.0.0.1:PORT

import assert from "node:assert/strict";

import * as local from "./local_bedrock.mjs";

const argument = local.connect("Vercel's AI SDK");

const { bedrock, createAmazonBedrock } = await import("@ai-sdk/amazon-bedrock");
const { embedMany, generateText, Output, stepCountIs, streamText, tool } = await import("ai");
const { BedrockClient, CreateGuardrailCommand } = await import("@aws-sdk/client-bedrock");
const { z } = await import("zod");

const weather = tool({
  description: "The weather in a city.",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `${city}: 21 degrees`,
});

async function chat() {
  const asked = { system: "Answer in one word.", prompt: "What is the capital of France?" };
  const { text, finishReason, usage } = await generateText({ model: bedrock(local.CLAUDE), ...asked });
  assert.match(text, /capital of France/);
  assert.equal(finishReason, "stop");
  assert(usage.inputTokens > 0 && usage.outputTokens > 0);
  assert.deepEqual((await local.last("Converse")).body.system, [{ text: "Answer in one word." }]);
}

async function stream() {
  const said = [];
  const result = streamText({ model: bedrock(local.NOVA), prompt: "Count from one to five, please." });
  for await (const text of result.textStream) said.push(text);
  assert(said.length > 3 && said.join("").includes("one to five"));
  assert.equal(await result.finishReason, "stop");
  await local.last("ConverseStream");
}

async function tools() {
  for (const id of [local.CLAUDE, local.NOVA]) {
    const asked = { model: bedrock(id), prompt: "What is the weather in Paris?", stopWhen: stepCountIs(3) };
    const { text, steps } = await generateText({ ...asked, tools: { get_weather: weather } });
    assert.deepEqual(steps[0].toolCalls.map((call) => [call.toolName, call.input]), [["get_weather", { city: "Paris" }]]);
    assert.match(text, /Paris: 21 degrees/);
  }
}

async function toolsInAStream() {
  const asked = { model: bedrock(local.CLAUDE), prompt: "What is the weather in Paris and in Rome?" };
  const result = streamText({ ...asked, tools: { get_weather: weather } });
  await result.consumeStream();
  assert.deepEqual((await result.toolCalls).map((call) => call.input.city), ["Paris", "Rome"]);
}

async function structuredOutput() {
  const person = Output.object({ schema: z.object({ name: z.string(), age: z.number().int() }) });
  for (const id of [local.CLAUDE, local.NOVA]) {
    const asked = { model: bedrock(id), prompt: "Ada is 36 years old.", output: person };
    const { output } = await generateText(asked);
    assert(output.name === "Ada" && output.age === 36, JSON.stringify(output));
  }
}

async function embeddings() {
  for (const id of [local.TITAN, local.COHERE]) {
    const values = ["a red apple", "the red apple", "stock market prices"];
    const { embeddings } = await embedMany({ model: bedrock.embedding(id), values });
    assert(embeddings[0].length === 1024 && local.isNearer(embeddings), id);
  }
}

async function guardrail() {
  // AWS's SDK creates the guardrail because this SDK has no control plane.
  const created = await new BedrockClient({ endpoint: local.URL }).send(
    new CreateGuardrailCommand({
      name: "ai-sdk",
      blockedInputMessaging: "I may not talk about that.",
      blockedOutputsMessaging: "No.",
      wordPolicyConfig: { wordsConfig: [{ text: "launch codes" }] },
    }),
  );
  const guardrailConfig = { guardrailIdentifier: created.guardrailId, guardrailVersion: "DRAFT", trace: "enabled" };
  const { text, finishReason, providerMetadata } = await generateText({
    model: bedrock(local.NOVA),
    prompt: "What are the launch codes?",
    providerOptions: { bedrock: { guardrailConfig } },
  });
  assert.equal(text, "I may not talk about that.");
  assert.equal(finishReason, "content-filter");
  assert.equal(providerMetadata.bedrock.trace.guardrail.actionReason, "Guardrail blocked.");
}

async function refused() {
  const asked = { model: bedrock("amazon.no-such-model-v1:0"), prompt: "Hello.", maxRetries: 0 };
  await assert.rejects(generateText(asked), { statusCode: 400, message: /model identifier is invalid/ });
}

async function addressAsArgument() {
  delete process.env.AWS_ENDPOINT_URL;
  const before = (await local.requests("Converse")).length;
  const provider = createAmazonBedrock({ [argument]: local.URL });
  await generateText({ model: provider(local.NOVA), prompt: "Hello." });
  assert.equal((await local.requests("Converse")).length, before + 1);
}

await local.run(
  chat,
  stream,
  tools,
  toolsInAStream,
  structuredOutput,
  embeddings,
  guardrail,
  refused,
  addressAsArgument,
);
