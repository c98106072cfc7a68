//! Tools that AWS runs: Nova's `systemTool`s. The reply contains the call and its result.
//!
//! Each system tool of a request is called once if the last user turn has no tool results. The blocks are those of recorded
//! replies. The result is the text of the turn, since nothing is searched and no code is run.

use serde_json::{Value, json};

use crate::model::completion::SERVER_TOOL_USE;
use crate::model::prompt::{Prompt, ToolChoice};
use crate::world::ids::Ids;

/// The cited source, a reserved domain.
const SOURCE: (&str, &str) = ("example.com", "https://example.com/");

/// The blocks of the system tools' calls.
#[derive(Debug, Default)]
pub(crate) struct ServerTools {
    /// Calls and results, which come before the text.
    pub(crate) blocks: Vec<Value>,
    /// Citations of web pages, which come after the text.
    pub(crate) citations: Vec<Value>,
}

impl ServerTools {
    /// Calls the system tools of a prompt.
    pub(crate) fn call(ids: &Ids, prompt: &Prompt) -> Self {
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
                    // AWS hides the result (recorded).
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
