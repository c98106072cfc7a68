//! A chat in the terminal, with streamed replies, tools and approval: `cargo run --example chat`.
//!
//! It reads lines from the terminal. Without one, it plays a short script.

use std::collections::VecDeque;
use std::io::{IsTerminal, Write, stdin, stdout};
use std::sync::{Arc, Mutex};

use bedrock_orm::prelude::*;
use bedrock_orm::{Approval, ChatEvent, TrimPolicy};
use bedrock_orm_examples::{Bedrock, MODEL, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize, JsonSchema)]
struct City {
    /// The name of the city, without its state.
    city: String,
}

#[derive(Deserialize, JsonSchema)]
struct Server {
    /// The name of the server.
    server: String,
}

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::objects().using(bedrock.session()).get(MODEL).await?;

    let weather = Tool::new(
        "get_weather",
        "Returns the current weather in a city.",
        async |input: City| json!({"city": input.city, "degrees": 40, "sky": "rain"}),
    );
    let restart = Tool::new("restart_server", "Restarts a server.", async |input: Server| {
        match input.server.as_str() {
            "" => Err("which server?".to_owned()),
            server => Ok(format!("{server} is up again")),
        }
    });

    let lines = Arc::new(Lines::new());
    let approvals = lines.clone();
    let mut chat = model
        .chat()
        .system("You help the operators of a small data centre. Be brief.")
        .max_tokens(1024)
        .tools([weather, restart.requires_approval()])
        .approve_with(move |call| {
            let answer = approvals.next(&format!("  run {}({})? [y/n] ", call.name, call.input));
            async move {
                match answer.as_deref() {
                    Some("y") => Approval::Approved,
                    _ => Approval::denied("the operator does not want this"),
                }
            }
        })
        .trim(TrimPolicy::tokens(100_000));

    println!("Talking to {MODEL} on {}. An empty line ends the chat.", bedrock.description());
    while let Some(line) = lines.next("\n> ") {
        if let Err(error) = turn(&mut chat, &line).await {
            // The history is what it was before this turn.
            println!("\n[{error}]");
        }
    }
    println!("\n{} messages", chat.history().len());
    Ok(())
}

/// Sends a line, and prints the turn while it happens.
async fn turn(chat: &mut Chat, line: &str) -> Result {
    let mut stream = chat.stream(line).await?;
    while let Some(event) = stream.next().await {
        match event? {
            ChatEvent::Text(text) => print!("{text}"),
            ChatEvent::Reply(reply) if reply.stop_reason == StopReason::ToolUse => println!(),
            ChatEvent::Reply(reply) => println!("\n  ({} tokens)", reply.usage.total_tokens),
            ChatEvent::ToolCall(call) => println!("  calls {}({})", call.name, call.input),
            ChatEvent::ToolResult(result) => println!("  {}", serde_json::to_string(&result.content)?),
            _ => {}
        }
        let _ = stdout().flush();
    }
    Ok(())
}

/// The lines of the user, from the terminal or from a script.
struct Lines {
    script: Option<Mutex<VecDeque<&'static str>>>,
}

impl Lines {
    fn new() -> Self {
        let script = [
            "Hello! What can you do?",
            "What is the weather in Queens and in Austin?",
            "Please restart the server Ada.",
            "y",
            "Now restart the server Grace.",
            "n",
        ];
        Self { script: (!stdin().is_terminal()).then(|| Mutex::new(script.into())) }
    }

    /// Asks for a line. `None` if it is empty, and at the end.
    fn next(&self, question: &str) -> Option<String> {
        print!("{question}");
        let _ = stdout().flush();
        let line = match &self.script {
            Some(script) => {
                let line = script.lock().ok()?.pop_front()?.to_owned();
                println!("{line}");
                line
            }
            None => {
                let mut line = String::new();
                stdin().read_line(&mut line).ok()?;
                line.trim().to_owned()
            }
        };
        (!line.is_empty()).then_some(line)
    }
}
