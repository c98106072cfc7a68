//! Model IDs: what they lead to, what to call, and what AWS refuses. The tests that are named by a trap are about an error
//! that users of other libraries report again and again.

use std::collections::BTreeMap;
use std::time::Duration;

use bedrock_orm::models::{
    CreateCustomModelDeploymentRequest, CreateCustomModelRequest, CreateInferenceProfileRequest,
    CreateProvisionedModelThroughputRequest, InferenceProfileModelSource, ModelDataSource, ModelModality,
    S3DataSource,
};
use bedrock_orm::prelude::*;
use bedrock_orm::{ResolvedModel, Routing};
use bedrock_orm_local::{Fault, LocalBedrock};
use bedrock_orm_tests::support::{CLAUDE, CLAUDE_PROFILE, MODEL, local, model, operations, session};
use futures_util::future::join_all;
use serde_json::json;

const GLOBAL_PROFILE: &str = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// A model that some region reaches through a global profile only.
const SONNET_5: &str = "anthropic.claude-sonnet-5";

fn id(model: &Bound<ResolvedModel>) -> &str {
    &model.invocation_id
}

/// Creates an application profile of a system-defined one, and returns its ARN and its ID.
async fn application_profile(session: &Session, of: &str) -> (String, String) {
    let profiles = InferenceProfile::objects().using(session);
    let source = profiles.get(of).await.unwrap().inference_profile_arn.clone();
    let request = CreateInferenceProfileRequest::new("ours", InferenceProfileModelSource::CopyFrom(source));
    let created = profiles.create(request).await.unwrap().full().await.unwrap();
    (created.inference_profile_arn.clone(), created.inference_profile_id.clone())
}

#[tokio::test]
async fn trap_18_a_model_without_on_demand_throughput_is_called_through_a_profile_of_the_region() {
    let (local, virginia) = local().await;
    for (region, profile) in [
        ("us-east-1", CLAUDE_PROFILE),
        ("eu-west-1", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("ap-northeast-1", "jp.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("ap-southeast-2", "au.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ] {
        let session = virginia.in_region(region).unwrap();
        local.clear_requests();
        let claude = model(&session, CLAUDE).invocable().await.unwrap();
        assert_eq!((id(&claude), claude.routing), (profile, Routing::Geography));
        assert_eq!(claude.model_id(), Some(CLAUDE));
        assert!(claude.regions.iter().any(|at| at == region), "{claude:?}");
        claude.converse("Hello").await.unwrap();
        assert_eq!(operations(&local), ["ListInferenceProfiles", "GetFoundationModel", "Converse"]);
        local.clear_requests();
        model(&session, CLAUDE).invocable().await.unwrap();
        assert_eq!(operations(&local), [""; 0], "both answers are kept");
    }
}

#[tokio::test]
async fn trap_18_a_refused_call_names_the_profiles_of_the_region() {
    let (local, virginia) = local().await;
    let tokyo = virginia.in_region("ap-northeast-1").unwrap();
    let claude = model(&tokyo, CLAUDE);
    let error = claude.converse("Hello").await.unwrap_err();
    assert!(error.message().contains("on-demand throughput isn’t supported"), "{error}");
    let hint = error.hint().unwrap();
    assert!(hint.contains("`jp.anthropic.claude-sonnet-4-5-20250929-v1:0` (ap-northeast-1"), "{hint}");
    assert!(hint.contains(&format!("`{GLOBAL_PROFILE}` (any region)")), "{hint}");
    assert!(!hint.contains("apac."), "{hint}");
    assert_eq!(operations(&local), ["Converse", "ListInferenceProfiles"]);
    // The hint is correct.
    for profile in hint.split('`').filter(|part| part.contains(CLAUDE)) {
        model(&tokyo, profile).converse("Hello").await.unwrap();
    }
    local.clear_requests();

    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 8, "messages": [
        {"role": "user", "content": "Hello"}
    ]});
    let by_arn = format!("arn:aws:bedrock:ap-northeast-1::foundation-model/{CLAUDE}");
    for error in [
        claude.converse_stream("Hello").await.unwrap_err(),
        claude.invoke_model(body.clone()).await.unwrap_err(),
        claude.invoke_model_with_response_stream(body).await.unwrap_err(),
        model(&tokyo, &by_arn).converse("Hello").await.unwrap_err(),
        ConversationManager::new(&tokyo).converse(CLAUDE, "Hello").await.unwrap_err(),
    ] {
        assert_eq!(error.hint(), Some(hint), "{error}");
    }
    assert_eq!(operations(&local).len(), 5, "the profiles were listed once for the session");
}

