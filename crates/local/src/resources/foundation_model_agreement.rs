//! Agreements to the terms of third-party models, and their offers.

use serde_json::json;

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Members, Resource, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::catalogue::FoundationModel;

pub(crate) static RESOURCE: Resource = Resource {
    name: "FoundationModelAgreement",
    operations: &[
        ("CreateFoundationModelAgreement", Verb::Create),
        ("DeleteFoundationModelAgreement", Verb::Custom(delete)),
        ("ListFoundationModelAgreementOffers", Verb::Custom(offers)),
        ("GetFoundationModelAvailability", Verb::Custom(availability)),
    ],
    members: Members { name: Some("modelId"), status: Some("status"), ..Members::NONE },
    statuses: &["PENDING", "AVAILABLE"],
    failed: "ERROR",
    by_name: true,
    unique_names: true,
    not_found: "There is no agreement for the specified model.",
    name_taken: "There is an agreement for {name} already.",
    on_create,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let model = known(cx, record.text("modelId"))?;
    match offer_token(model) {
        Some(token) if token == record.text("offerToken") => Ok(()),
        _ => Err(AwsError::validation("The provided offer token is invalid.")),
    }
}

fn delete(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let position = cx.find(&RESOURCE, request.text("modelId"))?;
    cx.store.remove(&RESOURCE, position);
    Ok(Record::default())
}

fn offers(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let model = known(cx, request.text("modelId"))?;
    let offer = |token| {
        json!({
            "offerId": format!("offer-{}", model.model_id.replace([':', '.'], "-")),
            "offerToken": token,
            "termDetails": {
                "usageBasedPricingTerm": { "rateCard": [
                    rate("USE1_InputTokenCount", "0.003", "1,000 input tokens"),
                    rate("USE1_OutputTokenCount", "0.015", "1,000 output tokens"),
                ] },
                "legalTerm": { "url": format!("https://example.com/terms/{}", model.provider()) },
                "supportTerm": { "refundPolicyDescription": "There are no refunds." },
                "validityTerm": { "agreementDuration": "P1Y" },
            },
        })
    };
    let mut answer = Record::default();
    answer.set("modelId", model.model_id.as_str());
    answer.set("offers", offer_token(model).map(offer).into_iter().collect::<Vec<_>>());
    Ok(answer)
}

fn rate(dimension: &str, price: &str, description: &str) -> serde_json::Value {
    json!({ "dimension": dimension, "price": price, "description": description, "unit": "Units" })
}

/// Returns the availability of a model. A third-party model needs an agreement; Amazon's models are always available.
fn availability(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let model = known(cx, request.text("modelId"))?;
    let agreement = cx.store.record(&RESOURCE, &model.model_id);
    let status = match (offer_token(model), agreement) {
        (None, _) => "AVAILABLE",
        (_, Some(agreement)) => agreement.text("status"),
        _ => "NOT_AVAILABLE",
    };
    let mut record = Record::default();
    record.set("modelId", model.model_id.as_str());
    record.set("agreementAvailability", json!({ "status": status }));
    record.set("authorizationStatus", "AUTHORIZED");
    record.set("entitlementAvailability", "AVAILABLE");
    record.set("regionAvailability", "AVAILABLE");
    Ok(verbs::output(request, &RESOURCE, &record))
}

/// Returns the token of a model's offer. Amazon's models need no agreement.
fn offer_token(model: &FoundationModel) -> Option<String> {
    (model.provider() != "amazon").then(|| format!("offer-token-{}", model.model_id))
}

fn known(cx: &Context<'_>, identifier: &str) -> AwsResult<&'static FoundationModel> {
    cx.models().require(identifier)
}
