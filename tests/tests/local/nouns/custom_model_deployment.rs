//! Deployments of custom models: made, waited for, talked to, moved to another model, deleted.

use bedrock_orm::models::{CreateCustomModelDeploymentRequest, UpdateCustomModelDeploymentRequest};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn life(stage: &Stage) {
    let model = stage.custom_model("the-model").await;
    let other = stage.custom_model("the-other").await;
    let deployments = CustomModelDeployment::objects().using(&stage.session);
    let request = CreateCustomModelDeploymentRequest::new("one", &model.model_arn);
    let one = deployments.create(request).await.unwrap();
    stage.sent([(
        "CreateCustomModelDeployment",
        json!({"modelDeploymentName": "one", "modelArn": model.model_arn}),
    )]);
    assert_eq!(gets(stage, &one).await.model_deployment_name, "one");
    assert_eq!(states(stage, &one, 1).await, ["Creating", "Active"]);
    let two = creates::<CustomModelDeployment>(
        stage,
        json!({
            "modelDeploymentName": "will-fail",
            "modelArn": model.model_arn,
            "description": "to fail",
            "tags": [{"key": "team", "value": "orm"}],
            "clientRequestToken": "token-1",
        }),
    )
    .await;

    let (first, second) = (&one.custom_model_deployment_arn, &two.custom_model_deployment_arn);
    lists!(stage, deployments.list(), {
        created_before(time(LONG_AGO)) => [],
        created_after(time(FAR_AHEAD)) => [],
        name_contains("fail") => [second],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        status_equals("Active") => [first],
        model_arn_equals(&other.model_arn) => [],
        page_size(1) => [second, first],
    });
    fails(stage, &two).await;

    let there = one.full().await.unwrap();
    let row = deployments.list().status_equals("Active").first().await.unwrap().unwrap();
    stage.take();
    leads_to::<CustomModelDeployment>(stage, first).await;
    talks(stage, &there, first).await;
    talks(stage, &row, first).await;
    tags(stage, &two.full().await.unwrap(), &[("team", "orm")]).await;

    let change = UpdateCustomModelDeploymentRequest::new(&other.model_arn);
    let moved = deployments.update(first, change.clone()).await.unwrap();
    assert_eq!(&moved.custom_model_deployment_arn, first);
    one.update(change).await.unwrap();
    let input = json!({"customModelDeploymentIdentifier": first, "modelArn": other.model_arn});
    stage.sent([("UpdateCustomModelDeployment", input.clone()), ("UpdateCustomModelDeployment", input)]);
    assert_eq!(row.model().await.unwrap().unwrap(), model, "until it is done");
    stage.later();
    assert_eq!(there.refresh().await.unwrap().model().await.unwrap().unwrap(), other);
    stage.sent([
        ("GetCustomModel", json!({"modelIdentifier": model.model_arn})),
        ("GetCustomModelDeployment", json!({"customModelDeploymentIdentifier": first})),
        ("GetCustomModel", json!({"modelIdentifier": other.model_arn})),
    ]);

    // What is deployed cannot go before its deployment has.
    assert_eq!(other.delete().await.unwrap_err().kind(), ErrorKind::Conflict);
    stage.take();
    deletes(stage, &row).await;
    deletes(stage, &two).await;
    other.delete().await.unwrap();
}
