//! Endpoints of Bedrock Marketplace models, which SageMaker hosts.

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::lifecycle::Step;
use crate::store::resource::{Invocable, Members, Resource, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

pub(crate) static RESOURCE: Resource = Resource {
    name: "MarketplaceModelEndpoint",
    operations: &[
        ("CreateMarketplaceModelEndpoint", Verb::Create),
        ("GetMarketplaceModelEndpoint", Verb::Get),
        ("ListMarketplaceModelEndpoints", Verb::List),
        ("UpdateMarketplaceModelEndpoint", Verb::Update(update)),
        ("DeleteMarketplaceModelEndpoint", Verb::Delete),
        ("RegisterMarketplaceModelEndpoint", Verb::Custom(register)),
        ("DeregisterMarketplaceModelEndpoint", Verb::Custom(deregister)),
    ],
    arn: Some("arn:aws:sagemaker:{region}:{account}:endpoint/{name}"),
    members: Members {
        arn: Some("endpointArn"),
        name: Some("endpointName"),
        created: "createdAt",
        updated: Some("updatedAt"),
        status: Some("endpointStatus"),
        failure: "endpointStatusMessage",
        ..Members::NONE
    },
    statuses: &["Creating", "InService"],
    invocable: Some(Invocable { arn_prefix: "endpoint/", model: None }),
    filters: &[("modelSource", "modelSourceIdentifier")],
    unique_names: true,
    wrapped_in: Some("marketplaceModelEndpoint"),
    not_found: "The specified endpoint was not found.",
    name_taken: "An endpoint named {name} already exists.",
    on_create,
    ..Resource::DEFAULT
};

/// Deregistered endpoints: SageMaker keeps them, and they can be registered again.
static DEREGISTERED: Resource = Resource {
    name: "deregistered MarketplaceModelEndpoint",
    members: Members { arn: Some("endpointArn"), created: "createdAt", ..Members::NONE },
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let name = record.text("endpointName");
    if cx.store.position_where(&DEREGISTERED, |record| record.text("endpointName") == name).is_some() {
        return Err(AwsError::conflict(RESOURCE.name_taken.replace("{name}", name)));
    }
    record.set("status", "REGISTERED");
    Ok(())
}

fn update(_: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Vec<Step>> {
    record.set("endpointConfig", request.input["endpointConfig"].clone());
    record.set("endpointStatus", "Updating");
    Ok(vec![Step::Status("InService")])
}

fn register(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let arn = request.text("endpointIdentifier");
    let position = match cx.store.find(&DEREGISTERED, arn) {
        Some(position) => {
            let record = cx.store.remove(&DEREGISTERED, position).unwrap_or_default();
            cx.store.insert(&RESOURCE, record)
        }
        None => cx.find(&RESOURCE, arn)?,
    };
    let now = cx.now.to_string();
    let Some(entry) = cx.store.entry_mut(&RESOURCE, position) else { return Ok(Record::default()) };
    entry.record.set("modelSourceIdentifier", request.text("modelSourceIdentifier"));
    entry.record.set("updatedAt", now);
    Ok(verbs::output(request, &RESOURCE, &entry.record))
}

fn deregister(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let position = cx.find(&RESOURCE, request.text("endpointArn"))?;
    if let Some(mut record) = cx.store.remove(&RESOURCE, position) {
        // A pending update ends out of sight.
        record.set("endpointStatus", "InService");
        cx.store.insert(&DEREGISTERED, record);
    }
    Ok(Record::default())
}
