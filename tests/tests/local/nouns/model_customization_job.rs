//! Jobs that train custom models.

use bedrock_orm::models::{
    CreateModelCustomizationJobRequest, CreateModelCustomizationJobResponse, OutputDataConfig,
    TrainingDataConfig,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

/// A job of that name, which makes a model of that name.
async fn create(stage: &Stage, name: &str) -> Bound<CreateModelCustomizationJobResponse> {
    let request = CreateModelCustomizationJobRequest::new(
        name,
        name,
        ROLE,
        NOVA,
        TrainingDataConfig::default().s3_uri(FOLDER),
        OutputDataConfig::new(FOLDER),
    );
    ModelCustomizationJob::objects().using(&stage.session).create(request).await.unwrap()
}

pub(crate) async fn life(stage: &Stage) {
    let one = create(stage, "one").await;
    stage.sent([(
        "CreateModelCustomizationJob",
        json!({
            "jobName": "one", "customModelName": "one", "roleArn": ROLE, "baseModelIdentifier": NOVA,
            "trainingDataConfig": {"s3Uri": FOLDER}, "outputDataConfig": {"s3Uri": FOLDER},
        }),
    )]);
    let there = gets(stage, &one).await;
    is_foundation_model(&there.base_model().await.unwrap().unwrap(), NOVA_ARN);
    assert!(there.output_model().await.unwrap().is_none(), "it is not there yet");
    stage.take();
    assert_eq!(states(stage, &one, 1).await, ["InProgress", "Completed"]);
    let two = creates::<ModelCustomizationJob>(
        stage,
        json!({
            "jobName": "two", "customModelName": "distilled", "roleArn": ROLE, "baseModelIdentifier": NOVA,
            "clientRequestToken": "token-1",
            "customizationType": "DISTILLATION",
            "customModelKmsKeyId": KEY,
            "jobTags": [{"key": "team", "value": "orm"}],
            "customModelTags": [{"key": "of", "value": "model"}],
            "trainingDataConfig": {"invocationLogsConfig": {
                "usePromptResponse": true,
                "invocationLogSource": {"s3Uri": FOLDER},
                "requestMetadataFilters": {"equals": {"project": "orm"}},
            }},
            "validationDataConfig": {"validators": [{"s3Uri": FOLDER}]},
            "outputDataConfig": {"s3Uri": FOLDER},
            "hyperParameters": {"epochCount": "2"},
            "vpcConfig": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
            "customizationConfig": {"distillationConfig": {"teacherModelConfig": {
                "teacherModelIdentifier": OTHER_ARN, "maxResponseLengthForInference": 100,
            }}},
        }),
    )
    .await;

    let (first, second) = (&one.job_arn, &two.job_arn);
    let jobs = ModelCustomizationJob::objects().using(&stage.session);
    lists!(stage, jobs.list(), {
        creation_time_after(time(FAR_AHEAD)) => [],
        creation_time_before(time(LONG_AGO)) => [],
        status_equals("InProgress") => [second],
        name_contains("on") => [first],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });
    let row = jobs.list().name_contains("on").first().await.unwrap().unwrap();
    let model = row.output_model().await.unwrap().unwrap();
    assert_eq!(model.model_name, "one");
    assert_eq!(there.refresh().await.unwrap().output_model().await.unwrap().unwrap(), model);
    assert_eq!(model.job().await.unwrap().unwrap().job_arn, *first);
    is_foundation_model(&row.base_model().await.unwrap().unwrap(), NOVA_ARN);
    tags(stage, &two.full().await.unwrap(), &[("team", "orm")]).await;
    stops(stage, &two).await;
    let failing = create(stage, "to-fail").await;
    fails(stage, &failing).await;
}
