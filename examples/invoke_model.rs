//! A request in the maker's own form: `cargo run --example invoke_model`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let answer = model
        .invoke_model(json!({
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 512,
            "messages": [{"role": "user", "content": "Summarize this deployment note in one sentence."}]
        }))
        .accept("application/json")
        .await?;

    println!("{}", answer.content_type);
    println!("{}", answer.body.json::<Value>()?["content"][0]["text"]);
    Ok(())
}
