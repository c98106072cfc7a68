//! Tools that run at AWS: Nova's `systemTool`s. The model calls one and has its result within one answer.
//!
//! Each that is offered is called once for every turn of the user's that brings no tool results. Its blocks are those
//! of recorded answers; what it finds is the turn's own text, for nothing is searched and no code is run.

use serde_json::{Value, json};

use crate::model::completion::SERVER_TOOL_USE;
use crate::model::prompt::{Prompt, ToolChoice};
use crate::world::ids::Ids;

/// A source that nobody owns.
const SOURCE: (&str, &str) = ("example.com", "https://example.com/");

/// What the tools of a prompt did.
#[derive(Debug, Default)]
pub(crate) struct ServerTools {
    /// Their calls and results, which come before the text.
    pub(crate) blocks: Vec<Value>,
    /// What they found on the web, which comes after it.
    pub(crate) citations: Vec<Value>,
}

impl ServerTools {
    pub(crate) fn called(ids: &Ids, prompt: &Prompt) -> Self {
        let mut called = Self::default();
        let has_results = prompt.last_turn().iter().any(|block| block["toolResult"].is_object());
        if has_results || prompt.tool_choice == ToolChoice::Never {
            return called;
        }
        let text = prompt.last_text();
        for name in prompt.tools.iter().filter_map(|tool| tool["systemTool"]["name"].as_str()) {
            let (input, result) = match name {
                "nova_grounding" => {
                    let (domain, url) = SOURCE;
                    let citation = json!({ "location": { "web": { "domain": domain, "url": url } } });
                    called.citations.push(json!({ "citationsContent": { "citations": [citation] } }));
                    // As recorded: what was found is not told.
                    (json!({ "query": text }), json!({ "text": "[HIDDEN]" }))
                }
                "nova_code_interpreter" => {
                    let snippet = format!("print({})", json!(text));
                    let output = json!({ "stdOut": text, "stdErr": "", "exitCode": 0, "isError": false });
                    (json!({ "snippet": snippet }), json!({ "json": output }))
                }
                _ => continue,
            };
            let id = ids.tool_use();
            let tool_use = json!({ "toolUseId": id, "name": name, "input": input, "type": SERVER_TOOL_USE });
            let result = json!({
                "toolUseId": id, "content": [result], "status": "success", "type": format!("{name}_result"),
            });
            called.blocks.extend([json!({ "toolUse": tool_use }), json!({ "toolResult": result })]);
        }
        called
    }
}
