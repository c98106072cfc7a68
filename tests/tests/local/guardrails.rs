//! The requests of guardrails.

use bedrock_orm::models::{
    CreateGuardrailVersionRequest, GuardrailContentBlock, GuardrailContentFilterConfig,
    GuardrailContentFilterType, GuardrailContentPolicyConfig, GuardrailContentSource,
    GuardrailFilterStrength, GuardrailOutputScope, GuardrailPolicyKind, GuardrailTopicConfig,
    GuardrailTopicPolicyConfig, GuardrailTopicType, GuardrailTrace, GuardrailWordConfig,
    GuardrailWordPolicyConfig, UpdateGuardrailRequest,
};
use bedrock_orm::prelude::*;
use bedrock_orm_local::{LocalBedrock, RecordedRequest, Reply};
use bedrock_orm_tests::behaviours::guardrails::guardrail_request;
use bedrock_orm_tests::support::{MODEL, local, model, only_request, operations};
use serde_json::{Value, json};

/// Starts a local Bedrock, creates a guardrail, and clears the journal.
pub(crate) async fn session_with_guardrail() -> (LocalBedrock, Session, Bound<Guardrail>) {
    let (local, session) = local().await;
    let created = Guardrail::objects().using(&session).create(guardrail_request()).await.unwrap();
    let guardrail = created.full().await.unwrap();
    local.clear_requests();
    (local, session, guardrail)
}

fn request_line(request: &RecordedRequest) -> (&str, &str, &str, u16) {
    (&request.method, &request.path, &request.query, request.status)
}

#[tokio::test]
async fn create_sends_the_described_request() {
    let (local, session) = local().await;
    let request = guardrail_request()
        .description("no topics of finance")
        .topic_policy_config(GuardrailTopicPolicyConfig::new([GuardrailTopicConfig::new(
            "Investments",
            "Advice on what to invest in.",
            GuardrailTopicType::Deny,
        )
        .examples(["Which shares shall I buy?"])]))
        .content_policy_config(GuardrailContentPolicyConfig::new([GuardrailContentFilterConfig::new(
            GuardrailContentFilterType::Hate,
            GuardrailFilterStrength::High,
            GuardrailFilterStrength::Low,
        )]))
        .tags([("team", "orm")])
        .client_request_token("token-1");
    let name = request.name.clone();
    let created = Guardrail::objects().using(&session).create(request).await.unwrap();
    let sent = only_request(&local);
    assert_eq!(request_line(&sent), ("POST", "/guardrails", "", 202));
    assert_eq!(
        sent.json(),
        json!({
            "name": name,
            "description": "no topics of finance",
            "blockedInputMessaging": "This prompt is blocked.",
            "blockedOutputsMessaging": "This reply is blocked.",
            "topicPolicyConfig": {"topicsConfig": [{
                "name": "Investments", "definition": "Advice on what to invest in.", "type": "DENY",
                "examples": ["Which shares shall I buy?"],
            }]},
            "contentPolicyConfig": {"filtersConfig": [
                {"type": "HATE", "inputStrength": "HIGH", "outputStrength": "LOW"},
            ]},
            "wordPolicyConfig": {"wordsConfig": [{"text": "xylophone"}]},
            "sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}]},
            "tags": [{"key": "team", "value": "orm"}],
            "clientRequestToken": "token-1",
        })
    );
    assert_eq!(created.version, "DRAFT");

    // The response uses the member names of responses, not those of requests.
    let fetched = serde_json::to_value(&*created.full().await.unwrap()).unwrap();
    assert_eq!(fetched["topicPolicy"]["topics"][0]["name"], "Investments");
    assert_eq!(fetched["contentPolicy"]["filters"][0]["inputStrength"], "HIGH");
    assert_eq!(fetched["wordPolicy"]["words"][0]["text"], "xylophone");
    assert_eq!(fetched["sensitiveInformationPolicy"]["piiEntities"][0]["action"], "ANONYMIZE");
}

#[tokio::test]
async fn a_version_is_a_query_parameter_and_the_draft_has_none() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let id = guardrail.guardrail_id.as_str();
    let guardrails = Guardrail::objects().using(&session);
    guardrails.get(id).await.unwrap();
    guardrails.get((id, "DRAFT")).await.unwrap();
    guardrails.get_opt((id, "7")).await.unwrap();
    guardrails.delete((id, "7")).await.unwrap_err();
    guardrails.delete(id).await.unwrap();
    let path = format!("/guardrails/{id}");
    let requests = local.requests();
    assert_eq!(
        requests.iter().map(request_line).collect::<Vec<_>>(),
        [
            ("GET", path.as_str(), "", 200),
            ("GET", path.as_str(), "", 200),
            ("GET", path.as_str(), "guardrailVersion=7", 404),
            ("DELETE", path.as_str(), "guardrailVersion=7", 404),
            ("DELETE", path.as_str(), "", 202),
        ]
    );
}

