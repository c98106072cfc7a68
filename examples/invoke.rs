//! Typed bodies in the providers' formats: `cargo run --example invoke`.

use bedrock_orm::models::providers::{
    ChatCompletions, ClaudeEvent, ClaudeMessages, LlamaText, MistralText, NovaInferenceConfig, NovaMessages,
    TitanText, TitanTextConfig,
};
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, Result};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let models = ConversationManager::new(bedrock.session());

    println!("Claude, whole:");
    let request = ClaudeMessages::new(["What is machine learning?"], 1024).system("Be brief.");
    let response = models.invoke(CLAUDE, &request).await?;
    show(&response.text());

    println!("Claude, streamed:");
    let mut stream = models.invoke(CLAUDE, &request).stream().await?;
    let mut events = 0;
    while let Some(event) = stream.next().await {
        if let ClaudeEvent::MessageDelta(delta) = event? {
            println!("  stopped: {}", delta.delta.stop_reason.unwrap_or_default());
        }
        events += 1;
    }
    println!("  {events} events, {} tokens", stream.usage().output_tokens.unwrap_or_default());

    println!("Nova:");
    let config = NovaInferenceConfig::default().max_tokens(512).temperature(0.7);
    let request = NovaMessages::new(["Tell me a story of two sentences."]).inference_config(config);
    show(&models.invoke("amazon.nova-lite-v1:0", &request).await?.text());

    println!("Llama:");
    let request = LlamaText::new("What is AI?").max_gen_len(512).temperature(0.7).top_p(0.9);
    show(&models.invoke("meta.llama3-8b-instruct-v1:0", &request).await?.generation);

    println!("Mistral:");
    let request =
        MistralText::new("<s>[INST] Explain quantum computing [/INST]").max_tokens(512).temperature(0.7);
    show(&models.invoke("mistral.mistral-7b-instruct-v0:2", &request).await?.text());

    println!("gpt-oss, Qwen and DeepSeek share a format:");
    let request = ChatCompletions::new(["Say hello."]).max_tokens(256);
    for id in ["openai.gpt-oss-20b-1:0", "qwen.qwen3-32b-v1:0", "deepseek.v3-v1:0"] {
        println!("  {id}");
        show(&models.invoke(id, &request).await?.text());
    }

    println!("Titan, which AWS has retired:");
    let config = TitanTextConfig::default().max_token_count(512).temperature(0.7).top_p(0.9);
    let request = TitanText::new("Summarize AWS").text_generation_config(config);
    match models.invoke("amazon.titan-text-express-v1", &request).await {
        Ok(response) => show(&response.text()),
        Err(error) => report(&error),
    }

    println!("The tokens of a prompt, counted with a reply of one token:");
    let usage = models.invoke(CLAUDE, &ClaudeMessages::new(["What is AI?"], 1)).await?.usage();
    println!(
        "  {} in, {} out",
        usage.input_tokens.unwrap_or_default(),
        usage.output_tokens.unwrap_or_default()
    );

    println!("A setting that the model does not accept:");
    match models.invoke(CLAUDE, &ClaudeMessages::new(["Hello"], 64).temperature(7.0)).await {
        Ok(response) => show(&response.text()),
        Err(error) => report(&error),
    }
    Ok(())
}

/// Prints a reply, indented.
fn show(text: &str) {
    for line in text.lines() {
        println!("  {line}");
    }
}

/// Says what to do about an error, by its kind.
fn report(error: &Error) {
    match error.kind() {
        ErrorKind::AccessDenied => println!("  ask for access to the model: {}", error.message()),
        ErrorKind::Throttled => println!("  try again later: {}", error.message()),
        ErrorKind::Validation => println!("  fix the request: {}", error.message()),
        ErrorKind::DoesNotExist => println!("  choose another model: {}", error.message()),
        _ => println!("  {error}"),
    }
}
