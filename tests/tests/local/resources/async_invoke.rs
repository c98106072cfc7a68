//! Asynchronous invocations.

use bedrock_orm::models::{
    AsyncInvokeOutputDataConfig, AsyncInvokeS3OutputDataConfig, StartAsyncInvokeRequest,
};
use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::{VIDEO_MODEL, model};
use serde_json::json;

use super::*;

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let jobs = AsyncInvoke::objects().using(&fixture.session);
    let video = json!({"taskType": "TEXT_VIDEO", "textToVideoParams": {"text": "A hill."}});
    let reel = model(&fixture.session, VIDEO_MODEL);
    let start = reel.start_async_invoke(video.clone(), FOLDER);
    let token = start.token().to_owned();
    let one = start.await.unwrap();
    fixture.assert_sent([(
        "StartAsyncInvoke",
        json!({
            "clientRequestToken": token, "modelId": VIDEO_MODEL, "modelInput": video, "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": FOLDER}},
        }),
    )]);
    let fetched = assert_get(fixture, &one).await;
    assert_eq!(fetched.model_arn, format!("arn:aws:bedrock:us-east-1::foundation-model/{VIDEO_MODEL}"));
    assert_eq!(states(fixture, &one, 1).await, ["InProgress", "Completed"]);

    let input = json!({
        "clientRequestToken": "to-fail",
        "modelId": VIDEO_MODEL,
        "modelInput": video,
        "outputDataConfig": {"s3OutputDataConfig": {
            "s3Uri": FOLDER, "kmsKeyId": KEY, "bucketOwner": "123456789012",
        }},
        "tags": [{"key": "team", "value": "orm"}],
    });
    let request: StartAsyncInvokeRequest = request_with_all_members("StartAsyncInvoke", &input);
    let two = jobs.start(request.clone()).await.unwrap();
    assert_eq!(jobs.start(request).await.unwrap(), two);
    let bucket = AsyncInvokeS3OutputDataConfig::new(FOLDER).kms_key_id(KEY).bucket_owner("123456789012");
    let call = reel.start_async_invoke(video, AsyncInvokeOutputDataConfig::S3OutputDataConfig(bucket));
    assert_eq!(call.client_request_token("to-fail").tags([("team", "orm")]).await.unwrap(), two);
    fixture.assert_sent([
        ("StartAsyncInvoke", input.clone()),
        ("StartAsyncInvoke", input.clone()),
        ("StartAsyncInvoke", input),
    ]);

    let (first, second) = (&one.invocation_arn, &two.invocation_arn);
    assert_lists!(fixture, jobs.list(), {
        submit_time_after(time(FAR_AHEAD)) => [],
        submit_time_before(time(LONG_AGO)) => [],
        status_equals("Completed") => [first],
        sort_by("SubmissionTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });
    let row = jobs.list().status_equals("Completed").first().await.unwrap().unwrap();
    assert_foundation_model(&row.model().await.unwrap().unwrap(), &fetched.model_arn);
    assert_foundation_model(&fetched.model().await.unwrap().unwrap(), &fetched.model_arn);
    fixture.take_requests();
    assert_tags(fixture, &two.full().await.unwrap(), &[("team", "orm")]).await;
    wait_for_failure(fixture, &two).await;
}
