//! Guardrails: their life, and what they do.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use bedrock_orm_local::{LocalBedrock, Reply};
use common::{MODEL, converse, converse_stream, get, post, send, user};
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

async fn put(local: &LocalBedrock, path: &str, body: Value) -> common::Answer {
    send(local, "PUT", path, &[], body.to_string().as_bytes()).await
}

async fn delete(local: &LocalBedrock, path: &str) -> common::Answer {
    send(local, "DELETE", path, &[], b"").await
}

#[tokio::test]
async fn what_is_written_is_read_in_the_other_form() {
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
async fn versions_are_kept_as_they_were() {
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
    assert_eq!(post(&local, &path, json!({})).await.ok()["version"], "3", "numbers are not given twice");
    assert_eq!(delete(&local, &path).await.ok(), json!({}));
    assert_eq!(list("").await["guardrails"], json!([]));
    assert_eq!(delete(&local, &path).await.error().1, "ResourceNotFoundException");
}

#[tokio::test]
async fn lists_come_in_pages() {
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
async fn names_are_unique_and_tokens_are_remembered() {
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
    assert_eq!(other.status, 202, "another region knows nothing of it");
    assert_eq!(send(&local, "GET", &format!("/guardrails/{id}"), &elsewhere, b"").await.status, 404);
}

#[tokio::test]
async fn what_aws_refuses_is_refused() {
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
async fn blocked_input_costs_nothing() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("one")).await;
    local.queue_reply(Reply::text("kept for later"));
    let answer = converse(&local, MODEL, guarded(&id, "How is the weather in Paris?")).await.ok();
    assert_eq!(answer["stopReason"], "guardrail_intervened");
    assert_eq!(answer["output"]["message"]["content"], json!([{ "text": "Not this way in." }]));
    assert_eq!(
        answer["usage"],
        json!({ "inputTokens": 0, "outputTokens": 0, "totalTokens": 0, "serverToolUsage": {} })
    );
    let trace = &answer["trace"]["guardrail"];
    assert_eq!((&trace["modelOutput"], &trace["actionReason"]), (&json!([]), &json!("Guardrail blocked.")));
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
    assert_eq!(next["output"]["message"]["content"][0]["text"], "kept for later", "no model was asked");
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
    let found = &trace["outputAssessments"][&id][0]["sensitiveInformationPolicy"];
    assert_eq!(found["regexes"][0]["match"], "1234561666");
    assert_eq!(found["piiEntities"][0]["action"], "ANONYMIZED");

    local.queue_reply(Reply::text("The word is swordfish."));
    let frames = converse_stream(&local, MODEL, guarded(&id, "Which word?")).await.frames();
    let said: String = frames.iter().filter_map(|frame| frame.payload["delta"]["text"].as_str()).collect();
    assert_eq!(said, "Not this way out.");
    let last = &frames.last().unwrap().payload;
    assert_eq!(
        last["trace"]["guardrail"]["outputAssessments"][&id][0]["wordPolicy"]["customWords"][0]["match"],
        "swordfish"
    );
}

#[tokio::test]
async fn no_trace_unless_asked_and_no_word_where_all_is_well() {
    let local = LocalBedrock::start().await.unwrap();
    let id = create(&local, guardrail("one")).await;
    let mut body = guarded(&id, "Good morning");
    let answer = converse(&local, MODEL, body.clone()).await.ok();
    assert_eq!(answer["stopReason"], "end_turn");
    assert!(answer["trace"]["guardrail"].get("modelOutput").is_none());
    body["guardrailConfig"]["trace"] = json!("disabled");
    assert!(converse(&local, MODEL, body.clone()).await.ok().get("trace").is_none());
    body["guardrailConfig"]["trace"] = json!("enabled_full");
    let full = converse(&local, MODEL, body).await.ok();
    let topics = &full["trace"]["guardrail"]["inputAssessment"][&id]["topicPolicy"]["topics"];
    assert_eq!(topics[0]["detected"], false);
}

#[tokio::test]
async fn marked_content_alone_is_guarded() {
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
async fn invoke_model_is_guarded_too() {
    let local = LocalBedrock::start().await.unwrap();
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
async fn a_masked_prompt_is_what_the_model_hears() {
    let local = LocalBedrock::start().await.unwrap();
    let mut body = guardrail("one");
    body["sensitiveInformationPolicyConfig"]["piiEntitiesConfig"][0]["outputEnabled"] = json!(false);
    let id = create(&local, body).await;
    let answer = converse(&local, MODEL, guarded(&id, "I am me@example.org")).await.ok();
    let said = answer["output"]["message"]["content"][0]["text"].as_str().unwrap();
    assert!(said.starts_with("You said: “I am {EMAIL}”"), "{said}");
    assert_eq!(answer["trace"]["guardrail"]["actionReason"], "Guardrail masked.");
}
