//! Guardrails: their lifecycle and their effects.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::{LocalBedrock, Reply};
use common::{BASE, MODEL, NOVA, converse, converse_stream, get, post, send, user};
use serde_json::{Value, json};

fn guardrail(name: &str) -> Value {
    json!({
        "name": name,
        "description": "for tests",
        "topicPolicyConfig": { "topicsConfig": [{ "name": "Weather", "definition": "The weather.", "type": "DENY" }] },
        "contentPolicyConfig": {
            "filtersConfig": [{ "type": "INSULTS", "inputStrength": "HIGH", "outputStrength": "NONE" }],
        },
        "wordPolicyConfig": { "wordsConfig": [{ "text": "swordfish" }] },
        "sensitiveInformationPolicyConfig": {
            "piiEntitiesConfig": [{ "type": "EMAIL", "action": "ANONYMIZE" }],
            "regexesConfig": [{ "name": "Account Number", "pattern": "\\b\\d{10}\\b", "action": "ANONYMIZE" }],
        },
        "blockedInputMessaging": "Not this way in.",
        "blockedOutputsMessaging": "Not this way out.",
    })
}

async fn create(local: &LocalBedrock, body: Value) -> String {
    let created = post(local, "/guardrails", body).await;
    assert_eq!(created.status, 202, "{:?}", created.body);
    let created = created.json();
    assert_eq!(created["version"], "DRAFT");
    created["guardrailId"].as_str().unwrap().to_owned()
}

async fn put(local: &LocalBedrock, path: &str, body: Value) -> common::HttpResponse {
    send(local, "PUT", path, &[], body.to_string().as_bytes()).await
}

async fn delete(local: &LocalBedrock, path: &str) -> common::HttpResponse {
    send(local, "DELETE", path, &[], b"").await
}

#[tokio::test]
async fn a_guardrail_is_returned_in_the_form_of_responses() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("one")).await;
    assert!(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    let arn = format!("arn:aws:bedrock:us-east-1:123456789012:guardrail/{id}");
    let details = get(&local, &format!("/guardrails/{id}")).await.ok();
    for (member, value) in [
        ("guardrailArn", json!(arn)),
        ("status", json!("READY")),
        ("statusReasons", json!([])),
        ("wordPolicy", json!({ "words": [{ "text": "swordfish" }] })),
        ("blockedInputMessaging", json!("Not this way in.")),
    ] {
        assert_eq!(details[member], value);
    }
    assert_eq!(details["contentPolicy"]["tier"], json!({ "tierName": "CLASSIC" }));
    assert_eq!(details["topicPolicy"]["topics"][0]["name"], "Weather");
    assert_eq!(details["sensitiveInformationPolicy"]["piiEntities"][0]["action"], "ANONYMIZE");
    let by_arn = get(&local, &format!("/guardrails/{}", arn.replace(':', "%3A").replace('/', "%2F"))).await;
    assert_eq!(by_arn.ok(), details);
}

#[tokio::test]
async fn versions_are_immutable() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("one")).await;
    let path = format!("/guardrails/{id}");
    for number in ["1", "2"] {
        let created = post(&local, &path, json!({ "description": number })).await;
        assert_eq!((created.status, created.json()["version"].as_str()), (202, Some(number)));
    }
    let mut changed = guardrail("renamed");
    changed.as_object_mut().unwrap().remove("topicPolicyConfig");
    assert_eq!(put(&local, &path, changed).await.status, 202);
    assert_eq!(get(&local, &path).await.ok()["name"], "renamed");
    let first = get(&local, &format!("{path}?guardrailVersion=1")).await.ok();
    assert_eq!((first["name"].as_str(), first["description"].as_str()), (Some("one"), Some("1")));
    assert!(first["topicPolicy"].is_object());

    let list = async |query: &str| get(&local, &format!("/guardrails?{query}")).await.ok();
    let versions = list(&format!("guardrailIdentifier={id}")).await;
    let versions: Vec<_> =
        versions["guardrails"].as_array().unwrap().iter().map(|it| it["version"].as_str().unwrap()).collect();
    assert_eq!(versions, ["DRAFT", "1", "2"]);
    assert_eq!(delete(&local, &format!("{path}?guardrailVersion=1")).await.status, 202);
    assert_eq!(get(&local, &format!("{path}?guardrailVersion=1")).await.status, 404);
    assert_eq!(post(&local, &path, json!({})).await.ok()["version"], "3", "version numbers are not reused");
    assert_eq!(delete(&local, &path).await.ok(), json!({}));
    assert_eq!(list("").await["guardrails"], json!([]));
    assert_eq!(delete(&local, &path).await.error().1, "ResourceNotFoundException");
}

