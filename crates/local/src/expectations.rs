//! What a test expects to find in the journal, in one line, and what it is told when it is not there.

use std::fmt;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::journal::RecordedRequest;
use crate::local_bedrock::LocalBedrock;
use crate::wire::description::Services;
use crate::wire::request::Request;
use crate::wire::routing::{Router, is_identifier_of};

/// An expectation that was not met; it says what was there instead.
#[derive(Clone, PartialEq, Eq)]
pub struct Unmet(String);

impl fmt::Display for Unmet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Tests end with this form of an error, so it is the one to read.
impl fmt::Debug for Unmet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::error::Error for Unmet {}

/// What a request must be for an expectation to hold, or what it is instead.
type Expected<'a> = Result<&'a RecordedRequest, Unmet>;

/// So many texts of a request are told.
const TOLD: usize = 8;

impl LocalBedrock {
    /// The last request of an operation, as AWS spells it.
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
    /// When none has come. It says which have.
    pub fn last(&self, operation: &str) -> Result<RecordedRequest, Unmet> {
        let mut requests = self.requests();
        let found = requests.iter().rposition(|request| request.operation.as_deref() == Some(operation));
        found.map(|index| requests.swap_remove(index)).ok_or_else(|| {
            let came: Vec<_> = requests.iter().map(RecordedRequest::title).collect();
            let came = if came.is_empty() { "nothing".to_owned() } else { came.join(", ") };
            Unmet(format!("no {operation} has come; what came: {came}"))
        })
    }

    /// How many requests of an operation have come, of those that are kept.
    pub fn count(&self, operation: &str) -> usize {
        self.requests().iter().filter(|request| request.operation.as_deref() == Some(operation)).count()
    }
}

impl RecordedRequest {
    /// All members of the request by their names in AWS's description, wherever they travelled: in the path, the query,
    /// a header or the body. `Null` when it cannot be read.
    pub fn input(&self) -> Value {
        self.read().unwrap_or_default()
    }

