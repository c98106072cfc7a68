//! Jobs that train custom models.

use bedrock_orm::models::{
    CreateModelCustomizationJobRequest, CreateModelCustomizationJobResponse, OutputDataConfig,
    TrainingDataConfig,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

/// Creates a job and its model with the same name.
async fn create(fixture: &Fixture, name: &str) -> Bound<CreateModelCustomizationJobResponse> {
    let request = CreateModelCustomizationJobRequest::new(
        name,
        name,
        ROLE,
        NOVA,
        TrainingDataConfig::default().s3_uri(FOLDER),
        OutputDataConfig::new(FOLDER),
    );
    ModelCustomizationJob::objects().using(&fixture.session).create(request).await.unwrap()
}

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let one = create(fixture, "one").await;
    fixture.assert_sent([(
        "CreateModelCustomizationJob",
        json!({
            "jobName": "one", "customModelName": "one", "roleArn": ROLE, "baseModelIdentifier": NOVA,
            "trainingDataConfig": {"s3Uri": FOLDER}, "outputDataConfig": {"s3Uri": FOLDER},
        }),
    )]);
    let fetched = assert_get(fixture, &one).await;
    assert_foundation_model(&fetched.base_model().await.unwrap().unwrap(), NOVA_ARN);
    assert!(fetched.output_model().await.unwrap().is_none(), "it is not there yet");
    fixture.take_requests();
    assert_eq!(states(fixture, &one, 1).await, ["InProgress", "Completed"]);
    let two = assert_create::<ModelCustomizationJob>(
        fixture,
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
    let jobs = ModelCustomizationJob::objects().using(&fixture.session);
    assert_lists!(fixture, jobs.list(), {
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
    assert_eq!(fetched.refresh().await.unwrap().output_model().await.unwrap().unwrap(), model);
    assert_eq!(model.job().await.unwrap().unwrap().job_arn, *first);
    assert_foundation_model(&row.base_model().await.unwrap().unwrap(), NOVA_ARN);
    assert_tags(fixture, &two.full().await.unwrap(), &[("team", "orm")]).await;
    assert_stop(fixture, &two).await;
    let failing = create(fixture, "to-fail").await;
    wait_for_failure(fixture, &failing).await;
}
