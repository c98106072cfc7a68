//! Endpoints of Bedrock Marketplace's models, which SageMaker hosts.

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::lifecycle::{Plan, Step};
use crate::store::resource::{Members, Noun, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

pub(crate) static NOUN: Noun = Noun {
    name: "MarketplaceModelEndpoint",
    operations: &[
        ("CreateMarketplaceModelEndpoint", Verb::Create),
        ("GetMarketplaceModelEndpoint", Verb::Get),
        ("ListMarketplaceModelEndpoints", Verb::List),
        ("UpdateMarketplaceModelEndpoint", Verb::Update(update)),
        ("DeleteMarketplaceModelEndpoint", Verb::Delete),
        ("RegisterMarketplaceModelEndpoint", Verb::Own(register)),
        ("DeregisterMarketplaceModelEndpoint", Verb::Own(deregister)),
    ],
    arn: "arn:aws:sagemaker:{region}:{account}:endpoint/{name}",
    members: Members {
        arn: "endpointArn",
        name: "endpointName",
        created: "createdAt",
        updated: "updatedAt",
        status: "endpointStatus",
        failure: "endpointStatusMessage",
        ..Members::NONE
    },
    life: &["Creating", "InService"],
    filters: &[("modelSource", "modelSourceIdentifier")],
    unique_names: true,
    wrapped_in: "marketplaceModelEndpoint",
    missing: "The specified endpoint was not found.",
    taken: "An endpoint named {name} already exists.",
    begin,
    ..Noun::PLAIN
};

/// SageMaker keeps an endpoint that Bedrock forgets. Here such ones stand apart, until they are registered again.
static DEREGISTERED: Noun = Noun {
    name: "deregistered MarketplaceModelEndpoint",
    members: Members { arn: "endpointArn", created: "createdAt", ..Members::NONE },
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let name = record.text("endpointName");
    if cx.store.place(&DEREGISTERED, |record| record.text("endpointName") == name).is_some() {
        return Err(AwsError::conflict(NOUN.taken.replace("{name}", name)));
    }
    record.set("status", "REGISTERED");
    Ok(())
}

fn update(_: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Plan> {
    record.set("endpointConfig", request.input["endpointConfig"].clone());
    record.set("endpointStatus", "Updating");
    Ok(vec![Step::Status("InService")])
}

fn register(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let arn = request.text("endpointIdentifier");
    let place = match cx.store.find(&DEREGISTERED, arn) {
        Some(place) => {
            let record = cx.store.remove(&DEREGISTERED, place).unwrap_or_default();
            cx.store.put(&NOUN, record)
        }
        None => cx.find(&NOUN, arn)?,
    };
    let now = cx.now.to_string();
    let Some(thing) = cx.store.thing_mut(&NOUN, place) else { return Ok(Record::default()) };
    thing.record.set("modelSourceIdentifier", request.text("modelSourceIdentifier"));
    thing.record.set("updatedAt", now);
    Ok(verbs::answer(request, &NOUN, &thing.record))
}

fn deregister(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let place = cx.find(&NOUN, request.text("endpointArn"))?;
    if let Some(mut record) = cx.store.remove(&NOUN, place) {
        // Whatever was under way ends out of sight.
        record.set("endpointStatus", "InService");
        cx.store.put(&DEREGISTERED, record);
    }
    Ok(Record::default())
}
