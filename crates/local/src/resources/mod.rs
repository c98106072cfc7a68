//! AWS's nouns: one file for each that has rules of its own.

mod account;
mod advanced_prompt_optimization_job;
pub(crate) mod async_invoke;
mod automated_reasoning_policy;
mod automated_reasoning_policy_build_workflow;
mod automated_reasoning_policy_test_case;
mod custom_model;
mod custom_model_deployment;
pub(crate) mod enforced_guardrail_configuration;
mod evaluation_job;
pub(crate) mod foundation_model_agreement;
pub(crate) mod guardrail;
mod imported_model;
pub(crate) mod inference_profile;
mod marketplace_model_endpoint;
mod model_copy_job;
mod model_customization_job;
mod model_import_job;
mod model_invocation_job;
pub(crate) mod models;
mod prompt_router;
mod provisioned_model_throughput;
mod resource_policy;
pub(crate) mod seed;

use serde_json::Value;

use crate::store::context::Context;
use crate::store::resource::{Noun, Verb};
use crate::store::{tags, verbs};
use crate::wire::error::AwsResult;
use crate::wire::request::Request;

pub(crate) static NOUNS: &[&Noun] = &[
    &account::NOUN,
    &advanced_prompt_optimization_job::NOUN,
    &async_invoke::NOUN,
    &automated_reasoning_policy::NOUN,
    &automated_reasoning_policy_build_workflow::NOUN,
    &automated_reasoning_policy_test_case::NOUN,
    &automated_reasoning_policy_test_case::RESULT,
    &custom_model::NOUN,
    &custom_model_deployment::NOUN,
    &enforced_guardrail_configuration::NOUN,
    &evaluation_job::NOUN,
    &foundation_model_agreement::NOUN,
    &guardrail::NOUN,
    &imported_model::NOUN,
    &inference_profile::NOUN,
    &marketplace_model_endpoint::NOUN,
    &model_copy_job::NOUN,
    &model_customization_job::NOUN,
    &model_import_job::NOUN,
    &model_invocation_job::NOUN,
    &prompt_router::NOUN,
    &provisioned_model_throughput::NOUN,
    &resource_policy::NOUN,
    &TAGS,
];

/// Tags belong to whatever has an ARN.
static TAGS: Noun = Noun {
    name: "Tag",
    operations: &[
        ("ListTagsForResource", Verb::Own(tags::list)),
        ("TagResource", Verb::Own(tags::tag)),
        ("UntagResource", Verb::Own(tags::untag)),
    ],
    ..Noun::PLAIN
};

/// Performs an operation of a noun; `None` when no noun has it.
pub(crate) fn perform(cx: &mut Context<'_>, request: &Request) -> Option<AwsResult<Value>> {
    let (noun, verb) = of_operation(&request.operation.name)?;
    Some(verbs::perform(cx, noun, verb, request))
}

pub(crate) fn of_operation(operation: &str) -> Option<(&'static Noun, Verb)> {
    NOUNS.iter().find_map(|noun| {
        let (_, verb) = noun.operations.iter().find(|(name, _)| *name == operation)?;
        Some((*noun, *verb))
    })
}

/// Puts into a new region what AWS has there from the beginning.
pub(crate) fn create_built_ins(cx: &mut Context<'_>) {
    inference_profile::create_built_ins(cx);
    prompt_router::create_built_ins(cx);
}