#[tokio::test]
async fn a_blank_version_is_an_error_before_anything_is_sent() {
    let (local, session) = local().await;
    let guardrails = Guardrail::objects().using(&session);
    for blank in ["", " ", "\t\n"] {
        let errors = [
            guardrails.get(("gr-123", blank)).await.unwrap_err(),
            guardrails.get_opt(("gr-123", blank)).await.unwrap_err(),
            guardrails.delete(("gr-123", blank)).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(error.message().contains("gr-123") && error.message().contains("blank"), "{error}");
            assert!(error.hint().unwrap().contains("DRAFT"), "{error}");
        }
    }
    assert_eq!(local.requests(), []);
}

#[tokio::test]
async fn a_version_that_has_a_number_cannot_be_updated() {
    let (local, session) = local().await;
    let guardrails = Guardrail::objects().using(&session);
    let change = UpdateGuardrailRequest::new("renamed", "In.", "Out.");
    let error = guardrails.update(("gr-123", "7"), change).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.message().contains("version 7 of guardrail `gr-123` cannot be updated"), "{error}");
    assert_eq!(local.requests(), [], "AWS would update the draft");
}

#[tokio::test]
async fn get_list_update_and_create_version_send_one_request_each() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let id = guardrail.guardrail_id.as_str();
    let guardrails = Guardrail::objects().using(&session);
    guardrails.list().await.unwrap();
    guardrails.list_versions(id).await.unwrap();
    let change = UpdateGuardrailRequest::new("renamed", "In.", "Out.").word_policy_config(
        GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("tuba")]),
    );
    guardrails.update(id, change).await.unwrap();
    guardrails
        .create_version(
            id,
            CreateGuardrailVersionRequest::default().description("one").client_request_token("t-1"),
        )
        .await
        .unwrap();
    guardrails.create_version(id, CreateGuardrailVersionRequest::default()).await.unwrap();
    let path = format!("/guardrails/{id}");
    let requests = local.requests();
    assert_eq!(
        requests.iter().map(request_line).collect::<Vec<_>>(),
        [
            ("GET", "/guardrails", "", 200),
            ("GET", "/guardrails", format!("guardrailIdentifier={id}").as_str(), 200),
            ("PUT", path.as_str(), "", 202),
            ("POST", path.as_str(), "", 202),
            ("POST", path.as_str(), "", 202),
        ]
    );
    let changed = json!({
        "name": "renamed", "blockedInputMessaging": "In.", "blockedOutputsMessaging": "Out.",
        "wordPolicyConfig": {"wordsConfig": [{"text": "tuba"}]},
    });
    assert_eq!(requests[2].json(), changed);
    assert_eq!(requests[3].json(), json!({"description": "one", "clientRequestToken": "t-1"}));
    // AWS's SDK generates a token if the request has none, and sends nothing else.
    assert_eq!(requests[4].json()["description"], Value::Null);
    let rows = guardrails.list_versions(id).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.version.as_str()).collect::<Vec<_>>(), ["DRAFT", "1", "2"]);
}

#[tokio::test]
async fn a_duplicate_name_is_a_conflict() {
    let (_local, session) = local().await;
    let guardrails = Guardrail::objects().using(&session);
    let request = guardrail_request();
    guardrails.create(request.clone()).await.unwrap();
    let error = guardrails.create(request).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("ConflictException")), "{error}");
}

#[tokio::test]
async fn applying_a_guardrail_sends_one_request_with_its_id_and_version() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let response = guardrail.apply("Play the xylophone.").await.unwrap();
    let sent = only_request(&local);
    let path = format!("/guardrail/{}/version/DRAFT/apply", guardrail.guardrail_id);
    assert_eq!(request_line(&sent), ("POST", path.as_str(), "", 200));
    assert_eq!(
        sent.json(),
        json!({"source": "INPUT", "content": [{"text": {"text": "Play the xylophone."}}]})
    );
    assert_eq!(response.outputs[0].text.as_deref(), Some("This prompt is blocked."));

    local.clear_requests();
    let content = [GuardrailContentBlock::from("one"), "two".into()];
    model(&session, MODEL)
        .apply_guardrail(&guardrail, content)
        .source(GuardrailContentSource::Output)
        .output_scope(GuardrailOutputScope::Full)
        .await
        .unwrap();
    let sent = only_request(&local);
    assert_eq!(sent.path, path);
    assert_eq!(
        sent.json(),
        json!({"source": "OUTPUT", "outputScope": "FULL", "content": [{"text": {"text": "one"}}, {"text": {"text": "two"}}]})
    );
}

