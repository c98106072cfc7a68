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
            "messages": [{"role": "user", "content": [{"text": "Summarize this deployment note in one sentence."}]}],
            "inferenceConfig": {"maxTokens": 512}
        }))
        .accept("application/json")
        .await?;

    println!("{}", answer.content_type);
    println!("{}", answer.body.json::<Value>()?["output"]["message"]["content"][0]["text"]);
    Ok(())
}
