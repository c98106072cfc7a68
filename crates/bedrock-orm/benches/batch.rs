//! The memory and the time of a batch, for `cargo xtask bench`.
//!
//! `batch map <records>` maps prompts by the jobs of a local Bedrock in another process, retries the one percent that fails,
//! and reads all results. It prints the largest size of this process in KiB (`VmHWM`), and the seconds of writing, waiting
//! and reading. (`batch serve <folder>` is the other process.)

#![allow(clippy::unwrap_used, clippy::panic)] // an internal program

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use bedrock_orm::object_store::local::LocalFileSystem;
use bedrock_orm::prelude::*;
use bedrock_orm::{Batch, BatchRun};
use bedrock_orm_local::{LocalBedrock, Reply};
use support::{ServerProcess, size};

#[tokio::main]
async fn main() {
    let arguments = support::arguments();
    let [what, value] = arguments.as_slice() else { panic!("batch <map|serve> <records|folder>") };
    match what.as_str() {
        "map" => map(value.parse().unwrap()).await,
        "serve" => serve(value).await,
        _ => panic!("no such measurement: {what}"),
    }
}

async fn map(records: u64) {
    let folder = env::temp_dir().join(format!("bedrock-orm-bench-{}", process::id()));
    fs::create_dir_all(folder.join("bucket")).unwrap();
    let server = ServerProcess::start(folder.to_str().unwrap());
    let session = Session::local(&server.url).unwrap();
    let model = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder.join("bucket")).unwrap());

    let start = Instant::now();
    let run = Batch::of(&model)
        .in_store(store, "s3://bucket/batch")
        .role("arn:aws:iam::123456789012:role/batch")
        .map((0..records).map(|number| format!("Summarize the release note with the number {number}.")))
        .await
        .unwrap();
    let written = start.elapsed();
    wait(&run).await;
    run.retry_failed().await.unwrap();
    wait(&run).await;
    let waited = start.elapsed();
    let mut results = run.results();
    let (mut count, mut sum) = (0, 0);
    while let Some(record) = results.next().await {
        let record = record.unwrap();
        (count, sum) = (count + 1, sum + record.index);
        assert!(record.reply().unwrap().text().starts_with("Reply to "));
    }
    // Each record is there once.
    assert_eq!((count, sum), (records, records * (records - 1) / 2));
    let seconds = [written, waited - written, start.elapsed() - waited].map(|time| time.as_secs_f64());
    println!("{} {:.1} {:.1} {:.1}", size("VmHWM"), seconds[0], seconds[1], seconds[2]);
    server.stop();
    fs::remove_dir_all(&folder).unwrap();
}

async fn wait(run: &BatchRun) {
    run.wait().interval(Duration::from_millis(10)).await.unwrap();
}

/// Serves jobs. A prompt whose number ends with 07 fails in its first job.
async fn serve(folder: &str) {
    let failed = std::sync::Mutex::new(std::collections::HashSet::new());
    let local = LocalBedrock::builder()
        .bucket_folder(folder)
        .job_duration(Duration::from_millis(10))
        .reply_with(move |conversation| {
            let text = conversation.text();
            match text.ends_with("07.") && failed.lock().unwrap().insert(text.clone()) {
                true => Reply::error("ModelErrorException", "The model stumbled."),
                false => Reply::text(format!("Reply to {text}")),
            }
        })
        .start()
        .await
        .unwrap();
    support::serve(local).await;
}
