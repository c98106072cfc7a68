//! Custom models: made, waited for, listed, tagged, deleted.

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

pub(crate) async fn life(stage: &Stage) {
    let one = create(&stage.session, "one").await;
    stage.sent([(
        "CreateCustomModel",
        json!({"modelName": "one", "modelSourceConfig": {"s3DataSource": {"s3Uri": FOLDER}}}),
    )]);
    assert_eq!(gets(stage, &one).await.model_name, "one");
    assert_eq!(states(stage, &one, 1).await, ["Creating", "Active"]);

    // The one source leaves out the other.
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
    let two = creates_with::<CustomModel>(stage, request, input).await;
    let (first, second) = (&one.model_arn, &two.model_arn);
    let list = || CustomModel::objects().using(&stage.session).list();
    lists!(stage, list(), {
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
    let there = row.full().await.unwrap();
    assert_eq!((&there.model_arn, &there.model_kms_key_arn), (second, &Some(KEY.to_owned())));
    is_foundation_model(&row.base_model().await.unwrap().unwrap(), NOVA_ARN);
    is_foundation_model(&there.base_model().await.unwrap().unwrap(), NOVA_ARN);
    assert!(there.job().await.unwrap().is_none(), "no job made it");
    stage.take();

    leads_to::<CustomModel>(stage, first).await;
    tags(stage, &there, &[("team", "orm")]).await;
    fails(stage, &two).await;
    deletes(stage, &row).await;
    deletes(stage, &one).await;
}
