//! A model's reply: content, stop reason and usage.

use serde_json::{Value, json};

use crate::model::cache::CacheUse;
use crate::model::prompt::Prompt;
use crate::model::reply_event::{self, Finish};
use crate::model::tokens;
use crate::wire::error::AwsResult;
use crate::wire::output::Ending;

/// The simulated latency: to the first token, and of each token.
const FIRST_TOKEN_MS: u64 = 40;
const TOKEN_MS: u64 = 2;

/// The `type` of a tool use whose result the client sends. Not all models set it.
pub(crate) const TOOL_USE: &str = "tool_use";

/// The `type` of a tool use that AWS runs.
pub(crate) const SERVER_TOOL_USE: &str = "server_tool_use";

/// A model's reply.
#[derive(Clone, Debug)]
pub(crate) struct Completion {
    /// Converse's content blocks.
    pub(crate) content: Vec<Value>,
    pub(crate) stop_reason: String,
    /// The stop sequence that ended the reply.
    pub(crate) stop_sequence: Option<String>,
    pub(crate) usage: Usage,
    /// Fields of the provider's own response.
    pub(crate) additional_fields: Option<Value>,
    pub(crate) ending: Ending,
}

/// The number of tokens of a request and its reply.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Input tokens that were neither read from the cache nor written into it.
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cache: Option<CacheUse>,
}

impl Completion {
    /// Creates a reply that ends after its content.
    pub(crate) fn whole(content: Vec<Value>) -> Self {
        let stop_reason = stop_reason(&content).to_owned();
        Self {
            content,
            stop_reason,
            stop_sequence: None,
            usage: Usage::default(),
            additional_fields: None,
            ending: Ending::Whole,
        }
    }

    /// Sets the stop reason, stop sequence and usage that `finish` has.
    pub(crate) fn apply_finish(&mut self, finish: &Finish) {
        if let Some(stop_reason) = &finish.stop_reason {
            stop_reason.clone_into(&mut self.stop_reason);
        }
        if finish.stop_sequence.is_some() {
            self.stop_sequence.clone_from(&finish.stop_sequence);
        }
        if let Some((input, output)) = finish.usage {
            let cache = self.usage.cache.take().map(CacheUse::without_cached_tokens);
            self.usage = Usage { input, output, cache };
        }
    }

    /// Parses the inputs of tools. The error is AWS's message about an invalid one.
    pub(crate) fn parse_tool_inputs(&mut self) -> Result<(), &'static str> {
        reply_event::parse_tool_inputs(&mut self.content, self.stop_reason == "max_tokens")
    }

    /// Converts the reply for a unary operation: the exception that would end a stream becomes the error.
    pub(crate) fn into_unary(self) -> AwsResult<Self> {
        match self.ending {
            Ending::Exception { error, .. } => Err(error.as_response()),
            _ => Ok(self),
        }
    }

    /// Returns the whole text.
    pub(crate) fn text(&self) -> String {
        self.content.iter().filter_map(|block| block["text"].as_str()).collect()
    }

    /// Returns the texts of the reasoning.
    pub(crate) fn reasoning_texts(&self) -> impl Iterator<Item = &str> {
        let texts = self.content.iter().map(|block| &block["reasoningContent"]["reasoningText"]["text"]);
        texts.filter_map(Value::as_str)
    }

    /// Returns the simulated latency in milliseconds.
    pub(crate) fn latency_ms(&self) -> u64 {
        FIRST_TOKEN_MS + TOKEN_MS * self.usage.output
    }
}

/// Returns the stop reason of a reply with this content.
pub(crate) fn stop_reason(content: &[Value]) -> &'static str {
    let uses_tool = content.iter().any(|block| is_client_tool_use(&block["toolUse"]));
    if uses_tool { "tool_use" } else { "end_turn" }
}

/// Returns whether the client sends the result of a tool use.
pub(crate) fn is_client_tool_use(tool_use: &Value) -> bool {
    tool_use.is_object() && tool_use["type"] != SERVER_TOOL_USE
}

impl Usage {
    /// Returns Converse's usage, with the members that AWS's description lacks.
    pub(crate) fn to_converse(&self) -> Value {
        self.with_cache(self.cache.as_ref())
    }

    /// Returns ConverseStream's usage. It contains the cache only if the prompt has a cache point (recorded).
    pub(crate) fn to_converse_stream(&self) -> Value {
        self.with_cache(self.cache.as_ref().filter(|cache| cache.has_cache_point))
    }

    fn with_cache(&self, cache: Option<&CacheUse>) -> Value {
        let cached = cache.map_or(0, CacheUse::tokens);
        let mut usage = json!({
            "inputTokens": self.input,
            "outputTokens": self.output,
            "totalTokens": self.input + self.output + cached,
            "serverToolUsage": {},
        });
        if let Some(cache) = cache {
            usage["cacheReadInputTokens"] = cache.read.into();
            usage["cacheReadInputTokenCount"] = cache.read.into();
            usage["cacheWriteInputTokens"] = cache.written().into();
            usage["cacheWriteInputTokenCount"] = cache.written().into();
            if let Some(details) = cache.details() {
                usage["cacheDetails"] = details;
            }
        }
        usage
    }
}

/// Returns the number of tokens of a prompt.
pub(crate) fn input_tokens(prompt: &Prompt) -> u64 {
    [&prompt.system, &prompt.messages, &prompt.tools]
        .into_iter()
        .flatten()
        .map(tokens::count_in_content)
        .sum()
}
