//! A turn as a stream.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bedrock_orm_core::{Error, Result};
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::StreamExt;
use tokio::sync::mpsc;

use crate::Reply;
use crate::chat::conversation::Conversation;
use crate::chat::event::ChatEvent;
use crate::chat::turn::Finished;

type Running = BoxFuture<'static, Result<Finished>>;

/// A turn of a chat as a stream of [`ChatEvent`]s, through all rounds of tool calls.
///
/// The history has the turn when the stream has ended. A stream that is dropped before leaves the history as it was, and
/// drops the tool calls that are running. An error is the last item; see [`Chat::send`](crate::Chat::send).
///
/// ```
/// use bedrock_orm::ChatEvent;
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// # let model = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
/// let mut chat = model.chat();
/// let mut stream = chat.stream("Hello").await?;
/// while let Some(event) = stream.next().await {
///     match event? {
///         ChatEvent::Text(text) => print!("{text}"),
///         ChatEvent::ToolCall(call) => println!("calls {}", call.name),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct ChatStream<'a> {
    conversation: &'a mut Conversation,
    running: Option<Running>,
    events: mpsc::Receiver<ChatEvent>,
    first: Option<ChatEvent>,
    error: Option<Error>,
    reply: Option<Reply>,
}

impl<'a> ChatStream<'a> {
    /// Starts the turn, and waits for its first event.
    #[inline]
    pub(crate) async fn begin(
        conversation: &'a mut Conversation,
        running: Running,
        events: mpsc::Receiver<ChatEvent>,
    ) -> Result<Self> {
        let running = Some(running);
        let mut stream = Self { conversation, running, events, first: None, error: None, reply: None };
        stream.first = poll_fn(|context| stream.poll_event(context)).await.transpose()?;
        Ok(stream)
    }

    /// Returns the next event, or `None` after the last.
    ///
    /// # Errors
    ///
    /// As [`Chat::send`](crate::Chat::send), and `StreamInterrupted`. The stream has ended then.
    #[inline]
    pub async fn next(&mut self) -> Option<Result<ChatEvent>> {
        StreamExt::next(self).await
    }

    /// Returns a stream of only the text, in pieces.
    #[inline]
    pub fn text(self) -> ChatTextStream<'a> {
        ChatTextStream { stream: self }
    }

    /// Waits for the end, and returns the last reply, as [`Chat::send`](crate::Chat::send) does.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    #[inline]
    pub async fn collect(mut self) -> Result<Reply> {
        while let Some(event) = self.next().await {
            event?;
        }
        let failed = || Error::stream_interrupted("ConverseStream", "the stream has failed before");
        self.reply.ok_or_else(failed)
    }

    #[inline]
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<ChatEvent>>> {
        loop {
            match self.events.poll_recv(context) {
                Poll::Ready(Some(event)) => return Poll::Ready(Some(Ok(event))),
                Poll::Ready(None) if self.running.is_none() => {
                    return Poll::Ready(self.error.take().map(Err));
                }
                Poll::Ready(None) | Poll::Pending => {}
            }
            let Some(running) = &mut self.running else { return Poll::Pending };
            let finished = match running.as_mut().poll(context) {
                Poll::Ready(finished) => finished,
                // The turn may have sent an event before it had to wait.
                Poll::Pending => return self.events.poll_recv(context).map(|event| event.map(Ok)),
            };
            self.running = None;
            match finished {
                Ok(Finished { conversation, reply }) => {
                    if let Some(conversation) = conversation {
                        *self.conversation = conversation;
                    }
                    self.reply = Some(reply);
                }
                Err(error) => self.error = Some(error),
            }
        }
    }
}

impl Stream for ChatStream<'_> {
    type Item = Result<ChatEvent>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(event) => Poll::Ready(Some(Ok(event))),
            None => self.poll_event(context),
        }
    }
}

/// Shows whether the turn is still running, but not its content.
impl fmt::Debug for ChatStream<'_> {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ChatStream")
            .field("is_running", &self.running.is_some())
            .finish_non_exhaustive()
    }
}

/// The text of a turn, in pieces: of all its replies. Its errors are those of its [`ChatStream`].
#[derive(Debug)]
pub struct ChatTextStream<'a> {
    stream: ChatStream<'a>,
}

impl ChatTextStream<'_> {
    /// Returns the next piece, or `None` after the last.
    ///
    /// # Errors
    ///
    /// As [`ChatStream::next`].
    #[inline]
    pub async fn next(&mut self) -> Option<Result<String>> {
        StreamExt::next(self).await
    }

    /// Waits for the end, and returns the last reply, as [`Chat::send`](crate::Chat::send) does.
    ///
    /// # Errors
    ///
    /// As [`ChatStream::collect`].
    #[inline]
    pub async fn collect(self) -> Result<Reply> {
        self.stream.collect().await
    }
}

impl Stream for ChatTextStream<'_> {
    type Item = Result<String>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.stream).poll_next(context)) {
                Some(Ok(ChatEvent::Text(text))) => return Poll::Ready(Some(Ok(text))),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
