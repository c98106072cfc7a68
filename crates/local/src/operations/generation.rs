//! The generation of a reply: whole, or streamed from an upstream.

use std::fmt;

use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::local::Local;
use crate::model::cache::CacheUse;
use crate::model::completion::{Completion, Usage, input_tokens, stop_reason};
use crate::model::echo;
use crate::model::reply::{Reply, ReplyContent};
use crate::model::reply_event::{self, Finish, ReplyEvent, ReplyStream};
use crate::model::tokens;
use crate::repliers::conversation::Conversation;
use crate::wire::error::{AwsError, AwsResult};

pub(crate) struct Generation {
    /// The reply. If it is live, the part that is known before its first event.
    pub(crate) completion: Completion,
    live: Option<Live>,
}

/// The remaining events, and the finish settings that override those in the events.
struct Live {
    events: ReplyStream,
    finish: Finish,
}

impl Generation {
    /// Starts the reply to a conversation.
    pub(crate) async fn of(local: &Local, region: &str, conversation: &Conversation) -> AwsResult<Self> {
        let reply = local.repliers.reply(conversation).await;
        Self::from_reply(local, region, conversation, reply)
    }

    /// Generates a given reply to a conversation.
    pub(crate) fn from_reply(
        local: &Local,
        region: &str,
        conversation: &Conversation,
        reply: Reply,
    ) -> AwsResult<Self> {
        let prompt = &conversation.prompt;
        let Reply { content, finish, additional_fields, ending } = reply;
        let (mut completion, live) = match content {
            ReplyContent::Error(error) => return Err(error),
            ReplyContent::Vectors(_) => {
                return Err(AwsError::internal(
                    "A replier returned vectors for a model that generates text.",
                ));
            }
            ReplyContent::Blocks(content) => (Completion::whole(with_tool_use_ids(local, content)), None),
            ReplyContent::Default => (echo::reply(&local.world.ids, conversation.model, prompt), None),
            ReplyContent::Stream(live) => (Completion::whole(Vec::new()), Some(live.take()?)),
        };
        completion.additional_fields = additional_fields;
        completion.ending = ending;
        let cache = local.prompt_caches.look_up(region, local.world.clock.now(), conversation.model, prompt);
        completion.usage = Usage {
            input: input_tokens(prompt).saturating_sub(cache.as_ref().map_or(0, CacheUse::tokens)),
            output: tokens::count_in_blocks(&completion.content),
            cache,
        };
        match live {
            Some(events) => Ok(Self { completion, live: Some(Live { events, finish }) }),
            None => {
                completion.apply_finish(&finish);
                completion.parse_tool_inputs().map_err(|why| AwsError::new("ModelErrorException", why))?;
                Ok(completion.into())
            }
        }
    }

    /// Waits for the whole reply.
    pub(crate) async fn whole(self) -> AwsResult<Completion> {
        let Self { mut completion, live } = self;
        if let Some(Live { mut events, finish }) = live {
            while let Some(event) = events.try_next().await? {
                add_event(&mut completion, &event, &finish)?;
            }
        }
        Ok(completion)
    }

    /// Returns the reply as a stream. `write` converts each event; its first argument is the reply so far.
    pub(crate) fn into_events<T: Send + 'static>(
        self,
        mut write: impl FnMut(&Completion, ReplyEvent) -> Vec<T> + Send + 'static,
    ) -> BoxStream<'static, AwsResult<T>> {
        let Self { mut completion, live } = self;
        let (events, finish) = match live {
            Some(Live { events, finish }) => (events, Some(finish)),
            None => (events_of(&completion), None),
        };
        let events = stream::once(async { Ok(ReplyEvent::MessageStart) }).chain(events);
        let written = events.map(move |event| {
            let event = event?;
            if let Some(finish) = &finish {
                add_event(&mut completion, &event, finish)?;
            }
            Ok(stream::iter(write(&completion, event)).map(Ok))
        });
        written.try_flatten().boxed()
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

fn events_of(completion: &Completion) -> ReplyStream {
    let blocks = completion.content.clone();
    let events = blocks
        .into_iter()
        .flat_map(reply_event::block_events)
        .chain([ReplyEvent::MessageStop(Finish::default())]);
    stream::iter(events).map(Ok).boxed()
}

/// Adds an event to the reply so far.
fn add_event(completion: &mut Completion, event: &ReplyEvent, finish: &Finish) -> AwsResult<()> {
    reply_event::append_to(&mut completion.content, event);
    if let ReplyEvent::MessageStop(sent) = event {
        completion.usage.output = tokens::count_in_blocks(&completion.content);
        stop_reason(&completion.content).clone_into(&mut completion.stop_reason);
        completion.apply_finish(sent);
        completion.apply_finish(finish);
        completion.parse_tool_inputs().map_err(|why| AwsError::new("ModelStreamErrorException", why))?;
    }
    Ok(())
}

/// Sets the IDs of tool calls that have none.
fn with_tool_use_ids(local: &Local, mut content: Vec<Value>) -> Vec<Value> {
    for block in &mut content {
        if block["toolUse"].is_object() && block["toolUse"]["toolUseId"].is_null() {
            block["toolUse"]["toolUseId"] = json!(local.world.ids.tool_use());
        }
    }
    content
}
