//! Guardrails: made, changed, numbered, applied, deleted version by version.

use bedrock_orm::models::{
    CreateGuardrailRequest, CreateGuardrailResponse, CreateGuardrailVersionRequest, GuardrailWordConfig,
    GuardrailWordPolicyConfig, UpdateGuardrailRequest,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn create(session: &Session, name: &str) -> Bound<CreateGuardrailResponse> {
    let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("tuba")]);
    let request = CreateGuardrailRequest::new(name, "No.", "Not that.").word_policy_config(words);
    Guardrail::objects().using(session).create(request).await.unwrap()
}

/// What creating and changing one both take.
fn everything(name: &str) -> Value {
    json!({
        "name": name,
        "description": "everything that there is",
        "topicPolicyConfig": {
            "topicsConfig": [{
                "name": "Investments", "definition": "Advice on what to invest in.", "type": "DENY",
                "examples": ["Which shares shall I buy?"], "inputAction": "BLOCK", "outputAction": "NONE",
                "inputEnabled": true, "outputEnabled": false,
            }],
            "tierConfig": {"tierName": "STANDARD"},
        },
        "contentPolicyConfig": {
            "filtersConfig": [{
                "type": "HATE", "inputStrength": "HIGH", "outputStrength": "LOW",
                "inputModalities": ["TEXT", "IMAGE"], "outputModalities": ["TEXT"],
                "inputAction": "BLOCK", "outputAction": "NONE", "inputEnabled": true, "outputEnabled": false,
            }],
            "tierConfig": {"tierName": "STANDARD"},
        },
        "wordPolicyConfig": {
            "wordsConfig": [{
                "text": "tuba", "inputAction": "BLOCK", "outputAction": "NONE", "inputEnabled": true,
                "outputEnabled": false,
            }],
            "managedWordListsConfig": [{
                "type": "PROFANITY", "inputAction": "BLOCK", "outputAction": "NONE", "inputEnabled": true,
                "outputEnabled": false,
            }],
        },
        "sensitiveInformationPolicyConfig": {
            "piiEntitiesConfig": [{
                "type": "EMAIL", "action": "ANONYMIZE", "inputAction": "BLOCK", "outputAction": "NONE",
                "inputEnabled": true, "outputEnabled": false,
            }],
            "regexesConfig": [{
                "name": "ticket", "description": "a ticket", "pattern": "T-[0-9]+", "action": "BLOCK",
                "inputAction": "ANONYMIZE", "outputAction": "NONE", "inputEnabled": true, "outputEnabled": false,
            }],
        },
        "contextualGroundingPolicyConfig": {
            "filtersConfig": [{"type": "GROUNDING", "threshold": 0.75, "action": "BLOCK", "enabled": true}],
        },
        "crossRegionConfig": {"guardrailProfileIdentifier": "us.guardrail.v1:0"},
        "blockedInputMessaging": "No.",
        "blockedOutputsMessaging": "Not that.",
        "kmsKeyId": KEY,
    })
}

pub(crate) async fn life(stage: &Stage) {
    let guardrails = Guardrail::objects().using(&stage.session);
    let one = create(&stage.session, "one").await;
    stage.sent([(
        "CreateGuardrail",
        json!({
            "name": "one", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "Not that.",
            "wordPolicyConfig": {"wordsConfig": [{"text": "tuba"}]},
        }),
    )]);
    let id = one.guardrail_id.as_str();
    let there = one.full().await.unwrap();
    for same in [guardrails.get((id, "DRAFT")).await.unwrap(), there.refresh().await.unwrap()] {
        assert_eq!(same, there);
    }
    assert_eq!(guardrails.get_opt(id).await.unwrap().unwrap(), there);
    let draft = json!({"guardrailIdentifier": id});
    let get = ("GetGuardrail", draft.clone());
    stage.sent([get.clone(), get.clone(), get.clone(), get]);
    assert_eq!(states(stage, &one, 1).await, ["READY"]);

    let policy = automated_reasoning_policy::create(&stage.session, "the-rules").await;
    stage.take();
    let mut input = everything("two");
    input["automatedReasoningPolicyConfig"] =
        json!({"policies": [policy.policy_arn], "confidenceThreshold": 0.5});
    let change = input.clone();
    input["tags"] = json!([{"key": "team", "value": "orm"}]);
    input["clientRequestToken"] = json!("token-1");
    let two = creates::<Guardrail>(stage, input).await;
    tags(stage, &two.full().await.unwrap(), &[("team", "orm")]).await;

    numbered(stage, &there).await;
    let [first, second] = [&one, &two].map(|it| format!("{} DRAFT", it.guardrail_arn));
    let version = |number: u8| format!("{} {number}", one.guardrail_arn);
    lists!(stage, guardrails.list(), {
        guardrail_identifier(id) => [first, version(1), version(2)],
        page_size(1) => [first, second],
    });
    let versions = guardrails.list_versions(id).await.unwrap();
    stage.sent([("ListGuardrails", draft.clone())]);
    assert_eq!(versions.iter().map(|row| row.version.as_str()).collect::<Vec<_>>(), ["DRAFT", "1", "2"]);
    assert_eq!(versions[1].full().await.unwrap().version, "1");
    stage.sent([("GetGuardrail", json!({"guardrailIdentifier": id, "guardrailVersion": "1"}))]);

    changed(stage, &there, change).await;
    deleted(stage, &there, &versions[1]).await;
    deleted_whole(stage, &two).await;
}

