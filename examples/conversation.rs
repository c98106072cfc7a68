//! A conversation with several turns: `cargo run --example conversation`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let mut messages = Vec::new();
    for question in ["What is Amazon Bedrock?", "How does it compare to running a model of my own?"] {
        messages.push(Message::user(question));
        let reply =
            model.converse(&messages).system("You are a helpful AWS expert.").temperature(0.7).await?;
        println!("> {question}\n{}\n", reply.text());
        messages.extend(reply.into_message());
    }
    Ok(())
}
