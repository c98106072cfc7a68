//! Each noun has what AWS gives it and no more: its traits against the operations of AWS's API description.

#![cfg(feature = "control-plane")]

use std::marker::PhantomData;

use bedrock_orm_managers::resources::{Create, Delete, Get, List, ListOf, Stop, Update};
use bedrock_orm_models::*;
use serde_json::Value;

/// Whether a type has a trait: the inherent constant, which only those have that do, comes before the trait's.
macro_rules! has {
    ($noun:ty, $offer:path) => {{
        struct Probe<T>(PhantomData<T>);
        #[allow(dead_code)]
        trait Lacks {
            const HAS: bool = false;
        }
        impl<T> Lacks for Probe<T> {}
        #[allow(dead_code)]
        impl<T: $offer> Probe<T> {
            const HAS: bool = true;
        }
        <Probe<$noun>>::HAS
    }};
}

macro_rules! nouns {
    ($($noun:ident $plural:literal),* $(,)?) => {
        vec![$((
            stringify!($noun),
            $plural,
            [
                ("Get", has!($noun, Get)),
                ("Create", has!($noun, Create)),
                ("Update", has!($noun, Update)),
                ("Delete", has!($noun, Delete)),
                ("Stop", has!($noun, Stop)),
                ("List", has!($noun, List) || has!($noun, ListOf)),
            ],
        )),*]
    };
}

/// What AWS has and the noun reaches by a method of its own name, since it takes or gives something else than the rest.
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
fn each_noun_has_what_aws_gives_it_and_no_more() {
    let description: Value = serde_json::from_str(bedrock_orm_api::BEDROCK).unwrap();
    let nouns = nouns![
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
    for (noun, plural, offers) in nouns {
        for (verb, has) in offers {
            let operation = format!("{verb}{}", if verb == "List" { plural } else { noun });
            let aws_has = description["operations"].get(&operation).is_some()
                && !BY_OTHER_METHODS.contains(&operation.as_str());
            if aws_has != has {
                wrong.push(format!("{operation}: AWS has it: {aws_has}, we have it: {has}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
