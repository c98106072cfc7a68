//! Evaluation jobs.

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Members, Resource, Verb};
use crate::wire::error::AwsResult;

pub(crate) static RESOURCE: Resource = Resource {
    name: "EvaluationJob",
    operations: &[
        ("CreateEvaluationJob", Verb::Create),
        ("GetEvaluationJob", Verb::Get),
        ("ListEvaluationJobs", Verb::List),
        ("StopEvaluationJob", Verb::Stop),
        ("BatchDeleteEvaluationJob", Verb::BatchDelete("evaluationJobs")),
    ],
    arn: Some("evaluation-job/{id}"),
    members: Members {
        arn: Some("jobArn"),
        name: Some("jobName"),
        updated: Some("lastModifiedTime"),
        status: Some("status"),
        failure: "failureMessages",
        ..Members::NONE
    },
    statuses: &["InProgress", "Completed"],
    tags: Some("jobTags"),
    unique_names: true,
    not_found: "The specified evaluation job was not found.",
    name_taken: "An evaluation job named {name} already exists.",
    on_create,
    ..Resource::DEFAULT
};

/// Adds the members of a list's rows, from the job's configuration.
fn on_create(_: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let evaluation = record.get("evaluationConfig").cloned().unwrap_or_default();
    let inference = record.get("inferenceConfig").cloned().unwrap_or_default();
    let (kind, config) = match &evaluation["human"] {
        Value::Null => ("Automated", &evaluation["automated"]),
        human => ("Human", human),
    };
    record.set("jobType", kind);
    let is_rag = inference["ragConfigs"].is_array();
    record.fill("applicationType", if is_rag { "RagEvaluation" } else { "ModelEvaluation" });
    record.set("evaluationTaskTypes", all(&config["datasetMetricConfigs"], &["/taskType"]));

    let models = all(&inference["models"], &["/bedrockModel/modelIdentifier"]);
    let precomputed = all(&inference["models"], &["/precomputedInferenceSource/inferenceSourceIdentifier"]);
    let bases = all(
        &inference["ragConfigs"],
        &[
            "/knowledgeBaseConfig/retrieveConfig/knowledgeBaseId",
            "/knowledgeBaseConfig/retrieveAndGenerateConfig/knowledgeBaseConfiguration/knowledgeBaseId",
        ],
    );
    let precomputed_rag = all(
        &inference["ragConfigs"],
        &[
            "/precomputedRagSourceConfig/retrieveSourceConfig/ragSourceIdentifier",
            "/precomputedRagSourceConfig/retrieveAndGenerateSourceConfig/ragSourceIdentifier",
        ],
    );
    let judges = all(&config["evaluatorModelConfig"]["bedrockEvaluatorModels"], &["/modelIdentifier"]);
    let own = &config["customMetricConfig"]["evaluatorModelConfig"]["bedrockEvaluatorModels"];
    let mut summary = Record::default();
    if is_rag {
        let mut rag = Record::default();
        rag.set("bedrockKnowledgeBaseIdentifiers", bases.clone());
        rag.set("precomputedRagSourceIdentifiers", precomputed_rag);
        summary.set("ragConfigSummary", Value::from(rag));
    } else {
        let mut of_models = Record::default();
        of_models.set("bedrockModelIdentifiers", models.clone());
        of_models.set("precomputedInferenceSourceIdentifiers", precomputed);
        summary.set("modelConfigSummary", Value::from(of_models));
    }
    record.set("inferenceConfigSummary", Value::from(summary));
    record.set("modelIdentifiers", models);
    record.set("ragIdentifiers", bases);
    record.set("evaluatorModelIdentifiers", judges);
    record.set("customMetricsEvaluatorModelIdentifiers", all(own, &["/modelIdentifier"]));
    Ok(())
}

/// Returns the distinct values at some paths in a list's items, or `null` if there are none.
fn all(list: &Value, paths: &[&str]) -> Value {
    let mut found: Vec<&Value> = Vec::new();
    for value in items(list).iter().flat_map(|item| paths.iter().filter_map(|path| item.pointer(path))) {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    if found.is_empty() { Value::Null } else { json!(found) }
}
