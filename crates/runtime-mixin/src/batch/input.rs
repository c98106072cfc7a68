//! What a record of a batch sends to the model.

use std::fmt;

use bedrock_orm_models::{ConverseRequest, Message, ModelInvocationType};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// What one record of a batch sends: a turn of a conversation, as in [`converse`](crate::ConverseExt::converse), or a body
/// in the provider's format, as in [`invoke_model`](crate::InvokeModelExt::invoke_model). All records of a batch are of
/// one type.
///
/// ```
/// use bedrock_orm::BatchInput;
/// use serde_json::json;
///
/// let turn = BatchInput::from("Summarize this note: the rollback took four minutes.");
/// let body = BatchInput::from(json!({"inputText": "the rollback took four minutes"}));
/// ```
#[derive(Clone)]
pub struct BatchInput(Content);

#[derive(Clone)]
enum Content {
    Turn(Box<ConverseRequest>),
    Body(Value),
}

/// Shows which operation the input is for, but not its content.
impl fmt::Debug for BatchInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BatchInput({})", self.invocation_type())
    }
}

impl BatchInput {
    pub(crate) fn invocation_type(&self) -> ModelInvocationType {
        match self.0 {
            Content::Turn(_) => ModelInvocationType::Converse,
            Content::Body(_) => ModelInvocationType::InvokeModel,
        }
    }
}

impl Serialize for BatchInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Content::Turn(request) => request.serialize(serializer),
            Content::Body(body) => body.serialize(serializer),
        }
    }
}

/// A whole request of Converse.
impl From<ConverseRequest> for BatchInput {
    fn from(request: ConverseRequest) -> Self {
        Self(Content::Turn(Box::new(request)))
    }
}

/// The user's message.
impl From<&str> for BatchInput {
    fn from(text: &str) -> Self {
        ConverseRequest::from(text).into()
    }
}

/// The user's message.
impl From<String> for BatchInput {
    fn from(text: String) -> Self {
        ConverseRequest::from(text).into()
    }
}

/// One message.
impl From<Message> for BatchInput {
    fn from(message: Message) -> Self {
        ConverseRequest::from(message).into()
    }
}

/// All messages of a conversation.
impl From<Vec<Message>> for BatchInput {
    fn from(messages: Vec<Message>) -> Self {
        ConverseRequest::from(messages).into()
    }
}

/// A body in the provider's format.
impl From<Value> for BatchInput {
    fn from(body: Value) -> Self {
        Self(Content::Body(body))
    }
}
