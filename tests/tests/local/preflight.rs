//! Traps 1 to 13: conversations that Bedrock refuses. The local Bedrock refuses each as AWS does. `Strict` sends nothing, and
//! `Repair` sends what the local Bedrock accepts.

use bedrock_orm::ConverseStream;
use bedrock_orm::models::ConverseRequest;
use bedrock_orm::preflight::{self, ModelFacts, ModelFeature, Preflight};
use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::recordings::exchanges;
use bedrock_orm_tests::support::{CLAUDE_PROFILE, MODEL, local, model, only_request};
use serde_json::{Value, from_value, json};

use crate::guardrails::session_with_guardrail;

const LLAMA: &str = "us.meta.llama3-1-70b-instruct-v1:0";

fn user(content: impl Into<Value>) -> Value {
    json!({"role": "user", "content": content.into()})
}

fn assistant(content: impl Into<Value>) -> Value {
    json!({"role": "assistant", "content": content.into()})
}

fn text(text: &str) -> Value {
    json!({"text": text})
}

fn call(id: &str) -> Value {
    json!({"toolUse": {"toolUseId": id, "name": "weather", "input": {}}})
}

fn result(id: &str) -> Value {
    json!({"toolResult": {"toolUseId": id, "content": [{"text": "40"}]}})
}

fn point(ttl: Option<&str>) -> Value {
    match ttl {
        Some(ttl) => json!({"cachePoint": {"type": "default", "ttl": ttl}}),
        None => json!({"cachePoint": {"type": "default"}}),
    }
}

fn tools() -> Value {
    json!({"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": {"type": "object"}}}}]})
}

fn messages(messages: &[Value]) -> Value {
    json!({"messages": messages})
}

fn with_tools(messages: &[Value]) -> Value {
    json!({"messages": messages, "toolConfig": tools()})
}

fn refusing(feature: ModelFeature) -> ModelFacts {
    ModelFacts::default().refuses([feature])
}

/// Asserts that the local Bedrock refuses the request with AWS's words, that `Strict` refuses it with our words and sends
/// nothing, and that `Repair` is accepted. Returns what `Repair` sent.
async fn closed(id: &str, request: Value, facts: ModelFacts, theirs: &str, ours: &str) -> Value {
    let (local, session) = local().await;
    let model = model(&session, id);
    let given: ConverseRequest = from_value(request.clone()).unwrap();

    let refused = model.converse(given.clone()).await.expect_err(theirs);
    assert_eq!(refused.kind(), ErrorKind::Validation, "{refused}");
    assert!(refused.message().contains(theirs), "{theirs}\n  {}", refused.message());
    assert_eq!(only_request(&local).json(), request, "without preflight, the request is sent as it is");

    local.clear_requests();
    let strict = model.converse(given.clone()).preflight(Preflight::Strict).model_facts(facts.clone());
    let refused = strict.await.expect_err(ours);
    assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{refused}");
    assert!(refused.message().contains(ours), "{ours}\n  {}", refused.message());
    let strict = model.converse_stream(given.clone()).preflight(Preflight::Strict).model_facts(facts.clone());
    assert_eq!(strict.await.err().map(|error| error.kind()), Some(ErrorKind::InvalidInput));
    assert!(local.requests().is_empty(), "nothing is sent");

    let repair = model.converse(given.clone()).preflight(Preflight::Repair).model_facts(facts.clone());
    let reply = repair.await.unwrap_or_else(|error| panic!("{theirs}: {error}"));
    assert!(
        reply.repairs().iter().any(|finding| finding.to_string().contains(ours)),
        "{:?}",
        reply.repairs()
    );
    let sent = only_request(&local).json();
    let stream = model.converse_stream(given).preflight(Preflight::Repair).model_facts(facts).await.unwrap();
    assert_eq!(stream.repairs(), reply.repairs());
    assert_eq!(stream.collect().await.unwrap().repairs(), reply.repairs());
    assert_eq!(local.requests()[1].json(), sent);
    sent
}