#[tokio::test]
async fn applying_a_guardrail_without_version_or_content_sends_nothing() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let mut without_version = guardrail.clone().into_inner();
    without_version.version = String::new();
    let errors = [
        without_version.using(&session).apply("text").await.unwrap_err(),
        guardrail.apply(Vec::new()).await.unwrap_err(),
        ConversationManager::new(&session).apply_guardrail("gr-1", " ", "text").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert_eq!(local.requests(), []);
}

#[tokio::test]
async fn a_deleted_guardrail_cannot_be_refreshed() {
    let (local, session, guardrail) = session_with_guardrail().await;
    Guardrail::objects().using(&session).delete(&guardrail.guardrail_id).await.unwrap();
    let error = guardrail.refresh().await.unwrap_err();
    assert!(error.is_does_not_exist(), "{error}");
    assert_eq!(operations(&local), ["DeleteGuardrail", "GetGuardrail"]);
}

#[tokio::test]
async fn a_bulk_deletion_reports_what_was_deleted() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let guardrails = Guardrail::objects().using(&session);
    let id = guardrail.guardrail_id.as_str();
    guardrail.create_version(CreateGuardrailVersionRequest::default()).await.unwrap();
    let version =
        guardrail.create_version(CreateGuardrailVersionRequest::default()).await.unwrap().version.clone();
    local.clear_requests();

    // Deleting a version deletes only that version.
    let report = guardrails.bulk_delete([(id, version.as_str())]).await.unwrap();
    assert_eq!(report.items[0].name, format!("{id} version {version}"));
    assert_eq!(guardrails.list_versions(id).count().await.unwrap(), 2);
    local.clear_requests();

    // Deleting the draft deletes all versions with one request.
    let report = guardrails.list_versions(id).delete().await.unwrap();
    assert_eq!(report.to_string(), "1 of 1 done");
    assert_eq!(report.items[0].name, id);
    assert_eq!(report.into_result().unwrap(), [id.into()]);
    assert_eq!(operations(&local), ["ListGuardrails", "DeleteGuardrail"]);
    assert!(guardrails.get_opt(id).await.unwrap().is_none());
}

#[tokio::test]
async fn twenty_concurrent_creations_and_updates_all_succeed() {
    let (_local, session) = local().await;
    let guardrails = Guardrail::objects().using(&session);
    let request = guardrail_request();
    let name = request.name.clone();
    let mut tasks = Vec::new();
    for number in 0..20 {
        let (guardrails, request, name) = (guardrails.clone(), request.clone(), name.clone());
        tasks.push(tokio::spawn(async move {
            let change = UpdateGuardrailRequest::new(name.as_str(), "No.", "No.")
                .description(format!("change {number}"))
                .word_policy_config(
                    GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("codes")]),
                );
            guardrails.update_or_create(Guardrail::NAME.eq(&name), change, request).await
        }));
    }
    let mut created = 0;
    for task in tasks {
        let (guardrail, is_new) = task.await.unwrap().unwrap();
        assert_eq!(guardrail.name, name);
        created += usize::from(is_new);
    }
    assert_eq!((created, guardrails.count().await.unwrap()), (1, 1));
    let there = guardrails.filter(Guardrail::NAME.eq(&name)).one().await.unwrap();
    assert!(there.description.as_deref().is_some_and(|text| text.starts_with("change ")), "{there:?}");
}

