//! What a request asks of a quota of tokens, for limiters.

use bedrock_orm_core::sdk::Demand;
use bedrock_orm_models::{
    ContentBlock, ConverseRequest, ConverseStreamRequest, DocumentSource, InferenceConfiguration, Message,
    ReasoningContentBlock, SystemContentBlock, Tool, ToolConfiguration, ToolInputSchema,
    ToolResultContentBlock,
};
use serde_json::Value;

/// The characters that an image counts as, until replies say more: about 1,500 tokens.
const IMAGE: u64 = 6_000;

/// Returns what a turn of a conversation asks for.
pub(crate) fn of_turn(request: &ConverseRequest) -> Demand {
    let ConverseRequest { messages, system, tool_config, inference_config, .. } = request;
    of_parts(messages.as_deref(), system.as_deref(), tool_config.as_ref(), inference_config.as_ref())
}

/// Returns what a streamed turn of a conversation asks for.
pub(crate) fn of_streamed_turn(request: &ConverseStreamRequest) -> Demand {
    let ConverseStreamRequest { messages, system, tool_config, inference_config, .. } = request;
    of_parts(messages.as_deref(), system.as_deref(), tool_config.as_ref(), inference_config.as_ref())
}

fn of_parts(
    messages: Option<&[Message]>,
    system: Option<&[SystemContentBlock]>,
    tool_config: Option<&ToolConfiguration>,
    inference_config: Option<&InferenceConfiguration>,
) -> Demand {
    let system = system.into_iter().flatten().map(|block| match block {
        SystemContentBlock::Text(text) => length(text),
        _ => 0,
    });
    let messages = messages.into_iter().flatten().flat_map(|message| &message.content).map(of_block);
    let tools = tool_config.into_iter().flat_map(|config| &config.tools).map(of_tool);
    let max_tokens = inference_config.and_then(|config| config.max_tokens);
    Demand {
        characters: system.chain(messages).chain(tools).sum(),
        max_tokens: max_tokens.and_then(|tokens| tokens.try_into().ok()),
    }
}

fn of_block(block: &ContentBlock) -> u64 {
    match block {
        ContentBlock::Text(text) => length(text),
        ContentBlock::Image(_) | ContentBlock::Video(_) | ContentBlock::Audio(_) => IMAGE,
        ContentBlock::Document(document) => of_document(&document.source),
        ContentBlock::ToolUse(call) => length(&call.name) + of_json(&call.input),
        ContentBlock::ToolResult(result) => result.content.iter().map(of_result).sum(),
        ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(text)) => length(&text.text),
        _ => 0,
    }
}

fn of_result(content: &ToolResultContentBlock) -> u64 {
    match content {
        ToolResultContentBlock::Text(text) => length(text),
        ToolResultContentBlock::Json(json) => of_json(json),
        ToolResultContentBlock::Document(document) => of_document(&document.source),
        ToolResultContentBlock::Image(_) | ToolResultContentBlock::Video(_) => IMAGE,
        _ => 0,
    }
}

fn of_document(source: &DocumentSource) -> u64 {
    match source {
        DocumentSource::Bytes(bytes) => bytes.len() as u64,
        DocumentSource::Text(text) => length(text),
        _ => IMAGE,
    }
}

fn of_tool(tool: &Tool) -> u64 {
    let Tool::ToolSpec(tool) = tool else { return 0 };
    let schema = match &tool.input_schema {
        ToolInputSchema::Json(schema) => of_json(schema),
        _ => 0,
    };
    length(&tool.name) + tool.description.as_deref().map_or(0, length) + schema
}

/// Returns what a body in a provider's format asks for. Each format has its own name for the most tokens of a reply.
pub(crate) fn of_body(body: &[u8]) -> Demand {
    match serde_json::from_slice::<Value>(body) {
        Ok(body) => Demand { characters: of_json(&body), max_tokens: max_tokens(&body) },
        Err(_) => Demand { characters: body.len() as u64, max_tokens: None },
    }
}

fn max_tokens(body: &Value) -> Option<u64> {
    const NAMES: [&str; 7] = [
        "max_tokens",
        "max_completion_tokens",
        "max_tokens_to_sample",
        "max_gen_len",
        "maxTokens",
        "max_new_tokens",
        "maxTokenCount",
    ];
    const PARENTS: [&str; 2] = ["inferenceConfig", "textGenerationConfig"];
    let of = |object: &Value| NAMES.iter().find_map(|name| object[*name].as_u64());
    of(body).or_else(|| PARENTS.iter().find_map(|parent| of(&body[*parent])))
}

/// Returns the characters of a JSON value. Long texts without white space are bytes in Base64.
fn of_json(json: &Value) -> u64 {
    match json {
        Value::String(text) if text.len() > 4_096 && !text.contains(char::is_whitespace) => IMAGE,
        Value::String(text) => length(text),
        Value::Array(items) => items.iter().map(of_json).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| length(name) + of_json(value)).sum(),
        _ => 4,
    }
}

fn length(text: &str) -> u64 {
    text.chars().count() as u64
}

#[cfg(test)]
mod tests {
    use bedrock_orm_models::{DocumentBlock, ToolResultBlock, ToolSpecification};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_turn_asks_for_its_texts_tools_and_longest_reply() {
        let request = ConverseRequest::from(Message::user("12345"));
        assert_eq!(of_turn(&request), Demand { characters: 5, max_tokens: None });
        let request = request
            .system([SystemContentBlock::text("123")])
            .inference_config(InferenceConfiguration::default().max_tokens(7))
            .tool_config(ToolConfiguration::new([ToolSpecification::new("12", json!({"a": "b"}))]));
        assert_eq!(of_turn(&request), Demand { characters: 5 + 3 + 2 + 2, max_tokens: Some(7) });
    }

    #[test]
    fn a_document_asks_for_its_text_or_its_bytes() {
        let of = |source| of_turn(&ConverseRequest::from(Message::user(vec![source]))).characters;
        let document = |source| ContentBlock::Document(DocumentBlock::new("report", source));
        assert_eq!(of(document(DocumentSource::Text("12345".into()))), 5);
        assert_eq!(of(document(DocumentSource::Bytes(vec![0; 7].into()))), 7);
        let result = ToolResultContentBlock::Document(DocumentBlock::new(
            "report",
            DocumentSource::Text("123".into()),
        ));
        assert_eq!(of(ContentBlock::ToolResult(ToolResultBlock::new("call-1", [result]))), 3);
    }

    #[test]
    fn a_body_asks_by_the_name_of_its_format() {
        for body in [
            json!({"max_tokens": 9}),
            json!({"max_gen_len": 9}),
            json!({"inferenceConfig": {"maxTokens": 9}}),
            json!({"textGenerationConfig": {"maxTokenCount": 9}}),
        ] {
            assert_eq!(of_body(body.to_string().as_bytes()).max_tokens, Some(9), "{body}");
        }
        assert_eq!(of_body(b"{\"prompt\": \"1234\"}"), Demand { characters: 10, max_tokens: None });
        assert_eq!(of_body(b"not json"), Demand { characters: 8, max_tokens: None });
    }
}
