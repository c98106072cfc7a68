//! `InvokeModel` and `InvokeModelWithResponseStream`.

use bedrock_orm::prelude::*;
use serde_json::{Value, json};

use crate::support::{MODEL, model};

/// A prompt in the format of Amazon's Nova models.
pub fn nova(prompt: &str) -> Value {
    json!({
        "schemaVersion": "messages-v1",
        "messages": [{"role": "user", "content": [{"text": prompt}]}],
        "inferenceConfig": {"maxTokens": 64},
    })
}

pub async fn a_model_replies_in_its_provider_format(session: &Session) {
    let model = model(session, MODEL);
    let response = model.invoke_model(nova("Say hello.")).accept("application/json").await.unwrap();
    assert_eq!(response.content_type, "application/json");
    let body: Value = response.body.json().unwrap();
    assert!(!body["output"]["message"]["content"][0]["text"].as_str().unwrap().is_empty(), "{body}");
    assert!(body["usage"]["inputTokens"].as_u64().unwrap() > 0, "{body}");

    let text = nova("Say hello.").to_string();
    model.invoke_model(text.as_str()).await.unwrap();
    model.invoke_model(text.into_bytes()).await.unwrap();
}

pub async fn a_chunk_stream_ends_with_the_invocation_metrics(session: &Session) {
    let stream = model(session, MODEL).invoke_model_with_response_stream(nova("Count to twenty."));
    let mut stream = stream.await.unwrap();
    assert_eq!(stream.content_type(), "application/json");
    assert!(stream.request_id().is_some());
    let (mut text, mut last) = (String::new(), Value::Null);
    while let Some(chunk) = stream.next().await {
        last = chunk.unwrap().json().unwrap();
        text += last["contentBlockDelta"]["delta"]["text"].as_str().unwrap_or_default();
    }
    assert!(!text.is_empty());
    assert!(last["amazon-bedrock-invocationMetrics"]["outputTokenCount"].as_u64().unwrap() > 0, "{last}");
    assert!(stream.next().await.is_none());
}

pub async fn a_malformed_body_is_a_validation_error(session: &Session) {
    let model = model(session, MODEL);
    let error = model.invoke_model(json!({"no": "prompt"})).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Validation, Some("InvokeModel")), "{error}");
    let error = model.invoke_model_with_response_stream(json!({"no": "prompt"})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation, "{error}");
    assert_eq!(error.operation(), Some("InvokeModelWithResponseStream"));
}
