//! Jobs that import models.

use bedrock_orm::models::{
    CreateModelImportJobRequest, CreateModelImportJobResponse, ModelDataSource, S3DataSource,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

/// Creates a job and its model with the same name.
pub(crate) async fn create(session: &Session, name: &str) -> Bound<CreateModelImportJobResponse> {
    let source = ModelDataSource::S3DataSource(S3DataSource::new(FOLDER));
    let request = CreateModelImportJobRequest::new(name, name, ROLE, source);
    ModelImportJob::objects().using(session).create(request).await.unwrap()
}

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let one = create(&fixture.session, "one").await;
    fixture.assert_sent([(
        "CreateModelImportJob",
        json!({
            "jobName": "one", "importedModelName": "one", "roleArn": ROLE,
            "modelDataSource": {"s3DataSource": {"s3Uri": FOLDER}},
        }),
    )]);
    let fetched = assert_get(fixture, &one).await;
    assert!(fetched.imported_model().await.unwrap().is_none(), "it is not there yet");
    assert_eq!(states(fixture, &one, 1).await, ["InProgress", "Completed"]);
    let two = assert_create::<ModelImportJob>(
        fixture,
        json!({
            "jobName": "two", "importedModelName": "will-fail", "roleArn": ROLE,
            "modelDataSource": {"s3DataSource": {"s3Uri": FOLDER}},
            "jobTags": [{"key": "team", "value": "orm"}],
            "importedModelTags": [{"key": "of", "value": "model"}],
            "clientRequestToken": "token-1",
            "vpcConfig": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
            "importedModelKmsKeyId": KEY,
        }),
    )
    .await;

    let (first, second) = (&one.job_arn, &two.job_arn);
    let jobs = ModelImportJob::objects().using(&fixture.session);
    assert_lists!(fixture, jobs.list(), {
        creation_time_after(time(FAR_AHEAD)) => [],
        creation_time_before(time(LONG_AGO)) => [],
        status_equals("InProgress") => [second],
        name_contains("on") => [first],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });
    let model = fetched.refresh().await.unwrap().imported_model().await.unwrap().unwrap();
    let row = jobs.list().name_contains("on").first().await.unwrap().unwrap();
    assert_eq!(row.imported_model().await.unwrap().unwrap(), model);
    assert_eq!(model.job().await.unwrap().unwrap().job_arn.as_ref(), Some(first));
    assert_tags(fixture, &two.full().await.unwrap(), &[("team", "orm")]).await;
    wait_until_ready(fixture, &two).await;
    let failing = create(&fixture.session, "to-fail").await;
    wait_for_failure(fixture, &failing).await;
}
