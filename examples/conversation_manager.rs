//! Runtime calls that take a model ID: `cargo run --example conversation_manager`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let conversations = ConversationManager::new(bedrock.session());

    let reply = conversations.converse(MODEL, "Say hello.").await?;
    println!("{}", reply.text());

    let mut text = conversations.converse_stream(MODEL, "Say it again.").await?.text();
    while let Some(piece) = text.next().await {
        print!("{}", piece?);
    }
    println!();

    // The same calls on a model bound by its ID, without fetching it. The ID of an inference profile works too.
    let model = FoundationModel::with_id(MODEL).using(bedrock.session());
    println!("{}", model.converse("And once more.").await?.text());
    conversations.close();
    Ok(())
}
