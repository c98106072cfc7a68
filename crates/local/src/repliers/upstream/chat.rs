//! A conversation in OpenAI's terms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::json::items;
use crate::model::prompt::{Prompt, ToolChoice, block_text};
use crate::repliers::conversation::Conversation;
use crate::wire::error::{AwsError, AwsResult};

/// The body of a chat completion.
pub(super) fn body(model: &str, asked: &Conversation) -> AwsResult<Value> {
    let Prompt { tools, tool_choice, max_tokens, temperature, top_p, stop_sequences, answer_schema, .. } =
        &asked.prompt;
    let mut messages = Vec::new();
    let system: Vec<_> = asked.system().iter().filter_map(block_text).collect();
    if !system.is_empty() {
        messages.push(json!({ "role": "system", "content": system.join("\n\n") }));
    }
    for message in asked.messages() {
        let blocks = items(&message["content"]);
        match message["role"].as_str() {
            Some("assistant") => messages.push(assistant(blocks)),
            role => user(&mut messages, role.unwrap_or("user"), blocks)?,
        }
    }
    let mut body = json!({ "model": model, "messages": messages, "stream": asked.is_streaming() });
    if asked.is_streaming() {
        body["stream_options"] = json!({ "include_usage": true });
    }
    let tools: Vec<_> = tools.iter().filter_map(tool).collect();
    let given = [
        ("max_tokens", json!(max_tokens)),
        ("temperature", json!(temperature)),
        ("top_p", json!(top_p)),
        ("stop", if stop_sequences.is_empty() { Value::Null } else { json!(stop_sequences) }),
        ("tool_choice", if tools.is_empty() { Value::Null } else { choice(tool_choice) }),
        ("tools", if tools.is_empty() { Value::Null } else { json!(tools) }),
        ("response_format", answer_schema.as_ref().map_or(Value::Null, response_format)),
    ];
    for (member, value) in given {
        if !value.is_null() {
            body[member] = value;
        }
    }
    Ok(body)
}

fn tool(tool: &Value) -> Option<Value> {
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

fn choice(choice: &ToolChoice) -> Value {
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

/// Text and calls. There is no place for what it thought.
fn assistant(blocks: &[Value]) -> Value {
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

/// Tool results are messages of their own, before what else the user says.
fn user(messages: &mut Vec<Value>, role: &str, blocks: &[Value]) -> AwsResult<()> {
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
    // Not every server takes parts where a text would do.
    let texts: Option<Vec<_>> = parts.iter().map(|part| part["text"].as_str()).collect();
    let content = texts.map_or_else(|| json!(parts), |texts| json!(texts.join("\n")));
    messages.push(json!({ "role": role, "content": content }));
    Ok(())
}

/// A result's text. What is none has to come in a message of the user's.
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

/// A part of a user's message. Cache points and the like are none.
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
        // OpenAI's own form, as it came by InvokeModel.
        ("image", None) if source["url"].is_string() => json!({ "type": "image_url", "image_url": source }),
        ("document", _) => document(media, format)?,
        ("audio", Some(bytes)) => {
            json!({ "type": "input_audio", "input_audio": { "data": bytes, "format": format } })
        }
        _ => return Err(refuse(kind)),
    };
    Ok(Some(part))
}

/// The text of documents that are text, under their name; others as files.
fn document(document: &Value, format: &str) -> AwsResult<Value> {
    let name = document["name"].as_str().unwrap_or("document");
    let source = &document["source"];
    let contents = || {
        let texts: Vec<_> =
            items(&source["content"]).iter().filter_map(|content| content["text"].as_str()).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    };
    let text = match source["bytes"].as_str() {
        None => {
            source["text"].as_str().map(str::to_owned).or_else(contents).ok_or_else(|| refuse("document"))?
        }
        Some(bytes) => match BASE64.decode(bytes).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            // A text in a maker's own form comes as it is.
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

fn refuse(kind: &str) -> AwsError {
    AwsError::validation(format!(
        "A {kind} in this form cannot be passed on to the upstream: it takes texts, and images, audio and documents by \
         their bytes."
    ))
}
