//! A conversation with Nova Sonic: one task sends, and another receives. `cargo run --example speech`.
//!
//! The user's speech is a tone of one second here, in place of a microphone. A local Bedrock echoes it.

use bedrock_orm::models::providers::{
    SonicConversation, SonicOutput, SonicPromptStart, SonicSessionStart, SonicTool,
};
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, Result};
use serde_json::json;

const SONIC: &str = "amazon.nova-2-sonic-v1:0";
/// The samples of a second.
const RATE: u32 = 16_000;
/// The bytes of a piece of 32 milliseconds.
const PIECE: usize = 1_024;

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::with_id(SONIC).using(bedrock.session());
    let (sender, mut receiver) = model.invoke_model_with_bidirectional_stream().await?.split();

    let sending = tokio::spawn(async move {
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let weather = SonicTool::new("get_weather", "Returns the weather of a city", schema);
        let prompt = SonicPromptStart::new("prompt-1", "matthew").tools([weather]);
        let (mut conversation, start) = SonicConversation::start(SonicSessionStart::default(), prompt);
        sender.send_events(start).await?;
        sender.send_events(conversation.system_prompt("You are a friend. Be brief.")).await?;
        for piece in tone().chunks(PIECE) {
            sender.send_events(conversation.audio(piece)).await?;
        }
        sender.send_events(conversation.text("What did you hear?")).await?;
        sender.send_events(conversation.end()).await?;
        sender.finish();
        Ok::<_, Error>(())
    });

    let mut bytes = 0;
    while let Some(event) = receiver.next_event().await {
        match event? {
            SonicOutput::ContentStart(start) => println!("{} of the {} starts", start.r#type, start.role),
            SonicOutput::TextOutput(text) => println!("  {}", text.content),
            SonicOutput::AudioOutput(audio) => bytes += audio.content.len(),
            SonicOutput::ToolUse(call) => println!("  calls {} with {}", call.tool_name, call.content),
            SonicOutput::ContentEnd(end) => println!("  ended: {}", end.stop_reason),
            SonicOutput::UsageEvent(usage) => println!("{} tokens so far", usage.total_tokens),
            _ => {}
        }
    }
    sending.await??;
    println!("{bytes} bytes of speech");
    Ok(())
}

/// Returns a tone of one second and 440 hertz: samples of 16 bits.
#[allow(clippy::cast_possible_truncation, reason = "a sample")]
fn tone() -> Vec<u8> {
    let sample = |nth: u32| (f64::from(nth) * 440.0 * std::f64::consts::TAU / f64::from(RATE)).sin();
    (0..RATE).flat_map(|nth| ((sample(nth) * 8_000.0) as i16).to_le_bytes()).collect()
}