/// Makes two versions, the one by the manager, the other by itself; and applies one.
async fn numbered(stage: &Stage, there: &Bound<Guardrail>) {
    let id = there.guardrail_id.as_str();
    let guardrails = Guardrail::objects().using(&stage.session);
    let input = json!({"guardrailIdentifier": id, "description": "first", "clientRequestToken": "token-2"});
    let request =
        CreateGuardrailVersionRequest::default().description("first").client_request_token("token-2");
    let one = guardrails.create_version(id, request.clone()).await.unwrap();
    assert_eq!(guardrails.create_version(id, request).await.unwrap(), one);
    let two = there.create_version(CreateGuardrailVersionRequest::default()).await.unwrap();
    assert_eq!((one.version.as_str(), two.version.as_str()), ("1", "2"));
    stage.sent([
        ("CreateGuardrailVersion", input.clone()),
        ("CreateGuardrailVersion", input),
        ("CreateGuardrailVersion", json!({"guardrailIdentifier": id})),
    ]);
    let version = one.full().await.unwrap();
    assert_eq!((version.version.as_str(), version.description.as_deref()), ("1", Some("first")));
    stage.take();
    assert_eq!(version.apply("A tuba.").await.unwrap().action, "GUARDRAIL_INTERVENED");
    stage.sent([(
        "ApplyGuardrail",
        json!({
            "guardrailIdentifier": id, "guardrailVersion": "1", "source": "INPUT",
            "content": [{"text": {"text": "A tuba."}}],
        }),
    )]);
}

/// Changes the draft, by the manager with all that there is, and by itself with little.
async fn changed(stage: &Stage, there: &Bound<Guardrail>, mut input: Value) {
    let id = there.guardrail_id.as_str();
    input["name"] = json!("one-changed");
    let change: UpdateGuardrailRequest = whole("UpdateGuardrail", &input);
    Guardrail::objects().using(&stage.session).update(id, change).await.unwrap();
    input["guardrailIdentifier"] = json!(id);
    stage.sent([("UpdateGuardrail", input)]);
    let after = there.refresh().await.unwrap();
    assert_eq!((after.name.as_str(), after.kms_key_arn.as_deref()), ("one-changed", Some(KEY)));
    assert_eq!(there.name, "one", "what was fetched stays as it is");

    let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("harp")]);
    let change = UpdateGuardrailRequest::new("one", "No!", "Not that!").word_policy_config(words);
    there.update(change.clone()).await.unwrap();
    let after = there.refresh().await.unwrap();
    assert_eq!((after.blocked_input_messaging.as_str(), after.topic_policy.is_none()), ("No!", true));
    stage.take();
    let version = Guardrail::objects().using(&stage.session).update((id, "1"), change).await.unwrap_err();
    assert_eq!(version.kind(), ErrorKind::InvalidInput, "{version}");
    stage.sent([]);
}

async fn deleted(stage: &Stage, there: &Bound<Guardrail>, version: &Bound<GuardrailSummary>) {
    let id = there.guardrail_id.as_str();
    let guardrails = Guardrail::objects().using(&stage.session);
    version.delete().await.unwrap();
    guardrails.delete((id, "2")).await.unwrap();
    stage.sent([
        ("DeleteGuardrail", json!({"guardrailIdentifier": id, "guardrailVersion": "1"})),
        ("DeleteGuardrail", json!({"guardrailIdentifier": id, "guardrailVersion": "2"})),
    ]);
    is_missing::<Guardrail>(stage, (id, "1")).await;
    is_missing::<Guardrail>(stage, (id, "2")).await;
    guardrails.delete(id).await.unwrap();
    stage.sent([("DeleteGuardrail", json!({"guardrailIdentifier": id}))]);
    is_missing::<Guardrail>(stage, id).await;
}

/// The draft stands for the whole.
async fn deleted_whole(stage: &Stage, made: &Bound<CreateGuardrailResponse>) {
    let version = made.create_version(CreateGuardrailVersionRequest::default()).await.unwrap();
    stage.take();
    made.delete().await.unwrap();
    stage.sent([("DeleteGuardrail", json!({"guardrailIdentifier": made.guardrail_id}))]);
    assert!(version.full().await.unwrap_err().is_does_not_exist());
    assert!(made.delete().await.unwrap_err().is_does_not_exist());
    stage.take();
}
