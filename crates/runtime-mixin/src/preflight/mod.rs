//! Checks a [`ConverseRequest`] before it is sent: for what AWS refuses, with the message and the reason, or by repairing
//! it.
//!
//! Some requests are refused whatever the model is, such as one with a tool use without a result. For others it depends on
//! the model, which [`ModelFacts`] describe. A [`Finding`] says what is wrong, and where. It never holds content.
//!
//! ```
//! use bedrock_orm::preflight::{self, ModelFacts};
//! use bedrock_orm::prelude::*;
//!
//! let call = ContentBlock::tool_use("1", "get_weather", serde_json::json!({"city": "Queens"}));
//! let history = [Message::user("Weather?"), Message::assistant(call), Message::user("Never mind.")];
//! let mut request = ConverseRequest::from(history);
//!
//! let facts = ModelFacts::default();
//! let findings = preflight::check(&request, &facts);
//! assert_eq!(findings[0].to_string(), "messages[1].content[0]: the tool use has no result (tool-results)");
//!
//! preflight::repair(&mut request, &facts);
//! assert!(preflight::check(&request, &facts).is_empty());
//! ```

mod draft;
mod facts;
mod finding;
mod rule;
mod rules;
#[cfg(test)]
mod tests;

use bedrock_orm_core::{Error, Result};
use bedrock_orm_models::ConverseRequest;

pub use facts::{ModelFacts, ModelFeature};
pub use finding::Finding;

use draft::Draft;
use finding::Report;

/// What is done about a request that AWS would refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preflight {
    /// The request is sent as it is.
    #[default]
    Off,
    /// The request is not sent. The error names every finding.
    Strict,
    /// The request is repaired and sent. A log event names every finding, and the reply has them.
    Repair,
}

/// Returns why AWS refuses the request. Empty if no reason is known.
pub fn check(request: &ConverseRequest, facts: &ModelFacts) -> Vec<Finding> {
    refusals(repair(&mut request.clone(), facts))
}

/// Repairs the request, and returns what was repaired. A request without findings stays as it is.
///
/// A request that AWS accepts stays one that AWS accepts. With unknown facts, the repair can change it without changing
/// its meaning: consecutive texts of one role become one message, and an empty tool result gets a text.
pub fn repair(request: &mut ConverseRequest, facts: &ModelFacts) -> Vec<Finding> {
    let mut draft = Draft::of(std::mem::take(request));
    let mut report = Report::default();
    for rule in rules::RULES {
        report.rule = rule.name;
        (rule.mend)(&mut draft, facts, &mut report);
    }
    *request = draft.into_request();
    report.findings
}

/// Checks or repairs a request that is about to be sent. Returns what was repaired.
pub(crate) fn apply(
    preflight: Preflight,
    request: &mut ConverseRequest,
    facts: &ModelFacts,
    operation: &'static str,
) -> Result<Vec<Finding>> {
    match preflight {
        Preflight::Off => Ok(Vec::new()),
        Preflight::Strict => {
            let findings = check(request, facts);
            if findings.is_empty() { Ok(findings) } else { Err(refusal(operation, &findings)) }
        }
        Preflight::Repair => {
            let findings = repair(request, facts);
            for Finding { rule, place, problem, repair, .. } in &findings {
                tracing::info!(target: "bedrock_orm", operation, rule, place, problem, repair, "repaired");
            }
            Ok(findings)
        }
    }
}

fn refusal(operation: &'static str, findings: &[Finding]) -> Error {
    let reasons: Vec<_> = findings.iter().map(ToString::to_string).collect();
    let message = format!("AWS would refuse the request: {}", reasons.join("; "));
    Error::invalid_input(operation, message).with_hint("Preflight::Repair repairs it")
}

/// Returns the findings for which AWS refuses the request.
fn refusals(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.is_refused).collect()
}
