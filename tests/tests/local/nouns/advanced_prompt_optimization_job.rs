//! Jobs that optimize prompts.

use bedrock_orm::models::{
    AdvancedPromptOptimizationInputConfig, AdvancedPromptOptimizationOutputConfig,
    CreateAdvancedPromptOptimizationJobRequest, CreateAdvancedPromptOptimizationJobResponse,
    ModelConfiguration,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

async fn create(stage: &Stage, name: &str) -> Bound<CreateAdvancedPromptOptimizationJobResponse> {
    let request = CreateAdvancedPromptOptimizationJobRequest::new(
        name,
        AdvancedPromptOptimizationInputConfig::new(FOLDER),
        AdvancedPromptOptimizationOutputConfig::new(FOLDER),
        [ModelConfiguration::new(NOVA)],
    );
    AdvancedPromptOptimizationJob::objects().using(&stage.session).create(request).await.unwrap()
}

pub(crate) async fn life(stage: &Stage) {
    let one = create(stage, "one").await;
    stage.sent([(
        "CreateAdvancedPromptOptimizationJob",
        json!({
            "jobName": "one", "inputConfig": {"s3Uri": FOLDER}, "outputConfig": {"s3Uri": FOLDER},
            "modelConfigurations": [{"modelId": NOVA}],
        }),
    )]);
    assert_eq!(gets(stage, &one).await.job_name, "one");
    assert_eq!(states(stage, &one, 1).await, ["InProgress", "Completed"]);
    let two = creates::<AdvancedPromptOptimizationJob>(
        stage,
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
    let jobs = AdvancedPromptOptimizationJob::objects().using(&stage.session);
    lists!(stage, jobs.list(), {
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });

    // What is under way cannot be deleted, and is told of with why.
    let answer = jobs.batch_delete([first, second]).await.unwrap();
    stage.sent([("BatchDeleteAdvancedPromptOptimizationJob", json!({"jobIdentifiers": [first, second]}))]);
    let deleted = answer.advanced_prompt_optimization_jobs.iter();
    assert_eq!(deleted.map(|job| &job.job_identifier).collect::<Vec<_>>(), [first]);
    assert_eq!(answer.errors.iter().map(|error| &error.job_identifier).collect::<Vec<_>>(), [second]);
    stage.later();
    is_missing::<AdvancedPromptOptimizationJob>(stage, first).await;

    let failing = create(stage, "to-fail").await;
    fails(stage, &failing).await;
    let row = create(stage, "three").await;
    stage.take();
    stops(stage, &row).await;
}
