//! Evaluation jobs.

use bedrock_orm::models::{
    AutomatedEvaluationConfig, CreateEvaluationJobRequest, CreateEvaluationJobResponse,
    EvaluationBedrockModel, EvaluationConfig, EvaluationDataset, EvaluationDatasetMetricConfig,
    EvaluationInferenceConfig, EvaluationModelConfig, EvaluationOutputDataConfig, EvaluationTaskType,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

async fn create(stage: &Stage, name: &str) -> Bound<CreateEvaluationJobResponse> {
    let dataset = EvaluationDataset::new("Builtin.Bold");
    let metrics =
        EvaluationDatasetMetricConfig::new(EvaluationTaskType::Generation, dataset, ["Builtin.Robustness"]);
    let request = CreateEvaluationJobRequest::new(
        name,
        ROLE,
        EvaluationConfig::Automated(AutomatedEvaluationConfig::new([metrics])),
        EvaluationInferenceConfig::Models(vec![EvaluationModelConfig::BedrockModel(
            EvaluationBedrockModel::new(NOVA),
        )]),
        EvaluationOutputDataConfig::new(FOLDER),
    );
    EvaluationJob::objects().using(&stage.session).create(request).await.unwrap()
}

pub(crate) async fn life(stage: &Stage) {
    let one = create(stage, "one").await;
    let metrics = json!({
        "taskType": "Generation", "dataset": {"name": "Builtin.Bold"}, "metricNames": ["Builtin.Robustness"],
    });
    stage.sent([(
        "CreateEvaluationJob",
        json!({
            "jobName": "one", "roleArn": ROLE,
            "evaluationConfig": {"automated": {"datasetMetricConfigs": [metrics]}},
            // The SDK says AWS's default aloud.
            "inferenceConfig": {"models": [{"bedrockModel": {"modelIdentifier": NOVA, "inferenceParams": "{}"}}]},
            "outputDataConfig": {"s3Uri": FOLDER},
        }),
    )]);
    assert_eq!(gets(stage, &one).await.job_name, "one");
    assert_eq!(states(stage, &one, 1).await, ["InProgress", "Completed"]);
    let two = creates::<EvaluationJob>(
        stage,
        json!({
            "jobName": "two",
            "jobDescription": "of a knowledge base",
            "clientRequestToken": "token-1",
            "roleArn": ROLE,
            "customerEncryptionKeyId": KEY,
            "jobTags": [{"key": "team", "value": "orm"}],
            "applicationType": "RagEvaluation",
            "evaluationConfig": {"automated": {
                "datasetMetricConfigs": [metrics],
                "evaluatorModelConfig": {"bedrockEvaluatorModels": [{"modelIdentifier": NOVA}]},
            }},
            "inferenceConfig": {"ragConfigs": [{"knowledgeBaseConfig": {"retrieveConfig": {
                "knowledgeBaseId": "KB12345678",
                "knowledgeBaseRetrievalConfiguration": {"vectorSearchConfiguration": {
                    "numberOfResults": 3,
                    "overrideSearchType": "HYBRID",
                    "filter": {"andAll": [
                        {"equals": {"key": "year", "value": 2025}},
                        {"stringContains": {"key": "title", "value": "ORM"}},
                    ]},
                }},
            }}}]},
            "outputDataConfig": {"s3Uri": FOLDER},
        }),
    )
    .await;

    let (first, second) = (&one.job_arn, &two.job_arn);
    let jobs = EvaluationJob::objects().using(&stage.session);
    lists!(stage, jobs.list(), {
        creation_time_after(time(FAR_AHEAD)) => [],
        creation_time_before(time(LONG_AGO)) => [],
        status_equals("InProgress") => [second],
        application_type_equals("ModelEvaluation") => [first],
        name_contains("on") => [first],
        sort_by("CreationTime") => [first, second],
        sort_order("Descending") => [second, first],
        page_size(1) => [first, second],
    });
    tags(stage, &two.full().await.unwrap(), &[("team", "orm")]).await;

    // What is under way cannot be deleted, and is told of with why.
    let answer = jobs.batch_delete([first, second]).await.unwrap();
    stage.sent([("BatchDeleteEvaluationJob", json!({"jobIdentifiers": [first, second]}))]);
    assert_eq!(answer.evaluation_jobs.iter().map(|job| &job.job_identifier).collect::<Vec<_>>(), [first]);
    assert_eq!(answer.errors.iter().map(|error| &error.job_identifier).collect::<Vec<_>>(), [second]);
    stage.later();
    is_missing::<EvaluationJob>(stage, first).await;

    let failing = create(stage, "to-fail").await;
    fails(stage, &failing).await;
    let row = create(stage, "three").await;
    stage.take();
    stops(stage, &row).await;
}