#[tokio::test]
async fn lists_are_paged() {
    let local = LocalBedrock::builder().page_size(2).start().await.unwrap();
    for name in ["a", "b", "c", "d", "e"] {
        create(&local, guardrail(name)).await;
    }
    let mut names = Vec::new();
    let mut path = "/guardrails?maxResults=100".to_owned();
    let pages = loop {
        let page = get(&local, &path).await.ok();
        names.extend(
            page["guardrails"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()),
        );
        match page["nextToken"].as_str() {
            Some(token) => path = format!("/guardrails?nextToken={token}"),
            None => break local.requests().len() - 5,
        }
    };
    assert_eq!((names.concat().as_str(), pages), ("abcde", 3));
    assert_eq!(get(&local, "/guardrails?nextToken=nonsense").await.status, 400);
    assert!(get(&local, "/guardrails?maxResults=0").await.refusal().contains("greater than or equal to 1"));
}

#[tokio::test]
async fn names_are_unique_and_idempotency_tokens_are_stored() {
    let local = LocalBedrock::start().await.unwrap();
    let mut body = guardrail("one");
    body["clientRequestToken"] = json!("token-1");
    let id = create(&local, body.clone()).await;
    assert_eq!(create(&local, body).await, id);
    let (status, code, message) = post(&local, "/guardrails", guardrail("one")).await.error();
    assert_eq!((status, code.as_str()), (400, "ConflictException"));
    assert_eq!(message, "Another guardrail in your account already has this name.");
    let elsewhere = [(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=A/20250101/eu-west-1/bedrock/aws4_request, Signature=0",
    )];
    let other =
        send(&local, "POST", "/guardrails", &elsewhere, guardrail("one").to_string().as_bytes()).await;
    assert_eq!(other.status, 202, "it does not exist in another region");
    assert_eq!(send(&local, "GET", &format!("/guardrails/{id}"), &elsewhere, b"").await.status, 404);
}

