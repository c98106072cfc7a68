//! Streamed replies: `cargo run --example converse_stream`.

use bedrock_orm::models::ContentBlockDelta;
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    // Read the events of a stream.
    let mut stream = model.converse_stream("Stream a one sentence release note.").await?;
    while let Some(event) = stream.next().await {
        match event? {
            ConverseStreamOutput::MessageStart(start) => println!("{}:", start.role),
            ConverseStreamOutput::ContentBlockDelta(delta) => {
                if let ContentBlockDelta::Text(text) = delta.delta {
                    print!("{text}");
                }
            }
            ConverseStreamOutput::MessageStop(stop) => println!("\n({})", stop.stop_reason),
            _ => {}
        }
    }

    // Read only the text.
    let mut text = model.converse_stream("And one more.").await?.text();
    while let Some(piece) = text.next().await {
        print!("{}", piece?);
    }

    // Collect the stream into a reply as `converse` returns it.
    let reply = model.converse_stream("And the last one.").await?.collect().await?;
    println!("\n{}\n({} tokens)", reply.text(), reply.usage.total_tokens);
    Ok(())
}
