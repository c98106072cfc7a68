//! Asynchronous invocations.

use std::time::Duration;

use bedrock_orm::StartAsyncInvoke;
use bedrock_orm::models::providers::{
    LumaRay, Marengo, MarengoClip, MarengoSegmentation, NovaReel, NovaReelShot, TwelveLabsMedia,
};
use bedrock_orm::models::{
    AsyncInvokeOutputDataConfig, AsyncInvokeS3OutputDataConfig, AsyncInvokeStatus, Blob, ImageBlock,
    ImageSource, SortAsyncInvocationBy, SortOrder, StartAsyncInvokeRequest,
};
use bedrock_orm::prelude::*;
use bedrock_orm_local::LocalBedrock;
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::{MODEL, VIDEO_MODEL, local, model, only_request, operations, session};
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};

const OTHER: &str = "twelvelabs.marengo-embed-3-0-v1:0";
const BUCKET: &str = "s3://my-bedrock-output/video-jobs/";

fn video(text: &str) -> Value {
    json!({"taskType": "TEXT_VIDEO", "textToVideoParams": {"text": text}})
}

#[tokio::test]
async fn a_job_can_be_started_and_waited_for() {
    let (local, session) = local().await;
    let model = FoundationModel::objects().using(&session).get(VIDEO_MODEL).await.unwrap();
    local.clear_requests();
    let started = model.start_async_invoke(video("A satellite."), BUCKET).await.unwrap();
    let sent = only_request(&local);
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/async-invoke"));
    let mut body = sent.json();
    // AWS's SDK generates a token if the request has none.
    body.as_object_mut().unwrap().remove("clientRequestToken");
    assert_eq!(
        body,
        json!({
            "modelId": VIDEO_MODEL,
            "modelInput": {"taskType": "TEXT_VIDEO", "textToVideoParams": {"text": "A satellite."}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": BUCKET}},
        })
    );

    let job = started.full().await.unwrap();
    assert_eq!(job.status, AsyncInvokeStatus::InProgress);
    assert_eq!(job.model_arn, model.model_arn);
    assert_eq!(job.end_time, None);
    local.advance(Duration::from_secs(3));
    let done = model.get_async_invoke(&started.invocation_arn).await.unwrap();
    assert_eq!(done.status, AsyncInvokeStatus::Completed);
    assert!(done.end_time.is_some());
    assert_eq!(job.refresh().await.unwrap(), done);
    let AsyncInvokeOutputDataConfig::S3OutputDataConfig(output) = &done.output_data_config else {
        panic!("{:?}", done.output_data_config)
    };
    assert!(output.s3_uri.starts_with(BUCKET), "{}", output.s3_uri);
}

#[tokio::test]
async fn every_setting_of_start_async_invoke_is_sent() {
    let (local, session) = local().await;
    let place = AsyncInvokeS3OutputDataConfig::new(BUCKET)
        .bucket_owner("123456789012")
        .kms_key_id("arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555");
    let expected = json!({
        "modelId": VIDEO_MODEL,
        "modelInput": video("A satellite."),
        "clientRequestToken": "token-1",
        "outputDataConfig": {"s3OutputDataConfig": {
            "s3Uri": BUCKET, "bucketOwner": "123456789012",
            "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555",
        }},
        "tags": [{"key": "team", "value": "orm"}],
    });
    let by_model = model(&session, VIDEO_MODEL)
        .start_async_invoke(video("A satellite."), place)
        .client_request_token("token-1")
        .tags([("team", "orm")])
        .await
        .unwrap();
    let request: StartAsyncInvokeRequest = serde_json::from_value(expected.clone()).unwrap();
    let by_manager = AsyncInvoke::objects().using(&session).start(request).await.unwrap();
    assert_eq!(by_manager, by_model, "with the same token, a repeated request starts no second job");
    for request in local.requests() {
        assert_eq!(request.json(), expected);
    }
}

#[tokio::test]
async fn a_job_of_another_model_is_an_error_that_names_both() {
    let (_local, session) = local().await;
    let models = FoundationModel::objects().using(&session);
    let (reel, other) = (models.get(VIDEO_MODEL).await.unwrap(), models.get(OTHER).await.unwrap());
    let job = other.start_async_invoke(video("A satellite."), BUCKET).await.unwrap();
    let arn = job.invocation_arn.as_str();

    let error = reel.get_async_invoke(arn).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::WrongModel, Some("GetAsyncInvoke")), "{error}");
    for named in [arn, reel.model_arn.as_str(), other.model_arn.as_str()] {
        assert!(error.message().contains(named), "{named}: {error}");
    }
    assert!(error.hint().is_some());
    assert_eq!(other.get_async_invoke(arn).await.unwrap().invocation_arn, arn);

    // A model that is bound by its ID only knows its own jobs too.
    assert_eq!(model(&session, OTHER).get_async_invoke(arn).await.unwrap().invocation_arn, arn);
    let error = model(&session, VIDEO_MODEL).get_async_invoke(arn).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongModel, "{error}");
    assert_eq!(AsyncInvoke::objects().using(&session).get(arn).await.unwrap().invocation_arn, arn);
}

