//! A conversation with one turn: `cargo run --example converse`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let reply = model
        .converse("Give me three short deployment safety checks.")
        .system("Answer with concise bullet points.")
        .max_tokens(512)
        .await?;

    println!("{}", reply.text());
    println!("({}, {} tokens)", reply.stop_reason, reply.usage.total_tokens);
    Ok(())
}
