//! The output files of asynchronous invocations, and starts that are repeated.

use bedrock_orm::prelude::*;
use bedrock_orm_local::LocalBedrock;
use futures_util::TryStreamExt as _;
use serde_json::json;

use crate::world::{POLL, World};

const REEL: &str = "amazon.nova-reel-v1:1";

#[tokio::test]
async fn the_files_of_a_job_are_listed_and_read() {
    let world = World::new("output", LocalBedrock::builder().keep_retired_models()).await;
    let model = FoundationModel::with_id(REEL).using(&world.session);
    let input = json!({"taskType": "TEXT_VIDEO", "textToVideoParams": {"text": "A boat."}});
    let started = model.start_async_invoke(input.clone(), "s3://my-bucket/made/videos/").await.unwrap();
    let early = started.full().await.unwrap().output(world.store()).await;
    if let Err(error) = early {
        assert!(error.to_string().contains("is in progress; hint: `wait` waits for it"), "{error}");
    }

    // Another job's files are not listed.
    let other = model.start_async_invoke(input, "s3://my-bucket/made/videos/").await.unwrap();
    other.wait().interval(POLL).await.unwrap();
    let job = started.wait().interval(POLL).await.unwrap();
    let files = job.output(world.store()).await.unwrap();
    let names: Vec<_> = files.iter().map(|file| file.name()).collect();
    assert_eq!(names, ["manifest.json", "output.mp4", "video-generation-status.json"]);
    let id = started.invocation_arn.rsplit('/').next().unwrap();
    assert_eq!(files[1].uri(), format!("s3://my-bucket/made/videos/{id}/output.mp4"));

    let video = files[1].bytes().await.unwrap();
    assert_eq!((&video[4..8], video.len() as u64), (&b"ftyp"[..], files[1].size()));
    let pieces: Vec<_> = files[1].stream().await.unwrap().try_collect().await.unwrap();
    assert_eq!(pieces.concat(), video);
    std::fs::remove_file(world.folder.join(format!("my-bucket/made/videos/{id}/output.mp4"))).unwrap();
    assert!(files[1].bytes().await.unwrap_err().is_does_not_exist());
}

#[tokio::test]
async fn a_repeated_start_is_one_job() {
    let world = World::new("token", LocalBedrock::builder().keep_retired_models()).await;
    let model = FoundationModel::with_id(REEL).using(&world.session);
    let start = model.start_async_invoke(json!({"taskType": "TEXT_VIDEO"}), "s3://my-bucket/made/");
    let token = start.token().to_owned();
    let started = start.clone().await.unwrap();
    assert_eq!(start.await.unwrap().invocation_arn, started.invocation_arn);
    assert_eq!(AsyncInvoke::objects().using(&world.session).list().count().await.unwrap(), 1);
    let sent = world.local.last("StartAsyncInvoke").unwrap().json();
    assert_eq!(sent["clientRequestToken"], token.as_str());

    let other = model.start_async_invoke(json!({"taskType": "TEXT_VIDEO"}), "s3://my-bucket/made/");
    assert_ne!(other.token(), token);
    let named = other.client_request_token("mine");
    assert_eq!(named.token(), "mine");
}
