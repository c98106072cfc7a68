//! Starts and lists asynchronous invocations, which write to S3: `cargo run --example async_invokes`.

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
            bedrock.output_uri()?,
        )
        .await?;
    println!("{}", started.invocation_arn);

    // Returns a job of this model. For a job of another model, this is an error that names both models.
    let job = model.get_async_invoke(started.invocation_arn.as_str()).await?;
    println!("{}", job.status);

    // A page of AWS's list without the jobs of other models. It can be short and still have a next page.
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
