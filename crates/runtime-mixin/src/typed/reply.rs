//! A typed reply.

use std::ops::Deref;

use bedrock_orm_models::{ContentBlock, Message};

use super::form::TOOL;
use crate::Reply;

/// A reply that was read as a value of type `T`, to which it derefs.
///
/// ```
/// use bedrock_orm::prelude::*;
/// use bedrock_orm::Typed;
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize, JsonSchema)]
/// struct Capital {
///     city: String,
///     inhabitants: u32,
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// # let model = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
/// let capital: Typed<Capital> = model.converse_as("What is the capital of France?").await?;
/// println!("{} has {} inhabitants", capital.city, capital.inhabitants);
/// println!("{} tokens", capital.reply().usage.total_tokens);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Typed<T> {
    value: T,
    reply: Reply,
    misfit: Option<Box<Reply>>,
}

impl<T> Typed<T> {
    pub(super) fn new(value: T, reply: Reply, misfit: Option<Reply>) -> Self {
        Self { value, reply, misfit: misfit.map(Box::new) }
    }

    pub(crate) fn map_reply(self, change: impl FnOnce(Reply) -> Reply) -> Self {
        Self { reply: change(self.reply), ..self }
    }

    /// Returns the message for a history. A call of the tool for typed replies becomes its JSON as text, since later requests
    /// do not have the tool.
    pub(crate) fn for_history(&self) -> Option<Message> {
        let mut message = self.reply.sendable_message()?;
        for block in &mut message.content {
            if let ContentBlock::ToolUse(call) = block
                && call.name == TOOL
            {
                *block = ContentBlock::Text(call.input.to_string());
            }
        }
        Some(message)
    }

    /// Returns the reply that was read.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// Returns the first reply if it did not fit the type, so that the model was asked again. Its tokens are charged, too.
    pub fn misfit(&self) -> Option<&Reply> {
        self.misfit.as_deref()
    }

    /// Converts it to its value.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Typed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
