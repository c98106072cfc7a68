//! A script: rules in order, each with a condition and a reply.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::model::reply::Reply;
use crate::repliers::conversation::Conversation;
use crate::repliers::replier::Replier;
use crate::repliers::script::when::When;

/// A list of rules. The first rule that matches a conversation gives the reply. If none matches, the next replier is
/// called.
///
/// ```
/// use bedrock_orm_local::{LocalBedrock, Reply, Script, When};
/// use serde_json::json;
///
/// let script = Script::new()
///     .when(When::text("weather").and(When::no_tool_result()))
///     .reply(Reply::tool_use("get_weather", json!({ "city": "Rome" })))
///     .when(When::tool_result_of("get_weather")).reply(Reply::text("It is sunny in Rome."))
///     .when(When::regex(r"order (?<number>\d+)")?).reply(Reply::text("Order $number is on its way."))
///     .when(When::model("cohere.*")).times(2).reply(Reply::error("ThrottlingException", "Too many requests"));
/// let builder = LocalBedrock::builder().script(script);
/// # std::io::Result::Ok(())
/// ```
///
/// The same in a file, as TOML or JSON:
///
/// ```toml
/// [[rules]]
/// when = { text = "weather", tool_result = false }
/// reply = { tools = [{ name = "get_weather", input = { city = "Rome" } }] }
///
/// [[rules]]
/// when = { tool_result = "get_weather" }
/// reply = "It is sunny in Rome."
///
/// [[rules]]
/// when = { regex = 'order (?<number>\d+)' }
/// reply = { text = "Order $number is on its way.", reasoning = "They ask for an order." }
///
/// [[rules]]
/// when = { model = "cohere.*", turn = 1 }
/// times = 2
/// reply = { error = { code = "ThrottlingException", message = "Too many requests" } }
/// ```
///
/// `when` has `model`, `text`, `regex`, `tool_result` (`true`, `false`, or a tool's name), and `turn`. A rule without
/// `when` always matches. `reply` is a text, or has one of `text`, `content`, `error` (`code`, `message`), and
/// `stream_error` (`code`, `message`, `after_events`). It can also have `tools` (`name`, `input`), `reasoning`,
/// `stop_reason`, `usage` (`input`, `output`), `additional_fields`, `cut_after`, and `stall_after`.
#[derive(Debug, Default)]
#[must_use = "a script has no effect until it is added to a builder"]
pub struct Script {
    pub(super) rules: Vec<ScriptRule>,
}

/// A rule of a [`Script`] that has no reply yet.
#[derive(Debug)]
#[must_use = "a rule needs a reply"]
pub struct RuleBuilder {
    script: Script,
    when: When,
    times: Option<usize>,
}

#[derive(Debug)]
pub(super) struct ScriptRule {
    when: When,
    times: Option<usize>,
    used: AtomicUsize,
    reply: Reply,
}

impl Script {
    /// Creates a script without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule after the others.
    pub fn when(self, when: When) -> RuleBuilder {
        RuleBuilder { script: self, when, times: None }
    }

    /// Reads a `.toml` or `.json` file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not a script. The error names the line or the rule.
    pub fn load(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let with_path =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let text = std::fs::read_to_string(path).map_err(with_path)?;
        let script = match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Self::from_json(&text),
            #[cfg(feature = "cli")]
            Some("toml") => Self::from_toml(&text),
            #[cfg(not(feature = "cli"))]
            Some("toml") => Err(invalid("scripts in TOML need the feature `cli`: write the script as JSON")),
            _ => Err(invalid("the name of a script must end in .toml or .json")),
        };
        script.map_err(with_path)
    }

    /// Parses JSON: `{"rules": [{"when": {"text": "weather"}, "reply": "It is sunny."}]}`.
    ///
    /// # Errors
    ///
    /// If it is not a script. The error names the line or the rule.
    pub fn from_json(json: &str) -> io::Result<Self> {
        serde_json::from_str(json).map_err(invalid)
    }

    /// Parses TOML.
    ///
    /// # Errors
    ///
    /// If it is not a script. The error names the line or the rule.
    #[cfg(feature = "cli")]
    pub fn from_toml(toml: &str) -> io::Result<Self> {
        toml::from_str(toml).map_err(invalid)
    }
}

impl RuleBuilder {
    /// Uses the rule at most this many times.
    pub fn times(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Sets the reply. After [`When::regex`], `$name` in the reply is replaced by what the expression captured.
    pub fn reply(mut self, reply: Reply) -> Script {
        self.script.rules.push(ScriptRule::new(self.when, self.times, reply));
        self.script
    }
}

impl ScriptRule {
    pub(super) fn new(when: When, times: Option<usize>, reply: Reply) -> Self {
        Self { when, times, used: AtomicUsize::new(0), reply }
    }

    /// Counts a use of the rule. Returns `false` if the rule was used as often as it may be.
    fn count_use(&self) -> bool {
        let Some(times) = self.times else { return true };
        let next = |used| (used < times).then_some(used + 1);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// The rule's reply, with what its regular expression captures in a text.
    fn reply_to(&self, text: &str) -> Reply {
        let reply = self.reply.clone();
        let Some(captures) = self.when.captures(text) else { return reply };
        reply.with_texts(&|template| {
            let mut filled = String::new();
            captures.expand(template, &mut filled);
            filled
        })
    }
}

#[async_trait]
impl Replier for Script {
    async fn reply(&self, conversation: &Conversation) -> Reply {
        let text = conversation.text();
        let mut matching = self.rules.iter().filter(|rule| rule.when.matches(conversation, &text));
        matching.find(|rule| rule.count_use()).map_or_else(Reply::default, |rule| rule.reply_to(&text))
    }

    fn reset(&self) {
        self.rules.iter().for_each(|rule| rule.used.store(0, Ordering::Relaxed));
    }
}

fn invalid(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
