//! AWS's resources, one file each, with the descriptor and the specific rules of the resource.

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
pub(crate) mod model_invocation_job;
pub(crate) mod models;
mod prompt_router;
mod provisioned_model_throughput;
mod resource_policy;
pub(crate) mod seed;
mod tag;

use serde_json::Value;

use crate::store::context::Context;
use crate::store::resource::{Resource, Verb};
use crate::store::verbs;
use crate::wire::error::AwsResult;
use crate::wire::request::Request;

pub(crate) static RESOURCES: &[&Resource] = &[
    &account::RESOURCE,
    &advanced_prompt_optimization_job::RESOURCE,
    &async_invoke::RESOURCE,
    &automated_reasoning_policy::RESOURCE,
    &automated_reasoning_policy_build_workflow::RESOURCE,
    &automated_reasoning_policy_test_case::RESOURCE,
    &automated_reasoning_policy_test_case::RESULT,
    &custom_model::RESOURCE,
    &custom_model_deployment::RESOURCE,
    &enforced_guardrail_configuration::RESOURCE,
    &evaluation_job::RESOURCE,
    &foundation_model_agreement::RESOURCE,
    &guardrail::RESOURCE,
    &imported_model::RESOURCE,
    &inference_profile::RESOURCE,
    &marketplace_model_endpoint::RESOURCE,
    &model_copy_job::RESOURCE,
    &model_customization_job::RESOURCE,
    &model_import_job::RESOURCE,
    &model_invocation_job::RESOURCE,
    &prompt_router::RESOURCE,
    &provisioned_model_throughput::RESOURCE,
    &resource_policy::RESOURCE,
    &tag::RESOURCE,
];

/// Performs an operation on a resource. Returns `None` if no resource has it.
pub(crate) fn perform(cx: &mut Context<'_>, request: &Request) -> Option<AwsResult<Value>> {
    let (resource, verb) = of_operation(&request.operation.name)?;
    Some(verbs::perform(cx, resource, verb, request))
}

pub(crate) fn of_operation(operation: &str) -> Option<(&'static Resource, Verb)> {
    RESOURCES.iter().find_map(|resource| {
        let (_, verb) = resource.operations.iter().find(|(name, _)| *name == operation)?;
        Some((*resource, *verb))
    })
}

/// Creates the resources that AWS defines in every region.
pub(crate) fn create_built_ins(cx: &mut Context<'_>) {
    inference_profile::create_built_ins(cx);
    prompt_router::create_built_ins(cx);
}