#[tokio::test]
async fn trap_18_a_failed_lookup_does_not_hide_the_refusal() {
    let (local, session) = local().await;
    for fault in [Fault::error("AccessDeniedException"), Fault::throttling(), Fault::broken_json()] {
        local.fault(fault.on("ListInferenceProfiles")).unwrap();
        let error = model(&session, CLAUDE).converse("Hello").await.unwrap_err();
        assert!(error.is_validation(), "{error}");
        assert_eq!(error.operation(), Some("Converse"));
        assert!(error.message().contains("on-demand throughput isn’t supported"), "{error}");
        assert!(error.hint().unwrap().contains("InferenceProfile::objects().filter("), "{error}");
        local.clear_faults();
    }
    // Other refusals look nothing up.
    local.clear_requests();
    local.queue_reply(bedrock_orm_local::Reply::error("ValidationException", "No."));
    model(&session, MODEL).converse("Hello").await.unwrap_err();
    assert_eq!(operations(&local), ["Converse"]);
}

#[tokio::test]
async fn trap_18_the_routing_can_be_chosen() {
    let (local, session) = local().await;
    let claude = model(&session, CLAUDE);
    let global = claude.invocable().routing([Routing::Global, Routing::Geography]).await.unwrap();
    assert_eq!((id(&global), global.routing, global.regions.len()), (GLOBAL_PROFILE, Routing::Global, 0));
    global.converse("Hello").await.unwrap();
    let nova = model(&session, MODEL);
    assert_eq!(id(&nova.invocable().await.unwrap()), MODEL, "on demand works");
    let across = nova.invocable().routing([Routing::Geography, Routing::Region]).await.unwrap();
    assert_eq!((id(&across), across.regions.len()), ("us.amazon.nova-lite-v1:0", 3));
    let region = nova.invocable().routing([Routing::Global, Routing::Region]).await.unwrap();
    assert_eq!(id(&region), MODEL, "no global profile leads to it");

    local.clear_requests();
    let error = claude.invocable().routing([Routing::Region]).await.unwrap_err();
    assert!(error.is_does_not_exist(), "{error}");
    assert!(error.message().contains("cannot be called in us-east-1 with the allowed routing"), "{error}");
    assert!(error.hint().unwrap().contains(CLAUDE_PROFILE), "{error}");
    let error = nova.invocable().routing([Routing::Global]).await.unwrap_err();
    assert!(error.hint().unwrap().contains(&format!("{MODEL}, us.{MODEL}")), "{error}");
    let error = model(&session, "amazon.nova-lite-v1:0:24k").invocable().await.unwrap_err();
    assert!(error.hint().unwrap().contains("provisioned throughput"), "{error}");
    assert_eq!(operations(&local), ["GetFoundationModel"], "of the last one");
}

