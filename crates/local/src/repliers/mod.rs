//! Who says what a model replies.

pub(crate) mod conversation;
pub(crate) mod playback;
pub(crate) mod script;
pub(crate) mod upstream;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::model::reply::{Reply, Said};
use crate::repliers::conversation::{Conversation, Embedding};
use crate::wire::error::{AwsError, AwsResult};

/// Says what a model replies.
///
/// Repliers are asked in the order in which they were given to the builder; one that has nothing to say gives
/// [`Reply::default()`], and the next is asked. Queued replies come before all of them, the echo after. A function from
/// a [`Conversation`] to a [`Reply`] is a replier.
///
/// ```
/// use bedrock_orm_local::{Conversation, LocalBedrock, Replier, Reply, async_trait};
///
/// struct Librarian;
///
/// #[async_trait]
/// impl Replier for Librarian {
///     async fn reply(&self, asked: &Conversation) -> Reply {
///         match asked.text().contains("book") {
///             true => Reply::tool_use("find_book", serde_json::json!({ "title": asked.text() })),
///             false => Reply::default(),
///         }
///     }
/// }
///
/// let builder = LocalBedrock::builder().replier(Librarian);
/// ```
#[async_trait]
pub trait Replier: Send + Sync {
    /// The reply to a conversation: of Converse, ConverseStream, InvokeModel and InvokeModelWithResponseStream.
    async fn reply(&self, asked: &Conversation) -> Reply;

    /// The [`vectors`](Reply::vectors) of an embedding model's texts.
    async fn embed(&self, _asked: &Embedding) -> Reply {
        Reply::default()
    }

    /// Begins anew, as if nothing had been asked: what [`LocalBedrock::reset`](crate::LocalBedrock::reset) calls. For
    /// those who remember something.
    fn reset(&self) {}
}

#[async_trait]
impl<F: Fn(&Conversation) -> Reply + Send + Sync> Replier for F {
    async fn reply(&self, asked: &Conversation) -> Reply {
        self(asked)
    }
}

/// Those that a server asks, first to last.
#[derive(Clone, Default)]
pub(crate) struct Chain(Vec<Arc<dyn Replier>>);

impl Chain {
    pub(crate) fn push(&mut self, replier: impl Replier + 'static) {
        self.0.push(Arc::new(replier));
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} repliers", self.0.len())
    }
}

/// Replies that wait for their request, first in first out, and those who are asked when none does.
#[derive(Debug, Default)]
pub(crate) struct Repliers {
    queue: Mutex<VecDeque<Reply>>,
    chain: Chain,
}

impl Repliers {
    pub(crate) fn new(chain: Chain) -> Self {
        Self { queue: Mutex::default(), chain }
    }

    pub(crate) fn push(&self, reply: Reply) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(reply);
    }

    pub(crate) fn reset(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.chain.0.iter().for_each(|replier| replier.reset());
    }

    pub(crate) fn has_queued(&self) -> bool {
        !self.queue.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The queued reply, if there is one.
    pub(crate) fn queued(&self) -> Option<Reply> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// The first reply that is one; the default where only the echo is left.
    pub(crate) async fn reply(&self, asked: &Conversation) -> Reply {
        let mut reply = self.queued().unwrap_or_default();
        for replier in &self.chain.0 {
            if !reply.passes() {
                break;
            }
            reply = reply.over(replier.reply(asked).await);
        }
        reply
    }

    /// The vectors of texts; `None` where nobody has any.
    pub(crate) async fn embed(&self, asked: &Embedding) -> AwsResult<Option<Vec<Vec<f64>>>> {
        for replier in &self.chain.0 {
            match replier.embed(asked).await.said {
                Said::Default => {}
                Said::Error(error) => return Err(error),
                Said::Vectors(vectors) if vectors.len() == asked.texts.len() => return Ok(Some(vectors)),
                Said::Vectors(vectors) => {
                    return Err(AwsError::internal(format!(
                        "A replier gave {} vectors for {} texts.",
                        vectors.len(),
                        asked.texts.len()
                    )));
                }
                Said::Content(_) | Said::Live(_) => {
                    return Err(AwsError::internal("An embedding model can reply with vectors only."));
                }
            }
        }
        Ok(None)
    }
}
