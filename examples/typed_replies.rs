//! Reads replies as Rust types: `cargo run --example typed_replies`.

use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// A report about an incident.
#[derive(Debug, Deserialize, JsonSchema)]
struct Incident {
    /// One sentence.
    summary: String,
    severity: Severity,
    /// What to do, in order.
    steps: Vec<String>,
    /// The customer who reported it, if the text names one.
    customer: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Severity {
    Low,
    High,
}

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    println!("on {}\n", bedrock.description());
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let text =
        "Ada of Lovelace Ltd. cannot log in since nine o'clock. The login page answers with status 503.";
    let incident = model.converse_as::<Incident>(text).system("Report the incident.").max_tokens(512).await?;
    println!("{:?} severity: {}", incident.severity, incident.summary);
    println!("customer: {}", incident.customer.as_deref().unwrap_or("unknown"));
    for (number, step) in incident.steps.iter().enumerate() {
        println!("{}. {step}", number + 1);
    }
    println!("({} tokens)\n", incident.reply().usage.total_tokens);

    // In a chat, with the history.
    let mut chat = model.chat().system("You plan deployments.");
    chat.send("We deploy on Tuesday.").await?;
    let steps = chat.ask_as::<Vec<String>>("List the steps.").await?;
    println!("{} steps, {} messages", steps.len(), chat.history().len());

    // A reply that is cut short is told apart from one that does not fit.
    match model.converse_as::<Incident>(text).max_tokens(5).await {
        Ok(incident) => println!("{}", incident.summary),
        Err(error) => println!("{:?}: {error}", error.kind()),
    }
    Ok(())
}
