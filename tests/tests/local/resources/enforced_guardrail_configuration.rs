//! Guardrails that an account enforces on every call.

use bedrock_orm::models::{
    AccountEnforcedGuardrailInferenceInputConfiguration, CreateGuardrailVersionRequest,
    PutEnforcedGuardrailConfigurationRequest,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let created = guardrail::create(&fixture.session, "enforced").await;
    created.create_version(CreateGuardrailVersionRequest::default()).await.unwrap();
    fixture.take_requests();
    let id = created.guardrail_id.as_str();
    let configurations = EnforcedGuardrailsConfiguration::objects().using(&fixture.session);
    let config = AccountEnforcedGuardrailInferenceInputConfiguration::new(id, "1");
    let put = configurations.put(PutEnforcedGuardrailConfigurationRequest::new(config)).await.unwrap();
    let config_id = put.config_id.clone().unwrap();
    let input = json!({
        "configId": config_id,
        "guardrailInferenceConfig": {
            "guardrailIdentifier": id,
            "guardrailVersion": "1",
            "selectiveContentGuarding": {"system": "SELECTIVE", "messages": "COMPREHENSIVE"},
            "modelEnforcement": {"includedModels": ["ALL"], "excludedModels": [NOVA]},
        },
    });
    let request = request_with_all_members("PutEnforcedGuardrailConfiguration", &input);
    assert_eq!(configurations.put(request).await.unwrap().config_id, put.config_id);
    fixture.assert_sent([
        (
            "PutEnforcedGuardrailConfiguration",
            json!({"guardrailInferenceConfig": {"guardrailIdentifier": id, "guardrailVersion": "1"}}),
        ),
        ("PutEnforcedGuardrailConfiguration", input),
    ]);

    let rows = configurations.list().await.unwrap();
    fixture.assert_sent([("ListEnforcedGuardrailsConfiguration", json!({}))]);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].config_id, put.config_id);
    assert_eq!(rows[0].model_enforcement.as_ref().unwrap().excluded_models, [NOVA]);
    let guardrail = rows[0].guardrail().await.unwrap().unwrap();
    assert_eq!((guardrail.guardrail_id.as_str(), guardrail.version.as_str()), (id, "1"));
    fixture.assert_sent([("GetGuardrail", json!({"guardrailIdentifier": id, "guardrailVersion": "1"}))]);
    assert_eq!(guardrail.delete().await.unwrap_err().kind(), ErrorKind::Conflict, "it is imposed");
    fixture.take_requests();

    configurations.delete(&config_id).await.unwrap();
    assert!(configurations.delete(&config_id).await.unwrap_err().is_does_not_exist());
    assert!(!configurations.list().exists().await.unwrap());
    let key = json!({"configId": config_id});
    fixture.assert_sent([
        ("DeleteEnforcedGuardrailConfiguration", key.clone()),
        ("DeleteEnforcedGuardrailConfiguration", key),
        ("ListEnforcedGuardrailsConfiguration", json!({})),
    ]);
    guardrail.delete().await.unwrap();
}
