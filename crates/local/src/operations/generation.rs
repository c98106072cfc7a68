//! A model's reply on its way: whole, or live.

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
    /// All of it; where it is live, what is known before it is heard.
    pub(crate) completion: Completion,
    live: Option<Live>,
}

/// What is still to be heard, and what its finish is to be made of whatever it says itself.
struct Live {
    pieces: Pieces,
    finish: Finish,
}

impl Generation {
    /// The reply to a conversation.
    pub(crate) async fn of(local: &Local, region: &str, conversation: &Conversation) -> AwsResult<Self> {
        let reply = local.repliers.reply(conversation).await;
        let prompt = &conversation.prompt;
        let Reply { said, finish, additional_fields, ending } = reply;
        let (mut completion, live) = match said {
            Said::Error(error) => return Err(error),
            Said::Vectors(_) => {
                return Err(AwsError::internal("A model of texts was to reply with vectors."));
            }
            Said::Content(content) => (Completion::whole(identified(local, content)), None),
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

    /// The reply once all of it is heard.
    pub(crate) async fn whole(self) -> AwsResult<Completion> {
        let Self { mut completion, live } = self;
        if let Some(Live { mut pieces, finish }) = live {
            while let Some(piece) = pieces.try_next().await? {
                hear(&mut completion, &piece, &finish)?;
            }
        }
        Ok(completion)
    }

    /// The reply as a stream tells it: `tell` is given each piece, and what is known of the whole by then.
    pub(crate) fn told<T: Send + 'static>(
        self,
        mut tell: impl FnMut(&Completion, &Piece) -> Vec<T> + Send + 'static,
    ) -> BoxStream<'static, AwsResult<T>> {
        let Self { mut completion, live } = self;
        let (pieces, finish) = match live {
            Some(Live { pieces, finish }) => (pieces, Some(finish)),
            None => (whole_pieces(&completion), None),
        };
        let pieces = stream::once(async { Ok(Piece::Begin) }).chain(pieces);
        let told = pieces.map(move |piece| {
            let piece = piece?;
            if let Some(finish) = &finish {
                hear(&mut completion, &piece, finish)?;
            }
            Ok(stream::iter(tell(&completion, &piece)).map(Ok))
        });
        told.try_flatten().boxed()
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

/// Puts a piece to what was heard of a live reply.
fn hear(completion: &mut Completion, piece: &Piece, finish: &Finish) -> AwsResult<()> {
    piece::hear(&mut completion.content, piece);
    if let Piece::End(told) = piece {
        completion.usage.output = tokens::of_blocks(&completion.content);
        stop_reason(&completion.content).clone_into(&mut completion.stop_reason);
        completion.finish(told);
        completion.finish(finish);
        completion.settle_inputs().map_err(|why| AwsError::new("ModelStreamErrorException", why))?;
    }
    Ok(())
}

/// Gives the tool calls that have no id one.
fn identified(local: &Local, mut content: Vec<Value>) -> Vec<Value> {
    for block in &mut content {
        if block["toolUse"].is_object() && block["toolUse"]["toolUseId"].is_null() {
            block["toolUse"]["toolUseId"] = json!(local.world.ids.tool_use());
        }
    }
    content
}
