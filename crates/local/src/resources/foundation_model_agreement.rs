//! Agreements to the terms of other makers' models, and the offers that they are made on.

use serde_json::json;

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Members, Noun, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::catalogue::FoundationModel;

pub(crate) static NOUN: Noun = Noun {
    name: "FoundationModelAgreement",
    operations: &[
        ("CreateFoundationModelAgreement", Verb::Create),
        ("DeleteFoundationModelAgreement", Verb::Own(delete)),
        ("ListFoundationModelAgreementOffers", Verb::Own(offers)),
        ("GetFoundationModelAvailability", Verb::Own(availability)),
    ],
    members: Members { name: "modelId", status: "status", ..Members::NONE },
    life: &["PENDING", "AVAILABLE"],
    failed: "ERROR",
    by_name: true,
    unique_names: true,
    missing: "There is no agreement for the specified model.",
    taken: "There is an agreement for {name} already.",
    begin,
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let model = known(cx, record.text("modelId"))?;
    match offer_token(model) {
        Some(token) if token == record.text("offerToken") => Ok(()),
        _ => Err(AwsError::validation("The provided offer token is invalid.")),
    }
}

fn delete(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let place = cx.find(&NOUN, request.text("modelId"))?;
    cx.store.remove(&NOUN, place);
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
                "legalTerm": { "url": format!("https://example.com/terms/{}", model.maker()) },
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

/// What must be agreed to is available once it was; Amazon's own models always are.
fn availability(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let model = known(cx, request.text("modelId"))?;
    let agreement = cx.store.record(&NOUN, &model.model_id);
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
    Ok(verbs::answer(request, &NOUN, &record))
}

/// What an agreement is made with; none for Amazon's own models, which need none.
fn offer_token(model: &FoundationModel) -> Option<String> {
    (model.maker() != "amazon").then(|| format!("offer-token-{}", model.model_id))
}

fn known(cx: &Context<'_>, identifier: &str) -> AwsResult<&'static FoundationModel> {
    cx.models().get_or_refuse(identifier)
}
