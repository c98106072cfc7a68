//! The formats of Amazon's and Cohere's Rerank. Documents are ordered by the words that they share with the query.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::formats::body::{
    check_amazon_members, check_members, limited_list, malformed, required_text, wrong_type,
};
use crate::formats::request::ProviderRequest;
use crate::json::items;
use crate::model::prompt::{Prompt, message, text_block};
use crate::wire::error::AwsResult;

const MAX_DOCUMENTS: usize = 1000;
const API_VERSION: i64 = 2;

pub(crate) fn parse(provider: &str, body: &Value) -> AwsResult<Prompt> {
    match provider {
        "cohere" => check_cohere(body)?,
        // Amazon's models have no `api_version`.
        _ => check_amazon_members(body, &["query", "documents"], &["top_n"])?,
    }
    let query = required_text(body, "query")?;
    for (index, document) in limited_list(body, "documents", MAX_DOCUMENTS)?.iter().enumerate() {
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

/// Checks the members of Cohere's models, which require the API version.
fn check_cohere(body: &Value) -> AwsResult<()> {
    let optional = ["max_tokens_per_doc", "rank_fields", "return_documents", "top_n"];
    check_members(body, &["query", "documents", "api_version"], &optional)?;
    match &body["api_version"] {
        Value::Number(number) if number.as_i64().is_some_and(|number| number < API_VERSION) => {
            Err(malformed(&format!("#/api_version: {number} is not greater or equal to {API_VERSION}")))
        }
        version if version.is_u64() => Ok(()),
        other => Err(wrong_type("#/api_version", "Integer", other)),
    }
}

/// Returns the text of a document, which is a string or an object with a text.
fn text_of(document: &Value) -> Option<&str> {
    document.as_str().or_else(|| document["text"].as_str())
}

pub(crate) fn response_body(request: &ProviderRequest) -> Value {
    let body = &request.body;
    let query = words(body["query"].as_str().unwrap_or_default());
    let documents = items(&body["documents"]).iter().map(|document| text_of(document).unwrap_or_default());
    let mut ranking: Vec<_> =
        documents.map(|document| relevance(&query, &words(document))).enumerate().collect();
    ranking.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let top_n = body["top_n"].as_u64().and_then(|top_n| usize::try_from(top_n).ok());
    ranking.truncate(top_n.unwrap_or(usize::MAX));
    let result = |(index, score)| json!({ "index": index, "relevance_score": score });
    json!({ "results": ranking.into_iter().map(result).collect::<Vec<_>>() })
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Returns a score from 0 if no word is shared to 1 if all are.
fn relevance(query: &BTreeSet<String>, document: &BTreeSet<String>) -> f64 {
    let shared = query.intersection(document).count() as f64;
    let max = (query.len() as f64 * document.len() as f64).sqrt();
    if shared == 0.0 { 0.0 } else { shared / max }
}
