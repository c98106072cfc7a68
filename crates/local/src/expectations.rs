//! Expectations on the journal's requests, in one line each, with errors that say what was there instead.

use std::fmt;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::journal::RecordedRequest;
use crate::local_bedrock::LocalBedrock;
use crate::wire::description::Services;
use crate::wire::request::Request;
use crate::wire::routing::{Router, is_identifier_of};

/// An expectation that was not met. Its message says what was there instead.
#[derive(Clone, PartialEq, Eq)]
pub struct Unmet(String);

impl fmt::Display for Unmet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The same as [`Display`](fmt::Display), because a test that fails with an error prints its `Debug` form.
impl fmt::Debug for Unmet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::error::Error for Unmet {}

/// The request, if it meets an expectation.
type Expected<'a> = Result<&'a RecordedRequest, Unmet>;

/// The most texts of a request that an error shows.
const MOST_TEXTS: usize = 8;

impl LocalBedrock {
    /// Returns the last request of an operation, by AWS's name.
    ///
    /// ```
    /// # use bedrock_orm_local::{LocalBedrock, Unmet};
    /// fn guarded(local: &LocalBedrock) -> Result<(), Unmet> {
    ///     local.last("Converse")?.has_guardrail("gr-1")?.has_text("Hello")?.was_answered(200)?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// If there was none. The error lists the requests that there were.
    pub fn last(&self, operation: &str) -> Result<RecordedRequest, Unmet> {
        let mut requests = self.requests();
        let found = requests.iter().rposition(|request| request.operation.as_deref() == Some(operation));
        found.map(|index| requests.swap_remove(index)).ok_or_else(|| {
            let received: Vec<_> = requests.iter().map(RecordedRequest::title).collect();
            let received = if received.is_empty() { "none".to_owned() } else { received.join(", ") };
            Unmet(format!("no {operation} request was received; requests: {received}"))
        })
    }

    /// Returns the number of requests of an operation, of those that the journal keeps.
    pub fn count(&self, operation: &str) -> usize {
        self.requests().iter().filter(|request| request.operation.as_deref() == Some(operation)).count()
    }
}

impl RecordedRequest {
    /// Returns all members of the request by their names in AWS's description, whether they were sent in the path, the
    /// query, a header, or the body. `Null` if the request cannot be parsed.
    pub fn input(&self) -> Value {
        self.parse_input().unwrap_or_default()
    }

