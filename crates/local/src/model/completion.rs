//! What a model says: content, a reason to stop, and what it cost.

use serde_json::{Value, json};

use crate::error::AwsResult;
use crate::model::cache::CacheUse;
use crate::model::piece::Finish;
use crate::model::prompt::Prompt;
use crate::model::tokens;
use crate::reply::Ending;

/// What stands for the time that a real model would take: some to start, some for every token.
const FIRST_TOKEN_MS: u64 = 40;
const TOKEN_MS: u64 = 2;

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
            let cache = self.usage.cache.take().map(|cache| CacheUse { read: 0, written: 0, ..cache });
            self.usage = Usage { input, output, cache };
        }
    }

    /// A unary operation cannot break off in the middle: what would break a stream is its error.
    pub(crate) fn unbroken(self) -> AwsResult<Self> {
        match self.ending {
            Ending::Exception { error, .. } => Err(error.as_answer()),
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
    let uses_tool = content.iter().any(|block| block["toolUse"].is_object());
    if uses_tool { "tool_use" } else { "end_turn" }
}

impl Usage {
    /// As Converse gives it, with the members that AWS adds beyond its description.
    pub(crate) fn to_converse(&self) -> Value {
        let cached = self.cache.as_ref().map_or(0, CacheUse::tokens);
        let mut usage = json!({
            "inputTokens": self.input,
            "outputTokens": self.output,
            "totalTokens": self.input + self.output + cached,
            "serverToolUsage": {},
        });
        if let Some(cache) = &self.cache {
            usage["cacheReadInputTokens"] = cache.read.into();
            usage["cacheReadInputTokenCount"] = cache.read.into();
            usage["cacheWriteInputTokens"] = cache.written.into();
            usage["cacheWriteInputTokenCount"] = cache.written.into();
            if cache.written > 0 {
                usage["cacheDetails"] = json!([{ "inputTokens": cache.written, "ttl": cache.ttl }]);
            }
        }
        usage
    }
}

/// What a prompt costs in all, the same wherever it is counted.
pub(crate) fn input_tokens(prompt: &Prompt) -> u64 {
    [&prompt.system, &prompt.messages, &prompt.tools].into_iter().flatten().map(tokens::of_content).sum()
}
