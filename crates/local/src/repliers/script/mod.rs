//! `when … reply …`: replies by rule.

mod form;
mod when;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::model::reply::Reply;
use crate::repliers::Replier;
use crate::repliers::conversation::Conversation;
pub use when::When;

/// Rules, of which the first that is met says what a model replies. Where none is, the next replier is asked.
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
/// `when` has `model`, `text`, `regex`, `tool_result` (`true`, `false`, or a tool's name) and `turn`; without it the rule
/// is always met. `reply` is a text or has one of `text`, `content`, `error` (`code`, `message`) and `stream_error`
/// (`code`, `message`, `after_events`), and beside it `tools` (`name`, `input`), `reasoning`, `stop_reason`, `usage`
/// (`input`, `output`), `additional_fields`, `cut_after` and `stall_after`.
#[derive(Debug, Default)]
#[must_use = "a script is followed once it is given to the builder"]
pub struct Script {
    rules: Vec<Rule>,
}

/// A rule that does not say yet what to reply.
#[derive(Debug)]
#[must_use = "a rule needs a reply"]
pub struct Condition {
    script: Script,
    when: When,
    times: Option<usize>,
}

#[derive(Debug)]
struct Rule {
    when: When,
    times: Option<usize>,
    said: AtomicUsize,
    reply: Reply,
}

impl Script {
    /// A script without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// A rule after those that are there.
    pub fn when(self, when: When) -> Condition {
        Condition { script: self, when, times: None }
    }

    /// Reads a file: TOML or JSON, as its name says.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no script. The error names the line or the rule.
    pub fn load(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let text = std::fs::read_to_string(path).map_err(named)?;
        let script = match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Self::from_json(&text),
            #[cfg(feature = "cli")]
            Some("toml") => Self::from_toml(&text),
            #[cfg(not(feature = "cli"))]
            Some("toml") => {
                Err(invalid("TOML is read with the feature `cli` only: write the script as JSON"))
            }
            _ => Err(invalid("a script's name ends in .toml or .json")),
        };
        script.map_err(named)
    }

    /// Reads JSON: `{"rules": [{"when": {"text": "weather"}, "reply": "It is sunny."}]}`.
    ///
    /// # Errors
    ///
    /// When it is no script. The error names the line or the rule.
    pub fn from_json(json: &str) -> io::Result<Self> {
        serde_json::from_str(json).map_err(invalid)
    }

    /// Reads TOML.
    ///
    /// # Errors
    ///
    /// When it is no script. The error names the line or the rule.
    #[cfg(feature = "cli")]
    pub fn from_toml(toml: &str) -> io::Result<Self> {
        toml::from_str(toml).map_err(invalid)
    }
}

impl Condition {
    /// Follows the rule so often, and then no more.
    pub fn times(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }

    /// What to reply. In the reply to a regular expression, `$name` is what it captured.
    pub fn reply(mut self, reply: Reply) -> Script {
        self.script.rules.push(Rule::new(self.when, self.times, reply));
        self.script
    }
}

impl Rule {
    fn new(when: When, times: Option<usize>, reply: Reply) -> Self {
        Self { when, times, said: AtomicUsize::new(0), reply }
    }

    /// Whether it may be followed once more, which it then is.
    fn takes_its_turn(&self) -> bool {
        let Some(times) = self.times else { return true };
        let next = |said| (said < times).then_some(said + 1);
        self.said.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    fn fill(&self, text: &str) -> Reply {
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
    async fn reply(&self, asked: &Conversation) -> Reply {
        let text = asked.text();
        let mut met = self.rules.iter().filter(|rule| rule.when.is_met(asked, &text));
        met.find(|rule| rule.takes_its_turn()).map_or_else(Reply::default, |rule| rule.fill(&text))
    }

    fn reset(&self) {
        self.rules.iter().for_each(|rule| rule.said.store(0, Ordering::Relaxed));
    }
}

fn invalid(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
