//! Handles errors by their kind: `cargo run --example errors`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, PROFILE_MODEL, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let conversations = ConversationManager::new(bedrock.session());

    let requests = [
        ("a model that does not exist", conversations.converse("acme.oracle-v9:0", "Hello")),
        ("a model without on-demand throughput", conversations.converse(PROFILE_MODEL, "Hello")),
        ("a temperature of 7", conversations.converse(MODEL, "Hello").temperature(7.0)),
        (
            "a guardrail without a version",
            conversations
                .converse(MODEL, "Hello")
                .guardrail(GuardrailConfiguration::default().guardrail_identifier("gr-123")),
        ),
    ];
    for (case, request) in requests {
        match request.await {
            Ok(reply) => println!("{case}: {}", reply.text()),
            Err(error) => match error.kind() {
                ErrorKind::AccessDenied => println!("{case}: request access to the model\n  {error}"),
                ErrorKind::DoesNotExist => println!("{case}: check the model ID\n  {error}"),
                ErrorKind::Throttled => println!("{case}: slow down\n  {error}"),
                ErrorKind::Validation | ErrorKind::InvalidInput => {
                    println!("{case}: fix the request\n  {error}");
                }
                _ if error.is_retryable() => println!("{case}: try again later\n  {error}"),
                _ => return Err(error.into()),
            },
        }
    }
    Ok(())
}
