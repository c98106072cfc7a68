//! Batch jobs.

use bedrock_orm::models::{
    CreateModelInvocationJobRequest, CreateModelInvocationJobResponse, ModelInvocationJobInputDataConfig,
    ModelInvocationJobOutputDataConfig, ModelInvocationJobS3InputDataConfig,
    ModelInvocationJobS3OutputDataConfig,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

async fn create(stage: &Stage, name: &str) -> Bound<CreateModelInvocationJobResponse> {
    let input = ModelInvocationJobS3InputDataConfig::new(FOLDER);
    let output = ModelInvocationJobS3OutputDataConfig::new(FOLDER);
    let request = CreateModelInvocationJobRequest::new(
        name,
        ROLE,
        NOVA,
        ModelInvocationJobInputDataConfig::S3InputDataConfig(input),
        ModelInvocationJobOutputDataConfig::S3OutputDataConfig(output),
    );
    ModelInvocationJob::objects().using(&stage.session).create(request).await.unwrap()
}

pub(crate) async fn life(stage: &Stage) {
    let one = create(stage, "one").await;
    stage.sent([(
        "CreateModelInvocationJob",
        json!({
            "jobName": "one", "roleArn": ROLE, "modelId": NOVA,
            "inputDataConfig": {"s3InputDataConfig": {"s3Uri": FOLDER}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": FOLDER}},
        }),
    )]);
    let there = gets(stage, &one).await;
    assert_eq!(
        states(stage, &one, 4).await,
        ["Submitted", "Validating", "Scheduled", "InProgress", "Completed"]
    );
    let two = creates::<ModelInvocationJob>(
        stage,
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
    let jobs = ModelInvocationJob::objects().using(&stage.session);
    lists!(stage, jobs.list(), {
        submit_time_after(time(FAR_AHEAD)) => [],
        submit_time_before(time(LONG_AGO)) => [],
        status_equals("Submitted") => [second],
        name_contains("on") => [first],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });
    let row = jobs.list().name_contains("on").first().await.unwrap().unwrap();
    is_foundation_model(&row.model().await.unwrap().unwrap(), NOVA_ARN);
    is_foundation_model(&there.model().await.unwrap().unwrap(), NOVA_ARN);
    stage.take();
    tags(stage, &two.full().await.unwrap(), &[("team", "orm")]).await;
    stops(stage, &two).await;
    let failing = create(stage, "to-fail").await;
    fails(stage, &failing).await;
}
