//! Each resource implements exactly the traits that correspond to operations in AWS's API description.

#![cfg(feature = "control-plane")]

use std::marker::PhantomData;

use bedrock_orm_managers::resources::{Create, Delete, Get, List, ListOf, Stop, Update};
use bedrock_orm_models::*;
use serde_json::Value;

/// Returns whether a type implements a trait. The inherent constant, which exists only if it does, takes precedence over
/// the constant of the trait `Lacks`.
macro_rules! has {
    ($resource:ty, $implemented:path) => {{
        struct Probe<T>(PhantomData<T>);
        #[allow(dead_code)]
        trait Lacks {
            const HAS: bool = false;
        }
        impl<T> Lacks for Probe<T> {}
        #[allow(dead_code)]
        impl<T: $implemented> Probe<T> {
            const HAS: bool = true;
        }
        <Probe<$resource>>::HAS
    }};
}

macro_rules! resources {
    ($($resource:ident $plural:literal),* $(,)?) => {
        vec![$((
            stringify!($resource),
            $plural,
            [
                ("Get", has!($resource, Get)),
                ("Create", has!($resource, Create)),
                ("Update", has!($resource, Update)),
                ("Delete", has!($resource, Delete)),
                ("Stop", has!($resource, Stop)),
                ("List", has!($resource, List) || has!($resource, ListOf)),
            ],
        )),*]
    };
}

/// The operations with a resource-specific method instead of a trait, because their input or output differs.
const BY_OTHER_METHODS: [&str; 11] = [
    "CreateAutomatedReasoningPolicyTestCase",
    "CreateFoundationModelAgreement",
    "DeleteAutomatedReasoningPolicyBuildWorkflow",
    "DeleteAutomatedReasoningPolicyTestCase",
    "DeleteFoundationModelAgreement",
    "DeleteModelInvocationLoggingConfiguration",
    "DeleteResourcePolicy",
    "GetAccountDataRetention",
    "GetModelInvocationLoggingConfiguration",
    "GetResourcePolicy",
    "UpdateAutomatedReasoningPolicyTestCase",
];

#[test]
fn each_resource_implements_the_traits_of_its_operations() {
    let description: Value = serde_json::from_str(bedrock_orm_api::BEDROCK).unwrap();
    let resources = resources![
        AccountDataRetention "AccountDataRetentions",
        AdvancedPromptOptimizationJob "AdvancedPromptOptimizationJobs",
        AutomatedReasoningPolicy "AutomatedReasoningPolicies",
        AutomatedReasoningPolicyBuildWorkflow "AutomatedReasoningPolicyBuildWorkflows",
        AutomatedReasoningPolicyTestCase "AutomatedReasoningPolicyTestCases",
        AutomatedReasoningPolicyTestResult "AutomatedReasoningPolicyTestResults",
        CustomModel "CustomModels",
        CustomModelDeployment "CustomModelDeployments",
        EnforcedGuardrailsConfiguration "EnforcedGuardrailsConfiguration",
        EvaluationJob "EvaluationJobs",
        FoundationModel "FoundationModels",
        FoundationModelAgreement "FoundationModelAgreements",
        Guardrail "Guardrails",
        ImportedModel "ImportedModels",
        InferenceProfile "InferenceProfiles",
        MarketplaceModelEndpoint "MarketplaceModelEndpoints",
        ModelCopyJob "ModelCopyJobs",
        ModelCustomizationJob "ModelCustomizationJobs",
        ModelImportJob "ModelImportJobs",
        ModelInvocationJob "ModelInvocationJobs",
        ModelInvocationLoggingConfiguration "ModelInvocationLoggingConfigurations",
        PromptRouter "PromptRouters",
        ProvisionedModelThroughput "ProvisionedModelThroughputs",
        ResourcePolicy "ResourcePolicies",
    ];
    let mut wrong = Vec::new();
    for (resource, plural, traits) in resources {
        for (verb, has) in traits {
            let operation = format!("{verb}{}", if verb == "List" { plural } else { resource });
            let aws_has = description["operations"].get(&operation).is_some()
                && !BY_OTHER_METHODS.contains(&operation.as_str());
            if aws_has != has {
                wrong.push(format!("{operation}: AWS has it: {aws_has}, we have it: {has}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
