//! Prompt routers: AWS's default ones, and those of the account.

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::resources::{inference_profile, models};
use crate::store::context::Context;
use crate::store::resource::{Invocable, Members, Protection, Resource, Verb};
use crate::wire::error::AwsResult;
use crate::world::ACCOUNT;

/// The name, the ID and the models of each default router. The last model is the fallback.
const DEFAULTS: &[(&str, &str, [&str; 2])] = &[
    (
        "Anthropic Prompt Router",
        "anthropic.claude:1",
        ["anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-5-sonnet-20240620-v1:0"],
    ),
    ("Amazon Nova Prompt Router", "amazon.nova:1", ["amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0"]),
    (
        "Meta Prompt Router",
        "meta.llama:1",
        ["meta.llama3-1-8b-instruct-v1:0", "meta.llama3-1-70b-instruct-v1:0"],
    ),
];

pub(crate) static RESOURCE: Resource = Resource {
    name: "PromptRouter",
    operations: &[
        ("CreatePromptRouter", Verb::Create),
        ("GetPromptRouter", Verb::Get),
        ("ListPromptRouters", Verb::List),
        ("DeletePromptRouter", Verb::Delete),
    ],
    arn: Some("default-prompt-router/{id}"),
    members: Members {
        arn: Some("promptRouterArn"),
        name: Some("promptRouterName"),
        created: "createdAt",
        updated: Some("updatedAt"),
        status: Some("status"),
        ..Members::NONE
    },
    statuses: &["AVAILABLE"],
    invocable: Some(Invocable { arn_prefix: "default-prompt-router/", model: Some("fallbackModel") }),
    unique_names: true,
    not_found: "The specified prompt router was not found.",
    name_taken: "A prompt router named {name} already exists.",
    protected: Some(Protection::BuiltIn {
        member: "type",
        value: "default",
        message: "A default prompt router cannot be deleted.",
    }),
    on_create,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let targets = items(&record["models"]).iter().chain([&record["fallbackModel"]]);
    for target in targets {
        models::invoked(cx, target["modelArn"].as_str().unwrap_or_default())?;
    }
    record.set("type", "custom");
    Ok(())
}

/// Creates the default routers of a region, except those whose models have reached their end of life.
pub(super) fn create_built_ins(cx: &mut Context<'_>) {
    for (name, id, models) in DEFAULTS {
        if models.iter().any(|id| cx.models().get(id).is_none()) {
            continue;
        }
        let models: Vec<Value> = models
            .iter()
            .map(|id| json!({ "modelArn": format!("arn:aws:bedrock:{}::foundation-model/{id}", cx.region) }))
            .collect();
        let mut record = Record::default();
        let arn = format!("arn:aws:bedrock:{}:{ACCOUNT}:default-prompt-router/{id}", cx.region);
        record.set("promptRouterArn", arn);
        record.set("promptRouterName", *name);
        record.set("description", "Routes requests among models of one family.");
        record.set("routingCriteria", json!({ "responseQualityDifference": 0.0 }));
        record.set("fallbackModel", models.last().cloned().unwrap_or_default());
        record.set("models", models);
        record.set("createdAt", inference_profile::LONG_AGO);
        record.set("updatedAt", inference_profile::LONG_AGO);
        record.set("status", "AVAILABLE");
        record.set("type", "default");
        cx.store.insert(&RESOURCE, record);
    }
}
