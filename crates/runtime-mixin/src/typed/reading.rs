//! Reads a reply as its type.

use bedrock_orm_core::{Error, ErrorKind, Partial};
use bedrock_orm_models::{ConverseResponse, Message, StopReason};
use serde_core::de::DeserializeOwned;
use serde_json::Value;

use super::form::TOOL;
use super::misfit::Misfit;
use super::schema::{MEMBER, TypedSchema};
use crate::Reply;

/// Returns an error if the model refused to reply, or its reply was cut short.
pub(super) fn check_whole(reply: &Reply, operation: &'static str) -> Result<(), Error> {
    let (kind, message, hint) = match &reply.stop_reason {
        StopReason::GuardrailIntervened => (
            ErrorKind::ReplyRefused,
            "a guardrail intervened, so there is no typed reply",
            "`guardrail_trace(GuardrailTrace::Enabled)` makes AWS say which policy it was",
        ),
        StopReason::ContentFiltered => {
            (ErrorKind::ReplyRefused, "AWS filtered the reply's content", "another wording may pass")
        }
        StopReason::Unknown(reason) if reason == "refusal" => {
            (ErrorKind::ReplyRefused, "the model refused to reply", "another wording may pass")
        }
        StopReason::MaxTokens => (
            ErrorKind::ReplyTruncated,
            "the reply reached the maximum number of tokens before it was complete",
            "set a larger `max_tokens`, or ask for less",
        ),
        StopReason::ModelContextWindowExceeded => (
            ErrorKind::ReplyTruncated,
            "the reply reached the end of the model's context window before it was complete",
            "shorten the conversation, or ask for less",
        ),
        _ => return Ok(()),
    };
    Err(error(kind, message, reply, operation).with_hint(hint))
}

/// Creates an error with the reply's message and request ID.
pub(super) fn error(
    kind: ErrorKind,
    message: impl Into<String>,
    reply: &Reply,
    operation: &'static str,
) -> Error {
    let error = Error::new(kind, message).with_operation(operation).with_request_id(reply.request_id());
    match reply.message() {
        Some(message) => error.with_partial(Partial::Message(message.clone())),
        None => error,
    }
}

/// Reads the reply: the input of the tool for it, or else its text.
pub(super) fn read<T: DeserializeOwned>(
    response: &ConverseResponse,
    schema: &TypedSchema,
) -> Result<T, Misfit> {
    let json = json(response.message())?;
    serde_path_to_error::deserialize(unwrapped(json, schema))
        .map_err(|error| Misfit::of_form(&error, &schema.names()))
}

fn json(message: Option<&Message>) -> Result<Value, Misfit> {
    let Some(message) = message else { return Err(Misfit::new("the reply has no message")) };
    if let Some(call) = message.tool_uses().find(|call| call.name == TOOL) {
        return Ok(call.input.clone());
    }
    let text = message.text();
    if text.trim().is_empty() {
        return Err(Misfit::new("the reply has no content"));
    }
    serde_json::from_str(json_text(&text)).map_err(|error| Misfit::of_syntax(&error))
}

/// Returns the JSON of a text, without the fence of Markdown that some models add.
fn json_text(text: &str) -> &str {
    let text = text.trim();
    let fenced = text.strip_prefix("```").and_then(|text| text.strip_suffix("```"));
    fenced.map_or(text, |text| text.strip_prefix("json").unwrap_or(text).trim())
}

/// Returns the value of a reply, of which a type that is no object is the only member.
fn unwrapped(mut json: Value, schema: &TypedSchema) -> Value {
    match json.get_mut(MEMBER) {
        Some(value) if schema.is_wrapped() => value.take(),
        _ => json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_by_the_model_is_refused() {
        let mut response = ConverseResponse::default();
        response.stop_reason = StopReason::Unknown("refusal".to_owned());
        let reply = Reply::new(response, "model".to_owned(), None);
        assert_eq!(check_whole(&reply, "Converse").unwrap_err().kind(), ErrorKind::ReplyRefused);
    }
}
