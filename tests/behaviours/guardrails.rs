//! The lifecycle of guardrails.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use bedrock_orm::models::{
    CreateGuardrailRequest, CreateGuardrailVersionRequest, GuardrailAction, GuardrailContentSource,
    GuardrailPiiEntityConfig, GuardrailPiiEntityType, GuardrailSensitiveInformationAction,
    GuardrailSensitiveInformationPolicyConfig, GuardrailWordConfig, GuardrailWordPolicyConfig,
    UpdateGuardrailRequest,
};
use bedrock_orm::prelude::*;
use futures_util::FutureExt as _;

/// The reply of [`with_guardrail`]'s guardrail to a prompt with the word `xylophone`.
pub const BLOCKED: &str = "This prompt is blocked.";

/// Returns a unique name.
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("bedrock-orm-test-{since}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A guardrail that blocks the word `xylophone` and masks e-mail addresses.
pub fn guardrail_request() -> CreateGuardrailRequest {
    let email = GuardrailPiiEntityConfig::new(
        GuardrailPiiEntityType::Email,
        GuardrailSensitiveInformationAction::Anonymize,
    );
    CreateGuardrailRequest::new(unique_name(), BLOCKED, "This reply is blocked.")
        .word_policy_config(
            GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("xylophone")]),
        )
        .sensitive_information_policy_config(
            GuardrailSensitiveInformationPolicyConfig::default().pii_entities_config([email]),
        )
}

/// Calls `work` with version 1 of a fetched guardrail, then deletes the guardrail, even if `work` panics.
pub async fn with_guardrail<F: Future<Output = ()>>(
    session: &Session,
    work: impl FnOnce(Bound<Guardrail>) -> F,
) {
    let guardrails = Guardrail::objects().using(session);
    let created = guardrails.create(guardrail_request()).await.unwrap();
    let id = created.guardrail_id.as_str();
    let result = AssertUnwindSafe(async {
        wait_until_ready(session, id, "DRAFT").await;
        let version = guardrails.create_version(id, CreateGuardrailVersionRequest::default()).await.unwrap();
        work(wait_until_ready(session, id, &version.version).await).await;
    })
    .catch_unwind()
    .await;
    guardrails.delete(id).await.unwrap();
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

/// Waits until the guardrail is ready. On AWS, creating and updating a guardrail takes some seconds.
async fn wait_until_ready(session: &Session, id: &str, version: &str) -> Bound<Guardrail> {
    for _ in 0..60 {
        let guardrail = Guardrail::objects().using(session).get((id, version)).await.unwrap();
        if guardrail.status == "READY" {
            return guardrail;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("guardrail {id} was not ready within a minute");
}

pub async fn a_guardrail_can_be_created_updated_versioned_and_deleted(session: &Session) {
    with_guardrail(session, async |first| {
        let guardrails = Guardrail::objects().using(session);
        let id = first.guardrail_id.as_str();
        assert_eq!(first.version, "1");
        assert_eq!(first.blocked_input_messaging, BLOCKED);
        let words = first.word_policy.as_ref().unwrap().words.as_deref().unwrap();
        assert_eq!(words[0].text, "xylophone");

        let draft = guardrails.get(id).await.unwrap();
        assert_eq!((draft.version.as_str(), &draft.name), ("DRAFT", &first.name));
        let listed = guardrails.list().await.unwrap();
        assert!(listed.iter().any(|row| row.id == id && row.version == "DRAFT"));
        let row = guardrails.list_versions(id).await.unwrap().into_iter().find(|row| row.version == "1");
        assert_eq!(row.unwrap().full().await.unwrap(), first);

        let update = UpdateGuardrailRequest::new(draft.name.as_str(), "Changed.", "Changed.")
            .description("changed")
            .word_policy_config(
                GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("tuba")]),
            );
        let updated = guardrails.update(id, update).await.unwrap();
        assert_eq!(updated.guardrail_id, id);
        let updated_draft = wait_until_ready(session, id, "DRAFT").await;
        assert_eq!(updated_draft.description.as_deref(), Some("changed"));
        assert_eq!(updated_draft.blocked_input_messaging, "Changed.");
        assert_eq!(first.refresh().await.unwrap(), first, "an update of the draft does not change a version");
        assert_eq!(draft.refresh().await.unwrap(), updated_draft);

        let request = CreateGuardrailVersionRequest::default().description("the second");
        let second = guardrails.create_version(id, request).await.unwrap();
        assert_eq!(second.version, "2");
        let second = wait_until_ready(session, id, "2").await;
        assert_eq!(second.description.as_deref(), Some("the second"));

        guardrails.delete((id, "1")).await.unwrap();
        assert_eq!(guardrails.get_opt((id, "1")).await.unwrap(), None);
        assert!(guardrails.get_opt((id, "2")).await.unwrap().is_some());
    })
    .await;
}

pub async fn a_missing_guardrail_is_does_not_exist(session: &Session) {
    let guardrails = Guardrail::objects().using(session);
    let error = guardrails.get("nosuchguard1").await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::DoesNotExist, Some("GetGuardrail")), "{error}");
    assert!(error.request_id().is_some());
    assert_eq!(guardrails.get_opt(("nosuchguard1", "1")).await.unwrap(), None);
}

pub async fn a_guardrail_is_applied_to_a_text(session: &Session) {
    with_guardrail(session, async |guardrail| {
        let blocked = guardrail.apply("Play the xylophone.").await.unwrap();
        assert_eq!(blocked.action, GuardrailAction::GuardrailIntervened);
        assert_eq!(blocked.outputs[0].text.as_deref(), Some(BLOCKED));
        let assessment = serde_json::to_value(&blocked.assessments).unwrap();
        assert_eq!(assessment[0]["wordPolicy"]["customWords"][0]["match"], "xylophone");

        let passed = guardrail.apply("Play the tuba.").await.unwrap();
        assert_eq!(passed.action, GuardrailAction::None);

        let model = crate::support::model(session, crate::support::MODEL);
        let masked = model
            .apply_guardrail(&guardrail, "Write to jane@example.com.")
            .source(GuardrailContentSource::Output)
            .await
            .unwrap();
        assert_eq!(masked.outputs[0].text.as_deref(), Some("Write to {EMAIL}."));
    })
    .await;
}
