//! The state of a chat.

use bedrock_orm_models::{ConverseRequest, Message};

use crate::reasoning::{without_reasoning, writer};
use crate::{Converse, Reply, Target};

/// The model, the settings and the history of a chat, and what is known about its tokens.
#[derive(Clone)]
pub(crate) struct Conversation {
    /// What each turn sends: the settings, and the history as its messages.
    pub(crate) call: Converse<Reply>,
    /// The tokens for each character of the last request and its reply, if AWS has counted them.
    pub(crate) tokens_per_character: Option<f64>,
}

impl Conversation {
    #[inline]
    pub(crate) fn request(&self) -> &ConverseRequest {
        self.call.request()
    }

    #[inline]
    pub(crate) fn messages(&self) -> &[Message] {
        self.request().messages.as_deref().unwrap_or_default()
    }

    /// Adds the message of a reply. A history has the reasoning of one model: if a fallback wrote reasoning, that of the model
    /// before it is left out. Returns how many messages became empty by that.
    #[inline]
    pub(crate) fn push_reply(&mut self, message: Option<Message>, reply: &Reply) -> usize {
        let Some(message) = message else { return 0 };
        let before = self.messages().len();
        if message.content.iter().any(|block| block.as_reasoning().is_some()) {
            let writer = writer(self.call.target_after(reply.failed_attempts().len()));
            if writer != self.call.reasoning_of() {
                self.leave_out_reasoning();
                self.call.set_reasoning_of(Some(writer));
            }
        }
        let lost = before - self.messages().len();
        self.messages_mut().push(message);
        lost
    }

    /// Sets another model to go on with.
    #[inline]
    pub(crate) fn set_target(&mut self, target: Target) {
        if writer(&target) != self.call.reasoning_of() {
            self.leave_out_reasoning();
        }
        if target.model_id != self.call.target().model_id {
            self.tokens_per_character = None;
        }
        self.call.set_reasoning_of(None);
        self.call.set_target(target);
    }

    #[inline]
    fn leave_out_reasoning(&mut self) {
        let messages = std::mem::take(self.messages_mut());
        *self.messages_mut() = without_reasoning(messages);
    }

    #[inline]
    pub(crate) fn messages_mut(&mut self) -> &mut Vec<Message> {
        self.call.request_mut().messages.get_or_insert_default()
    }
}
