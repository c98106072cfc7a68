//! Asynchronous invocations: started, waited for, listed, tagged.

use bedrock_orm::models::{
    AsyncInvokeOutputDataConfig, AsyncInvokeS3OutputDataConfig, StartAsyncInvokeRequest,
};
use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::{REEL, model};
use serde_json::json;

use super::*;

pub(crate) async fn life(stage: &Stage) {
    let jobs = AsyncInvoke::objects().using(&stage.session);
    let video = json!({"taskType": "TEXT_VIDEO", "textToVideoParams": {"text": "A hill."}});
    let reel = model(&stage.session, REEL);
    let one = reel.start_async_invoke(video.clone(), FOLDER).await.unwrap();
    stage.sent([(
        "StartAsyncInvoke",
        json!({
            "modelId": REEL, "modelInput": video, "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": FOLDER}},
        }),
    )]);
    let there = gets(stage, &one).await;
    assert_eq!(there.model_arn, format!("arn:aws:bedrock:us-east-1::foundation-model/{REEL}"));
    assert_eq!(states(stage, &one, 1).await, ["InProgress", "Completed"]);

    let input = json!({
        "clientRequestToken": "to-fail",
        "modelId": REEL,
        "modelInput": video,
        "outputDataConfig": {"s3OutputDataConfig": {
            "s3Uri": FOLDER, "kmsKeyId": KEY, "bucketOwner": "123456789012",
        }},
        "tags": [{"key": "team", "value": "orm"}],
    });
    let request: StartAsyncInvokeRequest = whole("StartAsyncInvoke", &input);
    let two = jobs.start(request.clone()).await.unwrap();
    assert_eq!(jobs.start(request).await.unwrap(), two);
    let bucket = AsyncInvokeS3OutputDataConfig::new(FOLDER).kms_key_id(KEY).bucket_owner("123456789012");
    let call = reel.start_async_invoke(video, AsyncInvokeOutputDataConfig::S3OutputDataConfig(bucket));
    assert_eq!(call.client_request_token("to-fail").tags([("team", "orm")]).await.unwrap(), two);
    stage.sent([
        ("StartAsyncInvoke", input.clone()),
        ("StartAsyncInvoke", input.clone()),
        ("StartAsyncInvoke", input),
    ]);

    let (first, second) = (&one.invocation_arn, &two.invocation_arn);
    lists!(stage, jobs.list(), {
        submit_time_after(time(FAR_AHEAD)) => [],
        submit_time_before(time(LONG_AGO)) => [],
        status_equals("Completed") => [first],
        sort_by("SubmissionTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });
    let row = jobs.list().status_equals("Completed").first().await.unwrap().unwrap();
    is_foundation_model(&row.model().await.unwrap().unwrap(), &there.model_arn);
    is_foundation_model(&there.model().await.unwrap().unwrap(), &there.model_arn);
    stage.take();
    tags(stage, &two.full().await.unwrap(), &[("team", "orm")]).await;
    fails(stage, &two).await;
}
