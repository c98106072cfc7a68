//! A video job with a progress bar, and its files: `cargo run --example video_job`.

use std::future::IntoFuture as _;
use std::pin::pin;
use std::time::Duration;

use bedrock_orm::models::providers::LumaRay;
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, Result, VIDEO_MODEL, bar};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(VIDEO_MODEL).await?;

    let input = LumaRay::new("Cinematic orbital shot of a satellite above Earth.").duration("5s");
    let start = model.start_async_invoke(&input, format!("s3://{}/videos/", bedrock.bucket()?));
    println!("token {}: with it, the start is safe to repeat", start.token());
    let started = start.await?;
    println!("{}", started.invocation_arn);

    // A job has no counts: the bar approaches its end, and reaches it when the video is there.
    let done = started.wait().interval(Duration::from_millis(if bedrock.is_local() { 400 } else { 5_000 }));
    let mut done = pin!(done.into_future());
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    let mut share = 0.0;
    let job = loop {
        tokio::select! {
            job = &mut done => break job?,
            _ = ticks.tick() => println!("{}", bar(share)),
        }
        share += (1.0 - share) / 10.0;
    };
    println!("{} {}", bar(1.0), job.status);

    for file in job.output(bedrock.store()?).await? {
        println!("{} ({} bytes)", file.uri(), file.size());
    }
    Ok(())
}