#[tokio::test]
async fn trap_01_blank_text() {
    let stuck =
        messages(&[user(json!([text("Hi")])), assistant(json!([text(" \n")])), user(json!([text("So?")]))]);
    let theirs = "The text field in the ContentBlock object at messages.1.content.0 is blank.";
    let ours = "messages[1].content[0]: the text is blank (blank-text)";
    let sent = closed(MODEL, stuck, ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent["messages"][1], assistant(json!([text("(empty)")])));
}

/// It is not recorded that AWS refuses a blank system prompt: `Strict` lets it pass, and `Repair` removes it.
#[tokio::test]
async fn trap_01_a_blank_system_prompt_is_removed() {
    let (local, session) = local().await;
    let turn = model(&session, MODEL).converse("Hi").system(" \n").system("Be brief.");
    let reply = turn.preflight(Preflight::Repair).await.unwrap();
    assert_eq!(reply.repairs().len(), 1, "{:?}", reply.repairs());
    assert_eq!(only_request(&local).json()["system"], json!([text("Be brief.")]));
}

#[tokio::test]
async fn trap_02_parallel_tool_results() {
    let start = [user(json!([text("Hi")])), assistant(json!([call("a"), call("b")]))];
    let split = with_tools(&[&start[..], &[user(json!([result("a")])), user(json!([result("b")]))]].concat());
    let theirs = "Expected toolResult blocks at messages.2.content for the following Ids: b";
    let ours =
        "messages[3].content[0]: the tool result is not in the message after its tool use (tool-results)";
    let sent = closed(MODEL, split, ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent["messages"][2], user(json!([result("a"), result("b")])));
    assert_eq!(sent["messages"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn trap_03_streamed_tool_input() {
    let start = |index: i32, id: &str| {
        let start = json!({"toolUse": {"toolUseId": id, "name": "weather"}});
        json!({"contentBlockStart": {"contentBlockIndex": index, "start": start}})
    };
    let delta = |index: i32, input: &str| json!({"contentBlockDelta": {"contentBlockIndex": index, "delta": {"toolUse": {"input": input}}}});
    let stop = |index: i32| json!({"contentBlockStop": {"contentBlockIndex": index}});
    let events = [
        json!({"messageStart": {"role": "assistant"}}),
        start(0, "a"),
        delta(0, "{\"ci"),
        delta(0, "ty\":\"Queens\"}"),
        stop(0),
        start(1, "b"), // a tool without arguments has no delta
        stop(1),
        json!({"messageStop": {"stopReason": "tool_use"}}),
        json!({"metadata": {"usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1}}}),
    ];
    let stream = ConverseStream::from_events(events.map(|event| Ok(from_value(event).unwrap())));
    let reply = stream.collect().await.unwrap();
    let inputs: Vec<_> = reply.tool_uses().map(|call| call.input.clone()).collect();
    assert_eq!(inputs, [json!({"city": "Queens"}), json!({})]);

    // The message can be sent back as it is.
    let (local, session) = local().await;
    let results: Vec<_> = reply.tool_uses().map(|call| call.result("40")).collect();
    let history = vec![Message::user("Weather?"), reply.into_message().unwrap(), Message::user(results)];
    let tool = ToolSpecification::new("weather", json!({"type": "object"}));
    let turn = model(&session, MODEL).converse(&history).tools([tool]).preflight(Preflight::Strict);
    assert!(turn.await.unwrap().repairs().is_empty());
    let sent = only_request(&local).json();
    assert_eq!(sent["messages"][1]["content"][1]["toolUse"]["input"], json!({}));

    // The input of a call that was cut short is a string.
    let cut = json!({"toolUse": {"toolUseId": "a", "name": "weather", "input": "{\"city"}});
    let request =
        with_tools(&[user(json!([text("Hi")])), assistant(json!([cut])), user(json!([result("a")]))]);
    let theirs = "The format of the value at messages.1.content.0.toolUse.input is invalid.";
    let ours = "messages[1].content[0]: the tool's input is not a JSON object (tool-input)";
    let sent = closed(MODEL, request, ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent["messages"][1]["content"][0]["toolUse"]["input"], json!({"input": "{\"city"}));
}

#[tokio::test]
async fn trap_04_tool_blocks_need_a_tool_configuration() {
    let request =
        messages(&[user(json!([text("Hi")])), assistant(json!([call("a")])), user(json!([result("a")]))]);
    let theirs = "The toolConfig field must be defined when using toolUse and toolResult content blocks.";
    let ours = "toolConfig: the history has tool uses, and the request has no tools (tool-config)";
    let sent = closed(MODEL, request, ModelFacts::default(), theirs, ours).await;
    let tool = &sent["toolConfig"]["tools"][0]["toolSpec"];
    assert_eq!(
        (&tool["name"], &tool["inputSchema"]),
        (&json!("weather"), &json!({"json": {"type": "object"}}))
    );
    assert!(sent["toolConfig"]["toolChoice"].is_null());
}

#[tokio::test]
async fn trap_05_forced_tools() {
    let mut request = with_tools(&[user(json!([text("Hi")]))]);
    request["toolConfig"]["toolChoice"] = json!({"any": {}});
    let theirs = "This model doesn't support the toolConfig.toolChoice.any field.";
    let ours = "toolConfig.toolChoice: the model cannot be forced to call a tool (tool-choice)";
    let sent = closed(LLAMA, request.clone(), refusing(ModelFeature::ForcedTools), theirs, ours).await;
    assert_eq!(sent["toolConfig"], tools(), "the tools stay, and with them the cache");

    request["additionalModelRequestFields"] = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}});
    let theirs = "Thinking may not be enabled when tool_choice forces tool use.";
    let ours = "toolConfig.toolChoice: a tool cannot be forced while the model reasons (tool-choice)";
    let sent = closed(CLAUDE_PROFILE, request, ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent["toolConfig"], tools());
}

#[tokio::test]
async fn trap_06_roles() {
    let greeting = [assistant(json!([text("Hello.")])), user(json!([text("Hi")]))];
    let theirs = "A conversation must start with a user message.";
    let ours = "messages[0]: the first message is not the user's (first-message)";
    let sent = closed(MODEL, messages(&greeting), ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent["messages"][0]["role"], "user");
    assert_eq!(sent["messages"].as_array().unwrap()[1..], greeting);

    // The local Bedrock accepts repeated roles, as AWS does for most models. They are merged if the facts do not say so.
    let (local, session) = local().await;
    let repeated = messages(&[user(json!([text("a")])), user(json!([text("b")]))]);
    let turn = || model(&session, MODEL).converse(from_value::<ConverseRequest>(repeated.clone()).unwrap());
    turn().preflight(Preflight::Strict).await.unwrap();
    turn().preflight(Preflight::Repair).await.unwrap();
    let alternating = turn().model_facts(refusing(ModelFeature::RepeatedRoles));
    assert!(
        alternating.preflight(Preflight::Strict).await.unwrap_err().message().contains("(repeated-roles)")
    );
    let sent: Vec<_> = local.requests().iter().map(|request| request.json()).collect();
    assert_eq!(sent, [repeated, messages(&[user(json!([text("a"), text("b")]))])]);
}

#[tokio::test]
async fn trap_07_no_system_prompt() {
    let mut request = messages(&[user(json!([text("Hi")]))]);
    request["system"] = json!([text("Be brief.")]);
    let theirs = "This model doesn't support system messages.";
    let ours = "system[0]: the model takes no system prompt (system-prompt)";
    let facts = refusing(ModelFeature::SystemPrompt);
    let sent = closed("mistral.mistral-7b-instruct-v0:2", request, facts, theirs, ours).await;
    assert_eq!(sent, messages(&[user(json!([text("Be brief."), text("Hi")]))]));
}

#[tokio::test]
async fn trap_08_documents_and_tool_results() {
    let document = json!({"document": {"format": "txt", "name": "d", "source": {"text": "t"}}});
    let theirs = "A text block must be included when using documents.";
    let ours = "messages[0].content[0]: the message has a document and no text (document-text)";
    let sent = closed(MODEL, messages(&[user(json!([document]))]), ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent, messages(&[user(json!([text("Read the document."), document]))]));

    let with_result = |content: Value, status: &str| {
        let result = json!({"toolResult": {"toolUseId": "a", "content": content, "status": status}});
        with_tools(&[user(json!([text("Hi")])), assistant(json!([call("a")])), user(json!([result]))])
    };
    let theirs =
        "The content field at messages.2.content.0.toolResult cannot be empty when status value is error.";
    let ours = "messages[2].content[0]: the tool result is empty (tool-result-content)";
    let filled = |status: &str| with_result(json!([text("(empty)")]), status);
    let sent = closed(MODEL, with_result(json!([]), "error"), ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent, filled("error"));
    let theirs = "The content field at messages.2.content.0.toolResult is empty.";
    let (nemotron, facts) = ("nvidia.nemotron-nano-9b-v2", refusing(ModelFeature::EmptyToolResult));
    let sent = closed(nemotron, with_result(json!([]), "success"), facts, theirs, ours).await;
    assert_eq!(sent, filled("success"));

    let scalar = with_result(json!([{"json": 40}]), "success");
    let theirs = "The format of the value at messages.2.content.0.toolResult.content.0.json is invalid.";
    let ours = "messages[2].content[0]: the tool result's JSON is not an object (tool-result-content)";
    let sent = closed(CLAUDE_PROFILE, scalar, ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent, with_result(json!([{"json": {"result": 40}}]), "success"));
}

#[tokio::test]
async fn trap_09_every_tool_use_has_one_result() {
    let start = [user(json!([text("Hi")])), assistant(json!([call("a"), call("b")]))];
    let interrupted = with_tools(&[&start[..], &[user(json!([result("b"), text("Stop.")]))]].concat());
    let theirs = "Expected toolResult blocks at messages.2.content for the following Ids: a";
    let ours = "messages[1].content[0]: the tool use has no result (tool-results)";
    let sent = closed(MODEL, interrupted, ModelFacts::default(), theirs, ours).await;
    let added = &sent["messages"][2]["content"][1]["toolResult"];
    assert_eq!((&added["toolUseId"], &added["status"]), (&json!("a"), &json!("error")));
    assert_eq!(sent["messages"][2]["content"].as_array().unwrap().len(), 3);

    let doubled = with_tools(&[&start[..], &[user(json!([result("a"), result("b"), result("a")]))]].concat());
    let theirs = "The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks";
    let ours = "messages[2].content[0]: the tool use has another result (tool-results)";
    let sent = closed(MODEL, doubled, ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent["messages"][2], user(json!([result("b"), result("a")])));

    let orphan = with_tools(&[user(json!([result("x")]))]);
    let theirs = "The number of toolResult blocks at messages.0.content exceeds the number of toolUse blocks";
    let ours = "messages[0].content[0]: the tool result has no tool use (tool-results)";
    let sent = closed(MODEL, orphan, ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent["messages"], json!([user(json!([text("40")]))]));
}

#[tokio::test]
async fn trap_10_text_beside_a_tool_result() {
    let start = [user(json!([text("Hi")])), assistant(json!([call("a")]))];
    let mixed = with_tools(&[&start[..], &[user(json!([result("a"), text("And?")]))]].concat());
    let theirs = "Conversation blocks and tool result blocks cannot be provided in the same turn.";
    let ours = "messages[2]: a tool result is beside other content (text-with-tool-result)";
    let facts = refusing(ModelFeature::TextWithToolResult);
    let split = [user(json!([result("a")])), user(json!([text("And?")]))];
    let sent = closed(LLAMA, mixed.clone(), facts.clone(), theirs, ours).await;
    assert_eq!(sent, with_tools(&[&start[..], &split].concat()));
    let sent = closed(LLAMA, mixed, facts.refuses([ModelFeature::RepeatedRoles]), theirs, ours).await;
    let split =
        [user(json!([result("a")])), assistant(json!([text("(empty)")])), user(json!([text("And?")]))];
    assert_eq!(sent, with_tools(&[&start[..], &split].concat()));
}

#[tokio::test]
async fn trap_11_tool_schemas() {
    let offering = |schema: Value, strict: bool| {
        let mut request = with_tools(&[user(json!([text("Hi")]))]);
        request["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"] = schema;
        if strict {
            request["toolConfig"]["tools"][0]["toolSpec"]["strict"] = json!(true);
        }
        request
    };
    let union = json!({"type": "object", "oneOf": [{"properties": {"a": {"type": "string"}}}]});
    let theirs = "input_schema does not support oneOf, allOf, or anyOf at the top level";
    let ours = "toolConfig.tools[0]: the schema has oneOf, anyOf or allOf at its top level (schema-union)";
    let facts = refusing(ModelFeature::UnionSchema);
    let sent = closed(CLAUDE_PROFILE, offering(union, false), facts, theirs, ours).await;
    assert_eq!(sent, offering(json!({"type": "object", "properties": {"a": {"type": "string"}}}), false));

    let nested = json!({"type": "object", "properties": {"a": {"oneOf": [{"type": "string"}]}}});
    let ours = "toolConfig.tools[0]: a strict tool's schema has oneOf (strict-schema)";
    let theirs = "'oneOf' is not supported";
    let sent = closed(MODEL, offering(nested.clone(), true), ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent, offering(nested, false));

    let properties: Value = (0..25).map(|n| (format!("p{n}"), json!({"type": "string"}))).collect();
    let wide = json!({"type": "object", "properties": properties});
    let theirs = "Schemas contains too many optional parameters (25)";
    let ours = "toolConfig.tools[0]: strict tools have more than 24 optional parameters together";
    let sent = closed(MODEL, offering(wide.clone(), true), ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent, offering(wide, false));

    let untyped = json!({"properties": {}});
    let theirs = "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.";
    let ours = "toolConfig.tools[0]: the schema has no type (schema-type)";
    let sent = closed(MODEL, offering(untyped, false), ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent, offering(json!({"type": "object", "properties": {}}), false));
}

#[tokio::test]
async fn trap_12_cache_points() {
    let blocks: Vec<_> = (0..5).flat_map(|n| [text(&n.to_string()), point(None)]).collect();
    let theirs = "A maximum of 4 blocks with cache_control may be provided. Found 5.";
    let ours = "messages[0].content[1]: the request has more than four cache points (cache-point-count)";
    let sent = closed(MODEL, messages(&[user(json!(blocks))]), ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent["messages"][0]["content"].as_array().unwrap()[..2], [text("0"), text("1")]);
    assert_eq!(sent["messages"][0]["content"].as_array().unwrap().len(), 9);

    let mut growing = messages(&[user(json!([text("Hi"), point(Some("1h"))]))]);
    growing["system"] = json!([text("Be brief."), point(None)]);
    let theirs = "messages.0.content.0.cache_control.ttl: a ttl='1h' cache_control block must not come after";
    let ours = "messages[0].content[1]: the cache point lives longer than one before it (cache-point-ttl)";
    let sent = closed(CLAUDE_PROFILE, growing, ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent["messages"][0]["content"][1], point(None));

    let reasoning = json!({"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}});
    let history = |block: &[Value]| {
        let reply = [std::slice::from_ref(&reasoning), block, &[text("So.")]].concat();
        messages(&[user(json!([text("Hi")])), assistant(json!(reply)), user(json!([text("And?")]))])
    };
    let theirs = "Cache point cannot be inserted after reasoning block.";
    let ours = "messages[1].content[1]: a cache point is after reasoning (cache-point-after-reasoning)";
    let sent = closed(CLAUDE_PROFILE, history(&[point(None)]), ModelFacts::default(), theirs, ours).await;
    assert_eq!(sent, history(&[]));

    // A guardrail drops no cache point.
    let (local, session, guardrail) = session_with_guardrail().await;
    let cached = messages(&[user(json!([text("Hi"), point(None)]))]);
    let turn = model(&session, MODEL).converse(from_value::<ConverseRequest>(cached.clone()).unwrap());
    turn.guardrail(&guardrail).preflight(Preflight::Repair).await.unwrap();
    assert_eq!(only_request(&local).json()["messages"], cached["messages"]);
}

/// A model without prompt caching: the caller says so, since the control plane does not.
#[tokio::test]
async fn trap_12_a_model_without_cache_points() {
    let (local, session) = local().await;
    let cached = messages(&[user(json!([text("Hi"), point(None)]))]);
    let turn = model(&session, MODEL).converse(from_value::<ConverseRequest>(cached).unwrap());
    let turn = turn.model_facts(refusing(ModelFeature::CachePoints));
    let error = turn.clone().preflight(Preflight::Strict).await.unwrap_err();
    assert!(error.message().contains("messages[0].content[1]"), "{error}");
    assert!(local.requests().is_empty(), "nothing is sent");
    turn.preflight(Preflight::Repair).await.unwrap();
    assert_eq!(only_request(&local).json(), messages(&[user(json!([text("Hi")]))]));
}

#[tokio::test]
async fn trap_13_reasoning_goes_back_with_its_signature() {
    let history = |reasoning: &[Value]| {
        let reply = [reasoning, &[text("So.")]].concat();
        messages(&[user(json!([text("Hi")])), assistant(json!(reply)), user(json!([text("And?")]))])
    };
    let block = |reasoning: Value| json!({"reasoningContent": reasoning});
    let unsigned = block(json!({"reasoningText": {"text": "t"}}));
    let kept = [
        block(json!({"reasoningText": {"text": "t", "signature": "s"}})),
        block(json!({"reasoningText": {"text": "", "signature": "s"}})),
        block(json!({"redactedContent": "aGVsbG8="})),
    ];
    let theirs = "messages.1.content.3.thinking.signature: Field required";
    let ours = "messages[1].content[3]: the reasoning has no signature (reasoning)";
    let given = history(&[&kept[..], &[unsigned]].concat());
    let facts = refusing(ModelFeature::UnsignedReasoning);
    let sent = closed(CLAUDE_PROFILE, given, facts, theirs, ours).await;
    assert_eq!(sent, history(&kept));

    // A stream's reasoning goes back as it came, also without text.
    let delta = |delta: Value| json!({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"reasoningContent": delta}}});
    for (deltas, expected) in [
        (vec![delta(json!({"signature": "s"}))], &kept[1]),
        (
            vec![delta(json!({"redactedContent": "aGVs"})), delta(json!({"redactedContent": "bG8="}))],
            &kept[2],
        ),
        (vec![delta(json!({"text": "t"})), delta(json!({"signature": "s"}))], &kept[0]),
    ] {
        let end = [
            json!({"messageStop": {"stopReason": "end_turn"}}),
            json!({"metadata": {"usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1}}}),
        ];
        let events = deltas.into_iter().chain(end).map(|event| Ok(from_value(event).unwrap()));
        let reply = ConverseStream::from_events(events).collect().await.unwrap();
        assert_eq!(&json!(reply.content()[0]), expected);
    }
}

/// Without facts from the caller, what the session has resolved says what the model accepts. No request is sent for it.
#[tokio::test]
async fn facts_come_from_the_resolved_model() {
    let (local, session) = local().await;
    let llama = model(&session, LLAMA);
    let turn = || {
        let turn = llama.converse("Hi").tools([ToolSpecification::new("f", json!({"type": "object"}))]);
        turn.tool_choice(ToolChoice::any())
    };
    let unknown = turn().preflight(Preflight::Repair).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Validation);
    let resolved = llama.resolve().await.unwrap();
    local.clear_requests();
    let reply = turn().preflight(Preflight::Repair).await.unwrap();
    assert_eq!(reply.repairs().len(), 1);
    assert!(only_request(&local).json()["toolConfig"]["toolChoice"].is_null());
    let fetched = resolved.foundation_model.as_ref().unwrap();
    assert_eq!(ModelFacts::from(fetched).accepted(ModelFeature::ForcedTools), Some(false));
}

/// Numbers that look random, and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// Generates a conversation that the local Bedrock accepts.
fn conversation(dice: &mut Dice) -> Value {
    let mut turns = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut points = 0;
    for index in 0..=dice.below(5) {
        let mut content: Vec<_> = open.drain(..).map(|id| result(&id)).collect();
        for block in &mut content {
            match dice.below(4) {
                0 => block["toolResult"]["content"] = json!([]),
                1 => block["toolResult"]["content"] = json!([{"json": {"n": 1}}, {"text": " "}]),
                2 => block["toolResult"]["status"] = json!("error"),
                _ => {}
            }
        }
        if content.is_empty() || dice.one_in(3) {
            content.push(text("So?"));
            if dice.one_in(3) {
                content.push(json!({"document": {"format": "txt", "name": "d", "source": {"text": "t"}}}));
            }
        }
        if points < 3 && dice.one_in(3) {
            content.push(point(None));
            points += 1;
        }
        turns.push(user(json!(content)));
        if !dice.one_in(4) {
            if content.iter().all(|block| block["toolResult"].is_null()) && dice.one_in(4) {
                turns.push(user(json!([text("And?")])));
            }
            let mut reply = Vec::new();
            if dice.one_in(3) {
                reply.push(json!({"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}}));
            }
            reply.push(text("Well."));
            for number in 0..dice.below(3) {
                open.push(format!("{index}-{number}"));
                reply.push(call(&format!("{index}-{number}")));
            }
            turns.push(assistant(json!(reply)));
        }
    }
    if turns.last().unwrap()["role"] == "assistant" {
        let mut content: Vec<_> = open.drain(..).map(|id| result(&id)).collect();
        content.push(text("Go on."));
        turns.push(user(json!(content)));
    }
    let mut request = with_tools(&turns);
    if dice.one_in(2) {
        request["system"] = json!([text("Be brief."), point(Some("1h"))]);
    }
    if dice.one_in(3) {
        request["toolConfig"]["toolChoice"] = json!({"any": {}});
    }
    request
}

/// What AWS accepts of some models, so that its repair is a precaution only.
fn tolerant() -> ModelFacts {
    ModelFacts::default().accepts([ModelFeature::RepeatedRoles, ModelFeature::EmptyToolResult])
}

#[tokio::test]
async fn repair_leaves_accepted_conversations_accepted() {
    let (_local, session) = local().await;
    let mut dice = Dice(0x2026_1121);
    let mut changed = 0;
    for _ in 0..80 {
        let given: ConverseRequest = from_value(conversation(&mut dice)).unwrap();
        assert_eq!(preflight::check(&given, &ModelFacts::default()), [], "{}", json!(given));
        let mut same = given.clone();
        assert_eq!(preflight::repair(&mut same, &tolerant()), []);
        assert_eq!(same, given, "nothing is changed");
        for id in [MODEL, CLAUDE_PROFILE] {
            let model = model(&session, id);
            model.converse(given.clone()).await.unwrap_or_else(|error| panic!("{error} {}", json!(given)));
            let reply = model.converse(given.clone()).preflight(Preflight::Repair).await;
            changed += reply.unwrap_or_else(|error| panic!("{error} {}", json!(given))).repairs().len();
        }
    }
    assert!(changed > 10, "precautions are taken: {changed}");
}

/// Breaks a conversation in one of the ways of the traps.
fn break_it(request: &mut Value, dice: &mut Dice) {
    let turns = request["messages"].as_array_mut().unwrap();
    let total = turns.len();
    let turn = dice.below(total);
    let count = turns[turn]["content"].as_array().unwrap().len();
    let block = dice.below(count.max(1));
    let content = turns[turn]["content"].as_array_mut().unwrap();
    match dice.below(7) {
        0 if count > 0 => drop(content.remove(block)),
        1 if count > 0 && content[block]["toolResult"].is_object() => content.push(content[block].clone()),
        2 if count > 0 && content[block]["text"].is_string() => content[block]["text"] = json!(" \n"),
        3 if count > 0 && content[block]["toolResult"].is_object() => {
            content[block]["toolResult"]["toolUseId"] = json!("other");
        }
        4 if count > 0 && content[block]["toolUse"].is_object() => {
            content[block]["toolUse"]["input"] = json!("{");
        }
        5 if turn + 1 < total => drop(turns.remove(turn)),
        6 => drop(request.as_object_mut().unwrap().remove("toolConfig")),
        _ => content.insert(block.min(count), point(Some("1h"))),
    }
}

#[tokio::test]
async fn repair_makes_broken_conversations_acceptable() {
    let (_local, session) = local().await;
    let mut dice = Dice(0x1121_2026);
    let mut refused = 0;
    for _ in 0..150 {
        let mut broken = conversation(&mut dice);
        for _ in 0..=dice.below(4) {
            break_it(&mut broken, &mut dice);
        }
        let given: ConverseRequest = from_value(broken.clone()).unwrap();
        refused += usize::from(!preflight::check(&given, &ModelFacts::default()).is_empty());
        for id in [MODEL, CLAUDE_PROFILE] {
            let reply = model(&session, id).converse(given.clone()).preflight(Preflight::Repair).await;
            reply.unwrap_or_else(|error| panic!("{error}\n{broken}"));
        }
        let mut repaired = given;
        preflight::repair(&mut repaired, &ModelFacts::default());
        assert_eq!(preflight::repair(&mut repaired.clone(), &ModelFacts::default()), [], "{broken}");
    }
    assert!(refused > 100, "{refused}");
}

#[tokio::test]
async fn recorded_conversations_that_aws_accepted_are_accepted() {
    let Some(exchanges) = exchanges() else { return };
    let (local, session) = local().await;
    let is_accepted = |operation: &str| ["Converse", "ConverseStream"].contains(&operation);
    let accepted: Vec<_> = exchanges
        .iter()
        .filter(|exchange| is_accepted(&exchange.operation) && exchange.status == 200)
        .collect();
    assert!(accepted.len() > 40, "{}", accepted.len());
    let mut merged = 0;
    for exchange in accepted {
        let given: ConverseRequest = from_value(exchange.request_json()).unwrap();
        assert_eq!(preflight::check(&given, &ModelFacts::default()), [], "{}", exchange.name);
        let mut same = given.clone();
        preflight::repair(&mut same, &tolerant());
        assert_eq!(same, given, "{}", exchange.name);
        let findings = preflight::repair(&mut same, &ModelFacts::default());
        assert!(findings.iter().all(|finding| finding.rule == "repeated-roles"), "{findings:?}");
        if !findings.is_empty() && exchange.model == MODEL {
            model(&session, MODEL).converse(same).await.unwrap();
            merged += 1;
        }
    }
    assert_eq!(local.requests().len(), merged);
    assert!(merged > 0, "some recorded conversations repeat a role");
}
