//! What a model says: content, a reason to stop, and what it cost.

use serde_json::{Value, json};

use crate::catalogue::FoundationModel;
use crate::error::{AwsError, AwsResult};
use crate::local::Local;
use crate::model::cache::{self, CacheUse};
use crate::model::prompt::Prompt;
use crate::model::{echo, tokens};
use crate::reply::{Ending, Said};

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
    /// The answer to a prompt: the queued reply, or the echo.
    pub(crate) fn of(
        local: &Local,
        region: &str,
        model: &FoundationModel,
        prompt: &Prompt,
    ) -> AwsResult<Self> {
        let reply = local.replies.next();
        let mut completion = match reply.said {
            Said::Error(error) => return Err(error),
            Said::Content(content) => Self::whole(content),
            Said::Default => echo::answer(local, prompt),
        };
        if let Some(stop_reason) = reply.stop_reason {
            completion.stop_reason = stop_reason;
        }
        let cache = local
            .state
            .with_prompt_cache(region, |cache| cache::of_prompt(cache, &local.clock, model, prompt));
        let whole = input_tokens(prompt);
        completion.usage = Usage {
            input: whole.saturating_sub(cache.as_ref().map_or(0, CacheUse::tokens)),
            output: tokens::of_content(&Value::Array(completion.content.clone())),
            cache,
        };
        completion.ending = reply.ending;
        Ok(completion)
    }

    /// Content that nothing cut short.
    pub(crate) fn whole(content: Vec<Value>) -> Self {
        let uses_tool = content.iter().any(|block| block["toolUse"].is_object());
        let stop_reason = if uses_tool { "tool_use" } else { "end_turn" }.to_owned();
        Self { content, stop_reason, stop_sequence: None, usage: Usage::default(), ending: Ending::Whole }
    }

    /// A unary operation cannot break off in the middle: what would break a stream is its error.
    pub(crate) fn unbroken(self) -> AwsResult<Self> {
        match self.ending {
            Ending::Exception { error, .. } => {
                let mut letters = error.code.chars();
                let first = letters.next().into_iter().flat_map(char::to_uppercase);
                Err(AwsError::new(first.chain(letters).collect::<String>(), error.message))
            }
            _ => Ok(self),
        }
    }

    /// All its text.
    pub(crate) fn text(&self) -> String {
        self.content.iter().filter_map(|block| block["text"].as_str()).collect()
    }

    pub(crate) fn latency_ms(&self) -> u64 {
        FIRST_TOKEN_MS + TOKEN_MS * self.usage.output
    }
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
