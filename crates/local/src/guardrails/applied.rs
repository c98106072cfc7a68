//! A guardrail around a model's turn: over what goes in, over what comes out, and the trace of both.

use serde_json::{Value, json};

use crate::error::{AwsError, AwsResult};
use crate::guardrails::Direction;
use crate::guardrails::assessment::{Assessment, Outcome, assess};
use crate::local::Local;
use crate::model::completion::Completion;
use crate::model::prompt::{Prompt, block_text, items, text_block};

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
        let guardrail =
            local.state.with(region, |region| region.guardrails.details(identifier, Some(version)));
        let guardrail = guardrail.map_err(|missing| AwsError::validation(missing.message))?;
        Ok(Some(Self { guardrail, trace, input: None, output: None, model_output: Vec::new() }))
    }

    /// Looks at what goes in. `Some` is the answer in the model's stead.
    pub(crate) fn check_input(&mut self, prompt: &Prompt) -> Option<Completion> {
        let (guarded, total) = texts_of(prompt);
        let full = self.trace == Trace::Full;
        let assessment = assess(&self.guardrail, Direction::Input, &guarded, total, full);
        let blocked = assessment.outcome == Outcome::Blocked;
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
        self.trace_with("inputAssessment", |id, assessment| {
            Some(("outputAssessments", json!({ id: [assessment.json] })))
        })
    }

    /// The trace as InvokeModel gives it.
    pub(crate) fn invoke_trace(&self) -> Option<Value> {
        self.trace_with("input", |id, assessment| Some(("outputs", json!([{ id: assessment.json }]))))
    }

    fn trace_with(
        &self,
        input_member: &str,
        output_member: impl Fn(&str, &Assessment) -> Option<(&'static str, Value)>,
    ) -> Option<Value> {
        if self.trace == Trace::Off {
            return None;
        }
        let id = self.guardrail["guardrailId"].as_str().unwrap_or_default();
        let mut trace = json!({});
        if let Some(input) = &self.input {
            trace[input_member] = json!({ id: input.json });
        }
        if let Some((member, output)) = self.output.as_ref().and_then(|output| output_member(id, output)) {
            trace[member] = output;
        }
        if self.outcome() != Outcome::Passed {
            trace["modelOutput"] = json!(self.model_output);
            trace["actionReason"] = json!(self.outcome().reason());
        }
        Some(json!({ "guardrail": trace }))
    }
}

/// The texts to look at, and the length of all text. Where guarded blocks are marked, only they are looked at, and of
/// those not the grounding sources and queries.
fn texts_of(prompt: &Prompt) -> (Vec<String>, usize) {
    let blocks = prompt.messages.iter().flat_map(|message| items(&message["content"]));
    let blocks: Vec<_> = blocks.chain(&prompt.system).collect();
    let total = blocks.iter().filter_map(|block| block_text(block)).map(|text| text.chars().count()).sum();
    let marked: Vec<_> =
        blocks.iter().map(|block| &block["guardContent"]["text"]).filter(|text| text.is_object()).collect();
    if !marked.is_empty() {
        let guarded = marked.into_iter().filter(|text| {
            let qualifiers = items(&text["qualifiers"]);
            qualifiers.is_empty() || qualifiers.iter().any(|qualifier| qualifier == "guard_content")
        });
        return (guarded.filter_map(|text| text["text"].as_str()).map(str::to_owned).collect(), total);
    }
    let texts = prompt
        .messages
        .iter()
        .flat_map(|message| items(&message["content"]))
        .filter_map(|block| block["text"].as_str());
    (texts.map(str::to_owned).collect(), total)
}
