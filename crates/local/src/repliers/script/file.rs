//! The form of a script in a file.

use std::io;

use serde::{Deserialize, Deserializer, de};

use crate::model::reply::Reply;
use crate::repliers::script::rules::{Script, ScriptRule};
use crate::repliers::script::when::When;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptForm {
    rules: Vec<RuleForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleForm {
    #[serde(default)]
    when: WhenForm,
    times: Option<usize>,
    #[serde(deserialize_with = "reply_or_text")]
    reply: Reply,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenForm {
    model: Option<String>,
    text: Option<String>,
    regex: Option<String>,
    tool_result: Option<ToolResultForm>,
    turn: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "tool_result must be true, false or the name of a tool")]
enum ToolResultForm {
    Any(bool),
    Of(String),
}

impl<'de> Deserialize<'de> for Script {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rules = ScriptForm::deserialize(deserializer)?.rules.into_iter().enumerate();
        let numbered = |(index, rule): (usize, RuleForm)| {
            rule.into_rule().map_err(|error| de::Error::custom(format!("rule {}: {error}", index + 1)))
        };
        Ok(Self { rules: rules.map(numbered).collect::<Result<_, _>>()? })
    }
}

impl RuleForm {
    fn into_rule(self) -> io::Result<ScriptRule> {
        Ok(ScriptRule::new(self.when.into_when()?, self.times, self.reply))
    }
}

impl WhenForm {
    fn into_when(self) -> io::Result<When> {
        let conditions = [
            self.model.map(When::model),
            self.text.map(When::text),
            self.regex.map(|pattern| When::regex(&pattern)).transpose()?,
            self.tool_result.map(|result| match result {
                ToolResultForm::Any(true) => When::tool_result(),
                ToolResultForm::Any(false) => When::no_tool_result(),
                ToolResultForm::Of(tool) => When::tool_result_of(tool),
            }),
            self.turn.map(When::turn),
        ];
        Ok(conditions.into_iter().flatten().fold(When::always(), When::and))
    }
}

/// Parses a reply; a string is its text. An untagged enum would lose the place of an error.
fn reply_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Reply, D::Error> {
    struct Visitor;

    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Reply;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text, or a reply with text, content, tools, error, …")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Reply, E> {
            Ok(Reply::text(text))
        }

        fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Reply, A::Error> {
            Reply::deserialize(de::value::MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(Visitor)
}