#[tokio::test]
async fn guardrails_that_aws_refuses_are_refused() {
    let local = LocalBedrock::start().await.unwrap();
    let mut attack = guardrail("one");
    attack["contentPolicyConfig"]["filtersConfig"] =
        json!([{ "type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "HIGH" }]);
    assert!(post(&local, "/guardrails", attack).await.refusal().contains("PROMPT_ATTACK"));
    let mut pattern = guardrail("one");
    pattern["sensitiveInformationPolicyConfig"]["regexesConfig"][0]["pattern"] = json!("(");
    post(&local, "/guardrails", pattern).await.refusal();
    let refused = post(&local, "/guardrails", json!({ "name": "not a name" })).await.refusal();
    assert!(refused.starts_with("3 validation errors detected: "), "{refused}");
    assert!(refused.contains(
        "Value null at 'blockedInputMessaging' failed to satisfy constraint: Member must not be null"
    ));
    assert!(
        refused
            .contains("Value at 'name' failed to satisfy constraint: Member must satisfy regular expression")
    );
}

fn guarded(id: &str, text: &str) -> Value {
    let config = json!({ "guardrailIdentifier": id, "guardrailVersion": "DRAFT", "trace": "enabled" });
    json!({ "messages": [user(text)], "guardrailConfig": config })
}

#[tokio::test]
async fn blocked_input_uses_no_tokens() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("one")).await;
    local.queue_reply(Reply::text("kept for later"));
    let response = converse(&local, MODEL, guarded(&id, "How is the weather in Paris?")).await.ok();
    assert_eq!(response["stopReason"], "guardrail_intervened");
    assert_eq!(response["output"]["message"]["content"], json!([{ "text": "Not this way in." }]));
    assert_eq!(
        response["usage"],
        json!({ "inputTokens": 0, "outputTokens": 0, "totalTokens": 0, "serverToolUsage": {} })
    );
    let trace = &response["trace"]["guardrail"];
    assert_eq!((&trace["modelOutput"], &trace["actionReason"]), (&json!([]), &json!("Guardrail blocked.")));
    let frames = converse_stream(&local, MODEL, guarded(&id, "How is the weather?")).await.frames();
    let streamed = &frames.last().unwrap().payload["trace"]["guardrail"];
    assert_eq!(streamed["actionReason"], "Guardrail blocked.");
    assert!(streamed.get("modelOutput").is_none(), "a stream has no `modelOutput` without output");
    let assessment = &trace["inputAssessment"][&id];
    assert_eq!(
        assessment["topicPolicy"]["topics"],
        json!([{ "name": "Weather", "type": "DENY", "action": "BLOCKED", "detected": true }])
    );
    assert_eq!(
        assessment["invocationMetrics"]["guardrailCoverage"]["textCharacters"],
        json!({ "guarded": 28, "total": 28 })
    );
    let next = converse(&local, MODEL, guarded(&id, "Good morning")).await.ok();
    assert_eq!(next["output"]["message"]["content"][0]["text"], "kept for later", "no model was called");
}

#[tokio::test]
async fn output_is_masked_or_blocked() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("one")).await;
    local.queue_reply(Reply::text("Mail me@example.org, account 1234561666."));
    let masked = converse(&local, MODEL, guarded(&id, "Whom?")).await.ok();
    assert_eq!(masked["output"]["message"]["content"][0]["text"], "Mail {EMAIL}, account {Account Number}.");
    assert_eq!(masked["stopReason"], "guardrail_intervened");
    let trace = &masked["trace"]["guardrail"];
    assert_eq!(trace["modelOutput"], json!(["Mail me@example.org, account 1234561666."]));
    assert_eq!(trace["actionReason"], "No action.\nGuardrail masked.");
    let usage = &trace["inputAssessment"][&id]["invocationMetrics"]["usage"];
    assert_eq!(
        (&usage["automatedReasoningPolicies"], &usage["automatedReasoningPolicyUnits"]),
        (&json!(0), &json!(0))
    );
    let found = &trace["outputAssessments"][&id][0]["sensitiveInformationPolicy"];
    assert_eq!(found["regexes"][0]["match"], "1234561666");
    assert_eq!(found["piiEntities"][0]["action"], "ANONYMIZED");

    local.queue_reply(Reply::text("The word is swordfish."));
    let frames = converse_stream(&local, MODEL, guarded(&id, "Which word?")).await.frames();
    let output: String = frames.iter().filter_map(|frame| frame.payload["delta"]["text"].as_str()).collect();
    assert_eq!(output, "Not this way out.");
    let last = &frames.last().unwrap().payload;
    assert_eq!(
        last["trace"]["guardrail"]["outputAssessments"][&id][0]["wordPolicy"]["customWords"][0]["match"],
        "swordfish"
    );
}

#[tokio::test]
async fn a_trace_is_returned_only_on_request() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("one")).await;
    let mut body = guarded(&id, "Good morning");
    let response = converse(&local, MODEL, body.clone()).await.ok();
    assert_eq!(response["stopReason"], "end_turn");
    assert!(response["trace"]["guardrail"].get("modelOutput").is_none());
    body["guardrailConfig"]["trace"] = json!("disabled");
    assert!(converse(&local, MODEL, body.clone()).await.ok().get("trace").is_none());
    body["guardrailConfig"]["trace"] = json!("enabled_full");
    let full = converse(&local, MODEL, body).await.ok();
    let topics = &full["trace"]["guardrail"]["inputAssessment"][&id]["topicPolicy"]["topics"];
    assert_eq!(topics[0]["detected"], false);
}

