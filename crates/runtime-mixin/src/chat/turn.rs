//! A turn of a chat: the requests to the model, and the tool calls between them.

use std::time::Duration;

use bedrock_orm_core::{Error, ErrorKind, Partial, Result};
use bedrock_orm_models::{
    ContentBlockDelta, ConverseStreamOutput, Message, ReasoningContentBlockDelta, Tool as ToolSetting,
    ToolChoice, ToolResultBlock,
};
use futures_core::future::BoxFuture;
use futures_util::StreamExt;

use crate::chat::conversation::Conversation;
use crate::chat::event::{ChatEvent, Events};
use crate::chat::history::{final_message, pending_calls, push_user};
use crate::chat::trim::{self, TrimPolicy};
use crate::tools::toolset::Toolset;
use crate::{ConverseStream, Reply};

const OPERATION: &str = "Converse";

/// What a chat sets for its turns.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) tools: Toolset,
    pub(crate) max_rounds: usize,
    pub(crate) timeout: Option<Duration>,
    pub(crate) trim: Option<TrimPolicy>,
    /// What replaces a message that a guardrail blocked.
    pub(crate) redaction: Option<String>,
}

/// A turn that is complete: the reply, and the conversation with it. No conversation if the reply is empty.
pub(crate) struct Finished {
    pub(crate) conversation: Option<Conversation>,
    pub(crate) reply: Reply,
}

/// A turn. It works on a copy of the conversation, so that a turn that fails or is dropped changes nothing.
pub(crate) struct Turn {
    conversation: Conversation,
    settings: Settings,
    events: Events,
    /// Where the messages of this turn begin.
    first: usize,
    /// The replies that called tools.
    rounds: Vec<Reply>,
    /// The stream that is being read.
    stream: Option<ConverseStream>,
}

impl Turn {
    #[inline]
    pub(crate) fn new(conversation: Conversation, settings: Settings, events: Events) -> Self {
        Self { conversation, settings, events, first: 0, rounds: Vec::new(), stream: None }
    }

