//! Jobs that optimize prompts for models.

use crate::store::resource::{Members, Noun, Verb};

pub(crate) static NOUN: Noun = Noun {
    name: "AdvancedPromptOptimizationJob",
    operations: &[
        ("CreateAdvancedPromptOptimizationJob", Verb::Create),
        ("GetAdvancedPromptOptimizationJob", Verb::Get),
        ("ListAdvancedPromptOptimizationJobs", Verb::List),
        ("StopAdvancedPromptOptimizationJob", Verb::Stop),
        ("BatchDeleteAdvancedPromptOptimizationJob", Verb::BatchDelete("advancedPromptOptimizationJobs")),
    ],
    arn: "advanced-prompt-optimization-job/{id}",
    members: Members {
        arn: "jobArn",
        name: "jobName",
        updated: "lastModifiedTime",
        status: "jobStatus",
        ..Members::NONE
    },
    life: &["InProgress", "Completed"],
    unique_names: true,
    newest_first: true,
    missing: "The specified prompt optimization job was not found.",
    taken: "A prompt optimization job named {name} already exists.",
    ..Noun::PLAIN
};
