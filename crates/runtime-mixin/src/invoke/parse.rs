//! Parses the bodies and chunks of a model.

use bedrock_orm_core::{Error, ErrorKind};
use bedrock_orm_models::ModelBody;
use serde_core::de::DeserializeOwned;
use serde_json::Value;

/// What a guardrail did, which AWS adds to bodies and chunks.
#[derive(Clone, Debug, Default)]
pub(crate) struct GuardrailOutcome {
    pub(crate) action: Option<String>,
    pub(crate) trace: Option<Value>,
}

impl GuardrailOutcome {
    /// Reads what a body or a chunk says. Most say nothing, which costs no second parsing.
    pub(crate) fn of(json: &[u8]) -> Self {
        if !String::from_utf8_lossy(json).contains("amazon-bedrock-") {
            return Self::default();
        }
        let mut body: Value = serde_json::from_slice(json).unwrap_or_default();
        let mut member = |name| body.get_mut(name).map(Value::take).filter(|value| !value.is_null());
        let action = member("amazon-bedrock-guardrailAction");
        Self {
            action: action.and_then(|action| action.as_str().map(str::to_owned)),
            trace: member("amazon-bedrock-trace"),
        }
    }

    /// Adds what a later chunk says.
    pub(crate) fn add(&mut self, later: Self) {
        self.action = later.action.or(self.action.take());
        self.trace = later.trace.or(self.trace.take());
    }

    pub(crate) fn intervened(&self) -> bool {
        self.action.as_deref() == Some("INTERVENED")
    }
}

/// Parses the JSON of a response to `B`. The error does not contain the response.
pub(crate) fn parse<B: ModelBody, T: DeserializeOwned>(
    operation: &'static str,
    json: &[u8],
) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|error| {
        let name = std::any::type_name::<B>();
        let name = name.rsplit("::").next().unwrap_or(name);
        let problem = if error.is_data() { "has another form" } else { "is not JSON" };
        let (line, column) = (error.line(), error.column());
        let message =
            format!("the response to `{name}` {problem}, see line {line}, column {column} of its body");
        let hint = "the model's provider may have another type of body; `partial()` returns the response";
        Error::new(ErrorKind::InvalidResponse, message).with_operation(operation).with_hint(hint)
    })
}
