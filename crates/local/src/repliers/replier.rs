//! The trait of what replies in a model's place.

use async_trait::async_trait;

use crate::model::reply::Reply;
use crate::repliers::conversation::{Conversation, Embedding};

/// Replies in a model's place.
///
/// Repliers are called in the order in which they were added to the builder. One that has no reply returns
/// [`Reply::default()`], and the next one is called. Queued replies come before all repliers, the echo after them. A
/// function from a [`Conversation`] to a [`Reply`] is a replier.
///
/// ```
/// use bedrock_orm_local::{Conversation, LocalBedrock, Replier, Reply, async_trait};
///
/// struct Librarian;
///
/// #[async_trait]
/// impl Replier for Librarian {
///     async fn reply(&self, conversation: &Conversation) -> Reply {
///         match conversation.text().contains("book") {
///             true => Reply::tool_use("find_book", serde_json::json!({ "title": conversation.text() })),
///             false => Reply::default(),
///         }
///     }
/// }
///
/// let builder = LocalBedrock::builder().replier(Librarian);
/// ```
#[async_trait]
pub trait Replier: Send + Sync {
    /// Replies to a conversation: of Converse, ConverseStream, InvokeModel, and InvokeModelWithResponseStream.
    async fn reply(&self, conversation: &Conversation) -> Reply;

    /// Returns the [`vectors`](Reply::vectors) of an embedding model's texts.
    async fn embed(&self, _embedding: &Embedding) -> Reply {
        Reply::default()
    }

    /// Restores the initial state, for repliers that have a state. [`LocalBedrock::reset`](crate::LocalBedrock::reset)
    /// calls it.
    fn reset(&self) {}
}

#[async_trait]
impl<F: Fn(&Conversation) -> Reply + Send + Sync> Replier for F {
    async fn reply(&self, conversation: &Conversation) -> Reply {
        self(conversation)
    }
}
