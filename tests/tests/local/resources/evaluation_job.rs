//! Evaluation jobs.

use bedrock_orm::models::{
    AutomatedEvaluationConfig, CreateEvaluationJobRequest, CreateEvaluationJobResponse,
    EvaluationBedrockModel, EvaluationConfig, EvaluationDataset, EvaluationDatasetMetricConfig,
    EvaluationInferenceConfig, EvaluationModelConfig, EvaluationOutputDataConfig, EvaluationTaskType,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

async fn create(fixture: &Fixture, name: &str) -> Bound<CreateEvaluationJobResponse> {
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
    EvaluationJob::objects().using(&fixture.session).create(request).await.unwrap()
}

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let one = create(fixture, "one").await;
    let metrics = json!({
        "taskType": "Generation", "dataset": {"name": "Builtin.Bold"}, "metricNames": ["Builtin.Robustness"],
    });
    fixture.assert_sent([(
        "CreateEvaluationJob",
        json!({
            "jobName": "one", "roleArn": ROLE,
            "evaluationConfig": {"automated": {"datasetMetricConfigs": [metrics]}},
            // The SDK adds AWS's default.
            "inferenceConfig": {"models": [{"bedrockModel": {"modelIdentifier": NOVA, "inferenceParams": "{}"}}]},
            "outputDataConfig": {"s3Uri": FOLDER},
        }),
    )]);
    assert_eq!(assert_get(fixture, &one).await.job_name, "one");
    assert_eq!(states(fixture, &one, 1).await, ["InProgress", "Completed"]);
    let two = assert_create::<EvaluationJob>(
        fixture,
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
    let jobs = EvaluationJob::objects().using(&fixture.session);
    assert_lists!(fixture, jobs.list(), {
        creation_time_after(time(FAR_AHEAD)) => [],
        creation_time_before(time(LONG_AGO)) => [],
        status_equals("InProgress") => [second],
        application_type_equals("ModelEvaluation") => [first],
        name_contains("on") => [first],
        sort_by("CreationTime") => [first, second],
        sort_order("Descending") => [second, first],
        page_size(1) => [first, second],
    });
    assert_tags(fixture, &two.full().await.unwrap(), &[("team", "orm")]).await;

    // A running job cannot be deleted; the response contains an error for it.
    let response = jobs.batch_delete([first, second]).await.unwrap();
    fixture.assert_sent([("BatchDeleteEvaluationJob", json!({"jobIdentifiers": [first, second]}))]);
    assert_eq!(response.evaluation_jobs.iter().map(|job| &job.job_identifier).collect::<Vec<_>>(), [first]);
    assert_eq!(response.errors.iter().map(|error| &error.job_identifier).collect::<Vec<_>>(), [second]);
    fixture.finish_jobs();
    assert_missing::<EvaluationJob>(fixture, first).await;

    let failing = create(fixture, "to-fail").await;
    wait_for_failure(fixture, &failing).await;
    let row = create(fixture, "three").await;
    fixture.take_requests();
    assert_stop(fixture, &row).await;
}
