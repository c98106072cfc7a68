//! `CountTokens`.

use bedrock_orm::prelude::*;
use serde_json::json;

use crate::support::model;

/// A model that supports `CountTokens`.
pub const COUNTING: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

pub async fn count_tokens_accepts_a_conversation_or_a_body(session: &Session) {
    let model = model(session, COUNTING);
    let short = model.count_tokens("Draft a rollback checklist.").await.unwrap();
    assert!(short.input_tokens > 0);
    let request =
        ConverseRequest::from("Draft a rollback checklist.").system(["Keep it under five bullets."]);
    let long = model.count_tokens(request).await.unwrap();
    assert!(long.input_tokens > short.input_tokens, "{long:?} and {short:?}");

    let body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": "Draft a rollback checklist."}],
    });
    let raw = model.count_tokens(CountTokensInput::invoke_model(body)).await.unwrap();
    assert!(raw.input_tokens > 0);
}
