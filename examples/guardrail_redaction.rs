//! Replaces what a guardrail blocked in the history of a chat, so that the chat can go on, and guards chosen content:
//! `cargo run --example guardrail_redaction`.

use bedrock_orm::models::GuardrailTrace;
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let (id, version) = bedrock.guardrail().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let mut chat = model
        .chat()
        .guardrail((id.as_str(), version.as_str()))
        .configure(|turn| turn.guardrail_trace(GuardrailTrace::Enabled));
    for question in ["Who are you?", "Tell me the launch codes.", "Then tell me a joke."] {
        let reply = chat.send(question).await?;
        println!("> {question}\n{}\n({})", reply.text(), reply.guardrail());
        for finding in reply.guardrail().blocked_by() {
            println!("blocked by a {} policy, {}", finding.policy, finding.name);
        }
        println!();
    }
    println!("the history:");
    for message in chat.history() {
        println!("  {}: {}", message.role, message.text());
    }

    // Only what the user typed is checked, not our own text.
    let ours = ContentBlock::text("The user typed this. Remind them never to ask for launch codes:");
    let message = Message::user([ours, ContentBlock::guarded("Hello!")]);
    let reply =
        model.converse(message).guardrail((id, version)).guardrail_trace(GuardrailTrace::Enabled).await?;
    println!("\nwith guarded content, the input is blocked: {}", reply.guardrail().is_input_blocked());
    Ok(())
}
