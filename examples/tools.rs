//! Parallel tool calls: `cargo run --example tools`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};
use serde_json::json;

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let weather = ToolSpecification::new(
        "get_weather",
        json!({
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "City of location"},
                "state": {"type": "string", "description": "State of location"}
            },
            "required": ["city", "state"]
        }),
    )
    .description("Get weather");

    let mut messages = vec![Message::user("What's the weather in Queens, NY and Austin, TX?")];
    loop {
        let reply = model.converse(&messages).tools([weather.clone()]).await?;
        println!("{}", reply.text());
        let results: Vec<ToolResultBlock> = reply
            .tool_uses()
            .map(|call| {
                println!("  {}({})", call.name, call.input);
                call.result(json!({"weather": "40", "city": call.input["city"]}))
            })
            .collect();
        messages.extend(reply.into_message());
        if results.is_empty() {
            return Ok(());
        }
        // Put the results of parallel tool calls into one message.
        messages.push(Message::user(results));
    }
}
