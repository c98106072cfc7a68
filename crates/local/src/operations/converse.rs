//! Converse, and what it shares with ConverseStream.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::catalogue::FoundationModel;
use crate::error::AwsResult;
use crate::guardrails::applied::{Applied, Trace, Wish};
use crate::local::Local;
use crate::model::completion::{Completion, TOOL_USE};
use crate::model::generation::Generation;
use crate::model::prompt::{Prompt, Thinking, ToolChoice, items, message, text_block};
use crate::model::provider_fields::{answer_schema, anthropic_tool, anthropic_tool_choice, wants_reasoning};
use crate::model::style::{Place, Style};
use crate::nouns::models;
use crate::operations::converse_rules;
use crate::repliers::conversation::Conversation;
use crate::request::Request;

pub(crate) async fn converse(local: &Local, request: &Request) -> AwsResult<Answer> {
    let turn = Turn::of(local, request).await?;
    let completion = turn.generation.whole().await?.unbroken()?;
    let mut answer = answer(turn.model, &completion);
    set(&mut answer, "additionalModelResponseFields", additional_fields(&turn.wanted_fields, &completion));
    set(&mut answer, "trace", turn.guardrail.and_then(|guardrail| guardrail.converse_trace()));
    for echoed in ["performanceConfig", "serviceTier"] {
        set(&mut answer, echoed, request.input.get(echoed).cloned());
    }
    Ok(Answer::Json(answer))
}

/// What every answer has.
pub(crate) fn answer(model: &FoundationModel, completion: &Completion) -> Value {
    let style = Style::of(model);
    let mut content = completion.content.clone();
    if style.unasked_reasoning == Some(Place::AfterText) {
        content.sort_by_key(|block| block["reasoningContent"].is_object());
    }
    if style.marks_tool_uses {
        let is_unmarked =
            |block: &&mut Value| block["toolUse"].is_object() && block["toolUse"]["type"].is_null();
        content.iter_mut().filter(is_unmarked).for_each(|block| block["toolUse"]["type"] = json!(TOOL_USE));
    }
    json!({
        "metrics": { "latencyMs": completion.latency_ms() },
        "output": { "message": message("assistant", content) },
        "stopReason": completion.stop_reason,
        "usage": completion.usage.to_converse(),
    })
}

/// One turn of a conversation, before it takes the form of an answer or of a stream.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) model: &'static FoundationModel,
    pub(crate) generation: Generation,
    /// Pointers to fields of the maker's own answer.
    pub(crate) wanted_fields: Vec<String>,
    pub(crate) guardrail: Option<Applied>,
}

impl Turn {
    pub(crate) async fn of(local: &Local, request: &Request) -> AwsResult<Self> {
        let input = &*with_stored_prompt(&request.input);
        let model = models::invoked(local, &request.region, request.text("modelId"))?;
        let mut prompt = converse_rules::checked_prompt(model, input)?;
        let mut guardrail = guardrail(local, request, model)?;
        if let Some(instead) = guardrail.as_mut().and_then(|guardrail| guardrail.check_input(&mut prompt)) {
            return Ok(Self { model, generation: instead.into(), wanted_fields: Vec::new(), guardrail });
        }
        let conversation = Conversation::new(request, model, prompt);
        let mut generation = Generation::of(local, &request.region, &conversation).await?;
        if let Some(guardrail) = &mut guardrail {
            // A guardrail looks at the whole before any of it leaves.
            let mut completion = generation.whole().await?;
            guardrail.check_output(&mut completion);
            generation = completion.into();
        }
        let wanted_fields = strings(&input["additionalModelResponseFieldPaths"]);
        Ok(Self { model, generation, wanted_fields, guardrail })
    }
}

/// A prompt kept in AWS's prompt management is called without messages, by its ARN. What is in it cannot be known
/// here: its variables stand for it.
fn with_stored_prompt(input: &Value) -> Cow<'_, Value> {
    let is_stored = input["modelId"].as_str().is_some_and(|id| id.contains(":prompt/"));
    if !is_stored || !items(&input["messages"]).is_empty() {
        return Cow::Borrowed(input);
    }
    let variables = input["promptVariables"].as_object().into_iter().flatten();
    let told =
        variables.map(|(name, value)| format!("{name}: {}", value["text"].as_str().unwrap_or_default()));
    let text = format!("A stored prompt. {}", told.collect::<Vec<_>>().join(", "));
    let mut filled = input.clone();
    filled["messages"] = json!([message("user", vec![text_block(text.trim_end())])]);
    Cow::Owned(filled)
}

fn guardrail(local: &Local, request: &Request, model: &FoundationModel) -> AwsResult<Option<Applied>> {
    let config = &request.input["guardrailConfig"];
    let text = |member: &str| config[member].as_str().unwrap_or_default();
    let trace = match text("trace") {
        "enabled" => Trace::On,
        "enabled_full" => Trace::Full,
        _ => Trace::Off,
    };
    let wish = Wish {
        identifier: text("guardrailIdentifier"),
        version: text("guardrailVersion"),
        trace,
        runs_ahead: text("streamProcessingMode") == "async",
    };
    Applied::find(local, &request.region, model, wish)
}

pub(crate) fn set(answer: &mut Value, member: &str, value: Option<Value>) {
    if let Some(value) = value.filter(|value| !value.is_null()) {
        answer[member] = value;
    }
}

/// A prompt from the members that Converse and CountTokens share.
pub(crate) fn prompt(model: &FoundationModel, input: &Value) -> Prompt {
    let inference = &input["inferenceConfig"];
    let fields = &input["additionalModelRequestFields"];
    let schema = input["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"].as_str();
    let schema = schema.and_then(|schema| serde_json::from_str(schema).ok());
    let tools = items(&input["toolConfig"]["tools"]).iter().cloned();
    Prompt {
        system: items(&input["system"]).to_vec(),
        messages: items(&input["messages"]).to_vec(),
        tools: tools.chain(items(&fields["tools"]).iter().map(anthropic_tool)).collect(),
        tool_choice: match &input["toolConfig"]["toolChoice"] {
            Value::Null => anthropic_tool_choice(&fields["tool_choice"]),
            choice => tool_choice(choice),
        },
        max_tokens: inference["maxTokens"].as_u64(),
        temperature: inference["temperature"].as_f64(),
        top_p: inference["topP"].as_f64(),
        stop_sequences: strings(&inference["stopSequences"]),
        thinking: Thinking::of(&input["additionalModelRequestFields"]),
        reasoning: wants_reasoning(fields) || Style::of(model).unasked_reasoning.is_some(),
        answer_schema: schema.or_else(|| answer_schema(fields)),
    }
}

fn strings(value: &Value) -> Vec<String> {
    items(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn tool_choice(choice: &Value) -> ToolChoice {
    if choice["any"].is_object() {
        return ToolChoice::Any;
    }
    choice["tool"]["name"].as_str().map_or(ToolChoice::Auto, |name| ToolChoice::Named(name.to_owned()))
}

/// The fields of the maker's own answer that were asked for, as far as there are any here.
pub(crate) fn additional_fields(wanted: &[String], completion: &Completion) -> Option<Value> {
    if completion.additional_fields.is_some() {
        return completion.additional_fields.clone();
    }
    let own = json!({ "stop_reason": completion.stop_reason, "stop_sequence": completion.stop_sequence });
    let fields: Map<_, _> = wanted
        .iter()
        .filter_map(|path| Some((path.strip_prefix('/')?.to_owned(), own.pointer(path)?.clone())))
        .collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}
