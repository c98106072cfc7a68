//! The tool configuration.

use bedrock_orm_models::{Tool, ToolConfiguration, ToolSpecification};
use serde_json::json;

use crate::preflight::draft::Draft;
use crate::preflight::facts::ModelFacts;
use crate::preflight::finding::{Place, Report};
use crate::preflight::rule::Rule;

/// A history with tool blocks needs a tool configuration, even if no tool is offered now.
///
/// Source: AWS's error message.
pub(super) const TOOL_CONFIG: Rule = Rule { name: "tool-config", mend };

fn mend(draft: &mut Draft, _: &ModelFacts, report: &mut Report) {
    let has_tools =
        |config: &ToolConfiguration| config.tools.iter().any(|tool| !matches!(tool, Tool::CachePoint(_)));
    if draft.request.tool_config.as_ref().is_some_and(has_tools) {
        return;
    }
    let blocks = draft.turns.iter().flat_map(|turn| &turn.blocks);
    let mut names: Vec<&str> = Vec::new();
    for tool_use in blocks.filter_map(|block| block.tool_use()) {
        if !names.contains(&tool_use.name.as_str()) {
            names.push(&tool_use.name);
        }
    }
    if names.is_empty() {
        return;
    }
    let problem = "the history has tool uses, and the request has no tools";
    report.refused(Place::ToolConfig, problem, "the tools of the history are added, with empty schemas");
    let tools = names.into_iter().map(|name| {
        let description = "A tool from earlier in the conversation.";
        Tool::ToolSpec(ToolSpecification::new(name, json!({"type": "object"})).description(description))
    });
    let tools: Vec<_> = tools.collect();
    draft.request.tool_config.get_or_insert_default().tools.splice(0..0, tools);
}
