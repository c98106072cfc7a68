//! Jobs that copy custom models.

use bedrock_orm::models::CreateModelCopyJobRequest;
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let source = fixture.custom_model("source").await;
    let jobs = ModelCopyJob::objects().using(&fixture.session);
    let one = jobs.create(CreateModelCopyJobRequest::new(&source.model_arn, "copy-one")).await.unwrap();
    let input = json!({"sourceModelArn": source.model_arn, "targetModelName": "copy-one"});
    fixture.assert_sent([("CreateModelCopyJob", input)]);
    let fetched = assert_get(fixture, &one).await;
    assert!(
        fetched.target_model().await.unwrap_err().is_does_not_exist(),
        "it has an ARN, and is not there yet"
    );
    fixture.take_requests();
    assert_eq!(states(fixture, &one, 1).await, ["InProgress", "Completed"]);
    let two = assert_create::<ModelCopyJob>(
        fixture,
        json!({
            "sourceModelArn": source.model_arn,
            "targetModelName": "will-fail",
            "modelKmsKeyId": KEY,
            "targetModelTags": [{"key": "team", "value": "orm"}],
            "clientRequestToken": "token-1",
        }),
    )
    .await;

    let (first, second) = (&one.job_arn, &two.job_arn);
    assert_lists!(fixture, jobs.list(), {
        creation_time_after(time(FAR_AHEAD)) => [],
        creation_time_before(time(LONG_AGO)) => [],
        status_equals("Completed") => [first],
        source_account_equals("999999999999") => [],
        source_model_arn_equals(&source.model_arn) => [second, first],
        target_model_name_contains("copy") => [first],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });
    let row = jobs.list().status_equals("Completed").first().await.unwrap().unwrap();
    let copy = row.target_model().await.unwrap().unwrap();
    assert_eq!(copy.model_name, "copy-one");
    assert_eq!(fetched.target_model().await.unwrap().unwrap(), copy);
    assert_eq!(row.source_model().await.unwrap().unwrap(), source);
    assert_eq!(fetched.source_model().await.unwrap().unwrap(), source);
    fixture.take_requests();
    wait_for_failure(fixture, &two).await;
}
