//! Every rule: what it finds, and what it makes of it.
#![allow(clippy::needless_pass_by_value, clippy::unwrap_used, reason = "tests")]

use bedrock_orm_models::ConverseRequest;
use serde_json::{Value, json};

use super::{ModelFacts, ModelFeature, check, repair};

/// Returns the repaired request, and the findings: all, and those for which AWS refuses the request.
fn repaired(request: &Value, facts: &ModelFacts) -> (Value, Vec<String>, Vec<String>) {
    let mut request: ConverseRequest = serde_json::from_value(request.clone()).unwrap();
    let refused = check(&request, facts).iter().map(ToString::to_string).collect();
    let findings = repair(&mut request, facts).iter().map(ToString::to_string).collect();
    let again = repair(&mut request.clone(), facts);
    assert!(again.is_empty(), "the repair of a repaired request finds nothing: {again:?}");
    (json!(request), findings, refused)
}

#[track_caller]
fn assert_repaired(request: &Value, facts: &ModelFacts, expected: &Value, findings: &[&str]) {
    let (repaired, found, refused) = repaired(request, facts);
    assert_eq!((&repaired, &found), (expected, &findings.iter().map(ToString::to_string).collect()));
    assert_eq!(refused, found, "all are refused");
}

fn messages(messages: &[Value]) -> Value {
    json!({"messages": messages})
}

