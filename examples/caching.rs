//! Caches the prompts of a chat, and shows what the cache did in each turn: `cargo run --example caching`.

use bedrock_orm::CachePolicy;
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, PROFILE_MODEL, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    println!("on {}\n", bedrock.description());
    let model = FoundationModel::objects().using(bedrock.session()).get(PROFILE_MODEL).await?;
    let model = model.invocable().await?;

    // Long enough for the model's cache.
    let handbook = "Drain the queue before the worker restarts, and tell the team. ".repeat(120);
    let mut chat = model.chat().system(handbook).max_tokens(200).cache(CachePolicy::auto());
    for question in ["What comes first?", "And then?", "Who has to know?"] {
        let reply = chat.send(question).await?;
        println!("{question} {}", reply.cache());
    }
    let share = chat.send("Thanks.").await?.cache().usage.read_share();
    println!("Thanks. {:.0} % of the input came from the cache\n", share * 100.0);

    // Why nothing was read.
    let turn = |system: &str| model.converse("Hello").system(system).max_tokens(50);
    println!("without a policy: {}", turn("Be brief.").await?.cache());
    println!("a short prompt: {}", turn("Be brief.").cache(CachePolicy::auto()).await?.cache());
    let new = "Answer the customers in their language, and never promise a date. ".repeat(120);
    println!("a new prompt: {}", turn(&new).cache(CachePolicy::auto()).await?.cache());
    println!("the same again: {}", turn(&new).cache(CachePolicy::auto()).await?.cache());
    Ok(())
}
