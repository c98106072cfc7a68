//! A batch over a file of prompts, one in each line, with AWS's batch inference: `cargo run --example batch`.
//!
//! The state of a batch is in its folder of the bucket. Start the program again, and it continues where it stopped.

use std::time::Duration;

use bedrock_orm::models::{ConverseRequest, InferenceConfiguration};
use bedrock_orm::prelude::*;
use bedrock_orm::{Batch, BatchQuotas};
use bedrock_orm_examples::{Bedrock, MODEL, Result, bar};

const NOTES: &str = include_str!("data/notes.txt");

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let prompts = NOTES.lines().map(|note| {
        ConverseRequest::from(format!("Summarize this release note in five words: {note}"))
            .inference_config(InferenceConfiguration::default().max_tokens(40))
    });
    // AWS's minimum for a job is 100 records. The local Bedrock has none, and this file is short.
    let quotas = BatchQuotas::default().min_records_per_job(if bedrock.is_local() { 5 } else { 100 });
    let run = Batch::of(&model)
        .in_store(bedrock.store()?, format!("s3://{}/summaries", bedrock.bucket()?))
        .role(bedrock.batch_role()?)
        .quotas(quotas.max_records_per_job(10))
        .map(prompts)
        .await?;
    println!("{} records, jobs:", run.progress().records);
    for arn in run.job_arns() {
        println!("  {arn}");
    }

    let interval = Duration::from_millis(if bedrock.is_local() { 300 } else { 30_000 });
    let mut changes = run.wait().interval(interval).watch();
    while let Some(progress) = changes.next().await {
        let progress = progress?;
        println!("{} {} of {}", bar(progress.fraction()), progress.processed, progress.records);
    }

    if run.retry_failed().await? > 0 {
        run.wait().interval(interval).await?;
    }
    // The records come in AWS's order. The index leads back to the line.
    let mut results = run.results();
    while let Some(record) = results.next().await {
        let record = record?;
        let line = record.index + 1;
        match record.reply() {
            Ok(reply) => println!("line {line}: {}", reply.text()),
            Err(error) => println!("line {line} failed: {error}"),
        }
    }
    Ok(())
}
