//! Advanced prompt optimization jobs.

use bedrock_orm::models::{
    AdvancedPromptOptimizationInputConfig, AdvancedPromptOptimizationOutputConfig,
    CreateAdvancedPromptOptimizationJobRequest, CreateAdvancedPromptOptimizationJobResponse,
    ModelConfiguration,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

async fn create(fixture: &Fixture, name: &str) -> Bound<CreateAdvancedPromptOptimizationJobResponse> {
    let request = CreateAdvancedPromptOptimizationJobRequest::new(
        name,
        AdvancedPromptOptimizationInputConfig::new(FOLDER),
        AdvancedPromptOptimizationOutputConfig::new(FOLDER),
        [ModelConfiguration::new(NOVA)],
    );
    AdvancedPromptOptimizationJob::objects().using(&fixture.session).create(request).await.unwrap()
}

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let one = create(fixture, "one").await;
    fixture.assert_sent([(
        "CreateAdvancedPromptOptimizationJob",
        json!({
            "jobName": "one", "inputConfig": {"s3Uri": FOLDER}, "outputConfig": {"s3Uri": FOLDER},
            "modelConfigurations": [{"modelId": NOVA}],
        }),
    )]);
    assert_eq!(assert_get(fixture, &one).await.job_name, "one");
    assert_eq!(states(fixture, &one, 1).await, ["InProgress", "Completed"]);
    let two = assert_create::<AdvancedPromptOptimizationJob>(
        fixture,
        json!({
            "jobName": "two",
            "jobDescription": "of one prompt",
            "clientToken": "token-1",
            "inputConfig": {"s3Uri": FOLDER},
            "outputConfig": {"s3Uri": FOLDER},
            "encryptionKeyArn": KEY,
            "tags": [{"key": "team", "value": "orm"}],
            "modelConfigurations": [{
                "modelId": NOVA,
                "inferenceConfig": {"maxTokens": 100, "temperature": 0.5, "topP": 0.25, "stopSequences": ["END"]},
                "additionalModelRequestFields": {"topK": 3},
            }],
        }),
    )
    .await;

    let (first, second) = (&one.job_arn, &two.job_arn);
    let jobs = AdvancedPromptOptimizationJob::objects().using(&fixture.session);
    assert_lists!(fixture, jobs.list(), {
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });

    // A running job cannot be deleted; the response contains an error for it.
    let response = jobs.batch_delete([first, second]).await.unwrap();
    fixture.assert_sent([(
        "BatchDeleteAdvancedPromptOptimizationJob",
        json!({"jobIdentifiers": [first, second]}),
    )]);
    let deleted = response.advanced_prompt_optimization_jobs.iter();
    assert_eq!(deleted.map(|job| &job.job_identifier).collect::<Vec<_>>(), [first]);
    assert_eq!(response.errors.iter().map(|error| &error.job_identifier).collect::<Vec<_>>(), [second]);
    fixture.finish_jobs();
    assert_missing::<AdvancedPromptOptimizationJob>(fixture, first).await;

    let failing = create(fixture, "to-fail").await;
    wait_for_failure(fixture, &failing).await;
    let row = create(fixture, "three").await;
    fixture.take_requests();
    assert_stop(fixture, &row).await;
}
