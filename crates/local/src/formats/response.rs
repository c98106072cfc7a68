//! What the formats need to write a response of InvokeModel.

use jiff::Timestamp;
use serde_json::Value;

use crate::formats::request::ProviderRequest;
use crate::model::completion::Completion;
use crate::model::reply_event::ReplyEvent;
use crate::world::ids::Ids;

/// A response before it is written in the format of its provider.
pub(crate) struct ProviderResponse<'a> {
    pub(crate) ids: &'a Ids,
    pub(crate) now: Timestamp,
    pub(crate) request: &'a ProviderRequest,
    pub(crate) completion: &'a Completion,
    /// The ID of the request, which some formats contain.
    pub(crate) id: &'a str,
}

/// Writes the chunks of an event of the reply. The completion contains the reply up to this event.
pub(crate) type ChunkWriter = Box<dyn FnMut(&ProviderResponse<'_>, &ReplyEvent) -> Vec<Value> + Send>;

impl ProviderResponse<'_> {
    /// Returns one of three names for the stop reason: a token limit, a stop sequence, or any other one.
    pub(super) fn stop_reason<'r>(
        &self,
        token_limit: &'r str,
        stop_sequence: &'r str,
        end: &'r str,
    ) -> &'r str {
        match self.completion.stop_reason.as_str() {
            "max_tokens" => token_limit,
            "stop_sequence" => stop_sequence,
            _ => end,
        }
    }
}
