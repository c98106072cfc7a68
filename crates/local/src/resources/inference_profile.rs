//! Inference profiles: the system-defined ones, and those of the account.

use serde_json::{Value, json};

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Invocable, Members, Protection, Resource, Verb};
use crate::wire::error::AwsResult;
use crate::world::ACCOUNT;
use crate::world::catalogue::{FoundationModel, SystemProfile, invalid_identifier};

/// The creation time of the profiles that AWS defines.
pub(super) const LONG_AGO: &str = "2024-08-26T00:00:00Z";

pub(crate) static RESOURCE: Resource = Resource {
    name: "InferenceProfile",
    operations: &[
        ("CreateInferenceProfile", Verb::Create),
        ("GetInferenceProfile", Verb::Get),
        ("ListInferenceProfiles", Verb::List),
        ("DeleteInferenceProfile", Verb::Delete),
    ],
    arn: Some("application-inference-profile/{id}"),
    members: Members {
        arn: Some("inferenceProfileArn"),
        id: Some("inferenceProfileId"),
        name: Some("inferenceProfileName"),
        created: "createdAt",
        updated: Some("updatedAt"),
        status: Some("status"),
        ..Members::NONE
    },
    statuses: &["ACTIVE"],
    invocable: Some(Invocable { arn_prefix: "application-inference-profile/", model: Some("models") }),
    unique_names: true,
    not_found: "The specified resource Amazon Resource Name (ARN) was not found. Check the Amazon Resource Name (ARN) \
              and try your request again.",
    name_taken: "An inference profile named {name} already exists.",
    protected: Some(Protection::BuiltIn {
        member: "type",
        value: "SYSTEM_DEFINED",
        message: "A system-defined inference profile cannot be deleted.",
    }),
    on_create,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let source = record.remove("modelSource").unwrap_or_default();
    let arn = source["copyFrom"].as_str().unwrap_or_default();
    let models = match arn.contains(":foundation-model/") {
        true => {
            let model = cx.models().get(arn);
            model.map(|_| json!([{ "modelArn": arn }])).ok_or_else(invalid_identifier)?
        }
        false => cx.record(&RESOURCE, arn)?.get("models").cloned().unwrap_or_default(),
    };
    record.set("models", models);
    record.set("type", "APPLICATION");
    Ok(())
}

/// Creates the system-defined profiles of a region.
pub(super) fn create_built_ins(cx: &mut Context<'_>) {
    let models: Vec<_> = cx.models().listed().collect();
    for model in models {
        define_all(cx, model);
    }
}

/// Creates the system-defined profiles of a model.
pub(crate) fn define_all(cx: &mut Context<'_>, model: &'static FoundationModel) {
    for profile in cx.models().profiles(model) {
        define(cx, &profile);
    }
}

fn define(cx: &mut Context<'_>, profile: &SystemProfile) {
    let SystemProfile { prefix, model, regions } = profile;
    let id = format!("{prefix}.{}", model.model_id);
    let (title, destination, arns) = match *prefix {
        "global" => ("Global".to_owned(), "globally".to_owned(), vec![model.arn(""), model.arn(cx.region)]),
        prefix => {
            let arns = regions.iter().map(|region| model.arn(region)).collect();
            (prefix.to_uppercase(), format!("in {}", regions.join(" ")), arns)
        }
    };
    let models: Vec<Value> = arns.into_iter().map(|arn| json!({ "modelArn": arn })).collect();
    let mut record = Record::default();
    let arn = format!("arn:aws:bedrock:{}:{}:inference-profile/{id}", cx.region, ACCOUNT);
    record.set("inferenceProfileArn", arn);
    record.set("inferenceProfileId", id);
    record.set("inferenceProfileName", format!("{title} {} {}", model.provider_name, model.model_name));
    record.set("description", format!("Routes requests to {} {destination}.", model.model_id));
    record.set("createdAt", LONG_AGO);
    record.set("updatedAt", LONG_AGO);
    record.set("models", models);
    record.set("status", "ACTIVE");
    record.set("type", "SYSTEM_DEFINED");
    cx.store.insert(&RESOURCE, record);
}
