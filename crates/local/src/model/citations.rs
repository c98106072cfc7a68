//! Citations of documents and search results, if the request switches them on.
//!
//! The first sentence of each source is cited. The blocks are those of recorded replies. The location is in characters for a
//! text document, in pages for a document that the server cannot read, and in chunks for a document in chunks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::json::items;
use crate::model::prompt::Prompt;

/// The document formats whose bytes are text.
const TEXT_FORMATS: &[&str] = &["csv", "html", "md", "txt"];

/// Returns Converse's `citationsContent` blocks, one for each document and search result.
pub(crate) fn citation_blocks(prompt: &Prompt) -> Vec<Value> {
    let blocks = prompt.messages.iter().flat_map(|message| items(&message["content"]));
    let blocks = blocks.flat_map(|block| [block].into_iter().chain(items(&block["toolResult"]["content"])));
    let of_kind = |kind: &'static str| {
        let sources = blocks.clone().map(move |block| &block[kind]).filter(|source| source.is_object());
        sources.enumerate().filter(|(_, source)| source["citations"]["enabled"] == true)
    };
    let documents = of_kind("document").map(|(index, document)| cite_document(index, document));
    documents
        .chain(of_kind("searchResult").map(|(index, result)| cite_search_result(index, result)))
        .collect()
}

fn cite_document(index: usize, document: &Value) -> Value {
    let name = document["name"].as_str().unwrap_or_default();
    let source = &document["source"];
    let decoded = || {
        let is_text = TEXT_FORMATS.contains(&document["format"].as_str().unwrap_or("txt"));
        let bytes = BASE64.decode(source["bytes"].as_str().filter(|_| is_text)?).ok()?;
        String::from_utf8(bytes).ok()
    };
    let chunk = source["content"][0]["text"].as_str();
    let text = source["text"].as_str().map(str::to_owned).or_else(decoded);
    let (location, cited) = match (chunk, &text) {
        (Some(chunk), _) => ("documentChunk", first_sentence(chunk)),
        (None, Some(text)) => ("documentChar", first_sentence(text)),
        (None, None) => ("documentPage", name),
    };
    let (start, end) = match location {
        "documentChar" => (0, cited.chars().count()),
        "documentPage" => (1, 2),
        _ => (0, 1),
    };
    block(&json!({
        "title": name,
        "sourceContent": [{ "text": cited }],
        "location": { location: { "documentIndex": index, "start": start, "end": end } },
    }))
}

fn cite_search_result(index: usize, result: &Value) -> Value {
    let cited = first_sentence(result["content"][0]["text"].as_str().unwrap_or_default());
    block(&json!({
        "title": result["title"],
        "source": result["source"],
        "sourceContent": [{ "text": cited }],
        "location": { "searchResultLocation": { "searchResultIndex": index, "start": 0, "end": 1 } },
    }))
}

fn block(citation: &Value) -> Value {
    let text = citation["sourceContent"][0]["text"].as_str().unwrap_or_default().trim_end().to_owned();
    json!({ "citationsContent": { "citations": [citation], "content": [{ "text": text }] } })
}

/// Converts a citation to Anthropic's format. Source: Anthropic's page on citations.
pub(crate) fn to_anthropic(citation: &Value) -> Value {
    let mut cited = json!({ "cited_text": citation["sourceContent"][0]["text"] });
    let (kind, location, from, to) = match citation["location"].as_object().and_then(|it| it.iter().next()) {
        Some((kind, location)) => match kind.as_str() {
            "documentPage" => ("page_location", location, "start_page_number", "end_page_number"),
            "documentChunk" => ("content_block_location", location, "start_block_index", "end_block_index"),
            "searchResultLocation" => {
                ("search_result_location", location, "start_block_index", "end_block_index")
            }
            _ => ("char_location", location, "start_char_index", "end_char_index"),
        },
        None => return cited,
    };
    cited["type"] = json!(kind);
    cited[from] = location["start"].clone();
    cited[to] = location["end"].clone();
    let about = match kind {
        "search_result_location" => [
            ("search_result_index", &location["searchResultIndex"]),
            ("source", &citation["source"]),
            ("title", &citation["title"]),
        ]
        .to_vec(),
        _ => vec![("document_index", &location["documentIndex"]), ("document_title", &citation["title"])],
    };
    for (member, value) in about {
        cited[member] = value.clone();
    }
    cited
}

/// Returns the first sentence, with the white space after it.
fn first_sentence(text: &str) -> &str {
    let end = text.char_indices().zip(text.chars().skip(1)).find_map(|((index, character), next)| {
        (matches!(character, '.' | '!' | '?') && next.is_whitespace())
            .then(|| index + character.len_utf8() + next.len_utf8())
    });
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_their_full_stop() {
        for (text, sentence) in [
            ("One. Two.", "One. "),
            ("Version 1.5 is out! Get it.", "Version 1.5 is out! "),
            ("no end", "no end"),
            ("Größe?\nJa.", "Größe?\n"),
            ("", ""),
        ] {
            assert_eq!(first_sentence(text), sentence);
        }
    }
}
