//! Prompt routers: AWS's default ones, and an account's own.

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::resources::{inference_profile, models};
use crate::store::context::Context;
use crate::store::resource::{Members, Noun, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::ACCOUNT;

/// Name, id, and the models of AWS's own; the last one is the fallback.
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

pub(crate) static NOUN: Noun = Noun {
    name: "PromptRouter",
    operations: &[
        ("CreatePromptRouter", Verb::Create),
        ("GetPromptRouter", Verb::Get),
        ("ListPromptRouters", Verb::List),
        ("DeletePromptRouter", Verb::Delete),
    ],
    arn: "default-prompt-router/{id}",
    members: Members {
        arn: "promptRouterArn",
        name: "promptRouterName",
        created: "createdAt",
        updated: "updatedAt",
        status: "status",
        ..Members::NONE
    },
    life: &["AVAILABLE"],
    unique_names: true,
    missing: "The specified prompt router was not found.",
    taken: "A prompt router named {name} already exists.",
    begin,
    release,
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let targets = items(&record["models"]).iter().chain([&record["fallbackModel"]]);
    for target in targets {
        models::invoked(cx, target["modelArn"].as_str().unwrap_or_default())?;
    }
    record.set("type", "custom");
    Ok(())
}

fn release(_: &mut Context<'_>, record: &Record) -> AwsResult<()> {
    match record.text("type") {
        "default" => Err(AwsError::validation("A default prompt router cannot be deleted.")),
        _ => Ok(()),
    }
}

/// The routers that AWS has in a region, but for those whose models have ended.
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
        cx.store.put(&NOUN, record);
    }
}
