//! What a model says: content, a reason to stop, and what it cost.

use serde_json::{Value, json};

use crate::model::cache::CacheUse;
use crate::model::piece::{self, Finish};
use crate::model::prompt::Prompt;
use crate::model::tokens;
use crate::wire::error::AwsResult;
use crate::wire::output::Ending;

/// What stands for the time that a real model would take: some to start, some for every token.
const FIRST_TOKEN_MS: u64 = 40;
const TOKEN_MS: u64 = 2;

/// The `type` of a tool use whose result the client is to give, where a model marks it.
pub(crate) const TOOL_USE: &str = "tool_use";

/// The `type` of a tool use whose result the model gives itself.
pub(crate) const SERVER_TOOL_USE: &str = "server_tool_use";

#[derive(Clone, Debug)]
pub(crate) struct Completion {
    /// Converse's content blocks.
    pub(crate) content: Vec<Value>,
    pub(crate) stop_reason: String,
    /// The sequence that stopped it.
    pub(crate) stop_sequence: Option<String>,
    pub(crate) usage: Usage,
    /// Fields of the maker's own answer.
    pub(crate) additional_fields: Option<Value>,
    pub(crate) ending: Ending,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// What was read afresh: neither from the cache nor into it.
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cache: Option<CacheUse>,
}

impl Completion {
    /// Content that nothing cut short.
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

    /// Finishes it otherwise than it would.
    pub(crate) fn finish(&mut self, finish: &Finish) {
        if let Some(stop_reason) = &finish.stop_reason {
            stop_reason.clone_into(&mut self.stop_reason);
        }
        if finish.stop_sequence.is_some() {
            self.stop_sequence.clone_from(&finish.stop_sequence);
        }
        if let Some((input, output)) = finish.usage {
            let cache = self.usage.cache.take().map(CacheUse::unused);
            self.usage = Usage { input, output, cache };
        }
    }

    /// Makes objects of the inputs of tools, or says what is wrong with one.
    pub(crate) fn settle_inputs(&mut self) -> Result<(), &'static str> {
        piece::settle_inputs(&mut self.content, self.stop_reason == "max_tokens")
    }

    /// A unary operation cannot break off in the middle: what would break a stream is its error.
    pub(crate) fn unbroken(self) -> AwsResult<Self> {
        match self.ending {
            Ending::Exception { error, .. } => Err(error.as_response()),
            _ => Ok(self),
        }
    }

    /// All its text.
    pub(crate) fn text(&self) -> String {
        self.content.iter().filter_map(|block| block["text"].as_str()).collect()
    }

    /// What was thought before it was said.
    pub(crate) fn thoughts(&self) -> impl Iterator<Item = &str> {
        let thoughts = self.content.iter().map(|block| &block["reasoningContent"]["reasoningText"]["text"]);
        thoughts.filter_map(Value::as_str)
    }

    pub(crate) fn latency_ms(&self) -> u64 {
        FIRST_TOKEN_MS + TOKEN_MS * self.usage.output
    }
}

/// Why a model stops that says all of this.
pub(crate) fn stop_reason(content: &[Value]) -> &'static str {
    let uses_tool = content.iter().any(|block| is_clients(&block["toolUse"]));
    if uses_tool { "tool_use" } else { "end_turn" }
}

/// Whether this is a tool use whose result the client gives.
pub(crate) fn is_clients(tool_use: &Value) -> bool {
    tool_use.is_object() && tool_use["type"] != SERVER_TOOL_USE
}

impl Usage {
    /// As Converse gives it, with the members that AWS adds beyond its description.
    pub(crate) fn to_converse(&self) -> Value {
        self.with_cache(self.cache.as_ref())
    }

    /// As ConverseStream gives it: of the cache only where the prompt has a cache point, as recorded.
    pub(crate) fn to_converse_stream(&self) -> Value {
        self.with_cache(self.cache.as_ref().filter(|cache| cache.is_asked))
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

/// What a prompt costs in all, the same wherever it is counted.
pub(crate) fn input_tokens(prompt: &Prompt) -> u64 {
    [&prompt.system, &prompt.messages, &prompt.tools].into_iter().flatten().map(tokens::of_content).sum()
}