#[tokio::test]
async fn only_guard_content_is_checked() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("one")).await;
    let mut body = guarded(&id, "");
    body["messages"][0]["content"] = json!([
        { "text": "The weather is my hobby." },
        { "guardContent": { "text": { "text": "Good morning" } } },
        { "guardContent": { "text": { "text": "The weather is fine.", "qualifiers": ["grounding_source"] } } },
    ]);
    local.queue_reply(Reply::text("Good morning to you."));
    assert_eq!(converse(&local, MODEL, body.clone()).await.ok()["stopReason"], "end_turn");
    body["messages"][0]["content"][1]["guardContent"]["text"]["text"] = json!("swordfish");
    assert_eq!(converse(&local, MODEL, body).await.ok()["stopReason"], "guardrail_intervened");
}

#[tokio::test]
async fn a_guardrail_applies_without_a_model() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("one")).await;
    let apply = async |version: &str, source: &str, text: &str| {
        let body = json!({ "source": source, "content": [{ "text": { "text": text } }] });
        post(&local, &format!("/guardrail/{id}/version/{version}/apply"), body).await
    };
    let clean = apply("DRAFT", "INPUT", "Good morning").await.ok();
    assert_eq!(
        (&clean["action"], &clean["outputs"], &clean["actionReason"]),
        (&json!("NONE"), &json!([]), &json!("No action."))
    );
    let masked = apply("DRAFT", "INPUT", "I am me@example.org").await.ok();
    assert_eq!(masked["action"], "GUARDRAIL_INTERVENED");
    assert_eq!(masked["outputs"], json!([{ "text": "I am {EMAIL}" }]));
    assert_eq!(masked["output"], masked["outputs"]);
    let policy = |member: &str| masked["assessments"][0].get(member).cloned();
    assert_eq!(policy("automatedReasoningPolicy"), Some(Value::Null), "missing policies are `null`");
    assert_eq!(policy("wordPolicy"), Some(Value::Null));
    assert_eq!(masked["assessments"][0]["sensitiveInformationPolicy"].get("regexes"), Some(&Value::Null));
    assert_eq!(masked["guardrailCoverage"].get("images"), Some(&Value::Null));
    assert_eq!(masked["usage"]["sensitiveInformationPolicyUnits"], 1);
    let insult = apply("DRAFT", "INPUT", "You idiot").await.ok();
    assert_eq!(insult["outputs"], json!([{ "text": "Not this way in." }]));
    assert_eq!(insult["assessments"][0]["contentPolicy"]["filters"][0]["confidence"], "MEDIUM");
    assert_eq!(
        apply("DRAFT", "OUTPUT", "You idiot").await.ok()["action"],
        "NONE",
        "its output strength is NONE"
    );
    assert_eq!(apply("7", "INPUT", "x").await.error().1, "ResourceNotFoundException");
}

#[tokio::test]
async fn guardrails_apply_to_invoke_model() {
    let local = common::start_with_retired_models().await;
    let id = create(&local, guardrail("one")).await;
    let invoke = async |path: &str, text: &str| {
        let headers = [
            ("x-amzn-bedrock-guardrailidentifier", id.as_str()),
            ("x-amzn-bedrock-guardrailversion", "DRAFT"),
            ("x-amzn-bedrock-trace", "ENABLED"),
        ];
        let body = json!({ "inputText": text }).to_string();
        send(
            &local,
            "POST",
            &format!("/model/amazon.titan-text-express-v1/{path}"),
            &headers,
            body.as_bytes(),
        )
        .await
    };
    let blocked = invoke("invoke", "The weather?").await.ok();
    assert_eq!(blocked["results"][0]["outputText"], "Not this way in.");
    assert_eq!(blocked["amazon-bedrock-guardrailAction"], "INTERVENED");
    assert!(blocked["amazon-bedrock-trace"]["guardrail"]["input"][&id]["topicPolicy"].is_object());
    assert_eq!(invoke("invoke", "Good morning").await.ok()["amazon-bedrock-guardrailAction"], "NONE");
    let frames = invoke("invoke-with-response-stream", "The weather?").await.frames();
    assert_eq!(frames[0].name(), "chunk");
}