    fn read(&self) -> Option<Value> {
        let found = Router::new(Services::load().ok()?).find(&self.method, &self.path)?;
        let header = |(name, value): &(String, String)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
        };
        let headers: HeaderMap = self.headers.iter().filter_map(header).collect();
        let mut input =
            Request::parse_unchecked(found, &self.query, &headers, self.body.clone(), String::new())
                .ok()?
                .input;
        // A payload of bytes is a maker's own JSON.
        if self.operation.as_ref().is_some_and(|operation| operation.starts_with("InvokeModel")) {
            input["body"] = self.json();
        }
        Some(input)
    }

    /// Expects a value at a place of the [`input`](Self::input): `guardrailConfig.guardrailVersion`,
    /// `messages.0.role`.
    ///
    /// # Errors
    ///
    /// When there is another, or none.
    pub fn has(&self, place: &str, value: impl Into<Value>) -> Expected<'_> {
        let value = value.into();
        let mut found = &self.input();
        for (depth, part) in place.split('.').enumerate() {
            let inner = match found {
                Value::Array(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
                members => members.get(part),
            };
            let Some(inner) = inner else {
                let there = match found {
                    Value::Object(members) => members.keys().cloned().collect::<Vec<_>>().join(", "),
                    Value::Array(items) => format!("{} items", items.len()),
                    other => other.to_string(),
                };
                let before: Vec<_> = place.split('.').take(depth).collect();
                let before = if depth == 0 { "it".to_owned() } else { before.join(".") };
                return self.unmet(&format!("has no {place}: {before} has {there}"));
            };
            found = inner;
        }
        match *found == value {
            true => Ok(self),
            false => self.unmet(&format!("has {found} as {place}, not {value}")),
        }
    }

    /// Expects a guardrail: by its id, alone or at the end of an ARN, or by its ARN.
    ///
    /// # Errors
    ///
    /// When there is another, or none.
    pub fn has_guardrail(&self, guardrail: &str) -> Expected<'_> {
        let input = self.input();
        let theirs = ["/guardrailConfig/guardrailIdentifier", "/guardrailIdentifier"];
        match theirs.iter().find_map(|place| input.pointer(place)?.as_str()) {
            Some(theirs) if is_identifier_of(guardrail, theirs) => Ok(self),
            Some(theirs) => self.unmet(&format!("has the guardrail {theirs}, not {guardrail}")),
            None => self.unmet(&format!("has no guardrail, so not {guardrail}")),
        }
    }

    /// Expects a model: by its id, alone, behind a profile's prefix or at the end of an ARN, or by its ARN.
    ///
    /// # Errors
    ///
    /// When there is another, or none.
    pub fn has_model(&self, model: &str) -> Expected<'_> {
        let input = self.input();
        let theirs = input["modelId"].as_str().or_else(|| input["modelIdentifier"].as_str());
        match theirs {
            Some(theirs) if is_identifier_of(model, theirs) => Ok(self),
            Some(theirs) => self.unmet(&format!("is for the model {theirs}, not {model}")),
            None => self.unmet(&format!("is for no model, so not for {model}")),
        }
    }

    /// Expects a tool that the model may call.
    ///
    /// # Errors
    ///
    /// When there are others, or none.
    pub fn has_tool(&self, name: &str) -> Expected<'_> {
        let input = self.input();
        let places = ["/toolConfig/tools", "/body/tools", "/body/toolConfig/tools"];
        let tools = places.iter().find_map(|place| input.pointer(place)?.as_array());
        let tool = |tool: &Value| {
            let names = ["/toolSpec/name", "/systemTool/name", "/function/name", "/name"];
            names.iter().find_map(|place| tool.pointer(place)?.as_str()).map(str::to_owned)
        };
        let tools: Vec<_> = tools.into_iter().flatten().filter_map(tool).collect();
        match tools.iter().any(|tool| tool == name) {
            true => Ok(self),
            false if tools.is_empty() => self.unmet(&format!("has no tools, so not {name}")),
            false => self.unmet(&format!("has the tools {}, not {name}", tools.join(", "))),
        }
    }

    /// Expects a text, or a part of one, anywhere in the [`input`](Self::input).
    ///
    /// # Errors
    ///
    /// When it is nowhere.
    pub fn has_text(&self, part: &str) -> Expected<'_> {
        let input = self.input();
        let mut texts = Vec::new();
        collect_texts(&input, &mut texts);
        if texts.iter().any(|text| text.contains(part)) {
            return Ok(self);
        }
        let more = if texts.len() > TOLD { ", …" } else { "" };
        texts.truncate(TOLD);
        self.unmet(&format!("says {part:?} nowhere; it says {texts:?}{more}"))
    }

    /// Expects an HTTP status of its answer.
    ///
    /// # Errors
    ///
    /// When it was another.
    pub fn was_answered(&self, status: u16) -> Expected<'_> {
        match self.status == status {
            true => Ok(self),
            false => self.unmet(&format!("was answered {}, not {status}{}", self.status, self.complaint())),
        }
    }

    /// Expects an error as its answer, by its code: `ThrottlingException`.
    ///
    /// # Errors
    ///
    /// When it was another, or none.
    pub fn was_refused(&self, code: &str) -> Expected<'_> {
        match self.error_code() == Some(code) {
            true => Ok(self),
            false => self.unmet(&format!("was answered {}, not by {code}{}", self.status, self.complaint())),
        }
    }

    fn error_code(&self) -> Option<&str> {
        self.answer.header("x-amzn-errortype")?.split(':').next()
    }

    /// The error that it was answered with, where it was one.
    fn complaint(&self) -> String {
        let message = self.answer.json()["message"].as_str().unwrap_or_default().to_owned();
        self.error_code().map_or_else(String::new, |code| format!(": {code}, {message}"))
    }

    fn title(&self) -> String {
        match &self.operation {
            Some(operation) => operation.clone(),
            None => format!("{} {}", self.method, self.path),
        }
    }

    fn unmet(&self, told: &str) -> Expected<'_> {
        Err(Unmet(format!("{} (request {}) {told}", self.title(), self.id)))
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
