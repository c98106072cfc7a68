//! Prompt routers.

use bedrock_orm::models::{CreatePromptRouterRequest, PromptRouterTargetModel, RoutingCriteria};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let routers = PromptRouter::objects().using(&fixture.session);
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
    fixture.assert_sent([("CreatePromptRouter", input.clone())]);
    let fetched = assert_get(fixture, &one).await;
    assert_eq!(states(fixture, &one, 1).await, ["AVAILABLE"]);
    input["promptRouterName"] = json!("two");
    input["description"] = json!("by quality");
    input["clientRequestToken"] = json!("token-1");
    input["tags"] = json!([{"key": "team", "value": "orm"}]);
    let two = assert_create::<PromptRouter>(fixture, input).await;

    let [first, second] = [&one, &two].map(|it| it.prompt_router_arn.as_deref().unwrap());
    let custom = || routers.list().r#type("custom");
    lists::assert_pushed_down(fixture, &routers.list()).await;
    assert_lists!(fixture, custom(), within json!({"type": "custom"}), {
        r#type("custom") => [first, second],
        page_size(1) => [first, second],
    });
    let rows = custom().await.unwrap();
    let default = routers.list().r#type("default").first().await.unwrap().unwrap();
    assert!(default.delete().await.unwrap_err().is_validation(), "it is AWS's own");
    fixture.take_requests();

    for (models, fallback) in [
        (fetched.models().await.unwrap(), fetched.fallback_model().await.unwrap()),
        (rows[0].models().await.unwrap(), rows[0].fallback_model().await.unwrap()),
    ] {
        assert_eq!(models.len(), 2);
        assert_foundation_model(&models[0], NOVA_ARN);
        assert_foundation_model(&models[1], OTHER_ARN);
        assert_foundation_model(&fallback.unwrap(), NOVA_ARN);
    }
    let [nova, other] =
        [NOVA_ARN, OTHER_ARN].map(|arn| ("GetFoundationModel", json!({"modelIdentifier": arn})));
    fixture.assert_sent([nova.clone(), other.clone(), nova.clone(), nova.clone(), other, nova]);
    assert_any_model::<PromptRouter>(fixture, first).await;
    assert_converse(fixture, &fetched, first).await;
    assert_converse(fixture, &rows[1], second).await;
    assert_delete(fixture, &one).await;
    assert_delete(fixture, &rows[1]).await;
}