#[tokio::test]
async fn tags_are_kept() {
    let local = LocalBedrock::start().await.unwrap();
    let mut body = guardrail("one");
    body["tags"] = json!([{ "key": "a", "value": "1" }]);
    let arn = format!("arn:aws:bedrock:us-east-1:123456789012:guardrail/{}", create(&local, body).await);
    let tag = json!({ "resourceARN": arn, "tags": [{ "key": "b", "value": "2" }] });
    assert_eq!(post(&local, "/tagResource", tag).await.status, 200);
    assert_eq!(
        post(&local, "/untagResource", json!({ "resourceARN": arn, "tagKeys": ["a"] })).await.status,
        200
    );
    let tags = post(&local, "/listTagsForResource", json!({ "resourceARN": arn })).await.ok();
    assert_eq!(tags, json!({ "tags": [{ "key": "b", "value": "2" }] }));
    let unknown = json!({ "resourceARN": "arn:aws:bedrock:us-east-1:123456789012:guardrail/abcdefghijkl" });
    assert_eq!(post(&local, "/listTagsForResource", unknown).await.status, 404);
}

#[tokio::test]
async fn the_model_receives_the_masked_prompt() {
    let local = LocalBedrock::start().await.unwrap();
    let mut body = guardrail("one");
    body["sensitiveInformationPolicyConfig"]["piiEntitiesConfig"][0]["outputEnabled"] = json!(false);
    let id = create(&local, body).await;
    let response = converse(&local, MODEL, guarded(&id, "I am me@example.org")).await.ok();
    let output = response["output"]["message"]["content"][0]["text"].as_str().unwrap();
    assert!(output.starts_with("You said: “I am {EMAIL}”"), "{output}");
    assert_eq!(response["trace"]["guardrail"]["actionReason"], "Guardrail masked.\nNo action.");
}

fn grounded(text: &str) -> Value {
    json!({
        "name": text,
        "contextualGroundingPolicyConfig": {
            "filtersConfig": [{ "type": "GROUNDING", "threshold": 0.75 }, { "type": "RELEVANCE", "threshold": 0.5, "action": "NONE" }],
        },
        "blockedInputMessaging": "in", "blockedOutputsMessaging": "ungrounded",
    })
}

const SOURCE: &str = "London is the capital of the United Kingdom. Tokyo is the capital of Japan.";
const QUERY: &str = "What is the capital of Japan?";

