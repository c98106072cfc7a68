//! Amazon's and Cohere's Rerank: documents ordered by the words that they share with a query.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::formats::Asked;
use crate::formats::body::{amazon_members, limited_list, malformed, members, required_text, wrong_type};
use crate::json::items;
use crate::model::prompt::{Prompt, message, text_block};
use crate::wire::error::AwsResult;

const MOST_DOCUMENTS: usize = 1000;
const API_VERSION: i64 = 2;

pub(crate) fn read(maker: &str, body: &Value) -> AwsResult<Prompt> {
    match maker {
        "cohere" => check_cohere(body)?,
        // Amazon's do not know it.
        _ => amazon_members(body, &["query", "documents"], &["top_n"])?,
    }
    let query = required_text(body, "query")?;
    for (index, document) in limited_list(body, "documents", MOST_DOCUMENTS)?.iter().enumerate() {
        if text_of(document).is_none() {
            return Err(wrong_type(&format!("#/documents/{index}"), "String", document));
        }
    }
    match &body["top_n"] {
        Value::Null => {}
        Value::Number(number) if number.as_i64().is_some_and(|number| number < 1) => {
            return Err(malformed(&format!("#/top_n: {number} is not greater or equal to 1")));
        }
        value if value.is_u64() => {}
        other => return Err(wrong_type("#/top_n", "Integer", other)),
    }
    Ok(Prompt { messages: vec![message("user", vec![text_block(query)])], ..Prompt::default() })
}

/// Cohere's models want the version of their API.
fn check_cohere(body: &Value) -> AwsResult<()> {
    let optional = ["max_tokens_per_doc", "rank_fields", "return_documents", "top_n"];
    members(body, &["query", "documents", "api_version"], &optional)?;
    match &body["api_version"] {
        Value::Number(number) if number.as_i64().is_some_and(|number| number < API_VERSION) => {
            Err(malformed(&format!("#/api_version: {number} is not greater or equal to {API_VERSION}")))
        }
        version if version.is_u64() => Ok(()),
        other => Err(wrong_type("#/api_version", "Integer", other)),
    }
}

/// A document is a text, or an object with one.
fn text_of(document: &Value) -> Option<&str> {
    document.as_str().or_else(|| document["text"].as_str())
}

pub(crate) fn answer(asked: &Asked) -> Value {
    let body = &asked.body;
    let query = words(body["query"].as_str().unwrap_or_default());
    let documents = items(&body["documents"]).iter().map(|document| text_of(document).unwrap_or_default());
    let mut ranking: Vec<_> =
        documents.map(|document| relevance(&query, &words(document))).enumerate().collect();
    ranking.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let wanted = body["top_n"].as_u64().and_then(|wanted| usize::try_from(wanted).ok());
    ranking.truncate(wanted.unwrap_or(usize::MAX));
    let result = |(index, score)| json!({ "index": index, "relevance_score": score });
    json!({ "results": ranking.into_iter().map(result).collect::<Vec<_>>() })
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// From zero, where no word is shared, to one, where all are.
fn relevance(query: &BTreeSet<String>, document: &BTreeSet<String>) -> f64 {
    let shared = query.intersection(document).count() as f64;
    let most = (query.len() as f64 * document.len() as f64).sqrt();
    if shared == 0.0 { 0.0 } else { shared / most }
}
