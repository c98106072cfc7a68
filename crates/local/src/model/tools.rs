//! Decides which tools are called, and with which input.
//!
//! A tool choice of `any`, or of a tool by name, always calls a tool. Otherwise a tool is called if the last user turn has no
//! tool result and its text contains a word of the tool's name. The input is created from the tool's schema. The names in
//! the text become its strings; if the text has no names or numbers, an earlier text of the user is used. If the text has
//! names for several calls, the tool is called several times in parallel: a tool with the parameter city once for each name,
//! a tool with the parameters city and state once for each two names.

use serde_json::{Value, json};

use crate::model::names;
use crate::model::prompt::{Prompt, ToolChoice};
use crate::model::sample::{Material, material_text, sample};
use crate::world::ids::Ids;

/// The limit of parallel calls.
const MAX_PARALLEL_CALLS: usize = 4;

/// Words in a tool's name that do not describe its subject.
const COMMON_WORDS: &[&str] = &[
    "add", "and", "ask", "call", "create", "current", "delete", "fetch", "find", "for", "from", "get",
    "list", "lookup", "make", "run", "search", "set", "the", "tool", "update", "use", "with",
];

/// Returns the tool uses of the reply to a prompt.
pub(crate) fn tool_uses(ids: &Ids, prompt: &Prompt) -> Vec<Value> {
    let text = prompt.last_text();
    let has_results = prompt.last_turn().iter().any(|block| block["toolResult"].is_object());
    let tools: Vec<_> =
        prompt.tools.iter().map(|tool| &tool["toolSpec"]).filter(|tool| tool.is_object()).collect();
    let mentioned =
        || tools.iter().copied().filter(|tool| mentions(&text, tool["name"].as_str().unwrap_or_default()));
    let called: Vec<_> = match &prompt.tool_choice {
        ToolChoice::Never => Vec::new(),
        ToolChoice::Auto if has_results => Vec::new(),
        ToolChoice::Auto => mentioned().collect(),
        ToolChoice::Any => mentioned().next().or(tools.first().copied()).into_iter().collect(),
        ToolChoice::Named(name) => {
            tools.iter().copied().filter(|tool| tool["name"] == name.as_str()).collect()
        }
    };
    if called.is_empty() {
        return Vec::new();
    }
    let material = material_text(prompt);
    let tool_use = |(name, input): (&Value, Value)| json!({ "toolUse": { "toolUseId": ids.tool_use(), "name": name, "input": input } });
    let calls = called.into_iter().flat_map(|tool| {
        let inputs = inputs(&tool["inputSchema"]["json"], &material);
        inputs.into_iter().map(move |input| (&tool["name"], input))
    });
    calls.map(tool_use).collect()
}

/// Returns the inputs of a tool's calls. They are objects, even if the schema is of another type.
fn inputs(schema: &Value, text: &str) -> Vec<Value> {
    let count = required_strings(schema);
    let names = if count > 1 { names::split_names_in(text) } else { names::names_in(text) };
    let call = |names: &[String]| {
        let material = &mut Material { names: names.to_vec(), ..Material::from_text(text) };
        Some(sample(schema, material)).filter(Value::is_object).unwrap_or_else(|| json!({}))
    };
    if count > 0 && names.len() > count && names.len().is_multiple_of(count) {
        return names.chunks(count).take(MAX_PARALLEL_CALLS).map(call).collect();
    }
    vec![call(&names)]
}

/// Returns the number of required properties that are strings without an enum.
fn required_strings(schema: &Value) -> usize {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let free_string = |name: &&str| {
        let property = &schema["properties"][*name];
        property["type"] == "string" && property["enum"].is_null()
    };
    required.filter(free_string).count()
}

/// Returns whether a text contains a word of a tool's name, in the singular or plural.
fn mentions(text: &str, tool: &str) -> bool {
    let text_words: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    let words = name_words(tool);
    let specific: Vec<_> = words.iter().filter(|word| !COMMON_WORDS.contains(&word.as_str())).collect();
    let all = words.iter().collect();
    let wanted = if specific.is_empty() { all } else { specific };
    let is_same = |found: &str, word: &str| found == word || found.strip_suffix('s') == Some(word);
    wanted.iter().any(|word| word.len() > 2 && text_words.iter().any(|found| is_same(found, word)))
}

/// Returns the words of `get_weather`, `get-weather` or `getWeather`, in lowercase.
fn name_words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous = ' ';
    for character in name.chars() {
        let starts = !character.is_alphanumeric() || (character.is_uppercase() && previous.is_lowercase());
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
        previous = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_mentioned_by_their_subject() {
        assert!(mentions("What is the weather?", "get_weather"));
        assert!(mentions("Any weathers?", "getWeather"));
        assert!(!mentions("get me the time", "get_weather"));
        assert!(mentions("please search", "search"));
        assert!(!mentions("", ""));
    }

    #[test]
    fn a_tool_is_called_once_for_each_name() {
        let schema =
            json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
        assert_eq!(
            inputs(&schema, "What is the weather in Paris and in London?"),
            [json!({"city": "Paris"}), json!({"city": "London"})]
        );
    }

    #[test]
    fn a_tool_is_called_once_for_each_two_names() {
        let schema = json!({
            "type": "object",
            "properties": {"city": {"type": "string"}, "state": {"type": "string"}},
            "required": ["city", "state"]
        });
        assert_eq!(
            inputs(&schema, "What's the weather in Queens, NY and Austin, TX?"),
            [json!({"city": "Queens", "state": "NY"}), json!({"city": "Austin", "state": "TX"})]
        );
    }
}
