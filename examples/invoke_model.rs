//! A request in the provider's format: `cargo run --example invoke_model`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let response = model
        .invoke_model(json!({
            "messages": [{"role": "user", "content": [{"text": "Summarize this deployment note in one sentence."}]}],
            "inferenceConfig": {"maxTokens": 512}
        }))
        .accept("application/json")
        .await?;

    println!("{}", response.content_type);
    println!("{}", response.body.json::<Value>()?["output"]["message"]["content"][0]["text"]);
    Ok(())
}
