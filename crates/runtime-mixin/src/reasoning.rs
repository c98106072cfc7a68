//! The reasoning in a history, whose signatures only the model that wrote it accepts.

use bedrock_orm_models::{ConverseRequest, Message};

use crate::Target;

/// Leaves out the reasoning.
pub(crate) fn without_reasoning(messages: Vec<Message>) -> Vec<Message> {
    let mut kept: Vec<Message> = Vec::with_capacity(messages.len());
    for mut message in messages {
        message.content.retain(|block| block.as_reasoning().is_none());
        match kept.last_mut() {
            _ if message.content.is_empty() => {}
            Some(last) if last.role == message.role => last.content.extend(message.content),
            _ => kept.push(message),
        }
    }
    kept
}

/// Returns the name of the model that writes what this target replies: the foundation model, if the session has resolved it,
/// so that a model and its inference profiles have the same name; or else what the request names.
pub(crate) fn writer(target: &Target) -> String {
    target.known_model_id().unwrap_or_else(|| target.model_id.clone())
}

/// Returns the request for a target: without the reasoning, if another model wrote it.
pub(crate) fn request_for(target: &Target, request: &ConverseRequest, reasoning_of: &str) -> ConverseRequest {
    let mut request = request.clone();
    if writer(target) != reasoning_of {
        request.messages = request.messages.map(without_reasoning);
    }
    request
}
