//! Several tools, and how their calls run.

use std::fmt;
use std::time::Duration;

use bedrock_orm_core::{Error, Result};
use bedrock_orm_models::{ToolResultBlock, ToolUseBlock, ToolUseType};
use futures_core::Stream;
use futures_util::{StreamExt, stream};

use crate::tools::ToolError;
use crate::tools::approval::{Approval, Approver};
use crate::tools::tool::Tool;

const CONCURRENCY: usize = 8;
const TIMEOUT: Duration = Duration::from_secs(60);

/// Tools, and how their calls run: concurrently, with a time limit, and with approval where a tool requires it.
///
/// A [`Chat`](crate::Chat) has one. Without a chat, it runs the calls of a reply:
///
/// ```
/// use bedrock_orm::Toolset;
/// use bedrock_orm::prelude::*;
/// use serde_json::{Value, json};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// # let model = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
/// # let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
/// let weather = Tool::with_schema("get_weather", "Returns the weather.", schema, async |_: Value| "40 degrees");
/// let tools = Toolset::new([weather]);
///
/// let mut messages = vec![Message::user("What is the weather in Queens?")];
/// let reply = model.converse(&messages).tools(&tools).await?;
/// let results = tools.run(reply.tool_uses()).await?;
/// messages.extend(reply.into_message());
/// messages.push(Message::user(results));
/// let reply = model.converse(&messages).tools(&tools).await?;
/// assert!(reply.text().contains("40 degrees"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Toolset {
    tools: Vec<Tool>,
    approver: Option<Approver>,
    concurrency: usize,
    timeout: Option<Duration>,
}

impl Default for Toolset {
    fn default() -> Self {
        Self { tools: Vec::new(), approver: None, concurrency: CONCURRENCY, timeout: Some(TIMEOUT) }
    }
}

impl Toolset {
    /// Creates a set of these tools.
    pub fn new(tools: impl IntoIterator<Item = Tool>) -> Self {
        Self::default().tools(tools)
    }

    /// Adds tools. A tool replaces an earlier one with the same name.
    #[must_use]
    pub fn tools(mut self, tools: impl IntoIterator<Item = Tool>) -> Self {
        for tool in tools {
            match self.tools.iter_mut().find(|earlier| earlier.name() == tool.name()) {
                Some(earlier) => *earlier = tool,
                None => self.tools.push(tool),
            }
        }
        self
    }

    /// Sets who decides on the calls of tools that [require approval](Tool::requires_approval). The calls of a reply are
    /// asked for one after another, before any of them runs.
    #[must_use]
    pub fn approve_with<R>(mut self, decide: impl Fn(ToolUseBlock) -> R + Send + Sync + 'static) -> Self
    where
        R: Future<Output = Approval> + Send + 'static,
    {
        self.approver = Some(Approver::new(decide));
        self
    }

    /// Sets how many calls of a reply run at once. The default is 8.
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.max(1);
        self
    }

    /// Sets the time limit of a call. The default is one minute. `None` means no limit.
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Iterates over the tools.
    pub fn iter(&self) -> std::slice::Iter<'_, Tool> {
        self.tools.iter()
    }

    /// Runs the calls of a reply. Returns their results in the order of the calls; they belong in one message. An error, a
    /// time limit that expired, an unknown tool, an input that does not fit and a denial are error results, which the model
    /// reads. Calls of server tools, which AWS runs, are left out.
    ///
    /// # Errors
    ///
    /// `InvalidInput` before anything runs, if a tool requires approval but [`approve_with`](Self::approve_with) is not set,
    /// or if AWS would reject a tool.
    pub fn run<'a>(
        &self,
        calls: impl IntoIterator<Item = &'a ToolUseBlock>,
    ) -> impl Future<Output = Result<Vec<ToolResultBlock>>> + Send + 'static {
        let tools = self.clone();
        let calls = calls.into_iter().filter(|call| !is_of_server(call)).cloned().collect();
        async move {
            tools.check("Converse")?;
            let mut results: Vec<_> = tools.results(calls).await.collect().await;
            results.sort_by_key(|(index, _)| *index);
            Ok(results.into_iter().map(|(_, result)| result).collect())
        }
    }

    /// Checks the tools before a request.
    pub(crate) fn check(&self, operation: &'static str) -> Result<()> {
        if let Some(flaw) = self.tools.iter().find_map(Tool::flaw) {
            return Err(Error::invalid_input(operation, flaw));
        }
        match self.tools.iter().find(|tool| tool.needs_approval()) {
            Some(tool) if self.approver.is_none() => {
                let message =
                    format!("the tool `{}` requires approval, but nothing decides on it", tool.name());
                Err(Error::invalid_input(operation, message).with_hint("set `approve_with`"))
            }
            _ => Ok(()),
        }
    }

    /// Asks for the approvals, and then runs the calls. Returns each result when it is there, with its index.
    pub(crate) async fn results(
        &self,
        calls: Vec<ToolUseBlock>,
    ) -> impl Stream<Item = (usize, ToolResultBlock)> + Send + use<> {
        let mut decided = Vec::with_capacity(calls.len());
        for call in calls {
            let tool = self.named(&call.name).cloned();
            let denied = match (&tool, &self.approver) {
                (Some(tool), Some(approver)) if tool.needs_approval() => match approver.decide(&call).await {
                    Approval::Approved => None,
                    Approval::Denied(reason) => Some(reason),
                },
                _ => None,
            };
            decided.push((call, tool, denied));
        }
        let names: Vec<String> = self.tools.iter().map(|tool| format!("`{}`", tool.name())).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let timeout = self.timeout;
        let running = decided.into_iter().enumerate().map(move |(index, (mut call, tool, denied))| {
            let unknown = || format!("there is no tool `{}`; the tools are: {names}", call.name);
            let runnable = match (tool, denied) {
                (_, Some(reason)) => Err(format!("the call was denied: {reason}")),
                (tool, None) => tool.ok_or_else(unknown),
            };
            async move {
                let output = match runnable {
                    Ok(tool) => tool.run(call.input.take(), timeout).await,
                    Err(message) => Err(message.into()),
                };
                let result = match output {
                    Ok(output) => ToolResultBlock::new(call.tool_use_id, output.into_content()),
                    Err(error) => call.error(text(&error)),
                };
                (index, result)
            }
        });
        stream::iter(running).buffer_unordered(self.concurrency)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name() == name)
    }
}

impl<'a> IntoIterator for &'a Toolset {
    type Item = &'a Tool;
    type IntoIter = std::slice::Iter<'a, Tool>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Shows the tools and the limits.
impl fmt::Debug for Toolset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Toolset")
            .field("tools", &self.tools)
            .field("concurrency", &self.concurrency)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Returns whether AWS runs the call.
pub(crate) fn is_of_server(call: &ToolUseBlock) -> bool {
    matches!(call.r#type, Some(ToolUseType::ServerToolUse))
}

/// Returns the text of an error with its causes.
fn text(error: &ToolError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    if text.trim().is_empty() { "the tool failed".to_owned() } else { text }
}
