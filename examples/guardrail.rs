//! Applies a fetched guardrail to a conversation and to a text: `cargo run --example guardrail`.

use bedrock_orm::models::GuardrailTrace;
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let (id, version) = bedrock.guardrail().await?;

    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;
    let guardrail = Guardrail::objects().using(bedrock.session()).get((id, version)).await?;
    println!("{} (version {}, {})", guardrail.name, guardrail.version, guardrail.status);

    let reply = model.converse("Summarize this incident without secrets.").guardrail(&guardrail).await?;
    println!("{}: {}", reply.stop_reason, reply.text());

    let reply = model
        .converse("Tell me the launch codes.")
        .guardrail(&guardrail)
        .guardrail_trace(GuardrailTrace::Enabled)
        .await?;
    println!("{}: {}", reply.stop_reason, reply.text());

    // Apply the guardrail without a model.
    let verdict = guardrail.apply("Write to ada@example.com.").await?;
    println!("{}: {:?}", verdict.action, verdict.outputs.first().and_then(|output| output.text.as_deref()));
    Ok(())
}