    fn parse_input(&self) -> Option<Value> {
        let found = Router::new(Services::load().ok()?).find(&self.method, &self.path)?;
        let header = |(name, value): &(String, String)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
        };
        let headers: HeaderMap = self.headers.iter().filter_map(header).collect();
        let mut input =
            Request::parse_unchecked(found, &self.query, &headers, self.body.clone(), String::new())
                .ok()?
                .input;
        // A payload of bytes is the provider's JSON.
        if self.operation.as_ref().is_some_and(|operation| operation.starts_with("InvokeModel")) {
            input["body"] = self.json();
        }
        Some(input)
    }

    /// Expects a value at a path in the [`input`](Self::input), such as `guardrailConfig.guardrailVersion` or
    /// `messages.0.role`.
    ///
    /// # Errors
    ///
    /// If there is another value, or none.
    pub fn has(&self, path: &str, value: impl Into<Value>) -> Expected<'_> {
        let value = value.into();
        let mut found = &self.input();
        for (depth, part) in path.split('.').enumerate() {
            let inner = match found {
                Value::Array(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
                members => members.get(part),
            };
            let Some(inner) = inner else {
                let present = match found {
                    Value::Object(members) => members.keys().cloned().collect::<Vec<_>>().join(", "),
                    Value::Array(items) => format!("{} items", items.len()),
                    other => other.to_string(),
                };
                let parent: Vec<_> = path.split('.').take(depth).collect();
                let parent = if depth == 0 { "the input".to_owned() } else { parent.join(".") };
                return self.unmet(&format!("has no {path}: {parent} has {present}"));
            };
            found = inner;
        }
        match *found == value {
            true => Ok(self),
            false => self.unmet(&format!("has {found} as {path}, not {value}")),
        }
    }

    /// Expects a guardrail, by its ID or its ARN. The request may have the ID alone or at the end of an ARN.
    ///
    /// # Errors
    ///
    /// If there is another, or none.
    pub fn has_guardrail(&self, guardrail: &str) -> Expected<'_> {
        let input = self.input();
        let paths = ["/guardrailConfig/guardrailIdentifier", "/guardrailIdentifier"];
        match paths.iter().find_map(|path| input.pointer(path)?.as_str()) {
            Some(actual) if is_identifier_of(guardrail, actual) => Ok(self),
            Some(actual) => self.unmet(&format!("has the guardrail {actual}, not {guardrail}")),
            None => self.unmet(&format!("has no guardrail; expected {guardrail}")),
        }
    }

    /// Expects a model, by its ID or its ARN. The request may have the ID alone, with an inference profile's prefix, or at
    /// the end of an ARN.
    ///
    /// # Errors
    ///
    /// If there is another, or none.
    pub fn has_model(&self, model: &str) -> Expected<'_> {
        let input = self.input();
        let actual = input["modelId"].as_str().or_else(|| input["modelIdentifier"].as_str());
        match actual {
            Some(actual) if is_identifier_of(model, actual) => Ok(self),
            Some(actual) => self.unmet(&format!("is for the model {actual}, not {model}")),
            None => self.unmet(&format!("has no model; expected {model}")),
        }
    }

    /// Expects a tool that the model may call.
    ///
    /// # Errors
    ///
    /// If there are others, or none.
    pub fn has_tool(&self, name: &str) -> Expected<'_> {
        let input = self.input();
        let paths = ["/toolConfig/tools", "/body/tools", "/body/toolConfig/tools"];
        let tools = paths.iter().find_map(|path| input.pointer(path)?.as_array());
        let tool = |tool: &Value| {
            let names = ["/toolSpec/name", "/systemTool/name", "/function/name", "/name"];
            names.iter().find_map(|path| tool.pointer(path)?.as_str()).map(str::to_owned)
        };
        let tools: Vec<_> = tools.into_iter().flatten().filter_map(tool).collect();
        match tools.iter().any(|tool| tool == name) {
            true => Ok(self),
            false if tools.is_empty() => self.unmet(&format!("has no tools; expected {name}")),
            false => self.unmet(&format!("has the tools {}, not {name}", tools.join(", "))),
        }
    }

    /// Expects a text, or a part of one, anywhere in the [`input`](Self::input).
    ///
    /// # Errors
    ///
    /// If no text has it.
    pub fn has_text(&self, part: &str) -> Expected<'_> {
        let input = self.input();
        let mut texts = Vec::new();
        collect_texts(&input, &mut texts);
        if texts.iter().any(|text| text.contains(part)) {
            return Ok(self);
        }
        let more = if texts.len() > MOST_TEXTS { ", …" } else { "" };
        texts.truncate(MOST_TEXTS);
        self.unmet(&format!("does not have the text {part:?}; its texts: {texts:?}{more}"))
    }

    /// Expects an HTTP status of the response.
    ///
    /// # Errors
    ///
    /// If it was another.
    pub fn was_answered(&self, status: u16) -> Expected<'_> {
        match self.status == status {
            true => Ok(self),
            false => self.unmet(&format!("was answered {}, not {status}{}", self.status, self.error_text())),
        }
    }

    /// Expects an error response, by its code: `ThrottlingException`.
    ///
    /// # Errors
    ///
    /// If it was another, or none.
    pub fn was_refused(&self, code: &str) -> Expected<'_> {
        match self.error_code() == Some(code) {
            true => Ok(self),
            false => self.unmet(&format!("was answered {}, not {code}{}", self.status, self.error_text())),
        }
    }

    fn error_code(&self) -> Option<&str> {
        self.response.header("x-amzn-errortype")?.split(':').next()
    }

    /// The code and the message of an error response, for the end of a message.
    fn error_text(&self) -> String {
        let message = self.response.json()["message"].as_str().unwrap_or_default().to_owned();
        self.error_code().map_or_else(String::new, |code| format!(": {code}, {message}"))
    }

    fn title(&self) -> String {
        match &self.operation {
            Some(operation) => operation.clone(),
            None => format!("{} {}", self.method, self.path),
        }
    }

    fn unmet(&self, problem: &str) -> Expected<'_> {
        Err(Unmet(format!("{} (request {}) {problem}", self.title(), self.id)))
    }
}

fn collect_texts<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Value::Object(members) => members.values().for_each(|member| collect_texts(member, texts)),
        _ => {}
    }
}