fn with_tools(mut request: Value) -> Value {
    request["toolConfig"] =
        json!({"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}]});
    request
}

fn user(content: Value) -> Value {
    json!({"role": "user", "content": content})
}

fn assistant(content: Value) -> Value {
    json!({"role": "assistant", "content": content})
}

fn text(text: &str) -> Value {
    json!({"text": text})
}

fn call(id: &str) -> Value {
    json!({"toolUse": {"toolUseId": id, "name": "f", "input": {}}})
}

fn result(id: &str) -> Value {
    json!({"toolResult": {"toolUseId": id, "content": [{"text": id}]}})
}

fn interrupted(id: &str) -> Value {
    let text = "The tool call was interrupted. It has no result.";
    json!({"toolResult": {"toolUseId": id, "content": [{"text": text}], "status": "error"}})
}

fn facts() -> ModelFacts {
    ModelFacts::default()
}

fn refusing(feature: ModelFeature) -> ModelFacts {
    facts().refuses([feature])
}

fn accepting(feature: ModelFeature) -> ModelFacts {
    facts().accepts([feature])
}

#[track_caller]
fn assert_untouched(request: &Value, facts: &ModelFacts) {
    let (repaired, findings, _) = repaired(request, facts);
    assert_eq!((&repaired, &findings), (request, &Vec::new()));
}

#[test]
fn a_whole_conversation_is_untouched() {
    let signed = json!({"reasoningContent": {"reasoningText": {"text": "", "signature": "s"}}});
    let redacted = json!({"reasoningContent": {"redactedContent": "aGVsbG8="}});
    let mut request = with_tools(messages(&[
        user(json!([text("Hi"), {"document": {"format": "txt", "name": "d", "source": {"text": "t"}}}])),
        assistant(json!([signed, redacted, text("So"), call("a"), call("b")])),
        user(json!([result("b"), result("a"), text("And?"), {"cachePoint": {"type": "default"}}])),
        assistant(json!([text("Well")])),
        user(json!([text("Yes")])),
    ]));
    request["system"] = json!([text("Be brief."), {"cachePoint": {"type": "default", "ttl": "1h"}}]);
    request["toolConfig"]["toolChoice"] = json!({"any": {}});
    assert_untouched(&request, &facts());
}

#[test]
fn blank_texts() {
    let found = ["messages[0].content[0]: the text is blank (blank-text)"];
    let request = messages(&[user(json!([text(" \n"), text("Hi")]))]);
    assert_repaired(&request, &facts(), &messages(&[user(json!([text("Hi")]))]), &found);
    assert_untouched(&request, &accepting(ModelFeature::BlankText));
    let request = messages(&[user(json!([text("")]))]);
    assert_repaired(&request, &facts(), &messages(&[user(json!([text("(empty)")]))]), &found);
    let found = ["messages[0]: the message has no content (blank-text)"];
    for content in [json!([]), json!([{"cachePoint": {"type": "default"}}])] {
        let mut expected = content.clone();
        expected.as_array_mut().unwrap().insert(0, text("(empty)"));
        assert_repaired(&messages(&[user(content)]), &facts(), &messages(&[user(expected)]), &found);
    }
    let mut request = messages(&[user(json!([text("Hi")]))]);
    request["system"] = json!([text(" "), {"cachePoint": {"type": "default"}}]);
    let (repaired, findings, refused) = repaired(&request, &facts());
    assert_eq!(repaired, messages(&[user(json!([text("Hi")]))]));
    assert_eq!(findings, ["system[0]: the system prompt is blank (blank-system-prompt)"]);
    assert!(refused.is_empty());
}

#[test]
fn results_of_parallel_calls() {
    let start = [user(json!([text("Hi")])), assistant(json!([call("a"), call("b")]))];
    let given = [&start[..], &[user(json!([result("a")])), user(json!([result("b")]))]].concat();
    let expected = [&start[..], &[user(json!([result("a"), result("b")]))]].concat();
    assert_repaired(
        &with_tools(messages(&given)),
        &facts(),
        &with_tools(messages(&expected)),
        &["messages[3].content[0]: the tool result is not in the message after its tool use (tool-results)"],
    );
    // A late result goes to its place. Its message keeps its role.
    let given = [
        &start[..],
        &[
            user(json!([text("Wait")])),
            assistant(json!([text("I do.")])),
            user(json!([result("a"), result("b")])),
        ],
    ]
    .concat();
    let expected = [
        &start[..],
        &[
            user(json!([result("a"), result("b"), text("Wait")])),
            assistant(json!([text("I do.")])),
            user(json!([text("(empty)")])),
        ],
    ]
    .concat();
    let (repaired, findings, refused) = repaired(&with_tools(messages(&given)), &facts());
    assert_eq!(repaired, with_tools(messages(&expected)));
    assert_eq!((findings.len(), refused.len()), (2, 2));
}

#[test]
fn tool_uses_without_results_and_results_without_tool_uses() {
    let start = [user(json!([text("Hi")])), assistant(json!([call("a"), call("b")]))];
    let given = [&start[..], &[user(json!([text("Stop"), result("b")]))]].concat();
    let expected = [&start[..], &[user(json!([text("Stop"), result("b"), interrupted("a")]))]].concat();
    assert_repaired(
        &with_tools(messages(&given)),
        &facts(),
        &with_tools(messages(&expected)),
        &["messages[1].content[0]: the tool use has no result (tool-results)"],
    );
    // The results of tool uses at the end are still to come.
    assert_untouched(&with_tools(messages(&start)), &facts());

    let given = [&start[..], &[user(json!([result("a"), result("b"), result("a")]))]].concat();
    let expected = [&start[..], &[user(json!([result("b"), result("a")]))]].concat();
    assert_repaired(
        &with_tools(messages(&given)),
        &facts(),
        &with_tools(messages(&expected)),
        &["messages[2].content[0]: the tool use has another result (tool-results)"],
    );

    let orphan = json!({"toolResult": {"toolUseId": "x", "content": [{"json": {"n": 1}}]}});
    assert_repaired(
        &messages(&[user(json!([text("Hi"), orphan]))]),
        &facts(),
        &messages(&[user(json!([text("Hi"), text("{\"n\":1}")]))]),
        &["messages[0].content[1]: the tool result has no tool use (tool-results)"],
    );

    let given =
        [&start[..], &[assistant(json!([text("Er")])), user(json!([result("a"), result("b")]))]].concat();
    let expected = [
        user(json!([text("Hi")])),
        assistant(json!([call("a"), call("b"), text("Er")])),
        user(json!([result("a"), result("b")])),
    ];
    assert_repaired(
        &with_tools(messages(&given)),
        &facts(),
        &with_tools(messages(&expected)),
        &["messages[2]: the message is between a tool use and its result (tool-results)"],
    );

    // AWS's own tools have their results in the assistant's message.
    let server = json!({"toolUse": {"toolUseId": "s", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}});
    let grounded = json!({"toolResult": {"toolUseId": "s", "content": [{"text": "t"}], "type": "nova_grounding_result"}});
    assert_untouched(
        &messages(&[
            user(json!([text("Hi")])),
            assistant(json!([server, grounded])),
            user(json!([text("So")])),
        ]),
        &facts(),
    );
}

#[test]
fn inputs_and_contents_of_tools() {
    let with = |input: Value, content: Value, status: Value| {
        let mut result = json!({"toolResult": {"toolUseId": "a", "content": content}});
        if !status.is_null() {
            result["toolResult"]["status"] = status;
        }
        with_tools(messages(&[
            user(json!([text("Hi")])),
            assistant(json!([{"toolUse": {"toolUseId": "a", "name": "f", "input": input}}])),
            user(json!([result])),
        ]))
    };
    let content = json!([{"text": "t"}]);
    for (input, object) in [
        (json!("{\"city\": \"Que"), json!({"input": "{\"city\": \"Que"})),
        (json!("{\"city\":1}"), json!({"city": 1})),
        (json!(null), json!({})),
    ] {
        assert_repaired(
            &with(input, content.clone(), json!(null)),
            &facts(),
            &with(object, content.clone(), json!(null)),
            &["messages[1].content[0]: the tool's input is not a JSON object (tool-input)"],
        );
    }
    let scalar = with(json!({}), json!([{"json": 40}]), json!(null));
    assert_repaired(
        &scalar,
        &facts(),
        &with(json!({}), json!([{"json": {"result": 40}}]), json!(null)),
        &["messages[2].content[0]: the tool result's JSON is not an object (tool-result-content)"],
    );
    assert_untouched(&scalar, &accepting(ModelFeature::ScalarToolResult));

    let empty = with(json!({}), json!([]), json!(null));
    let filled = with(json!({}), json!([{"text": "(empty)"}]), json!(null));
    let found = ["messages[2].content[0]: the tool result is empty (tool-result-content)"];
    assert_repaired(&empty, &refusing(ModelFeature::EmptyToolResult), &filled, &found);
    assert_untouched(&empty, &accepting(ModelFeature::EmptyToolResult));
    let (repaired, findings, refused) = repaired(&empty, &facts());
    assert_eq!((repaired, findings.len(), refused.len()), (filled, 1, 0), "some models accept it");
    assert_repaired(
        &with(json!({}), json!([]), json!("error")),
        &accepting(ModelFeature::EmptyToolResult),
        &with(json!({}), json!([{"text": "(empty)"}]), json!("error")),
        &found,
    );
}

#[test]
fn documents_without_text() {
    let document = json!({"document": {"format": "txt", "name": "d", "source": {"text": "t"}}});
    assert_repaired(
        &messages(&[user(json!([document]))]),
        &facts(),
        &messages(&[user(json!([text("Read the document."), document]))]),
        &["messages[0].content[0]: the message has a document and no text (document-text)"],
    );
    // A blank text is none.
    let (repaired, findings, _) = repaired(&messages(&[user(json!([document, text(" ")]))]), &facts());
    assert_eq!(repaired, messages(&[user(json!([text("Read the document."), document]))]));
    assert_eq!(findings.len(), 2);
}

#[test]
fn roles() {
    let request = messages(&[assistant(json!([text("Hello")])), user(json!([text("Hi")]))]);
    let mut expected = request.clone();
    expected["messages"].as_array_mut().unwrap().insert(0, user(json!([text("(empty)")])));
    assert_repaired(
        &request,
        &facts(),
        &expected,
        &["messages[0]: the first message is not the user's (first-message)"],
    );
    assert_untouched(&request, &accepting(ModelFeature::AssistantFirst));

    let request = messages(&[user(json!([text("a")])), user(json!([text("b")])), user(json!([text("c")]))]);
    let expected = messages(&[user(json!([text("a"), text("b"), text("c")]))]);
    let found = [
        "messages[1]: the message has the role of the one before (repeated-roles)",
        "messages[2]: the message has the role of the one before (repeated-roles)",
    ];
    assert_repaired(&request, &refusing(ModelFeature::RepeatedRoles), &expected, &found);
    assert_untouched(&request, &accepting(ModelFeature::RepeatedRoles));
    let (repaired, findings, refused) = repaired(&request, &facts());
    assert_eq!((repaired, findings.len(), refused.len()), (expected, 2, 0), "most models accept it");

    // Media have limits for each message.
    let image = json!({"image": {"format": "png", "source": {"bytes": "aGVsbG8="}}});
    let request = messages(&[user(json!([text("a")])), user(json!([image]))]);
    assert_untouched(&request, &facts());
    let expected = messages(&[user(json!([text("a"), image]))]);
    assert_repaired(&request, &refusing(ModelFeature::RepeatedRoles), &expected, &found[..1]);
}

#[test]
fn tool_results_beside_text() {
    let start = [user(json!([text("Hi")])), assistant(json!([call("a")]))];
    let request = with_tools(messages(&[&start[..], &[user(json!([text("And"), result("a")]))]].concat()));
    let alone = refusing(ModelFeature::TextWithToolResult);
    let found = ["messages[2]: a tool result is beside other content (text-with-tool-result)"];
    let split = [user(json!([result("a")])), user(json!([text("And")]))];
    assert_repaired(&request, &alone, &with_tools(messages(&[&start[..], &split].concat())), &found);
    let split = [user(json!([result("a")])), assistant(json!([text("(empty)")])), user(json!([text("And")]))];
    assert_repaired(
        &request,
        &alone.refuses([ModelFeature::RepeatedRoles]),
        &with_tools(messages(&[&start[..], &split].concat())),
        &found,
    );
    assert_untouched(&request, &facts());
}

#[test]
fn system_prompts() {
    let mut request = messages(&[user(json!([text("Hi")]))]);
    request["system"] = json!([text("Be brief.")]);
    assert_repaired(
        &request,
        &refusing(ModelFeature::SystemPrompt),
        &messages(&[user(json!([text("Be brief."), text("Hi")]))]),
        &["system[0]: the model takes no system prompt (system-prompt)"],
    );
    assert_untouched(&request, &facts());
}

#[test]
fn tools_of_the_history() {
    let turns = [user(json!([text("Hi")])), assistant(json!([call("a")])), user(json!([result("a")]))];
    let (repaired, findings, refused) = repaired(&messages(&turns), &facts());
    assert_eq!(repaired["toolConfig"]["tools"][0]["toolSpec"]["name"], "f");
    assert_eq!(
        repaired["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"],
        json!({"json": {"type": "object"}})
    );
    assert_eq!(
        findings,
        ["toolConfig: the history has tool uses, and the request has no tools (tool-config)"]
    );
    assert_eq!(refused, findings);
}

#[test]
fn tool_choices() {
    let request = |choice: Value, fields: Value| {
        let mut request = with_tools(messages(&[user(json!([text("Hi")]))]));
        if !choice.is_null() {
            request["toolConfig"]["toolChoice"] = choice;
        }
        if !fields.is_null() {
            request["additionalModelRequestFields"] = fields;
        }
        request
    };
    let found = ["toolConfig.toolChoice: the model cannot be forced to call a tool (tool-choice)"];
    for choice in [json!({"any": {}}), json!({"tool": {"name": "f"}})] {
        let given = request(choice, json!(null));
        assert_repaired(
            &given,
            &refusing(ModelFeature::ForcedTools),
            &request(json!(null), json!(null)),
            &found,
        );
        assert_untouched(&given, &facts());
    }
    let any = || json!({"any": {}});
    let found = ["toolConfig.toolChoice: a tool cannot be forced while the model reasons (tool-choice)"];
    let thinking = json!({"thinking": {"type": "adaptive"}});
    let given = request(any(), thinking.clone());
    assert_repaired(&given, &facts(), &request(json!(null), thinking), &found);
    assert_untouched(&given, &accepting(ModelFeature::ForcedToolsWithReasoning));
    let nova = json!({"reasoningConfig": {"type": "enabled"}});
    let given = request(any(), nova.clone());
    assert_untouched(&given, &facts());
    assert_repaired(
        &given,
        &refusing(ModelFeature::ForcedToolsWithReasoning),
        &request(json!(null), nova),
        &found,
    );
}

fn tool(schema: &Value, strict: Value) -> Value {
    let mut tool = json!({"toolSpec": {"name": "f", "inputSchema": {"json": schema}}});
    if !strict.is_null() {
        tool["toolSpec"]["strict"] = strict;
    }
    tool
}

fn offering(tools: &[Value]) -> Value {
    let mut request = messages(&[user(json!([text("Hi")]))]);
    request["toolConfig"] = json!({"tools": tools});
    request
}

#[test]
fn schemas() {
    let untyped = offering(&[tool(&json!({"properties": {}}), json!(null))]);
    assert_repaired(
        &untyped,
        &facts(),
        &offering(&[tool(&json!({"properties": {}, "type": "object"}), json!(null))]),
        &["toolConfig.tools[0]: the schema has no type (schema-type)"],
    );
    let union = |keyword: &str| {
        json!({"type": "object", keyword: [
            {"properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "integer"}}},
        ]})
    };
    let properties = json!({"a": {"type": "string"}, "b": {"type": "integer"}});
    for keyword in ["oneOf", "anyOf", "allOf"] {
        let mut merged = json!({"type": "object", "properties": properties});
        if keyword == "allOf" {
            merged["required"] = json!(["a"]);
        }
        let request = offering(&[tool(&union(keyword), json!(null))]);
        assert_repaired(
            &request,
            &refusing(ModelFeature::UnionSchema),
            &offering(&[tool(&merged, json!(null))]),
            &["toolConfig.tools[0]: the schema has oneOf, anyOf or allOf at its top level (schema-union)"],
        );
        assert_untouched(&request, &facts());
    }

    let nested =
        json!({"type": "object", "properties": {"oneOf": {"anyOf": [{"oneOf": []}]}}, "required": ["oneOf"]});
    assert_repaired(
        &offering(&[tool(&nested, json!(true))]),
        &facts(),
        &offering(&[tool(&nested, json!(null))]),
        &["toolConfig.tools[0]: a strict tool's schema has oneOf (strict-schema)"],
    );
    let named = json!({"type": "object", "properties": {"oneOf": {"type": "string"}}, "required": ["oneOf"]});
    assert_untouched(&offering(&[tool(&named, json!(true))]), &facts());

    let optional = |count: usize| {
        let properties: Value = (0..count).map(|n| (format!("p{n}"), json!({"type": "string"}))).collect();
        json!({"type": "object", "properties": properties})
    };
    let strict = |count| tool(&optional(count), json!(true));
    assert_untouched(&offering(&[strict(12), strict(12)]), &facts());
    assert_repaired(
        &offering(&[strict(12), strict(13), tool(&optional(30), json!(null))]),
        &facts(),
        &offering(&[strict(12), tool(&optional(13), json!(null)), tool(&optional(30), json!(null))]),
        &[
            "toolConfig.tools[1]: strict tools have more than 24 optional parameters together, this one the most (strict-schema)",
        ],
    );
}

#[test]
fn cache_points() {
    let point = || json!({"cachePoint": {"type": "default"}});
    let hour = || json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    let mut request = offering(&[tool(&json!({"type": "object"}), json!(null)), point()]);
    request["system"] = json!([text("Be brief."), point()]);
    request["messages"] = json!([user(json!([text("a"), point(), text("b"), point(), text("c"), point()]))]);
    let mut expected = request.clone();
    expected["messages"][0]["content"].as_array_mut().unwrap().remove(1);
    let found = ["messages[0].content[1]: the request has more than four cache points (cache-point-count)"];
    assert_repaired(&request, &facts(), &expected, &found);

    let (repaired_all, findings, _) = repaired(&request, &refusing(ModelFeature::CachePoints));
    assert_eq!((repaired_all.to_string().matches("cachePoint").count(), findings.len()), (0, 5));

    let reasoning = json!({"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}});
    let request = messages(&[
        user(json!([text("a"), point()])),
        assistant(json!([reasoning, point(), text("b"), point()])),
        user(json!([text("c"), point()])),
    ]);
    let found = [
        "messages[1].content[1]: a cache point is after reasoning (cache-point-after-reasoning)",
        "messages[1].content[3]: a cache point is after reasoning (cache-point-after-reasoning)",
        "messages[2].content[1]: a cache point is after reasoning (cache-point-after-reasoning)",
    ];
    let (mut expected, findings, _) = repaired(&request, &facts());
    assert_eq!(findings, found[..1]);
    expected["messages"][1]["content"].as_array_mut().unwrap().pop();
    expected["messages"][2]["content"].as_array_mut().unwrap().pop();
    assert_repaired(&request, &refusing(ModelFeature::CachePointAfterReasoning), &expected, &found);

    let mut request = messages(&[user(json!([text("a"), hour()]))]);
    request["system"] = json!([text("Be brief."), point()]);
    let mut expected = request.clone();
    expected["messages"][0]["content"][1] = point();
    let found = ["messages[0].content[1]: the cache point lives longer than one before it (cache-point-ttl)"];
    assert_repaired(&request, &facts(), &expected, &found);
    request["system"][1] = hour();
    assert_untouched(&request, &facts());
}

#[test]
fn reasoning() {
    let with = |reasoning: Value| {
        messages(&[
            user(json!([text("a")])),
            assistant(json!([{"reasoningContent": reasoning}, text("b")])),
            user(json!([text("c")])),
        ])
    };
    let without =
        messages(&[user(json!([text("a")])), assistant(json!([text("b")])), user(json!([text("c")]))]);
    let unsigned = with(json!({"reasoningText": {"text": "t"}}));
    let signed = with(json!({"reasoningText": {"text": "t", "signature": "s"}}));
    let signature = with(json!({"reasoningText": {"text": "", "signature": "s"}}));
    let redacted = with(json!({"redactedContent": "aGVsbG8="}));
    let refusing_unsigned = refusing(ModelFeature::UnsignedReasoning);
    let found = ["messages[1].content[0]: the reasoning has no signature (reasoning)"];
    assert_repaired(&unsigned, &refusing_unsigned, &without, &found);
    assert_untouched(&unsigned, &facts());
    for kept in [&signed, &signature, &redacted] {
        assert_untouched(kept, &refusing_unsigned);
        let found = ["messages[1].content[0]: the model takes no such reasoning in the history (reasoning)"];
        assert_repaired(kept, &refusing(ModelFeature::ReasoningInHistory), &without, &found);
    }
    assert_repaired(
        &with(json!({"reasoningText": {"text": "t", "signature": ""}})),
        &facts(),
        &unsigned,
        &["messages[1].content[0]: the signature of the reasoning is empty (reasoning)"],
    );
    let (repaired, findings, refused) = repaired(&with(json!({"reasoningText": {"text": " "}})), &facts());
    assert_eq!((repaired, findings.len(), refused.len()), (without, 1, 0));
}

#[test]
fn findings_have_no_content() {
    let request =
        messages(&[user(json!([{"toolResult": {"toolUseId": "secret", "content": [{"text": "secret"}]}}]))]);
    let mut request: ConverseRequest = serde_json::from_value(request).unwrap();
    let findings = repair(&mut request, &facts());
    assert_eq!(findings.len(), 1);
    assert!(!format!("{findings:?} {}", findings[0]).contains("secret"));
}