#[tokio::test]
async fn replies_are_checked_against_their_grounding_source() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, grounded("g")).await;
    let marked = |text: &str, qualifier: &str| json!({ "guardContent": { "text": { "text": text, "qualifiers": [qualifier] } } });
    let mut body = guarded(&id, "");
    body["messages"][0]["content"] = json!([marked(SOURCE, "grounding_source"), marked(QUERY, "query")]);

    local.queue_reply(Reply::text("The capital of Japan is Tokyo."));
    let true_answer = converse(&local, MODEL, body.clone()).await.ok();
    assert_eq!(true_answer["stopReason"], "end_turn");
    let filters = |response: &Value| {
        let assessment = &response["trace"]["guardrail"]["outputAssessments"][&id][0];
        assert_eq!(assessment["invocationMetrics"]["usage"]["contextualGroundingPolicyUnits"], 1);
        assessment["contextualGroundingPolicy"]["filters"].clone()
    };
    assert_eq!(
        filters(&true_answer),
        json!([
            { "type": "GROUNDING", "threshold": 0.75, "score": 1.0, "action": "NONE", "detected": false },
            { "type": "RELEVANCE", "threshold": 0.5, "score": 1.0, "action": "NONE", "detected": false },
        ])
    );
    local.queue_reply(Reply::text("Kyoto has many temples."));
    let ungrounded = converse(&local, MODEL, body).await.ok();
    assert_eq!(ungrounded["output"]["message"]["content"], json!([{ "text": "ungrounded" }]));
    assert_eq!(filters(&ungrounded)[0]["action"], "BLOCKED");
    assert_eq!(
        filters(&ungrounded)[1],
        json!({ "type": "RELEVANCE", "threshold": 0.5, "score": 0.0, "action": "NONE", "detected": true })
    );

    let text = |text: &str, qualifier: &str| json!({ "text": { "text": text, "qualifiers": [qualifier] } });
    let apply = async |source: &str, response: &str| {
        let content =
            json!([text(SOURCE, "grounding_source"), text(QUERY, "query"), text(response, "guard_content"),]);
        let path = format!("/guardrail/{id}/version/DRAFT/apply");
        post(&local, &path, json!({ "source": source, "content": content })).await.ok()
    };
    assert_eq!(apply("OUTPUT", "The capital of Japan is Tokyo.").await["action"], "NONE");
    let ungrounded = apply("OUTPUT", "Kyoto has many temples.").await;
    assert_eq!(
        (&ungrounded["action"], &ungrounded["outputs"][0]["text"]),
        (&json!("GUARDRAIL_INTERVENED"), &json!("ungrounded"))
    );
    assert_eq!(ungrounded["usage"]["contextualGroundingPolicyUnits"], 1);
    assert_eq!(
        apply("INPUT", "Kyoto has many temples.").await["action"],
        "NONE",
        "grounding applies only to replies"
    );
}

