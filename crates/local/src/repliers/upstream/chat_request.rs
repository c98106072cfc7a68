//! Writes a conversation as a chat completion request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::json::items;
use crate::model::prompt::{Prompt, ToolChoice, block_text};
use crate::repliers::conversation::Conversation;
use crate::wire::error::{AwsError, AwsResult};

/// The body of a chat completion request.
pub(super) fn body(model: &str, conversation: &Conversation) -> AwsResult<Value> {
    let Prompt { tools, tool_choice, max_tokens, temperature, top_p, stop_sequences, output_schema, .. } =
        &conversation.prompt;
    let mut messages = Vec::new();
    let system: Vec<_> = conversation.system().iter().filter_map(block_text).collect();
    if !system.is_empty() {
        messages.push(json!({ "role": "system", "content": system.join("\n\n") }));
    }
    for message in conversation.messages() {
        let blocks = items(&message["content"]);
        match message["role"].as_str() {
            Some("assistant") => messages.push(assistant_message(blocks)),
            role => push_user_messages(&mut messages, role.unwrap_or("user"), blocks)?,
        }
    }
    let mut body = json!({ "model": model, "messages": messages, "stream": conversation.is_streaming() });
    if conversation.is_streaming() {
        body["stream_options"] = json!({ "include_usage": true });
    }
    let tools: Vec<_> = tools.iter().filter_map(function_tool).collect();
    let members = [
        ("max_tokens", json!(max_tokens)),
        ("temperature", json!(temperature)),
        ("top_p", json!(top_p)),
        ("stop", if stop_sequences.is_empty() { Value::Null } else { json!(stop_sequences) }),
        ("tool_choice", if tools.is_empty() { Value::Null } else { tool_choice_member(tool_choice) }),
        ("tools", if tools.is_empty() { Value::Null } else { json!(tools) }),
        ("response_format", output_schema.as_ref().map_or(Value::Null, response_format)),
    ];
    for (member, value) in members {
        if !value.is_null() {
            body[member] = value;
        }
    }
    Ok(body)
}

/// A tool as a function. System tools cannot be passed on.
fn function_tool(tool: &Value) -> Option<Value> {
    let spec = tool.get("toolSpec")?;
    let mut function = json!({ "name": spec["name"] });
    for (member, value) in
        [("description", &spec["description"]), ("parameters", &spec["inputSchema"]["json"])]
    {
        if !value.is_null() {
            function[member] = value.clone();
        }
    }
    Some(json!({ "type": "function", "function": function }))
}

fn tool_choice_member(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => Value::Null,
        ToolChoice::Any => json!("required"),
        ToolChoice::Named(name) => json!({ "type": "function", "function": { "name": name } }),
        ToolChoice::Never => json!("none"),
    }
}

fn response_format(schema: &Value) -> Value {
    json!({ "type": "json_schema", "json_schema": { "name": "answer", "schema": schema, "strict": true } })
}

/// A message of the assistant: text and tool calls. OpenAI's API has no place for its reasoning.
fn assistant_message(blocks: &[Value]) -> Value {
    let cited = |block: &Value| {
        let texts = items(&block["citationsContent"]["content"]).iter();
        texts.filter_map(|content| content["text"].as_str()).collect::<String>()
    };
    let text: String =
        blocks.iter().map(|block| block_text(block).map_or_else(|| cited(block), str::to_owned)).collect();
    let call = |tool_use: &Value| {
        json!({
            "id": tool_use["toolUseId"],
            "type": "function",
            "function": { "name": tool_use["name"], "arguments": tool_use["input"].to_string() },
        })
    };
    let calls: Vec<_> = blocks.iter().filter_map(|block| block.get("toolUse")).map(call).collect();
    let mut message = json!({ "role": "assistant", "content": text });
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
        if text.is_empty() {
            message["content"] = Value::Null;
        }
    }
    message
}

