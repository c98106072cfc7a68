//! A guardrail around a model's turn: over what goes in, over what comes out, and the trace of both.

use serde_json::{Value, json};

use crate::error::{AwsError, AwsResult};
use crate::guardrails::Direction;
use crate::guardrails::assessment::{Assessment, Outcome, assess};
use crate::local::Local;
use crate::model::completion::Completion;
use crate::model::prompt::{Prompt, block_text, items, text_block};
use crate::nouns::guardrail;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Trace {
    Off,
    On,
    /// With what was looked for and not found.
    Full,
}

/// A guardrail that a request names.
#[derive(Debug)]
pub(crate) struct Applied {
    guardrail: Value,
    trace: Trace,
    input: Option<Assessment>,
    output: Option<Assessment>,
    /// What the model said before the guardrail had its way.
    model_output: Vec<String>,
}

impl Applied {
    /// The guardrail of a request; `None` when it names none.
    pub(crate) fn find(
        local: &Local,
        region: &str,
        identifier: &str,
        version: &str,
        trace: Trace,
    ) -> AwsResult<Option<Self>> {
        match (identifier, version) {
            ("", "") => return Ok(None),
            ("", _) | (_, "") => {
                return Err(AwsError::validation(
                    "The guardrail identifier and the guardrail version must be provided together.",
                ));
            }
            _ => {}
        }
        let guardrail = guardrail::value(local, region, identifier, version);
        let guardrail = guardrail.map_err(|missing| AwsError::validation(missing.message))?;
        Ok(Some(Self { guardrail, trace, input: None, output: None, model_output: Vec::new() }))
    }

    /// Looks at what goes in, and masks what the model must not see. `Some` is the answer in the model's stead.
    pub(crate) fn check_input(&mut self, prompt: &mut Prompt) -> Option<Completion> {
        let total = total_of(prompt);
        let slots = guarded_texts(prompt);
        let guarded: Vec<_> = slots.iter().filter_map(|slot| slot.as_str()).map(str::to_owned).collect();
        let full = self.trace == Trace::Full;
        let assessment = assess(&self.guardrail, Direction::Input, &guarded, total, full);
        let blocked = assessment.outcome == Outcome::Blocked;
        for (slot, text) in slots.into_iter().zip(&assessment.texts) {
            *slot = text.as_str().into();
        }
        self.input = Some(assessment);
        blocked.then(|| self.instead("blockedInputMessaging"))
    }

    /// Looks at what comes out, and changes what must not.
    pub(crate) fn check_output(&mut self, completion: &mut Completion) {
        let texts: Vec<_> = completion.content.iter().filter_map(|block| block["text"].as_str()).collect();
        let texts: Vec<_> = texts.into_iter().map(str::to_owned).collect();
        let total = texts.iter().map(|text| text.chars().count()).sum();
        let assessment = assess(&self.guardrail, Direction::Output, &texts, total, self.trace == Trace::Full);
        if assessment.outcome != Outcome::Passed {
            self.model_output = texts;
            completion.stop_reason = "guardrail_intervened".to_owned();
            completion.stop_sequence = None;
        }
        match assessment.outcome {
            Outcome::Passed => {}
            Outcome::Blocked => completion.content = vec![self.message("blockedOutputsMessaging")],
            Outcome::Masked => {
                let blocks = completion.content.iter_mut().filter(|block| block["text"].is_string());
                for (block, text) in blocks.zip(&assessment.texts) {
                    *block = text_block(text);
                }
            }
        }
        self.output = Some(assessment);
    }

    /// The guardrail's message, which costs nothing.
    fn instead(&self, messaging: &str) -> Completion {
        let mut completion = Completion::whole(vec![self.message(messaging)]);
        completion.stop_reason = "guardrail_intervened".to_owned();
        completion
    }

    fn message(&self, messaging: &str) -> Value {
        text_block(self.guardrail[messaging].as_str().unwrap_or_default())
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let outcome =
            |assessment: &Option<Assessment>| assessment.as_ref().map_or(Outcome::Passed, |it| it.outcome);
        outcome(&self.input).max(outcome(&self.output))
    }

    /// The trace as Converse gives it.
    pub(crate) fn converse_trace(&self) -> Option<Value> {
        self.trace_with("inputAssessment", "outputAssessments", |id, output| json!({ id: [output] }))
    }

    /// The trace as InvokeModel gives it.
    pub(crate) fn invoke_trace(&self) -> Option<Value> {
        self.trace_with("input", "outputs", |id, output| json!([{ id: output }]))
    }

    fn trace_with(
        &self,
        input_member: &str,
        output_member: &str,
        output_form: impl Fn(&str, &Value) -> Value,
    ) -> Option<Value> {
        if self.trace == Trace::Off {
            return None;
        }
        let id = self.guardrail["guardrailId"].as_str().unwrap_or_default();
        let mut trace = json!({});
        if let Some(input) = &self.input {
            trace[input_member] = json!({ id: input.json });
        }
        if let Some(output) = &self.output {
            trace[output_member] = output_form(id, &output.json);
        }
        if self.outcome() != Outcome::Passed {
            trace["modelOutput"] = json!(self.model_output);
            trace["actionReason"] = json!(self.outcome().reason());
        }
        Some(json!({ "guardrail": trace }))
    }
}

/// The length of all text, guarded or not.
fn total_of(prompt: &Prompt) -> usize {
    let blocks = prompt.messages.iter().flat_map(|message| items(&message["content"])).chain(&prompt.system);
    blocks.filter_map(block_text).map(|text| text.chars().count()).sum()
}

/// The texts to look at. Where blocks are marked for the guardrail, only they are looked at, and of those not the
/// grounding sources and queries; else all texts of the messages are.
fn guarded_texts(prompt: &mut Prompt) -> Vec<&mut Value> {
    let all = prompt.messages.iter().flat_map(|message| items(&message["content"])).chain(&prompt.system);
    let marked = all.into_iter().any(|block| block["guardContent"].is_object());
    let messages =
        prompt.messages.iter_mut().filter_map(|message| message.get_mut("content")?.as_array_mut()).flatten();
    match marked {
        true => messages.chain(&mut prompt.system).filter_map(marked_text).collect(),
        false => messages.filter_map(|block| block.get_mut("text").filter(|text| text.is_string())).collect(),
    }
}

fn marked_text(block: &mut Value) -> Option<&mut Value> {
    let marked = block.get_mut("guardContent")?.get_mut("text")?;
    let qualifiers = items(&marked["qualifiers"]);
    let is_guarded = qualifiers.is_empty() || qualifiers.iter().any(|qualifier| qualifier == "guard_content");
    marked.get_mut("text").filter(|text| is_guarded && text.is_string())
}
