//! Relations, and the regions that they are fetched from.

use bedrock_orm::models::{CreatePromptRouterRequest, PromptRouterTargetModel, RoutingCriteria};
use bedrock_orm::prelude::*;
use bedrock_orm::relations::inference_profile::MODELS;
use bedrock_orm::relations::prompt_router;
use bedrock_orm_local::{LocalBedrock, RecordedRequest};
use bedrock_orm_tests::support::{MODEL, local};

const PROFILE: &str = "us.amazon.nova-lite-v1:0";

/// Returns the region that a request is signed for.
fn signing_region(request: &RecordedRequest) -> String {
    // AWS4-HMAC-SHA256 Credential=key/day/region/service/aws4_request, …
    request.header("authorization").unwrap().split('/').nth(2).unwrap().to_owned()
}

fn regions_of_gets(local: &LocalBedrock) -> Vec<String> {
    let requests = local.requests();
    let gets = requests.iter().filter(|request| request.operation.as_deref() == Some("GetFoundationModel"));
    let mut regions: Vec<String> = gets.map(signing_region).collect();
    regions.sort();
    regions
}

#[tokio::test]
async fn a_model_in_another_region_is_fetched_from_that_region() {
    let (local, session) = local().await;
    let profiles = InferenceProfile::objects().using(&session);
    let profile = profiles.get(PROFILE).await.unwrap();
    let named: Vec<&str> =
        profile.models.iter().filter_map(|model| model.model_arn.as_deref()?.split(':').nth(3)).collect();
    assert!(named.len() > 1 && named.contains(&"us-west-2"), "{named:?}");

    let models = profile.models().await.unwrap();
    let found: Vec<&str> = models.iter().map(|model| model.session().region()).collect();
    assert_eq!(found, named, "each model is bound to its region");
    assert!(models.iter().all(|model| model.model_id == MODEL));
    let mut expected = named.clone();
    expected.sort_unstable();
    assert_eq!(regions_of_gets(&local), expected);

    // There is one session per region, however often a relation is followed.
    let again = profile.models().await.unwrap();
    for (one, other) in models.iter().zip(&again) {
        assert_eq!(one.session(), other.session());
    }
    let reply = models.iter().find(|model| model.session().region() == "us-west-2").unwrap();
    reply.converse("Say hello.").await.unwrap();
    assert_eq!(signing_region(local.requests().last().unwrap()), "us-west-2");

    // Prefetching uses the regions too.
    local.clear_requests();
    let list = profiles.filter(InferenceProfile::INFERENCE_PROFILE_ID.eq(PROFILE)).prefetch_related(MODELS);
    let row = list.one().await.unwrap();
    assert_eq!(regions_of_gets(&local), expected);
    let models = row.models().await.unwrap();
    assert_eq!(models.iter().map(|model| model.session().region()).collect::<Vec<_>>(), named);
    assert_eq!(regions_of_gets(&local), expected, "no other request is sent");
}

#[tokio::test]
async fn a_list_prefetches_several_relations_each_once() {
    let (local, session) = local().await;
    let routers = PromptRouter::objects().using(&session);
    let [lite, pro] = ["lite", "pro"]
        .map(|size| format!("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-{size}-v1:0"));
    let targets = [&lite, &pro].map(PromptRouterTargetModel::new);
    let fallback = PromptRouterTargetModel::new(&lite);
    let request = CreatePromptRouterRequest::new("mine", targets, RoutingCriteria::new(0.25), fallback);
    routers.create(request).await.unwrap();
    let both = routers.list().r#type("custom").prefetch_related(prompt_router::MODELS);
    let both = both.prefetch_related(prompt_router::FALLBACK_MODEL);
    assert_eq!(both.explain().related, ["models", "fallback_model"]);
    let again = both.clone().prefetch_related(prompt_router::MODELS);
    assert_eq!(again.explain().related, ["fallback_model", "models"]);

    let row = both.one().await.unwrap();
    local.clear_requests();
    assert_eq!(row.models().await.unwrap().len(), 2);
    assert!(row.fallback_model().await.unwrap().is_some());
    assert_eq!(local.requests(), [], "both are prefetched");
}

#[tokio::test]
async fn an_arn_without_a_region_uses_the_region_of_the_session() {
    let (local, session) = local().await;
    let profiles = InferenceProfile::objects().using(&session).list();
    let global =
        profiles.filter(InferenceProfile::INFERENCE_PROFILE_ID.startswith("global.")).first().await.unwrap();
    let global = global.unwrap();
    let without_region = global.models.iter().filter_map(|model| model.model_arn.as_deref());
    assert!(without_region.clone().any(|arn| arn.starts_with("arn:aws:bedrock:::")), "{global:?}");
    let models = global.models().await.unwrap();
    assert!(models.iter().any(|model| model.session() == &session));
    assert!(regions_of_gets(&local).contains(&"us-east-1".to_owned()));
}
