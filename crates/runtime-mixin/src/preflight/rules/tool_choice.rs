//! The tool choice.

use bedrock_orm_models::{ConverseRequest, ToolChoice};

use crate::preflight::draft::Draft;
use crate::preflight::facts::{ModelFacts, ModelFeature};
use crate::preflight::finding::{Place, Report};
use crate::preflight::rule::Rule;

/// Some models cannot be forced to call a tool, and Claude cannot while it reasons.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html>, and AWS's error messages.
pub(super) const TOOL_CHOICE: Rule = Rule { name: "tool-choice", mend };

fn mend(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    let request = &mut draft.request;
    let choice = request.tool_config.as_ref().and_then(|config| config.tool_choice.as_ref());
    if !matches!(choice, Some(ToolChoice::Any(_) | ToolChoice::Tool(_))) {
        return;
    }
    let problem = if facts.refuse(ModelFeature::ForcedTools) {
        "the model cannot be forced to call a tool"
    } else if is_refused_with_reasoning(request, facts) {
        "a tool cannot be forced while the model reasons"
    } else {
        return;
    };
    report.refused(Place::ToolChoice, problem, "the model decides");
    if let Some(config) = &mut request.tool_config {
        config.tool_choice = None;
    }
}

fn is_refused_with_reasoning(request: &ConverseRequest, facts: &ModelFacts) -> bool {
    match facts.accepted(ModelFeature::ForcedToolsWithReasoning) {
        Some(true) => false,
        Some(false) => reasons(request, &["thinking", "reasoning_config", "reasoningConfig"]),
        // Claude's own fields. `reasoningConfig` is Nova's.
        None => reasons(request, &["thinking", "reasoning_config"]),
    }
}

/// Returns whether one of the fields turns on reasoning.
fn reasons(request: &ConverseRequest, fields: &[&str]) -> bool {
    let Some(given) = &request.additional_model_request_fields else { return false };
    let is_on = |field: &&str| matches!(given[*field]["type"].as_str(), Some("enabled" | "adaptive"));
    fields.iter().any(is_on)
}