/// Adds a message of the user. Its tool results are separate messages before it.
fn push_user_messages(messages: &mut Vec<Value>, role: &str, blocks: &[Value]) -> AwsResult<()> {
    let mut parts = Vec::new();
    for block in blocks {
        let result = &block["toolResult"];
        if result.is_object() {
            let (text, media) = tool_result(result)?;
            messages.push(json!({ "role": "tool", "tool_call_id": result["toolUseId"], "content": text }));
            parts.extend(media);
        } else {
            parts.extend(part(block)?);
        }
    }
    if parts.is_empty() {
        return Ok(());
    }
    // Not every server accepts an array of parts, so texts are sent as one string.
    let texts: Option<Vec<_>> = parts.iter().map(|part| part["text"].as_str()).collect();
    let content = texts.map_or_else(|| json!(parts), |texts| json!(texts.join("\n")));
    messages.push(json!({ "role": role, "content": content }));
    Ok(())
}

/// A tool result's text, and the parts that are not text, which have to be in a message of the user.
fn tool_result(result: &Value) -> AwsResult<(String, Vec<Value>)> {
    let (mut texts, mut media) = (Vec::new(), Vec::new());
    if result["status"] == "error" {
        texts.push("Error:".to_owned());
    }
    for content in items(&result["content"]) {
        match (content["text"].as_str(), &content["json"]) {
            (Some(text), _) => texts.push(text.to_owned()),
            (None, Value::Null) => media.extend(part(content)?),
            (None, json) => texts.push(json.to_string()),
        }
    }
    Ok((texts.join("\n"), media))
}

/// A content block as a part of a user's message. `None` for cache points and other blocks without content.
fn part(block: &Value) -> AwsResult<Option<Value>> {
    if let Some(text) = block_text(block) {
        return Ok(Some(json!({ "type": "text", "text": text })));
    }
    let kinds = ["image", "document", "audio", "video"];
    let Some((kind, media)) = kinds.into_iter().find_map(|kind| Some((kind, block.get(kind)?))) else {
        return Ok(None);
    };
    let format = media["format"].as_str().unwrap_or_default();
    let source = &media["source"];
    let part = match (kind, source["bytes"].as_str()) {
        ("image", Some(bytes)) => {
            json!({ "type": "image_url", "image_url": { "url": format!("data:image/{format};base64,{bytes}") } })
        }
        // OpenAI's form, from InvokeModel.
        ("image", None) if source["url"].is_string() => json!({ "type": "image_url", "image_url": source }),
        ("document", _) => document(media, format)?,
        ("audio", Some(bytes)) => {
            json!({ "type": "input_audio", "input_audio": { "data": bytes, "format": format } })
        }
        _ => return Err(cannot_pass_on(kind)),
    };
    Ok(Some(part))
}

/// A document: its name and its text, or a file if it is not text.
fn document(document: &Value, format: &str) -> AwsResult<Value> {
    let name = document["name"].as_str().unwrap_or("document");
    let source = &document["source"];
    let contents = || {
        let texts: Vec<_> =
            items(&source["content"]).iter().filter_map(|content| content["text"].as_str()).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    };
    let text = match source["bytes"].as_str() {
        None => source["text"]
            .as_str()
            .map(str::to_owned)
            .or_else(contents)
            .ok_or_else(|| cannot_pass_on("document"))?,
        Some(bytes) => match BASE64.decode(bytes).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            // A provider's format can have the text without base64.
            Err(_) => bytes.to_owned(),
            Ok(Err(_)) => {
                let data = format!("data:application/{format};base64,{bytes}");
                let file = json!({ "filename": format!("{name}.{format}"), "file_data": data });
                return Ok(json!({ "type": "file", "file": file }));
            }
        },
    };
    Ok(json!({ "type": "text", "text": format!("{name}:\n{text}") }))
}

fn cannot_pass_on(kind: &str) -> AwsError {
    AwsError::validation(format!(
        "A {kind} in this form cannot be passed on to the upstream: it accepts texts, and images, audio, and documents \
         as bytes."
    ))
}
