//! Chats: conversations with a history, and tools that run.

pub(crate) mod chat_stream;
mod conversation;
pub(crate) mod event;
mod history;
pub(crate) mod trim;
mod turn;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bedrock_orm_core::Result;
use bedrock_orm_models::{
    Content, ConverseRequest, GuardrailConfiguration, Message, SystemContentBlock, Tool as ToolSetting,
    ToolUseBlock,
};
#[cfg(feature = "schema")]
use schemars::JsonSchema;
#[cfg(feature = "schema")]
use serde_core::de::DeserializeOwned;
use serde_core::{Serialize, Serializer};
use tokio::sync::mpsc;

use crate::chat::chat_stream::ChatStream;
use crate::chat::conversation::Conversation;
use crate::chat::event::{ChatEvent, Events, Watcher};
#[cfg(feature = "schema")]
use crate::chat::history::push_user;
use crate::chat::trim::TrimPolicy;
use crate::chat::turn::{Settings, Turn};
use crate::preflight::{ModelFacts, Preflight};
use crate::tools::approval::Approval;
use crate::tools::tool::Tool;
use crate::tools::toolset::Toolset;
#[cfg(feature = "schema")]
use crate::typed::reply::Typed;
use crate::{BoundModel, CachePolicy, Converse, ConverseStream, Reply, Target};

const MAX_ROUNDS: usize = 10;

const REDACTED: &str = "[A guardrail blocked this message.]";

/// `chat` on a bound model.
pub trait ChatExt {
    /// Starts a chat: a conversation that keeps its history, with settings and tools for all of its turns. Sends nothing.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("amazon.nova-pro-v1:0").await?;
    /// let mut chat = model.chat().system("Be brief.").max_tokens(512);
    /// println!("{}", chat.send("What is Amazon Bedrock?").await?.text());
    /// println!("{}", chat.send("How does it compare to running a model of my own?").await?.text());
    /// assert_eq!(chat.history().len(), 4);
    /// # Ok(())
    /// # }
    /// ```
    fn chat(&self) -> Chat;
}

impl<M: BoundModel + ?Sized> ChatExt for M {
    fn chat(&self) -> Chat {
        Chat::new(self.target(), facts(self))
    }
}

/// Returns what a fetched model tells of itself. `None` if it is only an ID.
fn facts<M: BoundModel + ?Sized>(model: &M) -> Option<ModelFacts> {
    let model = model.as_foundation_model()?;
    model.provider_name.is_some().then(|| model.into())
}

/// A conversation with a model: the history, and the settings and tools of its turns.
///
/// The history changes only when a turn is complete. After an error, and if the future or the stream of a turn is dropped, it is
/// what it was before, so that the next turn can be sent. It stays sendable: blank text and empty replies, as after a
/// guardrail, are left out, and so are tool calls that did not run since the reply was cut short.
///
/// A chat is a value. [`fork`](Self::fork) branches it, [`with_model`](Self::with_model) goes on with another model. It serialises as
/// AWS's JSON of its request, with the history, the settings and the tools; [`resume`](Self::resume) goes on with one.
///
/// # Tools
///
/// The model's tool calls of a reply run concurrently. Their results are sent in one message, in the order of the calls, and the
/// model replies again, until it calls no more tools. What goes wrong in a tool is an error result for the model, and does not fail
/// the turn. A tool choice that forces a call applies to the first request of a turn.
///
/// ```
/// use bedrock_orm::prelude::*;
/// use serde_json::{Value, json};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// # let model = FoundationModel::objects().using(&session).get("amazon.nova-pro-v1:0").await?;
/// let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
/// let weather = Tool::with_schema("get_weather", "Returns the weather in a city.", schema, async |input: Value| {
///     format!("40 degrees and rain in {}", input["city"])
/// });
/// let mut chat = model.chat().tools([weather]);
/// let reply = chat.send("What is the weather in Queens and in Austin?").await?;
/// println!("{}", reply.text());
/// assert_eq!(chat.history().len(), 4); // the question, two calls, two results, the reply
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Chat {
    conversation: Conversation,
    settings: Settings,
    watcher: Option<Watcher>,
}

impl Chat {
    #[inline]
    pub(crate) fn new(target: Target, facts: Option<ModelFacts>) -> Self {
        let call = Converse::new(target, ConverseRequest::default());
        let call = call.with_facts(facts).preflight(Preflight::Repair);
        let settings = Settings {
            tools: Toolset::default(),
            max_rounds: MAX_ROUNDS,
            timeout: None,
            trim: None,
            redaction: Some(REDACTED.to_owned()),
        };
        Self { conversation: Conversation { call, tokens_per_character: None }, settings, watcher: None }
    }

