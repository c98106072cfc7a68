//! Inference profiles: those that AWS defines for the catalogue's models, and an account's own.

use serde_json::{Value, json};

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Members, Noun, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::catalogue::FoundationModel;
use crate::world::catalogue::{SystemProfile, invalid};

/// AWS's own are older than whatever is created here.
pub(super) const LONG_AGO: &str = "2024-08-26T00:00:00Z";

pub(crate) static NOUN: Noun = Noun {
    name: "InferenceProfile",
    operations: &[
        ("CreateInferenceProfile", Verb::Create),
        ("GetInferenceProfile", Verb::Get),
        ("ListInferenceProfiles", Verb::List),
        ("DeleteInferenceProfile", Verb::Delete),
    ],
    arn: "application-inference-profile/{id}",
    members: Members {
        arn: "inferenceProfileArn",
        id: "inferenceProfileId",
        name: "inferenceProfileName",
        created: "createdAt",
        updated: "updatedAt",
        status: "status",
        ..Members::NONE
    },
    life: &["ACTIVE"],
    unique_names: true,
    missing: "The specified resource Amazon Resource Name (ARN) was not found. Check the Amazon Resource Name (ARN) \
              and try your request again.",
    taken: "An inference profile named {name} already exists.",
    begin,
    release,
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let source = record.remove("modelSource").unwrap_or_default();
    let arn = source["copyFrom"].as_str().unwrap_or_default();
    let models = match arn.contains(":foundation-model/") {
        true => {
            let model = cx.models().get(arn);
            model.map(|_| json!([{ "modelArn": arn }])).ok_or_else(invalid)?
        }
        false => cx.record(&NOUN, arn)?.get("models").cloned().unwrap_or_default(),
    };
    record.set("models", models);
    record.set("type", "APPLICATION");
    Ok(())
}

fn release(_: &mut Context<'_>, record: &Record) -> AwsResult<()> {
    match record.text("type") {
        "SYSTEM_DEFINED" => {
            Err(AwsError::validation("A system-defined inference profile cannot be deleted."))
        }
        _ => Ok(()),
    }
}

/// The profiles that AWS defines in a region.
pub(super) fn create_built_ins(cx: &mut Context<'_>) {
    let models: Vec<_> = cx.models().listed().collect();
    for model in models {
        define_all(cx, model);
    }
}

/// The profiles that AWS defines in a region for a model.
pub(crate) fn define_all(cx: &mut Context<'_>, model: &'static FoundationModel) {
    for profile in cx.models().profiles(model) {
        define(cx, &profile);
    }
}

fn define(cx: &mut Context<'_>, profile: &SystemProfile) {
    let SystemProfile { prefix, model, regions } = profile;
    let id = format!("{prefix}.{}", model.model_id);
    let (title, whither, arns) = match *prefix {
        "global" => ("Global".to_owned(), "globally".to_owned(), vec![model.arn(""), model.arn(cx.region)]),
        prefix => {
            let arns = regions.iter().map(|region| model.arn(region)).collect();
            (prefix.to_uppercase(), format!("in {}", regions.join(" ")), arns)
        }
    };
    let models: Vec<Value> = arns.into_iter().map(|arn| json!({ "modelArn": arn })).collect();
    let mut record = Record::default();
    let arn = format!("arn:aws:bedrock:{}:{}:inference-profile/{id}", cx.region, crate::world::ACCOUNT);
    record.set("inferenceProfileArn", arn);
    record.set("inferenceProfileId", id);
    record.set("inferenceProfileName", format!("{title} {} {}", model.provider_name, model.model_name));
    record.set("description", format!("Routes requests to {} {whither}.", model.model_id));
    record.set("createdAt", LONG_AGO);
    record.set("updatedAt", LONG_AGO);
    record.set("models", models);
    record.set("status", "ACTIVE");
    record.set("type", "SYSTEM_DEFINED");
    cx.store.put(&NOUN, record);
}
