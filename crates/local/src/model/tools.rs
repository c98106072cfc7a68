//! When a tool is called, and with what.
//!
//! A tool choice of `any` or of a tool by name always calls. Otherwise a tool is called when the last user turn
//! holds no tool result and its text mentions a word of the tool's name. The input is made from the tool's schema; the
//! names in the text become its strings. If the text offers nothing, an earlier one of the user's is used. Where there are
//! names for several calls, it is called as often, in parallel: a tool that wants a city once for every name, one that
//! wants a city and a state once for every two.

use serde_json::{Value, json};

use crate::model::names;
use crate::model::prompt::{Prompt, ToolChoice};
use crate::model::sample::{Material, material_text, sample};
use crate::world::ids::Ids;

const MOST_PARALLEL: usize = 4;

/// Words in a tool's name that say nothing about its subject.
const VERBS: &[&str] = &[
    "add", "and", "ask", "call", "create", "current", "delete", "fetch", "find", "for", "from", "get",
    "list", "lookup", "make", "run", "search", "set", "the", "tool", "update", "use", "with",
];

/// The tool uses that a prompt calls for.
pub(crate) fn uses(ids: &Ids, prompt: &Prompt) -> Vec<Value> {
    let (text, material) = (prompt.last_text(), material_text(prompt));
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
    let tool_use = |(name, input): (&Value, Value)| json!({ "toolUse": { "toolUseId": ids.tool_use(), "name": name, "input": input } });
    let calls = called.into_iter().flat_map(|tool| {
        let inputs = inputs(&tool["inputSchema"]["json"], &material);
        inputs.into_iter().map(move |input| (&tool["name"], input))
    });
    calls.map(tool_use).collect()
}

/// The inputs of the calls of one tool: objects, whatever its schema says.
fn inputs(schema: &Value, text: &str) -> Vec<Value> {
    let wanted = wanted_strings(schema);
    let names = if wanted > 1 { names::apart(text) } else { names::of_text(text) };
    let call = |names: &[String]| {
        let material = &mut Material { names: names.to_vec(), ..Material::of_text(text) };
        Some(sample(schema, material)).filter(Value::is_object).unwrap_or_else(|| json!({}))
    };
    if wanted > 0 && names.len() > wanted && names.len().is_multiple_of(wanted) {
        return names.chunks(wanted).take(MOST_PARALLEL).map(call).collect();
    }
    vec![call(&names)]
}

/// How many of its required properties are strings that may be anything.
fn wanted_strings(schema: &Value) -> usize {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let free_string = |name: &&str| {
        let property = &schema["properties"][*name];
        property["type"] == "string" && property["enum"].is_null()
    };
    required.filter(free_string).count()
}

fn mentions(text: &str, tool: &str) -> bool {
    let spoken: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    let words = name_words(tool);
    let telling: Vec<_> = words.iter().filter(|word| !VERBS.contains(&word.as_str())).collect();
    let all = words.iter().collect();
    let asked = if telling.is_empty() { all } else { telling };
    let same = |spoken: &str, word: &str| spoken == word || spoken.strip_suffix('s') == Some(word);
    asked.iter().any(|word| word.len() > 2 && spoken.iter().any(|spoken| same(spoken, word)))
}

/// The words of `get_weather`, `get-weather` or `getWeather`, in lowercase.
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
    fn one_call_for_every_name() {
        let schema =
            json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
        assert_eq!(
            inputs(&schema, "What is the weather in Paris and in London?"),
            [json!({"city": "Paris"}), json!({"city": "London"})]
        );
    }

    #[test]
    fn one_call_for_every_two_names() {
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
