//! Counts the input tokens of a request: `cargo run --example count_tokens`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, COUNTING_MODEL, Result};
use serde_json::json;

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(COUNTING_MODEL).await?;

    let request = ConverseRequest::from("Draft a rollback checklist.")
        .system([SystemContentBlock::text("Keep the answer under five bullets.")]);
    println!("as a conversation: {} tokens", model.count_tokens(request).await?.input_tokens);

    let body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 512,
        "messages": [{"role": "user", "content": "Draft a rollback checklist."}]
    });
    println!(
        "as a raw body: {} tokens",
        model.count_tokens(CountTokensInput::invoke_model(body)).await?.input_tokens
    );
    Ok(())
}
