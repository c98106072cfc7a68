//! Jobs that optimize prompts for models.

use crate::store::resource::{Members, Resource, Verb};

pub(crate) static RESOURCE: Resource = Resource {
    name: "AdvancedPromptOptimizationJob",
    operations: &[
        ("CreateAdvancedPromptOptimizationJob", Verb::Create),
        ("GetAdvancedPromptOptimizationJob", Verb::Get),
        ("ListAdvancedPromptOptimizationJobs", Verb::List),
        ("StopAdvancedPromptOptimizationJob", Verb::Stop),
        ("BatchDeleteAdvancedPromptOptimizationJob", Verb::BatchDelete("advancedPromptOptimizationJobs")),
    ],
    arn: Some("advanced-prompt-optimization-job/{id}"),
    members: Members {
        arn: Some("jobArn"),
        name: Some("jobName"),
        updated: Some("lastModifiedTime"),
        status: Some("jobStatus"),
        ..Members::NONE
    },
    statuses: &["InProgress", "Completed"],
    unique_names: true,
    newest_first: true,
    not_found: "The specified prompt optimization job was not found.",
    name_taken: "A prompt optimization job named {name} already exists.",
    ..Resource::DEFAULT
};
