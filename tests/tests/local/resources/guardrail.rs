//! Guardrails and their versions.

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

/// The members that creating and updating a guardrail have in common.
fn full_input(name: &str) -> Value {
    json!({
        "name": name,
        "description": "all members",
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

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let guardrails = Guardrail::objects().using(&fixture.session);
    let one = create(&fixture.session, "one").await;
    fixture.assert_sent([(
        "CreateGuardrail",
        json!({
            "name": "one", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "Not that.",
            "wordPolicyConfig": {"wordsConfig": [{"text": "tuba"}]},
        }),
    )]);
    let id = one.guardrail_id.as_str();
    let fetched = one.full().await.unwrap();
    for same in [guardrails.get((id, "DRAFT")).await.unwrap(), fetched.refresh().await.unwrap()] {
        assert_eq!(same, fetched);
    }
    assert_eq!(guardrails.get_opt(id).await.unwrap().unwrap(), fetched);
    let draft = json!({"guardrailIdentifier": id});
    let get = ("GetGuardrail", draft.clone());
    fixture.assert_sent([get.clone(), get.clone(), get.clone(), get]);
    assert_eq!(states(fixture, &one, 1).await, ["READY"]);

    let policy = automated_reasoning_policy::create(&fixture.session, "the-rules").await;
    fixture.take_requests();
    let mut input = full_input("two");
    input["automatedReasoningPolicyConfig"] =
        json!({"policies": [policy.policy_arn], "confidenceThreshold": 0.5});
    let change = input.clone();
    input["tags"] = json!([{"key": "team", "value": "orm"}]);
    input["clientRequestToken"] = json!("token-1");
    let two = assert_create::<Guardrail>(fixture, input).await;
    assert_tags(fixture, &two.full().await.unwrap(), &[("team", "orm")]).await;

    create_versions(fixture, &fetched).await;
    let [first, second] = [&one, &two].map(|it| format!("{} DRAFT", it.guardrail_arn));
    let version = |number: u8| format!("{} {number}", one.guardrail_arn);
    assert_lists!(fixture, guardrails.list(), {
        guardrail_identifier(id) => [first, version(1), version(2)],
        page_size(1) => [first, second],
    });
    let versions = guardrails.list_versions(id).await.unwrap();
    fixture.assert_sent([("ListGuardrails", draft.clone())]);
    assert_eq!(versions.iter().map(|row| row.version.as_str()).collect::<Vec<_>>(), ["DRAFT", "1", "2"]);
    assert_eq!(versions[1].full().await.unwrap().version, "1");
    fixture.assert_sent([("GetGuardrail", json!({"guardrailIdentifier": id, "guardrailVersion": "1"}))]);

    update_draft(fixture, &fetched, change).await;
    delete_versions(fixture, &fetched, &versions[1]).await;
    delete_guardrail(fixture, &two).await;
}

/// Creates a version by the manager and one by the guardrail, and applies a version.
async fn create_versions(fixture: &Fixture, guardrail: &Bound<Guardrail>) {
    let id = guardrail.guardrail_id.as_str();
    let guardrails = Guardrail::objects().using(&fixture.session);
    let input = json!({"guardrailIdentifier": id, "description": "first", "clientRequestToken": "token-2"});
    let request =
        CreateGuardrailVersionRequest::default().description("first").client_request_token("token-2");
    let one = guardrails.create_version(id, request.clone()).await.unwrap();
    assert_eq!(guardrails.create_version(id, request).await.unwrap(), one);
    let two = guardrail.create_version(CreateGuardrailVersionRequest::default()).await.unwrap();
    assert_eq!((one.version.as_str(), two.version.as_str()), ("1", "2"));
    fixture.assert_sent([
        ("CreateGuardrailVersion", input.clone()),
        ("CreateGuardrailVersion", input),
        ("CreateGuardrailVersion", json!({"guardrailIdentifier": id})),
    ]);
    let version = one.full().await.unwrap();
    assert_eq!((version.version.as_str(), version.description.as_deref()), ("1", Some("first")));
    fixture.take_requests();
    assert_eq!(version.apply("A tuba.").await.unwrap().action, "GUARDRAIL_INTERVENED");
    fixture.assert_sent([(
        "ApplyGuardrail",
        json!({
            "guardrailIdentifier": id, "guardrailVersion": "1", "source": "INPUT",
            "content": [{"text": {"text": "A tuba."}}],
        }),
    )]);
}

/// Updates the draft by the manager with every member, and by the guardrail with few members.
async fn update_draft(fixture: &Fixture, guardrail: &Bound<Guardrail>, mut input: Value) {
    let id = guardrail.guardrail_id.as_str();
    input["name"] = json!("one-changed");
    let change: UpdateGuardrailRequest = request_with_all_members("UpdateGuardrail", &input);
    Guardrail::objects().using(&fixture.session).update(id, change).await.unwrap();
    input["guardrailIdentifier"] = json!(id);
    fixture.assert_sent([("UpdateGuardrail", input)]);
    let after = guardrail.refresh().await.unwrap();
    assert_eq!((after.name.as_str(), after.kms_key_arn.as_deref()), ("one-changed", Some(KEY)));
    assert_eq!(guardrail.name, "one", "a guardrail model does not change");

    let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("harp")]);
    let change = UpdateGuardrailRequest::new("one", "No!", "Not that!").word_policy_config(words);
    guardrail.update(change.clone()).await.unwrap();
    let after = guardrail.refresh().await.unwrap();
    assert_eq!((after.blocked_input_messaging.as_str(), after.topic_policy.is_none()), ("No!", true));
    fixture.take_requests();
    let version = Guardrail::objects().using(&fixture.session).update((id, "1"), change).await.unwrap_err();
    assert_eq!(version.kind(), ErrorKind::InvalidInput, "{version}");
    fixture.assert_sent([]);
}

async fn delete_versions(fixture: &Fixture, guardrail: &Bound<Guardrail>, version: &Bound<GuardrailSummary>) {
    let id = guardrail.guardrail_id.as_str();
    let guardrails = Guardrail::objects().using(&fixture.session);
    version.delete().await.unwrap();
    guardrails.delete((id, "2")).await.unwrap();
    fixture.assert_sent([
        ("DeleteGuardrail", json!({"guardrailIdentifier": id, "guardrailVersion": "1"})),
        ("DeleteGuardrail", json!({"guardrailIdentifier": id, "guardrailVersion": "2"})),
    ]);
    assert_missing::<Guardrail>(fixture, (id, "1")).await;
    assert_missing::<Guardrail>(fixture, (id, "2")).await;
    guardrails.delete(id).await.unwrap();
    fixture.assert_sent([("DeleteGuardrail", json!({"guardrailIdentifier": id}))]);
    assert_missing::<Guardrail>(fixture, id).await;
}

/// Deleting the draft deletes the guardrail with all versions.
async fn delete_guardrail(fixture: &Fixture, created: &Bound<CreateGuardrailResponse>) {
    let version = created.create_version(CreateGuardrailVersionRequest::default()).await.unwrap();
    fixture.take_requests();
    created.delete().await.unwrap();
    fixture.assert_sent([("DeleteGuardrail", json!({"guardrailIdentifier": created.guardrail_id}))]);
    assert!(version.full().await.unwrap_err().is_does_not_exist());
    assert!(created.delete().await.unwrap_err().is_does_not_exist());
    fixture.take_requests();
}
