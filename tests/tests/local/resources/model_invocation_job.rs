//! Batch jobs.

use bedrock_orm::models::{
    CreateModelInvocationJobRequest, CreateModelInvocationJobResponse, ModelInvocationJobInputDataConfig,
    ModelInvocationJobOutputDataConfig, ModelInvocationJobS3InputDataConfig,
    ModelInvocationJobS3OutputDataConfig,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

async fn create(fixture: &Fixture, name: &str) -> Bound<CreateModelInvocationJobResponse> {
    let input = ModelInvocationJobS3InputDataConfig::new(FOLDER);
    let output = ModelInvocationJobS3OutputDataConfig::new(FOLDER);
    let request = CreateModelInvocationJobRequest::new(
        name,
        ROLE,
        NOVA,
        ModelInvocationJobInputDataConfig::S3InputDataConfig(input),
        ModelInvocationJobOutputDataConfig::S3OutputDataConfig(output),
    );
    ModelInvocationJob::objects().using(&fixture.session).create(request).await.unwrap()
}

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let one = create(fixture, "one").await;
    fixture.assert_sent([(
        "CreateModelInvocationJob",
        json!({
            "jobName": "one", "roleArn": ROLE, "modelId": NOVA,
            "inputDataConfig": {"s3InputDataConfig": {"s3Uri": FOLDER}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": FOLDER}},
        }),
    )]);
    let fetched = assert_get(fixture, &one).await;
    assert_eq!(
        states(fixture, &one, 4).await,
        ["Submitted", "Validating", "Scheduled", "InProgress", "Completed"]
    );
    let two = assert_create::<ModelInvocationJob>(
        fixture,
        json!({
            "jobName": "two", "roleArn": ROLE, "modelId": NOVA,
            "clientRequestToken": "token-1",
            "inputDataConfig": {"s3InputDataConfig": {
                "s3InputFormat": "JSONL", "s3Uri": FOLDER, "s3BucketOwner": "123456789012",
            }},
            "outputDataConfig": {"s3OutputDataConfig": {
                "s3Uri": FOLDER, "s3EncryptionKeyId": KEY, "s3BucketOwner": "123456789012",
            }},
            "vpcConfig": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
            "timeoutDurationInHours": 48,
            "tags": [{"key": "team", "value": "orm"}],
            "modelInvocationType": "Converse",
        }),
    )
    .await;

    let (first, second) = (&one.job_arn, &two.job_arn);
    let jobs = ModelInvocationJob::objects().using(&fixture.session);
    assert_lists!(fixture, jobs.list(), {
        submit_time_after(time(FAR_AHEAD)) => [],
        submit_time_before(time(LONG_AGO)) => [],
        status_equals("Submitted") => [second],
        name_contains("on") => [first],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });
    let row = jobs.list().name_contains("on").first().await.unwrap().unwrap();
    assert_foundation_model(&row.model().await.unwrap().unwrap(), NOVA_ARN);
    assert_foundation_model(&fetched.model().await.unwrap().unwrap(), NOVA_ARN);
    fixture.take_requests();
    assert_tags(fixture, &two.full().await.unwrap(), &[("team", "orm")]).await;
    assert_stop(fixture, &two).await;
    let failing = create(fixture, "to-fail").await;
    wait_for_failure(fixture, &failing).await;
}
