//! When a tool is called, and with what.
//!
//! A tool choice of `any` or of a tool by name always calls. Otherwise a tool is called when the last user turn
//! holds no tool result and its text mentions a word of the tool's name. The input is made from the tool's schema;
//! names in the text (words with a capital) become its strings. Where there are names for several calls, it is called
//! as often, in parallel: a tool that wants a city once for every name, one that wants a city and a state once for
//! every two.

use serde_json::{Value, json};

use crate::local::Local;
use crate::model::prompt::{Prompt, ToolChoice};
use crate::model::sample::{Material, sample};

const MOST_PARALLEL: usize = 4;

/// Words in a tool's name that say nothing about its subject.
const VERBS: &[&str] = &[
    "add", "and", "ask", "call", "create", "current", "delete", "fetch", "find", "for", "from", "get",
    "list", "lookup", "make", "run", "search", "set", "the", "tool", "update", "use", "with",
];

/// The tool uses that a prompt calls for.
pub(crate) fn uses(local: &Local, prompt: &Prompt) -> Vec<Value> {
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
    let tool_use = |(name, input): (&Value, Value)| json!({ "toolUse": { "toolUseId": local.ids.tool_use(), "name": name, "input": input } });
    let calls = called.into_iter().flat_map(|tool| {
        let inputs = inputs(&tool["inputSchema"]["json"], &text);
        inputs.into_iter().map(move |input| (&tool["name"], input))
    });
    calls.map(tool_use).collect()
}

/// The inputs of the calls of one tool.
fn inputs(schema: &Value, text: &str) -> Vec<Value> {
    let names = names(text);
    let call = |names: &[String]| {
        sample(schema, &mut Material { names: names.to_vec(), numbers: numbers(text), text: text.into() })
    };
    match wanted_strings(schema) {
        wanted if wanted > 0 && names.len() > wanted && names.len().is_multiple_of(wanted) => {
            names.chunks(wanted).take(MOST_PARALLEL).map(call).collect()
        }
        _ => vec![call(&names)],
    }
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

/// The names in a text: runs of words with a capital, but for the first word of a sentence, unless there is no other.
fn names(text: &str) -> Vec<String> {
    let inner = collect_names(text, false);
    if inner.is_empty() { collect_names(text, true) } else { inner }
}

fn collect_names(text: &str, sentence_starts: bool) -> Vec<String> {
    const COMMON: &[&str] = &[
        "A", "And", "Are", "Can", "Do", "How", "I", "In", "Is", "It", "Please", "Tell", "The", "What",
        "Which", "Who",
    ];
    let mut names: Vec<String> = Vec::new();
    let mut running = false;
    let mut starts_sentence = true;
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_name = bare.chars().next().is_some_and(char::is_uppercase)
            && (!starts_sentence || sentence_starts)
            && !COMMON.contains(&bare);
        match names.last_mut().filter(|_| running && is_name) {
            Some(name) => {
                name.push(' ');
                name.push_str(bare);
            }
            None if is_name => names.push(bare.to_owned()),
            None => {}
        }
        let ends = word.ends_with(['.', '!', '?', ':']);
        running = is_name && word.ends_with(char::is_alphanumeric);
        starts_sentence = ends;
    }
    let mut unique = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}

fn numbers(text: &str) -> Vec<f64> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '-');
    words
        .filter_map(|word| word.trim_end_matches('.').parse().ok())
        .filter(|number: &f64| number.is_finite())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        assert_eq!(
            names("What is the weather in Seattle and San Francisco today?"),
            ["Seattle", "San Francisco"]
        );
        assert_eq!(names("Compare Paris, London and Paris."), ["Paris", "London"]);
        assert_eq!(names("Berlin weather?"), ["Berlin"]);
        assert!(names("what now?").is_empty());
    }

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

    #[test]
    fn numbers_are_found() {
        assert_eq!(numbers("add 2 and -3.5. Then 7"), [2.0, -3.5, 7.0]);
    }
}