#[tokio::test]
async fn stream_guardrails_can_be_synchronous_or_asynchronous() {
    let local = common::start_with_retired_models().await;
    let id = create(&local, guardrail("one")).await;
    let stream = async |mode: &str, reply: &str| {
        local.queue_reply(Reply::text(reply));
        let mut body = guarded(&id, "Which word?");
        body["guardrailConfig"]["streamProcessingMode"] = json!(mode);
        let frames = converse_stream(&local, MODEL, body).await.frames();
        let output: String =
            frames.iter().filter_map(|frame| frame.payload["delta"]["text"].as_str()).collect();
        let stop = frames.iter().find(|frame| frame.name() == "messageStop").unwrap();
        let trace = &frames.last().unwrap().payload["trace"]["guardrail"]["modelOutput"][0];
        assert_eq!((&stop.payload["stopReason"], trace), (&json!("guardrail_intervened"), &json!(reply)));
        output
    };
    let blocked = "It is the swordfish that you want.";
    assert_eq!(stream("sync", blocked).await, "Not this way out.");
    assert_eq!(stream("async", blocked).await, "It is the swordfish Not this way out.");
    let masked = "Mail me@example.org now.";
    assert_eq!(stream("sync", masked).await, "Mail {EMAIL} now.");
    assert_eq!(stream("async", masked).await, masked);

    local.queue_reply(Reply::text(blocked));
    let headers =
        [("x-amzn-bedrock-guardrailidentifier", id.as_str()), ("x-amzn-bedrock-guardrailversion", "DRAFT")];
    let body = json!({ "inputText": "Which word?", "amazon-bedrock-guardrailConfig": { "streamProcessingMode": "ASYNCHRONOUS" } });
    let path = "/model/amazon.titan-text-express-v1/invoke-with-response-stream";
    let frames = send(&local, "POST", path, &headers, body.to_string().as_bytes()).await.frames();
    let bytes = |frame: &common::Frame| BASE64.decode(frame.payload["bytes"].as_str().unwrap()).unwrap();
    let output: String = frames
        .iter()
        .map(|frame| {
            serde_json::from_slice::<Value>(&bytes(frame)).unwrap()["outputText"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(output.trim(), "It is the swordfish Not this way out.");
}

#[tokio::test]
async fn an_enforced_guardrail_applies_to_every_call() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("account")).await;
    post(&local, &format!("/guardrails/{id}"), json!({})).await;
    let enforce = async |more: Value| {
        let mut config = json!({ "guardrailIdentifier": id, "guardrailVersion": "1" });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let known = get(&local, "/enforcedGuardrailsConfiguration").await.ok();
        let mut body = json!({ "guardrailInferenceConfig": config });
        if let Some(known) = known["guardrailsConfig"][0]["configId"].as_str() {
            body["configId"] = json!(known);
        }
        assert_eq!(put(&local, "/enforcedGuardrailsConfiguration", body).await.status, 200);
    };
    let stopped = async |model: &str, body: Value| {
        converse(&local, model, body).await.ok()["stopReason"] == "guardrail_intervened"
    };
    let plain = json!({ "messages": [user("How is the weather?")] });
    assert!(!stopped(MODEL, plain.clone()).await);
    enforce(json!({})).await;
    assert!(stopped(MODEL, plain.clone()).await);
    assert!(
        stopped(MODEL, json!({ "messages": [user("Hi")], "system": [{ "text": "Speak of the weather." }] }))
            .await
    );

    // Guard content tags are only used if the account's configuration allows them.
    let marked = json!({ "messages": [{ "role": "user", "content": [
        { "text": "How is the weather?" }, { "guardContent": { "text": { "text": "Good morning" } } },
    ] }] });
    assert!(stopped(MODEL, marked.clone()).await);
    enforce(json!({ "selectiveContentGuarding": { "messages": "SELECTIVE" } })).await;
    local.queue_reply(Reply::text("Good morning."));
    assert!(!stopped(MODEL, marked).await);

    enforce(json!({ "modelEnforcement": { "includedModels": ["ALL"], "excludedModels": [BASE] } })).await;
    assert!(!stopped(MODEL, plain.clone()).await);
    assert!(stopped(NOVA, plain.clone()).await);

    // Both guardrails are applied, and the trace distinguishes them.
    enforce(json!({})).await;
    let own = create(&local, {
        let mut own = guardrail("own");
        own["wordPolicyConfig"]["wordsConfig"][0]["text"] = json!("herring");
        own
    })
    .await;
    local.queue_reply(Reply::text("Herring or swordfish?"));
    let response = converse(&local, MODEL, guarded(&own, "Which fish?")).await.ok();
    let trace = &response["trace"]["guardrail"];
    for (id, origin, word) in [(&id, "ACCOUNT_ENFORCED", "swordfish"), (&own, "REQUEST", "herring")] {
        let assessment = &trace["outputAssessments"][id][0];
        assert_eq!(assessment["appliedGuardrailDetails"]["guardrailOrigin"], json!([origin]));
        assert_eq!(assessment["wordPolicy"]["customWords"][0]["match"], word);
        assert!(trace["inputAssessment"][id].is_object());
    }
    let mut same = guarded(&id, "Good morning");
    same["guardrailConfig"]["guardrailVersion"] = json!("1");
    let response = converse(&local, MODEL, same).await.ok();
    let details = &response["trace"]["guardrail"]["inputAssessment"][&id]["appliedGuardrailDetails"];
    assert_eq!(details["guardrailOrigin"], json!(["REQUEST", "ACCOUNT_ENFORCED"]));
}

#[tokio::test]
async fn a_version_keeps_its_rules_when_the_draft_changes() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("one")).await;
    post(&local, &format!("/guardrails/{id}"), json!({})).await;
    let mut changed = guardrail("one");
    changed["wordPolicyConfig"]["wordsConfig"][0]["text"] = json!("herring");
    put(&local, &format!("/guardrails/{id}"), changed).await;
    for (version, word, stops) in [
        ("1", "swordfish", true),
        ("1", "herring", false),
        ("DRAFT", "swordfish", false),
        ("DRAFT", "herring", true),
    ] {
        let mut body = guarded(&id, word);
        body["guardrailConfig"]["guardrailVersion"] = json!(version);
        local.queue_reply(Reply::text("Well."));
        let response = converse(&local, MODEL, body).await.ok();
        assert_eq!(response["stopReason"] == "guardrail_intervened", stops, "{version} {word}");
        if stops {
            converse(&local, MODEL, json!({ "messages": [user("the reply that was kept")] })).await;
        }
    }
}
