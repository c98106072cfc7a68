//! The generation of a reply: whole, or piece by piece from an upstream.

use std::fmt;

use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::local::Local;
use crate::model::cache::CacheUse;
use crate::model::completion::{Completion, Usage, input_tokens, stop_reason};
use crate::model::echo;
use crate::model::piece::{self, Finish, Piece, Pieces};
use crate::model::reply::{Reply, Said};
use crate::model::tokens;
use crate::repliers::conversation::Conversation;
use crate::wire::error::{AwsError, AwsResult};

pub(crate) struct Generation {
    /// The reply. If it is live, what is known before its first piece.
    pub(crate) completion: Completion,
    live: Option<Live>,
}

/// The pieces that are still to come, and settings of the finish that override the one in the pieces.
struct Live {
    pieces: Pieces,
    finish: Finish,
}

impl Generation {
    /// Starts the reply to a conversation.
    pub(crate) async fn of(local: &Local, region: &str, conversation: &Conversation) -> AwsResult<Self> {
        let reply = local.repliers.reply(conversation).await;
        let prompt = &conversation.prompt;
        let Reply { said, finish, additional_fields, ending } = reply;
        let (mut completion, live) = match said {
            Said::Error(error) => return Err(error),
            Said::Vectors(_) => {
                return Err(AwsError::internal("A replier gave vectors for a model that generates text."));
            }
            Said::Content(content) => (Completion::whole(with_tool_use_ids(local, content)), None),
            Said::Default => (echo::answer(&local.world.ids, conversation.model, prompt), None),
            Said::Live(live) => (Completion::whole(Vec::new()), Some(live.heard()?)),
        };
        completion.additional_fields = additional_fields;
        completion.ending = ending;
        let cache = local.prompt_caches.look_up(region, local.world.clock.now(), conversation.model, prompt);
        completion.usage = Usage {
            input: input_tokens(prompt).saturating_sub(cache.as_ref().map_or(0, CacheUse::tokens)),
            output: tokens::of_blocks(&completion.content),
            cache,
        };
        match live {
            Some(pieces) => Ok(Self { completion, live: Some(Live { pieces, finish }) }),
            None => {
                completion.finish(&finish);
                completion.settle_inputs().map_err(|why| AwsError::new("ModelErrorException", why))?;
                Ok(completion.into())
            }
        }
    }

    /// Waits for the whole reply.
    pub(crate) async fn whole(self) -> AwsResult<Completion> {
        let Self { mut completion, live } = self;
        if let Some(Live { mut pieces, finish }) = live {
            while let Some(piece) = pieces.try_next().await? {
                add_piece(&mut completion, &piece, &finish)?;
            }
        }
        Ok(completion)
    }

    /// Returns the reply as a stream. `write` makes events of each piece, and gets the reply so far.
    pub(crate) fn into_events<T: Send + 'static>(
        self,
        mut write: impl FnMut(&Completion, &Piece) -> Vec<T> + Send + 'static,
    ) -> BoxStream<'static, AwsResult<T>> {
        let Self { mut completion, live } = self;
        let (pieces, finish) = match live {
            Some(Live { pieces, finish }) => (pieces, Some(finish)),
            None => (whole_pieces(&completion), None),
        };
        let pieces = stream::once(async { Ok(Piece::Begin) }).chain(pieces);
        let events = pieces.map(move |piece| {
            let piece = piece?;
            if let Some(finish) = &finish {
                add_piece(&mut completion, &piece, finish)?;
            }
            Ok(stream::iter(write(&completion, &piece)).map(Ok))
        });
        events.try_flatten().boxed()
    }
}

impl From<Completion> for Generation {
    fn from(completion: Completion) -> Self {
        Self { completion, live: None }
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation").field("live", &self.live.is_some()).finish_non_exhaustive()
    }
}

fn whole_pieces(completion: &Completion) -> Pieces {
    let blocks = completion.content.clone();
    let pieces = blocks.into_iter().flat_map(piece::of_block).chain([Piece::End(Finish::default())]);
    stream::iter(pieces).map(Ok).boxed()
}

/// Adds a piece to the reply so far.
fn add_piece(completion: &mut Completion, piece: &Piece, finish: &Finish) -> AwsResult<()> {
    piece::hear(&mut completion.content, piece);
    if let Piece::End(sent) = piece {
        completion.usage.output = tokens::of_blocks(&completion.content);
        stop_reason(&completion.content).clone_into(&mut completion.stop_reason);
        completion.finish(sent);
        completion.finish(finish);
        completion.settle_inputs().map_err(|why| AwsError::new("ModelStreamErrorException", why))?;
    }
    Ok(())
}

/// Gives an ID to tool calls that have none.
fn with_tool_use_ids(local: &Local, mut content: Vec<Value>) -> Vec<Value> {
    for block in &mut content {
        if block["toolUse"].is_object() && block["toolUse"]["toolUseId"].is_null() {
            block["toolUse"]["toolUseId"] = json!(local.world.ids.tool_use());
        }
    }
    content
}
