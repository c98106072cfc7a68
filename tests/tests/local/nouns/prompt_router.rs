//! Prompt routers.

use bedrock_orm::models::{CreatePromptRouterRequest, PromptRouterTargetModel, RoutingCriteria};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn life(stage: &Stage) {
    let routers = PromptRouter::objects().using(&stage.session);
    let target = PromptRouterTargetModel::new;
    let request = CreatePromptRouterRequest::new(
        "one",
        [target(NOVA_ARN), target(OTHER_ARN)],
        RoutingCriteria::new(0.25),
        target(NOVA_ARN),
    );
    let one = routers.create(request).await.unwrap();
    let mut input = json!({
        "promptRouterName": "one",
        "models": [{"modelArn": NOVA_ARN}, {"modelArn": OTHER_ARN}],
        "routingCriteria": {"responseQualityDifference": 0.25},
        "fallbackModel": {"modelArn": NOVA_ARN},
    });
    stage.sent([("CreatePromptRouter", input.clone())]);
    let there = gets(stage, &one).await;
    assert_eq!(states(stage, &one, 1).await, ["AVAILABLE"]);
    input["promptRouterName"] = json!("two");
    input["description"] = json!("by quality");
    input["clientRequestToken"] = json!("token-1");
    input["tags"] = json!([{"key": "team", "value": "orm"}]);
    let two = creates::<PromptRouter>(stage, input).await;

    let [first, second] = [&one, &two].map(|it| it.prompt_router_arn.as_deref().unwrap());
    let custom = || routers.list().r#type("custom");
    lists::pushes(stage, &routers.list()).await;
    lists!(stage, custom(), within json!({"type": "custom"}), {
        r#type("custom") => [first, second],
        page_size(1) => [first, second],
    });
    let rows = custom().await.unwrap();
    let default = routers.list().r#type("default").first().await.unwrap().unwrap();
    assert!(default.delete().await.unwrap_err().is_validation(), "it is AWS's own");
    stage.take();

    for (models, fallback) in [
        (there.models().await.unwrap(), there.fallback_model().await.unwrap()),
        (rows[0].models().await.unwrap(), rows[0].fallback_model().await.unwrap()),
    ] {
        assert_eq!(models.len(), 2);
        is_foundation_model(&models[0], NOVA_ARN);
        is_foundation_model(&models[1], OTHER_ARN);
        is_foundation_model(&fallback.unwrap(), NOVA_ARN);
    }
    let [nova, other] =
        [NOVA_ARN, OTHER_ARN].map(|arn| ("GetFoundationModel", json!({"modelIdentifier": arn})));
    stage.sent([nova.clone(), other.clone(), nova.clone(), nova.clone(), other, nova]);
    leads_to::<PromptRouter>(stage, first).await;
    talks(stage, &there, first).await;
    talks(stage, &rows[1], second).await;
    deletes(stage, &one).await;
    deletes(stage, &rows[1]).await;
}
