//! The queued replies and the repliers of a server.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::reply::{Reply, ReplyContent};
use crate::repliers::conversation::{Conversation, Embedding};
use crate::repliers::replier::Replier;
use crate::wire::error::{AwsError, AwsResult};

/// The repliers of a server, in the order in which they are called.
#[derive(Clone, Default)]
pub(crate) struct ReplierChain(Vec<Arc<dyn Replier>>);

impl ReplierChain {
    pub(crate) fn push(&mut self, replier: impl Replier + 'static) {
        self.0.push(Arc::new(replier));
    }
}

impl fmt::Debug for ReplierChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} repliers", self.0.len())
    }
}

/// The queued replies, first in first out, and the repliers that are called without one.
#[derive(Debug, Default)]
pub(crate) struct Repliers {
    queue: Mutex<VecDeque<Reply>>,
    chain: ReplierChain,
}

impl Repliers {
    pub(crate) fn new(chain: ReplierChain) -> Self {
        Self { queue: Mutex::default(), chain }
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Reply>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, reply: Reply) {
        self.queue().push_back(reply);
    }

    pub(crate) fn reset(&self) {
        self.queue().clear();
        self.chain.0.iter().for_each(|replier| replier.reset());
    }

    pub(crate) fn has_queued(&self) -> bool {
        !self.queue().is_empty()
    }

    /// Takes the next queued reply.
    pub(crate) fn queued(&self) -> Option<Reply> {
        self.queue().pop_front()
    }

    /// The queued reply, or that of the first replier that has one. The default if only the echo is left.
    pub(crate) async fn reply(&self, conversation: &Conversation) -> Reply {
        self.complete(self.queued().unwrap_or_default(), conversation).await
    }

    /// The reply of the first replier that has one, whatever is queued.
    pub(crate) async fn reply_without_queue(&self, conversation: &Conversation) -> Reply {
        self.complete(Reply::default(), conversation).await
    }

    async fn complete(&self, mut reply: Reply, conversation: &Conversation) -> Reply {
        for replier in &self.chain.0 {
            if !reply.is_default() {
                break;
            }
            reply = reply.with_content_of(replier.reply(conversation).await);
        }
        reply
    }

    /// The vectors of texts. `None` if no replier has any.
    pub(crate) async fn embed(&self, embedding: &Embedding) -> AwsResult<Option<Vec<Vec<f64>>>> {
        for replier in &self.chain.0 {
            match replier.embed(embedding).await.content {
                ReplyContent::Default => {}
                ReplyContent::Error(error) => return Err(error),
                ReplyContent::Vectors(vectors) if vectors.len() == embedding.texts.len() => {
                    return Ok(Some(vectors));
                }
                ReplyContent::Vectors(vectors) => {
                    return Err(AwsError::internal(format!(
                        "A replier returned {} vectors for {} texts.",
                        vectors.len(),
                        embedding.texts.len()
                    )));
                }
                ReplyContent::Blocks(_) | ReplyContent::Stream(_) => {
                    return Err(AwsError::internal("An embedding model can reply with vectors only."));
                }
            }
        }
        Ok(None)
    }
}
