//! Deployments of custom models.

use bedrock_orm::models::{CreateCustomModelDeploymentRequest, UpdateCustomModelDeploymentRequest};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let model = fixture.custom_model("the-model").await;
    let other = fixture.custom_model("the-other").await;
    let deployments = CustomModelDeployment::objects().using(&fixture.session);
    let request = CreateCustomModelDeploymentRequest::new("one", &model.model_arn);
    let one = deployments.create(request).await.unwrap();
    fixture.assert_sent([(
        "CreateCustomModelDeployment",
        json!({"modelDeploymentName": "one", "modelArn": model.model_arn}),
    )]);
    assert_eq!(assert_get(fixture, &one).await.model_deployment_name, "one");
    assert_eq!(states(fixture, &one, 1).await, ["Creating", "Active"]);
    let two = assert_create::<CustomModelDeployment>(
        fixture,
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
    assert_lists!(fixture, deployments.list(), {
        created_before(time(LONG_AGO)) => [],
        created_after(time(FAR_AHEAD)) => [],
        name_contains("fail") => [second],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        status_equals("Active") => [first],
        model_arn_equals(&other.model_arn) => [],
        page_size(1) => [second, first],
    });
    wait_for_failure(fixture, &two).await;

    let fetched = one.full().await.unwrap();
    let row = deployments.list().status_equals("Active").first().await.unwrap().unwrap();
    fixture.take_requests();
    assert_any_model::<CustomModelDeployment>(fixture, first).await;
    assert_converse(fixture, &fetched, first).await;
    assert_converse(fixture, &row, first).await;
    assert_tags(fixture, &two.full().await.unwrap(), &[("team", "orm")]).await;

    let change = UpdateCustomModelDeploymentRequest::new(&other.model_arn);
    let moved = deployments.update(first, change.clone()).await.unwrap();
    assert_eq!(&moved.custom_model_deployment_arn, first);
    one.update(change).await.unwrap();
    let input = json!({"customModelDeploymentIdentifier": first, "modelArn": other.model_arn});
    fixture.assert_sent([
        ("UpdateCustomModelDeployment", input.clone()),
        ("UpdateCustomModelDeployment", input),
    ]);
    assert_eq!(row.model().await.unwrap().unwrap(), model, "the update is not complete yet");
    fixture.finish_jobs();
    assert_eq!(fetched.refresh().await.unwrap().model().await.unwrap().unwrap(), other);
    fixture.assert_sent([
        ("GetCustomModel", json!({"modelIdentifier": model.model_arn})),
        ("GetCustomModelDeployment", json!({"customModelDeploymentIdentifier": first})),
        ("GetCustomModel", json!({"modelIdentifier": other.model_arn})),
    ]);

    // A deployed model cannot be deleted before its deployment.
    assert_eq!(other.delete().await.unwrap_err().kind(), ErrorKind::Conflict);
    fixture.take_requests();
    assert_delete(fixture, &row).await;
    assert_delete(fixture, &two).await;
    other.delete().await.unwrap();
}
