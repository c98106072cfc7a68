//! A stream in the provider's format: `cargo run --example invoke_model_with_response_stream`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let mut stream = model
        .invoke_model_with_response_stream(json!({
            "messages": [{"role": "user", "content": [{"text": "Stream a one sentence status update."}]}],
            "inferenceConfig": {"maxTokens": 512}
        }))
        .await?;
    while let Some(chunk) = stream.next().await {
        let event: Value = chunk?.json()?;
        if let Some(text) = event["contentBlockDelta"]["delta"]["text"].as_str() {
            print!("{text}");
        }
    }
    println!();
    Ok(())
}
