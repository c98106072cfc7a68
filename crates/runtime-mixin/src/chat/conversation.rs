//! The state of a chat.

use bedrock_orm_models::{ConverseRequest, Message};

use crate::{Converse, Reply};

/// The model, the settings and the history of a chat, and what is known about its tokens.
#[derive(Clone)]
pub(crate) struct Conversation {
    /// What each turn sends: the settings, and the history as its messages.
    pub(crate) call: Converse<Reply>,
    /// The tokens for each character of the last request and its reply, if AWS has counted them.
    pub(crate) tokens_per_character: Option<f64>,
}

impl Conversation {
    pub(crate) fn request(&self) -> &ConverseRequest {
        self.call.request()
    }

    pub(crate) fn messages(&self) -> &[Message] {
        self.request().messages.as_deref().unwrap_or_default()
    }

    pub(crate) fn messages_mut(&mut self) -> &mut Vec<Message> {
        self.call.request_mut().messages.get_or_insert_default()
    }
}
