//! Each provider's format of InvokeModel, whole and streamed: `cargo run --example providers`.
//!
//! AWS has retired the models at the end, which a local Bedrock still has here.

use bedrock_orm::models::StreamedBody;
use bedrock_orm::models::providers::{
    ChatCompletions, ChatResponse, ClaudeCompletion, ClaudeCompletionResponse, ClaudeMessages,
    ClaudeResponse, CohereChat, CohereChatResponse, CohereText, CohereTextResponse, DeepSeekText,
    DeepSeekTextResponse, LlamaResponse, LlamaText, MistralText, MistralTextResponse, NovaMessages,
    NovaResponse, Pegasus, TitanText, TitanTextResponse, TwelveLabsMedia,
};
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect_with_retired_models().await?;
    let models = ConversationManager::new(bedrock.session());
    let ask = "Say hello.";

    let claude = ClaudeMessages::new([ask], 256);
    both(&models, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", &claude, ClaudeResponse::text).await;
    both(&models, "amazon.nova-lite-v1:0", &NovaMessages::new([ask]), NovaResponse::text).await;
    both(&models, "meta.llama3-8b-instruct-v1:0", &LlamaText::new(ask), LlamaResponse::text).await;
    let mistral = MistralText::new("<s>[INST] Say hello. [/INST]");
    both(&models, "mistral.mistral-7b-instruct-v0:2", &mistral, MistralTextResponse::text).await;
    let r1 = DeepSeekText::new("<｜begin▁of▁sentence｜><｜User｜>Say hello.<｜Assistant｜>");
    both(&models, "us.deepseek.r1-v1:0", &r1, DeepSeekTextResponse::text).await;
    let chat = ChatCompletions::new([ask]).max_tokens(256);
    for id in [
        "openai.gpt-oss-20b-1:0",
        "qwen.qwen3-32b-v1:0",
        "deepseek.v3-v1:0",
        "mistral.mistral-large-3-675b-instruct",
    ] {
        both(&models, id, &chat, ChatResponse::text).await;
    }
    let video = TwelveLabsMedia::s3("s3://my-bucket/video.mp4", "123456789012");
    let pegasus = Pegasus::new("What happens?", video);
    both(&models, "us.twelvelabs.pegasus-1-2-v1:0", &pegasus, |reply| reply.message.clone()).await;

    println!("\nAWS has retired the models of these formats:");
    let completion = ClaudeCompletion::new("\n\nHuman: Say hello.\n\nAssistant:", 256);
    both(&models, "anthropic.claude-v2", &completion, ClaudeCompletionResponse::text).await;
    both(&models, "amazon.titan-text-express-v1", &TitanText::new(ask), TitanTextResponse::text).await;
    both(&models, "ai21.jamba-1-5-mini-v1:0", &chat, ChatResponse::text).await;
    both(&models, "cohere.command-r-v1:0", &CohereChat::new(ask), CohereChatResponse::text).await;
    both(&models, "cohere.command-text-v14", &CohereText::new(ask), CohereTextResponse::text).await;
    Ok(())
}

/// Prints the reply of a model, or its error, and whether its stream adds up to a reply.
async fn both<B: StreamedBody>(
    models: &ConversationManager,
    id: &str,
    body: &B,
    text: fn(&B::Response) -> String,
) {
    match models.invoke(id, body).await {
        Ok(reply) => {
            let usage = reply.usage();
            println!("{id}: {} ({:?} tokens)", text(&reply), usage.output_tokens.unwrap_or_default());
        }
        Err(error) => return println!("{id}: {}", error.message()),
    }
    let collected = async { models.invoke(id, body).stream().await?.collect().await };
    match collected.await {
        Ok(reply) => println!("  streamed: {}", text(&reply)),
        Err(error) => println!("  streamed: {}", error.message()),
    }
}