    /// Takes the turn. Its future is large, so it is boxed.
    #[inline]
    pub(crate) fn run(mut self, message: Message) -> BoxFuture<'static, Result<Finished>> {
        Box::pin(async move {
            let Some(timeout) = self.settings.timeout else {
                let reply = self.reply_to(message).await;
                return self.finished(reply);
            };
            let reply = match tokio::time::timeout(timeout, self.reply_to(message)).await {
                Ok(reply) => reply,
                Err(_) => {
                    Err(Error::new(ErrorKind::Timeout, format!("the turn did not end within {timeout:?}"))
                        .with_operation(OPERATION)
                        .with_hint("the chat's `turn_timeout` sets the limit"))
                }
            };
            self.finished(reply)
        })
    }

    #[inline]
    async fn reply_to(&mut self, message: Message) -> Result<Reply> {
        push_user(self.conversation.messages_mut(), message);
        self.first = self.conversation.messages().len().saturating_sub(1);
        self.check()?;
        if let Some(policy) = self.settings.trim {
            let Conversation { call, tokens_per_character } = &mut self.conversation;
            let target = call.target().clone();
            self.first -= policy.trim(&target, call.request_mut(), *tokens_per_character).await?;
        }
        loop {
            let reply = self.send().await?;
            let calls = pending_calls(&reply);
            if calls.is_empty() {
                self.events.emit(|| ChatEvent::Reply(Box::new(reply.clone()))).await;
                return Ok(reply);
            }
            let lost = self.conversation.push_reply(reply.sendable_message(), &reply);
            self.first = self.first.saturating_sub(lost);
            self.events.emit(|| ChatEvent::Reply(Box::new(reply.clone()))).await;
            self.rounds.push(reply);
            if self.rounds.len() > self.settings.max_rounds {
                return Err(self.too_many_rounds());
            }
            for call in &calls {
                self.events.emit(|| ChatEvent::ToolCall(call.clone())).await;
            }
            let mut results: Vec<(usize, ToolResultBlock)> = Vec::with_capacity(calls.len());
            let mut running = self.settings.tools.results(calls).await;
            while let Some((index, result)) = running.next().await {
                self.events.emit(|| ChatEvent::ToolResult(result.clone())).await;
                results.push((index, result));
            }
            results.sort_by_key(|(index, _)| *index);
            let results: Vec<_> = results.into_iter().map(|(_, result)| result).collect();
            self.conversation.messages_mut().push(Message::user(results));
        }
    }

    /// Checks that every tool that is offered can run.
    #[inline]
    fn check(&self) -> Result<()> {
        let tools = &self.settings.tools;
        tools.check(OPERATION)?;
        let offered = self.conversation.request().tool_config.as_ref().map(|config| config.tools.as_slice());
        let has_no_function = |tool: &&ToolSetting| match tool {
            ToolSetting::ToolSpec(specification) => tools.named(&specification.name).is_none(),
            _ => false,
        };
        match offered.unwrap_or_default().iter().find(has_no_function) {
            Some(ToolSetting::ToolSpec(specification)) => {
                let message = format!(
                    "the request offers the tool `{}`, but the chat has no function for it",
                    specification.name
                );
                Err(Error::invalid_input(OPERATION, message).with_hint("add the tool with `tools`"))
            }
            _ => Ok(()),
        }
    }

    /// Sends the conversation so far.
    #[inline]
    async fn send(&mut self) -> Result<Reply> {
        let mut call = self.conversation.call.clone();
        if let Some(config) = &mut call.request_mut().tool_config
            && !self.rounds.is_empty()
            && matches!(config.tool_choice, Some(ToolChoice::Any(_) | ToolChoice::Tool(_)))
        {
            // Forced again, the model would call tools without end.
            config.tool_choice = None;
        }
        if !self.events.are_streamed() {
            return call.await;
        }
        let stream = self.stream.insert(call.retyped::<ConverseStream>().await?);
        while let Some(event) = stream.next().await {
            let ConverseStreamOutput::ContentBlockDelta(event) = event? else { continue };
            match event.delta {
                ContentBlockDelta::Text(text) if !text.is_empty() => {
                    self.events.emit(|| ChatEvent::Text(text)).await;
                }
                ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::Text(text))
                    if !text.is_empty() =>
                {
                    self.events.emit(|| ChatEvent::Reasoning(text)).await;
                }
                _ => {}
            }
        }
        match self.stream.take() {
            Some(stream) => stream.collect().await,
            None => Err(Error::stream_interrupted(OPERATION, "the stream is closed")),
        }
    }

    #[inline]
    fn too_many_rounds(&self) -> Error {
        let rounds = self.settings.max_rounds;
        let message = format!("the model still called tools after {rounds} rounds of tool calls");
        Error::new(ErrorKind::RoundLimit, message).with_operation(OPERATION).with_hint(
            "`partial_messages` of this error has the messages of the turn; the chat's `max_rounds` sets the limit",
        )
    }

    #[inline]
    fn finished(mut self, reply: Result<Reply>) -> Result<Finished> {
        let reply = reply.map_err(|error| self.failed(error))?;
        let message = final_message(&reply);
        // An empty reply: the turn did not happen, unless its tools ran.
        if message.is_none() && self.rounds.is_empty() {
            return Ok(Finished { conversation: None, reply });
        }
        self.redact(&reply);
        self.conversation.push_reply(message, &reply);
        if self.settings.trim.is_some() {
            self.conversation.tokens_per_character = tokens_per_character(&self.conversation, &reply);
        }
        let reply = reply.with_rounds(self.rounds);
        Ok(Finished { conversation: Some(self.conversation), reply })
    }

    /// Replaces the messages of this turn if a guardrail blocked them: sent again with the next turn, they would block it,
    /// too.
    #[inline]
    fn redact(&mut self, reply: &Reply) {
        let Some(marker) = self.settings.redaction.as_ref().filter(|_| reply.guardrail().is_input_blocked())
        else {
            return;
        };
        let messages = self.conversation.call.request_mut().messages.get_or_insert_default();
        messages.truncate(self.first);
        push_user(messages, Message::user(marker.as_str()));
    }

    /// Attaches what was received to the error.
    #[inline]
    fn failed(&mut self, error: Error) -> Error {
        let interrupted = self.stream.take().map(ConverseStream::into_partial);
        let partial = error.partial_message().cloned().or(interrupted);
        let partial = partial.filter(|message| !message.content.is_empty());
        if self.rounds.is_empty() {
            return match partial {
                Some(partial) => error.with_partial(Partial::Message(partial)),
                None => error,
            };
        }
        let mut messages = self.conversation.messages().get(self.first..).unwrap_or_default().to_vec();
        messages.extend(partial);
        error.with_partial(Partial::Turn(messages))
    }
}

/// Returns how many tokens AWS counted for each character of the last request with its reply.
#[inline]
fn tokens_per_character(conversation: &Conversation, reply: &Reply) -> Option<f64> {
    let usage = &reply.usage;
    let cached = usage.cache_read_input_tokens.unwrap_or(0) + usage.cache_write_input_tokens.unwrap_or(0);
    let tokens = usage.input_tokens + cached + usage.output_tokens;
    let characters = trim::characters(conversation.request());
    #[allow(clippy::cast_precision_loss)] // an estimate
    (tokens > 0 && characters > 0).then(|| f64::from(tokens) / characters as f64)
}