/// Starts jobs of both models in turn, with two jobs per page. Of the six jobs, 0, 1, 4 and 5 are those of `VIDEO_MODEL`.
async fn six_jobs() -> (LocalBedrock, Session, Vec<String>) {
    let local = LocalBedrock::builder().page_size(2).start().await.unwrap();
    let session = session(local.url()).await;
    let mut arns = Vec::new();
    for id in [VIDEO_MODEL, VIDEO_MODEL, OTHER, OTHER, VIDEO_MODEL, VIDEO_MODEL] {
        let job = model(&session, id).start_async_invoke(video("A satellite."), BUCKET).await.unwrap();
        arns.push(job.invocation_arn.clone());
    }
    local.clear_requests();
    (local, session, arns)
}

#[tokio::test]
async fn a_page_has_only_jobs_of_the_model_and_may_be_empty() {
    let (local, session, arns) = six_jobs().await;
    let model = FoundationModel::objects().using(&session).get(VIDEO_MODEL).await.unwrap();
    local.clear_requests();
    let jobs = || model.list_async_invokes().sort_order(SortOrder::Ascending);
    let first = jobs().await.unwrap();
    let found: Vec<_> = first.items.iter().map(|job| &job.invocation_arn).collect();
    assert_eq!(found, [&arns[0], &arns[1]]);
    let second = jobs().next_token(first.next_token.unwrap()).await.unwrap();
    assert_eq!(second.items, [], "AWS's page contains only jobs of another model");
    let third = jobs().next_token(second.next_token.expect("there is another page")).await.unwrap();
    assert_eq!(third.items.len(), 2);
    assert_eq!(third.next_token, None);
    assert_eq!(operations(&local), ["ListAsyncInvokes"; 3]);

    let page = model.list_async_invokes().max_results(1).await.unwrap();
    assert!(page.items.len() == 1 && page.next_token.is_some());
}

#[tokio::test]
async fn a_stream_of_jobs_continues_after_empty_pages() {
    let (local, session, arns) = six_jobs().await;
    for model in [
        model(&session, VIDEO_MODEL),
        FoundationModel::objects().using(&session).get(VIDEO_MODEL).await.unwrap(),
    ] {
        local.clear_requests();
        let jobs = model.list_async_invokes().sort_order(SortOrder::Ascending);
        let found: Vec<_> = jobs.stream().try_collect().await.unwrap();
        let found: Vec<_> = found.iter().map(|job| &job.invocation_arn).collect();
        assert_eq!(found, [&arns[0], &arns[1], &arns[4], &arns[5]]);
        assert_eq!(local.requests().len(), 3);
        let last = jobs.stream().try_collect::<Vec<_>>().await.unwrap().pop().unwrap();
        assert_eq!(last.full().await.unwrap().invocation_arn, arns[5]);
    }
}

