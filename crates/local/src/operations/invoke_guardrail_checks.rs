//! InvokeGuardrailChecks: checks texts by the same rules as guardrails, without a guardrail.

use serde_json::{Value, json};

use crate::guardrails::{checks, sensitive};
use crate::json::items;
use crate::json::record::Record;
use crate::wire::error::AwsResult;
use crate::wire::output::Output;
use crate::wire::request::Request;

/// The number of characters in a text unit.
const TEXT_UNIT: usize = 1000;

pub(crate) fn invoke(request: &Request) -> AwsResult<Output> {
    let texts = texts(&request.input["messages"]);
    let all = texts.iter().map(|text| text.content).collect::<Vec<_>>().join("\n");
    let units = texts.iter().map(|text| text.content.chars().count()).sum::<usize>().div_ceil(TEXT_UNIT);
    let (mut results, mut usage) = (Record::default(), Record::default());
    for (check, config) in request.input["checks"].as_object().into_iter().flatten() {
        let result = match check.as_str() {
            "sensitiveInformation" => json!({ "results": personal_data(&texts, config), "truncated": false }),
            _ => json!({ "results": scores(&all, config) }),
        };
        results.set(check, result);
        usage.set(check, json!({ "textUnits": units }));
    }
    Ok(Output::Json(json!({ "results": Value::from(results), "usage": Value::from(usage) })))
}

struct Text<'a> {
    message: usize,
    content_block: usize,
    content: &'a str,
}

fn texts(messages: &Value) -> Vec<Text<'_>> {
    let mut texts = Vec::new();
    for (index, message) in items(messages).iter().enumerate() {
        for (content_block, block) in items(&message["content"]).iter().enumerate() {
            if let Some(content) = block["text"].as_str() {
                texts.push(Text { message: index, content_block, content });
            }
        }
    }
    texts
}

/// Returns a score for each requested category.
fn scores(text: &str, config: &Value) -> Vec<Value> {
    let categories = items(&config["categories"]).iter().map(|category| &category["category"]);
    let score = |category: &Value| checks::severity(category.as_str().unwrap_or_default(), text);
    categories.map(|category| json!({ "category": category, "severityScore": score(category) })).collect()
}

/// Returns the personal data of the requested kinds, with offsets in characters.
fn personal_data(texts: &[Text<'_>], config: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    for kind in items(&config["entities"]).iter().filter_map(|entity| entity["type"].as_str()) {
        for text in texts {
            for range in sensitive::personal_data(kind, text.content) {
                let characters = |end: usize| text.content[..end].chars().count();
                found.push(json!({
                    "type": kind,
                    "confidenceScore": 1.0,
                    "beginOffset": characters(range.start),
                    "endOffset": characters(range.end),
                    "messageIndex": text.message,
                    "contentIndex": text.content_block,
                }));
            }
        }
    }
    found
}
