//! Foundation models: queries, agreements, and all ways to invoke them.

use bedrock_orm::models::{InferenceType, InvokeGuardrailChecksRequest};
use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::{CLAUDE, model};
use serde_json::json;

use super::*;

const SONIC: &str = "amazon.nova-2-sonic-v1:0";

pub(crate) async fn lifecycle(fixture: &Fixture) {
    queries(fixture).await;
    agreements(fixture).await;
    let nova = FoundationModel::objects().using(&fixture.session).get(NOVA).await.unwrap();
    fixture.take_requests();
    assert_converse(fixture, &nova, NOVA).await;
    raw_invocations(fixture, &nova).await;
    bidirectional_stream(fixture).await;
    guardrail_checks(fixture).await;
}

async fn queries(fixture: &Fixture) {
    let models = FoundationModel::objects().using(&fixture.session);
    let nova = models.get(NOVA).await.unwrap();
    assert_eq!(nova.refresh().await.unwrap(), nova);
    let key = json!({"modelIdentifier": NOVA});
    fixture.assert_sent([("GetFoundationModel", key.clone()), ("GetFoundationModel", key)]);
    assert_missing::<FoundationModel>(fixture, "acme.oracle-v9:0").await;

    // AWS's filters return all matching models and no others, and each filter excludes some models.
    let all = models.list().await.unwrap();
    fixture.assert_sent([("ListFoundationModels", json!({}))]);
    let provider = |model: &FoundationModel| model.provider_name.as_deref() == Some("Amazon");
    let tuned = |model: &FoundationModel| {
        model.customizations_supported.iter().flatten().any(|it| *it == "FINE_TUNING")
    };
    let image = |model: &FoundationModel| model.output_modalities.iter().flatten().any(|it| *it == "IMAGE");
    let on_demand = |model: &FoundationModel| {
        model.inference_types_supported.iter().flatten().any(|it| *it == InferenceType::OnDemand)
    };
    let found = [
        (models.list().by_provider("Amazon"), all.iter().filter(|it| provider(it)).count()),
        (models.list().by_customization_type("FINE_TUNING"), all.iter().filter(|it| tuned(it)).count()),
        (models.list().by_output_modality("IMAGE"), all.iter().filter(|it| image(it)).count()),
        (models.list().by_inference_type("ON_DEMAND"), all.iter().filter(|it| on_demand(it)).count()),
    ];
    for (list, expected) in found {
        let found = list.await.unwrap();
        assert!(found.iter().all(|row| all.contains(row)));
        assert_eq!(found.len(), expected);
        assert!(0 < expected && expected < all.len());
    }
    fixture.assert_sent([
        ("ListFoundationModels", json!({"byProvider": "Amazon"})),
        ("ListFoundationModels", json!({"byCustomizationType": "FINE_TUNING"})),
        ("ListFoundationModels", json!({"byOutputModality": "IMAGE"})),
        ("ListFoundationModels", json!({"byInferenceType": "ON_DEMAND"})),
    ]);
}

async fn agreements(fixture: &Fixture) {
    let claude = FoundationModel::objects().using(&fixture.session).get(CLAUDE).await.unwrap();
    let agreements = FoundationModelAgreement::objects().using(&fixture.session);
    let status = async || {
        let availability = claude.availability().await.unwrap();
        availability.agreement_availability.status.as_str().to_owned()
    };
    assert_eq!(status().await, "NOT_AVAILABLE");
    let offer = claude.offers().first().await.unwrap().unwrap();
    fixture.take_requests();
    let offers = Offer::objects().using(&fixture.session).list_of(CLAUDE);
    assert_lists!(fixture, offers.clone(), within json!({"modelId": CLAUDE}), {
        offer_type("ALL") => [&offer.offer_token],
    });

    let agreement = agreements.create(&offer.offer_token, CLAUDE).await.unwrap();
    assert_eq!(agreement.model_id, CLAUDE);
    assert_eq!(status().await, "PENDING");
    fixture.finish_jobs();
    assert_eq!(status().await, "AVAILABLE");
    agreements.delete(CLAUDE).await.unwrap();
    let again = FoundationModel::objects().using(&fixture.session).availability(CLAUDE).await.unwrap();
    assert_eq!(again.agreement_availability.status, "NOT_AVAILABLE");
    assert!(agreements.delete(CLAUDE).await.unwrap_err().is_does_not_exist());
    let (key, label) = (json!({"modelId": CLAUDE}), "GetFoundationModelAvailability");
    fixture.assert_sent([
        ("CreateFoundationModelAgreement", json!({"offerToken": offer.offer_token, "modelId": CLAUDE})),
        (label, key.clone()),
        (label, key.clone()),
        ("DeleteFoundationModelAgreement", key.clone()),
        (label, key.clone()),
        ("DeleteFoundationModelAgreement", key),
    ]);
}

/// The runtime operations other than Converse.
async fn raw_invocations(fixture: &Fixture, nova: &Bound<FoundationModel>) {
    let body = json!({"messages": [{"role": "user", "content": [{"text": "Say hello."}]}]});
    let request_with_all_members = nova.invoke_model(body.to_string()).await.unwrap();
    assert!(String::from_utf8_lossy(&request_with_all_members.body).contains("output"));
    let mut chunks = nova.invoke_model_with_response_stream(body.to_string()).await.unwrap();
    assert!(chunks.next().await.unwrap().unwrap().starts_with(b"{"));
    while let Some(chunk) = chunks.next().await {
        chunk.unwrap();
    }
    assert!(model(&fixture.session, CLAUDE).count_tokens("Say hello.").await.unwrap().input_tokens > 0);
    let input = json!({"modelId": NOVA, "body": body});
    fixture.assert_sent([
        ("InvokeModel", input.clone()),
        ("InvokeModelWithResponseStream", input),
        (
            "CountTokens",
            json!({"modelId": CLAUDE, "input": {"converse": {
                "messages": [{"role": "user", "content": [{"text": "Say hello."}]}],
            }}}),
        ),
    ]);
}

async fn bidirectional_stream(fixture: &Fixture) {
    let sonic = model(&fixture.session, SONIC);
    let mut speech = sonic.invoke_model_with_bidirectional_stream().await.unwrap();
    for event in ["sessionStart", "sessionEnd"] {
        speech.send(json!({"event": {event: {}}})).await.unwrap();
    }
    speech.finish();
    while let Some(chunk) = speech.next().await {
        chunk.unwrap();
    }
    // The request body is a stream, not a document.
    fixture.assert_sent([("InvokeModelWithBidirectionalStream", json!({"modelId": SONIC, "body": null}))]);
}

async fn guardrail_checks(fixture: &Fixture) {
    let input = json!({
        "messages": [{"role": "user", "content": [{"text": "Write to me@example.com."}]}],
        "checks": {
            "contentFilter": {"categories": [{"category": "HATE"}]},
            "promptAttack": {"categories": [{"category": "JAILBREAK"}]},
            "sensitiveInformation": {"entities": [{"type": "EMAIL"}]},
        },
    });
    let request: InvokeGuardrailChecksRequest = request_with_all_members("InvokeGuardrailChecks", &input);
    let response = fixture.session.invoke_guardrail_checks(request).await.unwrap();
    let response = serde_json::to_value(&response).unwrap().to_string();
    assert!(response.contains("EMAIL"), "{response}");
    fixture.assert_sent([("InvokeGuardrailChecks", input)]);
}