#[tokio::test]
async fn a_reply_says_what_its_guardrail_blocked() {
    let (_local, session, guardrail) = session_with_guardrail().await;
    let nova = model(&session, MODEL);
    let turn =
        |text: &str| nova.converse(text).guardrail(&guardrail).guardrail_trace(GuardrailTrace::Enabled);
    let reply = turn("Play the xylophone.").await.unwrap();
    let report = reply.guardrail();
    assert!(report.intervened && report.is_input_blocked() && !report.is_output_blocked());
    let [word] = report.blocked_by().try_into().unwrap();
    assert_eq!((word.policy, word.name.as_str()), (GuardrailPolicyKind::Word, "WORD"));
    assert_eq!(
        (word.matched.as_deref(), word.source),
        (Some("xylophone"), Some(GuardrailContentSource::Input))
    );
    assert_eq!(report.to_string(), "intervened: word `WORD` blocked in the input", "without the word");

    let untraced = nova.converse("Play the xylophone.").guardrail(&guardrail).await.unwrap().guardrail();
    assert!(untraced.is_input_blocked() && untraced.findings.is_empty());
    let passed = turn("Hello.").await.unwrap().guardrail();
    assert_eq!((passed.to_string().as_str(), passed.is_input_blocked()), ("did not intervene", false));

    let mut stream = nova
        .converse_stream("Play the xylophone.")
        .guardrail(&guardrail)
        .guardrail_trace(GuardrailTrace::Enabled)
        .await
        .unwrap();
    let mut from_metadata = None;
    while let Some(event) = stream.next().await {
        if let ConverseStreamOutput::Metadata(metadata) = event.unwrap() {
            from_metadata = Some(metadata.guardrail());
        }
    }
    assert_eq!(from_metadata.unwrap().blocked_by().len(), 1);
}

#[tokio::test]
async fn a_verdict_says_what_was_masked() {
    let (_local, _session, guardrail) = session_with_guardrail().await;
    let report = guardrail.apply("Write to ada@example.com.").await.unwrap().guardrail();
    assert!(report.intervened && report.blocked_by().is_empty());
    let [email] = report.masked().try_into().unwrap();
    assert_eq!((email.name.as_str(), email.source), ("EMAIL", None));
    assert_eq!(report.to_string(), "intervened: sensitive information `EMAIL` masked");
}

#[tokio::test]
async fn a_guardrail_checks_only_guarded_content() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let nova = model(&session, MODEL);
    let ours = ContentBlock::text("The xylophone is our logo.");
    let message = Message::user([ours.clone(), ContentBlock::guarded("Hello.")]);
    // The local model's own reply would quote the logo.
    local.queue_reply(Reply::text("Hello."));
    let passed = nova.converse(message).guardrail(&guardrail).await.unwrap();
    assert_ne!(passed.stop_reason, StopReason::GuardrailIntervened);
    let guarded = only_request(&local).json()["messages"][0]["content"][1].clone();
    assert_eq!(guarded, json!({"guardContent": {"text": {"text": "Hello."}}}));
    let message = Message::user([ours, ContentBlock::guarded("Play the xylophone.")]);
    let blocked = nova.converse(message).guardrail(&guardrail).await.unwrap();
    assert_eq!(blocked.stop_reason, StopReason::GuardrailIntervened);
    let system = SystemContentBlock::guarded("A xylophone.");
    let blocked = nova.converse("Hello.").system(system).guardrail(&guardrail).await.unwrap();
    assert_eq!(blocked.stop_reason, StopReason::GuardrailIntervened);
}

#[tokio::test]
async fn a_chat_replaces_what_a_guardrail_blocked() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let mut chat = model(&session, MODEL).chat().guardrail(&*guardrail);
    for turn in ["Hello.", "Play the xylophone.", "And now?"] {
        local.queue_reply(Reply::text("Well."));
        chat.send(turn).await.unwrap();
    }
    let history = serde_json::to_value(chat.history()).unwrap();
    assert_eq!(history[0]["content"], json!([{"text": "Hello."}]));
    assert_eq!(history[2]["content"], json!([{"text": "[A guardrail blocked this message.]"}]));
    assert_eq!(history[3]["content"], json!([{"text": "This prompt is blocked."}]));
    assert_eq!(history[4]["content"], json!([{"text": "And now?"}]));
    assert_eq!(history[5]["content"], json!([{"text": "Well."}]), "the next turn is not blocked");

    let mut streaming =
        model(&session, MODEL).chat().guardrail(&*guardrail).redact_blocked("[gone]".to_owned());
    streaming.stream("Play the xylophone.").await.unwrap().collect().await.unwrap();
    assert_eq!(streaming.history()[0].text(), "[gone]");

    let mut kept = model(&session, MODEL).chat().guardrail(&*guardrail).redact_blocked(None);
    kept.send("Play the xylophone.").await.unwrap();
    let again = kept.send("And now?").await.unwrap();
    assert!(again.guardrail().is_input_blocked() && kept.history()[0].text().contains("xylophone"));
}
