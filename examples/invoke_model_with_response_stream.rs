//! The maker's own events, as they are written: `cargo run --example invoke_model_with_response_stream`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let mut stream = model
        .invoke_model_with_response_stream(json!({
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 512,
            "messages": [{"role": "user", "content": "Stream a one sentence status update."}]
        }))
        .await?;
    while let Some(chunk) = stream.next().await {
        let event: Value = chunk?.json()?;
        if let Some(text) = event["delta"]["text"].as_str() {
            print!("{text}");
        }
    }
    println!();
    Ok(())
}
