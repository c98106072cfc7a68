//! Long-running jobs that write to S3: `cargo run --example async_invokes`.

use bedrock_orm::models::AsyncInvokeStatus;
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, Result, VIDEO_MODEL};
use serde_json::json;

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(VIDEO_MODEL).await?;

    let started = model
        .start_async_invoke(
            json!({"prompt": "Cinematic orbital shot of a satellite above Earth."}),
            bedrock.output()?,
        )
        .await?;
    println!("{}", started.invocation_arn);

    // A job of this model; that of another would be an error which names both.
    let job = model.get_async_invoke(started.invocation_arn.as_str()).await?;
    println!("{}", job.status);

    // One of AWS's pages, without the jobs of other models: it may be short and still have a next.
    let page =
        model.list_async_invokes().max_results(10).status_equals(AsyncInvokeStatus::InProgress).await?;
    for job in &page.items {
        println!("{} since {}", job.invocation_arn, job.submit_time);
    }
    if let Some(token) = page.next_token {
        println!("{} more", model.list_async_invokes().max_results(10).next_token(token).await?.items.len());
    }
    Ok(())
}
