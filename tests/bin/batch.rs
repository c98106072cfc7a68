//! A process that runs a batch on a local Bedrock. `tests/stores/killed.rs` kills it at a point of its way, and runs it again.
//!
//! Arguments: the server's URL, the folder of the bucket, and the point where it stops until it is killed. It prints the
//! point when it has reached it, or else the records of the finished batch.
#![allow(clippy::unwrap_used)] // a test program

use std::sync::Arc;
use std::time::Duration;

use bedrock_orm::object_store::local::LocalFileSystem;
use bedrock_orm::prelude::*;
use bedrock_orm::{Batch, BatchQuotas};

/// Two files with jobs, and one that is run directly.
const PROMPTS: usize = 250;
const RECORDS: u64 = 100;

#[tokio::main]
async fn main() {
    let [url, folder, stop] = std::env::args().skip(1).collect::<Vec<_>>().try_into().unwrap();
    let session = Session::local(url).unwrap();
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder).unwrap());
    let model = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
    let at = stop.clone();
    let prompts = (0..PROMPTS).map(move |number| {
        let prompt = format!("prompt {number:05}");
        reached(&prompt, &at);
        prompt
    });
    let run = Batch::of(&model)
        .in_store(store, "s3://my-bucket/killed")
        .role("arn:aws:iam::123456789012:role/bedrock-batch")
        .quotas(BatchQuotas::default().max_records_per_job(RECORDS))
        .map(prompts)
        .await
        .unwrap();
    reached("written", &stop);
    let mut changes = run.wait().interval(Duration::from_millis(10)).watch();
    while let Some(change) = changes.next().await {
        if change.unwrap().processed > 0 {
            reached("processed", &stop);
        }
    }
    reached("finished", &stop);
    let mut results = run.results();
    while let Some(record) = results.next().await {
        let record = record.unwrap();
        println!("{} {}", record.index, record.reply().unwrap().text());
    }
}

/// Stops here until the process is killed, if this is the point to stop at.
fn reached(point: &str, stop: &str) {
    if point == stop {
        println!("{point}");
        loop {
            std::thread::park();
        }
    }
}