#[tokio::test]
async fn every_parameter_of_a_list_is_sent() {
    // A page token is opaque to clients, so this test uses a server that accepts any token.
    let server = FakeServer::start([FakeResponse::json(&json!({ "asyncInvokeSummaries": [] }))]).await;
    let session = session(server.url()).await;
    let after: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    let before: Timestamp = "2030-06-01T12:30:00.5Z".parse().unwrap();
    let token = "cGFnZS0w";
    let expected = [
        "maxResults=7",
        "nextToken=cGFnZS0w",
        "sortBy=SubmissionTime",
        "sortOrder=Ascending",
        "statusEquals=Completed",
        "submitTimeAfter=2025-01-01T00:00:00Z",
        "submitTimeBefore=2030-06-01T12:30:00.5Z",
    ];
    model(&session, VIDEO_MODEL)
        .list_async_invokes()
        .submit_time_after(after)
        .submit_time_before(before)
        .status_equals(AsyncInvokeStatus::Completed)
        .sort_by(SortAsyncInvocationBy::SubmissionTime)
        .sort_order(SortOrder::Ascending)
        .max_results(7)
        .next_token(token)
        .await
        .unwrap();
    AsyncInvoke::objects()
        .using(&session)
        .list()
        .submit_time_after(after)
        .submit_time_before(before)
        .status_equals(AsyncInvokeStatus::Completed)
        .sort_by(SortAsyncInvocationBy::SubmissionTime)
        .sort_order(SortOrder::Ascending)
        .page_size(7)
        .starting_token(token)
        .await
        .unwrap();
    for request in server.requests() {
        let (_, query) = request.target.split_once('?').unwrap();
        let mut query: Vec<_> = query.split('&').map(|pair| pair.replace("%3A", ":")).collect();
        query.sort();
        assert_eq!(query, expected);
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn jobs_are_filtered_by_status_and_time() {
    let (local, session) = local().await;
    let model = model(&session, VIDEO_MODEL);
    model.start_async_invoke(video("one"), BUCKET).await.unwrap();
    local.advance(Duration::from_secs(10));
    let running = model.start_async_invoke(video("two"), BUCKET).await.unwrap();
    let in_progress = model.list_async_invokes().status_equals(AsyncInvokeStatus::InProgress).await.unwrap();
    assert_eq!(in_progress.items.len(), 1);
    assert_eq!(in_progress.items[0].invocation_arn, running.invocation_arn);
    let none = model.list_async_invokes().submit_time_before("2000-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(none.await.unwrap().items, []);
}

#[tokio::test]
async fn aws_refuses_a_model_without_asynchronous_invocations() {
    let (_local, session) = local().await;
    let error = model(&session, MODEL).start_async_invoke(video("one"), BUCKET).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Validation, Some("StartAsyncInvoke")),
        "{error}"
    );
}

#[tokio::test]
async fn typed_inputs_are_sent_in_their_providers_formats() {
    // AWS has retired Nova Reel.
    let local = LocalBedrock::builder().keep_retired_models().start().await.unwrap();
    let session = session(local.url()).await;
    let media = TwelveLabsMedia::s3("s3://my-bucket/a.mp4", "123456789012");
    let image = ImageBlock::new("png", ImageSource::Bytes(Blob::from(b"\x89PNG")));
    let config = json!({"durationSeconds": 6, "fps": 24, "dimension": "1280x720"});
    let started: [(&str, StartAsyncInvoke, Value); 6] = [
        (
            "amazon.nova-reel-v1:1",
            model(&session, "amazon.nova-reel-v1:1").start_async_invoke(&NovaReel::text("A"), BUCKET),
            json!({"taskType": "TEXT_VIDEO", "textToVideoParams": {"text": "A"}, "videoGenerationConfig": config}),
        ),
        (
            "amazon.nova-reel-v1:1",
            model(&session, "amazon.nova-reel-v1:1")
                .start_async_invoke(&NovaReel::text_and_image("A", image.clone()), BUCKET),
            json!({
                "taskType": "TEXT_VIDEO",
                "textToVideoParams": {"text": "A", "images": [{"format": "png", "source": {"bytes": "iVBORw=="}}]},
                "videoGenerationConfig": config,
            }),
        ),
        (
            "amazon.nova-reel-v1:1",
            model(&session, "amazon.nova-reel-v1:1")
                .start_async_invoke(&NovaReel::multi_shot("A", 18).seed(7), BUCKET),
            json!({
                "taskType": "MULTI_SHOT_AUTOMATED",
                "multiShotAutomatedParams": {"text": "A"},
                "videoGenerationConfig": {"durationSeconds": 18, "fps": 24, "dimension": "1280x720", "seed": 7},
            }),
        ),
        (
            "amazon.nova-reel-v1:1",
            model(&session, "amazon.nova-reel-v1:1").start_async_invoke(
                &NovaReel::shots([NovaReelShot::new("A"), NovaReelShot::new("B").image(image)]),
                BUCKET,
            ),
            json!({
                "taskType": "MULTI_SHOT_MANUAL",
                "multiShotManualParams": {"shots": [
                    {"text": "A"},
                    {"text": "B", "image": {"format": "png", "source": {"bytes": "iVBORw=="}}},
                ]},
                "videoGenerationConfig": {"fps": 24, "dimension": "1280x720"},
            }),
        ),
        (
            VIDEO_MODEL,
            model(&session, VIDEO_MODEL)
                .start_async_invoke(&LumaRay::new("A").aspect_ratio("16:9").loops(true), BUCKET),
            json!({"prompt": "A", "aspect_ratio": "16:9", "loop": true}),
        ),
        (
            OTHER,
            model(&session, OTHER).start_async_invoke(
                &Marengo::of_video(MarengoClip::new(media).segmentation(MarengoSegmentation::of_length(6))),
                BUCKET,
            ),
            json!({"inputType": "video", "video": {
                "mediaSource": {"s3Location": {"uri": "s3://my-bucket/a.mp4", "bucketOwner": "123456789012"}},
                "segmentation": {"method": "fixed", "fixed": {"durationSec": 6}},
            }}),
        ),
    ];
    for (id, start, input) in started {
        local.clear_requests();
        start.await.unwrap_or_else(|error| panic!("{id}: {error}"));
        let sent = only_request(&local).json();
        assert_eq!((&sent["modelId"], &sent["modelInput"]), (&json!(id), &input));
    }

    local.clear_requests();
    let clip = MarengoClip::new(TwelveLabsMedia::bytes(b"RIFF")).start_sec(f64::NAN);
    let error =
        model(&session, OTHER).start_async_invoke(&Marengo::of_audio(clip), BUCKET).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("must be a finite number"), "{error}");
    assert!(operations(&local).is_empty());
}
