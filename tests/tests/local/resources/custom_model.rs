//! Custom models.

use bedrock_orm::models::{
    CreateCustomModelRequest, CreateCustomModelResponse, ModelDataSource, S3DataSource,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn create(session: &Session, name: &str) -> Bound<CreateCustomModelResponse> {
    let source = ModelDataSource::S3DataSource(S3DataSource::new(FOLDER));
    let request = CreateCustomModelRequest::new(name).model_source_config(source);
    CustomModel::objects().using(session).create(request).await.unwrap()
}

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let one = create(&fixture.session, "one").await;
    fixture.assert_sent([(
        "CreateCustomModel",
        json!({"modelName": "one", "modelSourceConfig": {"s3DataSource": {"s3Uri": FOLDER}}}),
    )]);
    assert_eq!(assert_get(fixture, &one).await.model_name, "one");
    assert_eq!(states(fixture, &one, 1).await, ["Creating", "Active"]);

    // The two sources exclude each other.
    let input = json!({
        "modelName": "will-fail",
        "customModelDataSource": {"modelPackageArnDataSource": {
            "modelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/some/1",
        }},
        "modelKmsKeyArn": KEY,
        "roleArn": ROLE,
        "modelTags": [{"key": "team", "value": "orm"}],
        "clientRequestToken": "token-1",
    });
    let request = serde_json::from_value(input.clone()).unwrap();
    let two = assert_create_with::<CustomModel>(fixture, request, input).await;
    let (first, second) = (&one.model_arn, &two.model_arn);
    let list = || CustomModel::objects().using(&fixture.session).list();
    assert_lists!(fixture, list(), {
        creation_time_before(time(LONG_AGO)) => [],
        creation_time_after(time(FAR_AHEAD)) => [],
        name_contains("on") => [first],
        base_model_arn_equals(OTHER_ARN) => [],
        foundation_model_arn_equals(NOVA_ARN) => [second, first],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        is_owned(false) => [],
        model_status("Active") => [first],
        page_size(1) => [second, first],
    });
    let row = list().first().await.unwrap().unwrap();
    let fetched = row.full().await.unwrap();
    assert_eq!((&fetched.model_arn, &fetched.model_kms_key_arn), (second, &Some(KEY.to_owned())));
    assert_foundation_model(&row.base_model().await.unwrap().unwrap(), NOVA_ARN);
    assert_foundation_model(&fetched.base_model().await.unwrap().unwrap(), NOVA_ARN);
    assert!(fetched.job().await.unwrap().is_none(), "it was not created by a job");
    fixture.take_requests();

    assert_any_model::<CustomModel>(fixture, first).await;
    assert_tags(fixture, &fetched, &[("team", "orm")]).await;
    wait_for_failure(fixture, &two).await;
    assert_delete(fixture, &row).await;
    assert_delete(fixture, &one).await;
}