    /// Changes the settings of the turns: any setting of a [`Converse`]. They accumulate as they do there.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let pro = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
    /// # let lite = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
    /// let mut chat = pro.chat().configure(|turn| turn.top_p(0.9).stop_sequences(["END"]).or(&lite));
    /// chat.send("Hello").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn configure(mut self, settings: impl FnOnce(Converse<Reply>) -> Converse<Reply>) -> Self {
        self.conversation.call = settings(self.conversation.call);
        self
    }

    /// Changes the settings that only streams have, such as [`silence_timeout`](Converse::silence_timeout). Other settings apply
    /// to all turns.
    #[must_use]
    pub fn configure_stream(
        mut self,
        settings: impl FnOnce(Converse<ConverseStream>) -> Converse<ConverseStream>,
    ) -> Self {
        self.conversation.call = settings(self.conversation.call.retyped()).retyped();
        self
    }

    /// Adds a system prompt: a string or a block.
    #[must_use]
    pub fn system(self, system: impl Into<SystemContentBlock>) -> Self {
        self.configure(|turn| turn.system(system))
    }

    /// Sets the maximum number of tokens in a reply.
    #[must_use]
    #[inline]
    pub fn max_tokens(self, max_tokens: i32) -> Self {
        self.configure(|turn| turn.max_tokens(max_tokens))
    }

    /// Sets the temperature, from 0 to 1.
    #[must_use]
    #[inline]
    pub fn temperature(self, temperature: f32) -> Self {
        self.configure(|turn| turn.temperature(temperature))
    }

    /// Sets the guardrail; see [`Converse::guardrail`].
    #[must_use]
    pub fn guardrail(self, guardrail: impl Into<GuardrailConfiguration>) -> Self {
        self.configure(|turn| turn.guardrail(guardrail))
    }

    /// Adds tools, whose calls the chat runs. A tool replaces an earlier one with the same name.
    #[must_use]
    pub fn tools(mut self, tools: impl IntoIterator<Item = Tool>) -> Self {
        self.settings.tools = self.settings.tools.tools(tools);
        self.offer_tools();
        self
    }

    /// Sets who decides on the calls of tools that [require approval](Tool::requires_approval). The calls of a reply are
    /// asked for one after another, before any of them runs. The model reads the reason of a denial.
    ///
    /// ```
    /// use bedrock_orm::Approval;
    /// use bedrock_orm::prelude::*;
    /// use serde_json::{Value, json};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
    /// let schema = json!({"type": "object", "properties": {}});
    /// let rollback = Tool::with_schema("rollback", "Rolls the deployment back.", schema, async |_: Value| "done");
    /// let mut chat = model.chat().tools([rollback.requires_approval()]).approve_with(async |call| {
    ///     println!("{} {}", call.name, call.input);
    ///     Approval::denied("only during the day")
    /// });
    /// let reply = chat.send("Start the rollback!").await?;
    /// assert!(reply.text().contains("only during the day"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn approve_with<R>(mut self, decide: impl Fn(ToolUseBlock) -> R + Send + Sync + 'static) -> Self
    where
        R: Future<Output = Approval> + Send + 'static,
    {
        self.settings.tools = self.settings.tools.approve_with(decide);
        self
    }

    /// Sets what is done about a history that AWS would refuse, such as one that was resumed without the result of a tool
    /// call. By default, the requests are repaired, and [`Reply::repairs`] says what was repaired. The history stays as it is.
    #[must_use]
    #[inline]
    pub fn preflight(self, preflight: Preflight) -> Self {
        self.configure(|turn| turn.preflight(preflight))
    }

    /// Sets how many tool calls of a reply run at once. The default is 8.
    #[must_use]
    #[inline]
    pub fn tool_concurrency(mut self, concurrency: usize) -> Self {
        self.settings.tools = self.settings.tools.concurrency(concurrency);
        self
    }

    /// Sets the time limit of a tool call. The default is one minute. `None` means no limit. [`Tool::timeout`] sets that of one
    /// tool.
    #[must_use]
    pub fn tool_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.tools = self.settings.tools.timeout(timeout);
        self
    }

    /// Sets how many rounds of tool calls a turn can have. The default is 10. If the model still calls tools then, the turn
    /// fails with `RoundLimit`.
    #[must_use]
    #[inline]
    pub fn max_rounds(mut self, rounds: usize) -> Self {
        self.settings.max_rounds = rounds;
        self
    }

    /// Sets the time limit of a turn with all of its requests and tool calls, approvals included. The default is `None`, no
    /// limit: each request and each call of a tool has its own.
    #[must_use]
    pub fn turn_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.timeout = timeout.into();
        self
    }

    /// Sets when the oldest turns are dropped from the history. Nothing is dropped by default.
    #[must_use]
    #[inline]
    pub fn trim(mut self, policy: TrimPolicy) -> Self {
        self.settings.trim = Some(policy);
        self
    }

    /// Caches the prompts of the turns; see [`Converse::cache`]. The history has no cache points: each request gets its own.
    ///
    /// ```
    /// use bedrock_orm::CachePolicy;
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
    /// # let handbook = "Restart the worker before the queue. ".repeat(200);
    /// let mut chat = model.chat().system(handbook).cache(CachePolicy::auto());
    /// chat.send("What comes first?").await?;
    /// println!("{}", chat.send("And then?").await?.cache());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[inline]
    pub fn cache(self, policy: CachePolicy) -> Self {
        self.configure(|turn| turn.cache(policy))
    }

    /// Sets what replaces the messages of a turn in the history if a guardrail blocked them. AWS checks the whole history
    /// with each turn, so the blocked messages would block every later turn. The default is a short note; `None` keeps them.
    ///
    /// The reply of a blocked turn, and a reply that was blocked itself, is in the history as the guardrail's own message, by
    /// which AWS replaces it.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # async fn example(model: Bound<FoundationModel>, guardrail: Bound<Guardrail>) -> bedrock_orm::Result<()> {
    /// let mut chat = model.chat().guardrail(&*guardrail).redact_blocked("[removed]".to_owned());
    /// let reply = chat.send("Tell me the launch codes.").await?;
    /// if reply.guardrail().is_input_blocked() {
    ///     assert_eq!(chat.history()[0].text(), "[removed]");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn redact_blocked(mut self, marker: impl Into<Option<String>>) -> Self {
        self.settings.redaction = marker.into();
        self
    }

    /// Calls a function for each event of the turns: replies, tool calls and their results. It sees the events of `send`, and
    /// those of `stream`.
    #[must_use]
    pub fn on_event(mut self, watcher: impl Fn(&ChatEvent) + Send + Sync + 'static) -> Self {
        self.watcher = Some(Arc::new(watcher));
        self
    }

    /// Goes on with the state of another chat, which replaces the history and the settings of the requests. The tools of this
    /// chat remain: functions are no part of the state.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
    /// let mut chat = model.chat().system("Be brief.");
    /// chat.send("My name is Ada.").await?;
    /// let saved = serde_json::to_string(&chat)?;
    ///
    /// let mut resumed = model.chat().resume(serde_json::from_str::<ConverseRequest>(&saved)?);
    /// resumed.send("What is my name?").await?;
    /// assert_eq!(resumed.history().len(), 4);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn resume(mut self, request: impl Into<ConverseRequest>) -> Self {
        *self.conversation.call.request_mut() = request.into();
        self.conversation.call.set_reasoning_of(None);
        self.conversation.tokens_per_character = None;
        self.offer_tools();
        self
    }

    /// Goes on with another model. If it is another one, the reasoning in the history is left out, because its signatures are
    /// the model's own.
    #[must_use]
    pub fn with_model<M: BoundModel + ?Sized>(mut self, model: &M) -> Self {
        self.conversation.set_target(model.target());
        self.conversation.call = self.conversation.call.with_facts(facts(model));
        self
    }

    /// Returns a copy that goes its own way from here.
    #[must_use]
    #[inline]
    pub fn fork(&self) -> Self {
        self.clone()
    }

    /// Sends a message: a string or content blocks. Returns the model's reply, after all tool calls. Its
    /// [`rounds`](Reply::rounds) are the replies that called tools.
    ///
    /// # Errors
    ///
    /// As [`ConverseExt::converse`](crate::ConverseExt::converse); `InvalidInput` before anything is sent if a tool has no function,
    /// requires approval that no one gives, or would be rejected by AWS; `RoundLimit` if the model still calls tools after the last
    /// of [`max_rounds`](Self::max_rounds); `Timeout` after the [`turn_timeout`](Self::turn_timeout). If tools ran, the error
    /// has [the messages so far](bedrock_orm_core::Error::partial_messages).
    ///
    /// # Requests
    ///
    /// One `Converse` (`bedrock:InvokeModel`, and `bedrock:ApplyGuardrail` with a guardrail), and another one for each round of
    /// tool calls. `CountTokens` (`bedrock:CountTokens`) if the history is trimmed by counted tokens.
    pub fn send(&mut self, content: impl Into<Content>) -> impl Future<Output = Result<Reply>> + Send {
        let turn = Turn::new(self.conversation.clone(), self.settings.clone(), self.events(None));
        let running = turn.run(Message::user(content));
        async move {
            let finished = running.await?;
            if let Some(conversation) = finished.conversation {
                self.conversation = conversation;
            }
            Ok(finished.reply)
        }
    }

    /// Sends a message, and reads the reply as a value of the type; see
    /// [`converse_as`](crate::ConverseAsExt::converse_as). The history has the reply as JSON text, and no corrections.
    ///
    /// A chat with tools first takes a turn as [`send`](Self::send) does, which runs them, and then asks for its outcome in the
    /// form of the type.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    /// struct Checklist {
    ///     steps: Vec<String>,
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
    /// let mut chat = model.chat().system("Be brief.");
    /// let checklist = chat.ask_as::<Checklist>("Draft a rollback checklist.").await?;
    /// println!("{} steps", checklist.steps.len());
    /// chat.send("Explain the first step.").await?;
    /// assert_eq!(chat.history().len(), 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send) and [`converse_as`](crate::ConverseAsExt::converse_as). The history is then what it was before.
    ///
    /// # Requests
    ///
    /// Those of `converse_as`, after those of [`send`](Self::send) for a chat with tools.
    #[cfg(feature = "schema")]
    pub fn ask_as<T: DeserializeOwned + JsonSchema + Send + 'static>(
        &mut self,
        content: impl Into<Content>,
    ) -> impl Future<Output = Result<Typed<T>>> + Send {
        let mut asked = self.clone();
        let message = Message::user(content);
        async move {
            let has_tools = asked.settings.tools.iter().next().is_some();
            if has_tools {
                let turn = Turn::new(asked.conversation.clone(), asked.settings.clone(), asked.events(None));
                if let Some(conversation) = turn.run(message).await?.conversation {
                    asked.conversation = conversation;
                }
                push_user(
                    asked.conversation.messages_mut(),
                    Message::user("Give this in the required form."),
                );
            } else {
                push_user(asked.conversation.messages_mut(), message);
            }
            let reply = asked.conversation.call.clone().retyped::<Typed<T>>().await?;
            asked.conversation.push_reply(reply.for_history(), reply.reply());
            self.conversation = asked.conversation;
            Ok(reply)
        }
    }

    /// Sends a message, and streams the replies and the tool calls. Awaiting waits for the first event.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); see [`ChatStream`] for later errors.
    ///
    /// # Requests
    ///
    /// One `ConverseStream` (`bedrock:InvokeModelWithResponseStream`, and `bedrock:ApplyGuardrail` with a guardrail), and another
    /// one for each round of tool calls. `CountTokens` as with [`send`](Self::send).
    pub fn stream(
        &mut self,
        content: impl Into<Content>,
    ) -> impl Future<Output = Result<ChatStream<'_>>> + Send {
        let (sender, events) = mpsc::channel(1);
        let turn = Turn::new(self.conversation.clone(), self.settings.clone(), self.events(Some(sender)));
        let running = turn.run(Message::user(content));
        ChatStream::begin(&mut self.conversation, running, events)
    }

    /// Returns the messages so far.
    #[inline]
    pub fn history(&self) -> &[Message] {
        self.conversation.messages()
    }

    /// Returns the state: what the next turn sends, without its message.
    #[inline]
    pub fn request(&self) -> &ConverseRequest {
        self.conversation.request()
    }

    /// Returns the ID or ARN of the model.
    #[inline]
    pub fn model_id(&self) -> &str {
        &self.conversation.call.target().model_id
    }

    #[inline]
    fn events(&self, stream: Option<mpsc::Sender<ChatEvent>>) -> Events {
        Events { watcher: self.watcher.clone(), stream }
    }

    /// Writes the tools into the request. A tool replaces the setting with the same name.
    #[inline]
    fn offer_tools(&mut self) {
        if self.settings.tools.iter().next().is_none() {
            return;
        }
        let config = self.conversation.call.request_mut().tool_config.get_or_insert_default();
        for tool in &self.settings.tools {
            let has_name = |offered: &&mut ToolSetting| match offered {
                ToolSetting::ToolSpec(offered) => offered.name == tool.name(),
                _ => false,
            };
            match config.tools.iter_mut().find(has_name) {
                Some(offered) => *offered = tool.into(),
                None => config.tools.push(tool.into()),
            }
        }
    }
}

/// Serialises as AWS's JSON of the request.
impl Serialize for Chat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.request().serialize(serializer)
    }
}

/// Shows the model, the tools and the number of messages, but not their content.
impl fmt::Debug for Chat {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Chat")
            .field("model_id", &self.model_id())
            .field("messages", &self.history().len())
            .field("tools", &self.settings.tools)
            .finish_non_exhaustive()
    }
}