#[tokio::test]
async fn what_is_fetched_is_not_fetched_again() {
    let (local, session) = local().await;
    let models = FoundationModel::objects().using(&session);
    let (nova, claude) = (models.get(MODEL).await.unwrap(), models.get(CLAUDE).await.unwrap());
    local.clear_requests();
    assert_eq!(id(&nova.invocable().await.unwrap()), MODEL);
    assert_eq!(nova.resolve().await.unwrap().foundation_model.as_ref(), Some(&*nova));
    assert_eq!(operations(&local), [""; 0]);
    assert_eq!(id(&claude.invocable().await.unwrap()), CLAUDE_PROFILE);
    assert_eq!(operations(&local), ["ListInferenceProfiles"]);
    let other: Bound<AnyModel> = AnyModel::objects().using(&session).get(CLAUDE).await.unwrap();
    local.clear_requests();
    assert_eq!(id(&other.invocable().await.unwrap()), CLAUDE_PROFILE);
    ConversationManager::new(&session).resolve(CLAUDE).await.unwrap();
    assert_eq!(operations(&local), [""; 0]);
}

#[tokio::test]
async fn tasks_share_the_requests() {
    let (local, session) = local().await;
    let tasks = (0..50).map(|number| {
        let model = model(&session, if number % 2 == 0 { CLAUDE } else { CLAUDE_PROFILE });
        tokio::spawn(async move { model.invocable().await })
    });
    for task in join_all(tasks).await {
        assert_eq!(id(&task.unwrap().unwrap()), CLAUDE_PROFILE);
    }
    let mut counts = BTreeMap::<_, u32>::new();
    for operation in operations(&local) {
        *counts.entry(operation).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(operation, count)| (operation.as_str(), *count)).collect();
    assert_eq!(counts, [("GetFoundationModel", 1), ("ListInferenceProfiles", 1)]);
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let (local, session) = local().await;
    local.fault(Fault::throttling().on("GetFoundationModel").times(1)).unwrap();
    let claude = model(&session, CLAUDE);
    assert!(claude.resolve().await.unwrap_err().is_throttled());
    claude.resolve().await.unwrap();
    let unknown = model(&session, "acme.oracle-v9:0").invocable().await.unwrap_err();
    assert!(unknown.is_does_not_exist(), "{unknown}");
    assert_eq!(unknown.operation(), Some("GetFoundationModel"));
    let blank = model(&session, " ").invocable().await.unwrap_err();
    assert_eq!(blank.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn without_the_right_to_list_profiles_ids_are_resolved_all_the_same() {
    let (local, session) = local().await;
    local.fault(Fault::error("AccessDeniedException").on("ListInferenceProfiles")).unwrap();
    for (name, expected) in [(MODEL, MODEL), (CLAUDE_PROFILE, CLAUDE)] {
        let resolved = model(&session, name).resolve().await.unwrap();
        assert_eq!((id(&resolved), resolved.model_id()), (name, Some(expected)));
    }
    assert!(model(&session, CLAUDE).invocable().await.unwrap_err().is_access_denied());
}

#[tokio::test]
async fn trap_19_an_application_profile_leads_to_its_model() {
    let (local, session) = local().await;
    let (arn, short) = application_profile(&session, CLAUDE_PROFILE).await;
    assert!(!arn.contains("claude") && !short.contains("claude"), "{arn} says nothing");
    local.clear_requests();
    let ours = model(&session, &arn).resolve().await.unwrap();
    assert_eq!(operations(&local), ["GetInferenceProfile", "GetFoundationModel"]);
    assert_eq!((ours.model_id(), id(&ours), ours.routing), (Some(CLAUDE), arn.as_str(), Routing::Geography));
    assert_eq!(ours.reads(ModelModality::Image), Some(true));
    assert_eq!(
        (ours.writes("IMAGE"), ours.streams(), ours.is_on_demand()),
        (Some(false), Some(true), Some(false))
    );
    ours.converse("Hello").await.unwrap();
    local.clear_requests();
    assert_eq!(id(&model(&session, &arn).invocable().await.unwrap()), arn, "it stays as it is");
    assert_eq!(operations(&local), [""; 0]);
    let by_id = model(&session, &short).resolve().await.unwrap();
    assert_eq!(by_id.model_id(), Some(CLAUDE));
    assert_eq!(operations(&local), ["ListInferenceProfiles", "GetFoundationModel", "GetInferenceProfile"]);
}

#[tokio::test]
async fn trap_19_every_kind_of_arn_leads_to_its_model() {
    let local = LocalBedrock::builder().job_duration(Duration::from_millis(100)).start().await.unwrap();
    let session = session(local.url()).await;
    let request = CreateProvisionedModelThroughputRequest::new(1, "reserved", "amazon.nova-lite-v1:0:24k");
    let throughputs = ProvisionedModelThroughput::objects().using(&session);
    let throughput = throughputs.create(request).await.unwrap().provisioned_model_arn.clone();
    let weights = ModelDataSource::S3DataSource(S3DataSource::new("s3://my-weights/nova/"));
    let request = CreateCustomModelRequest::new("tuned").model_source_config(weights);
    let custom = CustomModel::objects().using(&session).create(request).await.unwrap();
    custom.wait().interval(Duration::from_millis(50)).await.unwrap();
    let custom = custom.model_arn.clone();
    let base =
        CustomModel::objects().using(&session).get(custom.as_str()).await.unwrap().base_model_arn.clone();
    let base = base.as_deref().and_then(|arn| arn.rsplit('/').next()).map(str::to_owned);
    let request = CreateCustomModelDeploymentRequest::new("deployed", custom.as_str());
    let deployments = CustomModelDeployment::objects().using(&session);
    let deployment = deployments.create(request).await.unwrap().custom_model_deployment_arn.clone();
    let routers = PromptRouter::objects().using(&session);
    let router = routers.list().first().await.unwrap().unwrap();
    let fallback = router.fallback_model().await.unwrap().unwrap().resolve().await.unwrap();
    let system = InferenceProfile::objects().using(&session).get(CLAUDE_PROFILE).await.unwrap();
    let system = system.inference_profile_arn.clone();
    let claude = format!("arn:aws:bedrock:us-east-1::foundation-model/{CLAUDE}");
    let at_most = |requests: usize| requests;
    let get = |operation: &str| format!("Get{operation}");
    for (arn, expected, first, most) in [
        (throughput, Some("amazon.nova-lite-v1:0:24k".to_owned()), "ProvisionedModelThroughput", at_most(2)),
        (deployment, base.clone(), "CustomModelDeployment", at_most(3)),
        (custom.clone(), base, "CustomModel", at_most(2)),
        (
            router.prompt_router_arn.clone(),
            fallback.model_id().map(str::to_owned),
            "PromptRouter",
            at_most(3),
        ),
        (system, Some(CLAUDE.to_owned()), "InferenceProfile", at_most(2)),
        (claude, Some(CLAUDE.to_owned()), "FoundationModel", at_most(1)),
    ] {
        // A session without answers.
        let session = bedrock_orm_tests::support::session(local.url()).await;
        local.clear_requests();
        let resolved = model(&session, &arn).resolve().await.unwrap();
        assert_eq!(resolved.model_id(), expected.as_deref(), "{arn}");
        let sent = operations(&local);
        assert!(sent.len() <= most && sent[0] == get(first), "{arn}: {sent:?}");
        model(&session, &arn).resolve().await.unwrap();
        assert_eq!(operations(&local), sent, "{arn} is resolved once");
    }
    let refused = model(&session, &custom).invocable().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert!(refused.message().contains("CustomModelDeployment"), "{refused}");
}

#[tokio::test]
async fn a_profile_of_other_regions_is_described_by_one_of_them() {
    let (_local, virginia) = local().await;
    let session = virginia.in_region("us-west-1").unwrap();
    let resolved = model(&session, CLAUDE_PROFILE).resolve().await.unwrap();
    assert_eq!(resolved.model_id(), Some(CLAUDE));
    let global = model(&session, SONNET_5).invocable().routing([Routing::Global]).await.unwrap();
    assert_eq!(global.model_id(), Some(SONNET_5));
}

#[tokio::test]
async fn trap_20_tokens_are_counted_through_a_profile() {
    let (local, session) = local().await;
    let (arn, short) = application_profile(&session, CLAUDE_PROFILE).await;
    let expected = model(&session, CLAUDE).count_tokens("Hello").await.unwrap();
    local.clear_requests();
    let count = model(&session, CLAUDE_PROFILE).count_tokens("Hello").await.unwrap();
    assert_eq!(count, expected);
    assert_eq!(operations(&local), ["CountTokens", "ListInferenceProfiles", "CountTokens"]);
    for name in [arn.as_str(), short.as_str()] {
        assert_eq!(model(&session, name).count_tokens("Hello").await.unwrap(), expected, "{name}");
    }
    local.clear_requests();
    for name in [CLAUDE, CLAUDE_PROFILE, arn.as_str(), short.as_str()] {
        assert_eq!(model(&session, name).count_tokens("Hello").await.unwrap(), expected, "{name}");
        ConversationManager::new(&session).count_tokens(name, "Hello").await.unwrap();
    }
    assert_eq!(operations(&local), ["CountTokens"; 8], "the session remembers the model");
}

#[tokio::test]
async fn trap_20_the_error_says_plainly_where_aws_cannot_count() {
    let (local, session) = local().await;
    for _ in 0..2 {
        for name in [MODEL, "us.amazon.nova-lite-v1:0"] {
            let error = model(&session, name).count_tokens("Hello").await.unwrap_err();
            assert!(error.is_validation(), "{error}");
            let hint = error.hint().unwrap();
            assert!(hint.contains("AWS does not count the tokens of amazon.nova-lite-v1:0"), "{hint}");
        }
    }
    local.fault(Fault::error("AccessDeniedException").on("GetInferenceProfile")).unwrap();
    let session = bedrock_orm_tests::support::session(local.url()).await;
    let arn = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{CLAUDE_PROFILE}");
    let error = model(&session, &arn).count_tokens("Hello").await.unwrap_err();
    assert_eq!((error.operation(), error.is_validation()), (Some("CountTokens"), true), "{error}");
    assert!(error.hint().unwrap().contains("cannot be looked up"), "{error}");
    // What AWS refuses for its content is sent once.
    local.clear_requests();
    let error = model(&session, CLAUDE).count_tokens(Vec::<Message>::new()).await.unwrap_err();
    assert_eq!(operations(&local), ["CountTokens"], "{error}");
    let unknown = model(&session, "acme.oracle-v9:0").count_tokens("Hello").await.unwrap_err();
    assert_eq!((unknown.operation(), unknown.is_does_not_exist()), (Some("CountTokens"), true), "{unknown}");
}

#[tokio::test]
async fn models_in_use_are_what_the_session_has_resolved() {
    let local = LocalBedrock::builder().keep_retired_models().start().await.unwrap();
    let session = session(local.url()).await;
    let ends = "anthropic.claude-sonnet-4-20250514-v1:0"; // on 2026-10-14
    assert_eq!(session.models_in_use().into_iter().count(), 0);
    let models = ConversationManager::new(&session);
    for name in [MODEL, CLAUDE_PROFILE, &format!("us.{ends}")] {
        models.resolve(name).await.unwrap();
    }
    models.converse("amazon.nova-pro-v1:0", "Hello").await.unwrap();
    local.clear_requests();
    let ids = |models: bedrock_orm::ModelsInUse| -> Vec<String> {
        models.into_iter().map(|model| model.invocation_id).collect()
    };
    assert_eq!(ids(session.models_in_use()), [MODEL, &format!("us.{ends}"), CLAUDE_PROFILE]);
    let ending = session.models_in_use().ending_within_days(0);
    assert_eq!(ending.iter().map(|model| model.model_id()).collect::<Vec<_>>(), [Some(ends)]);
    assert_eq!(ids(ending), [format!("us.{ends}")]);
    assert_eq!(operations(&local), [""; 0]);
    assert_eq!(session.in_region("us-west-2").unwrap().models_in_use().into_iter().count(), 0);
}
