//! Applies guardrails to a model's turn: to its prompt and to its reply.
//!
//! A turn can have two guardrails: the request's, and the one that the account enforces. Both must pass.

use serde_json::Value;

use crate::guardrails::assessment::{Assessment, Outcome};
use crate::guardrails::direction::Direction;
use crate::guardrails::grounding::Grounding;
use crate::guardrails::guard::Guard;
use crate::guardrails::guarded_texts::{count_characters, guarded_texts, marked_texts};
use crate::guardrails::trace::{self, Trace};
use crate::model::completion::Completion;
use crate::model::prompt::{Prompt, text_block};
use crate::model::tokens::words;

/// The guardrails of a turn.
#[derive(Debug)]
pub(crate) struct AppliedGuardrails {
    guards: Vec<Guard>,
    trace: Trace,
    /// Whether the stream is sent before the guardrails have assessed it.
    is_asynchronous: bool,
    grounding: Grounding,
    /// The model's texts before the guardrails changed them. Empty if they did not.
    model_output: Vec<String>,
}

impl AppliedGuardrails {
    /// Returns `None` if there is no guardrail to apply.
    pub(crate) fn new(guards: Vec<Guard>, trace: Trace) -> Option<Self> {
        let applied = Self {
            guards,
            trace,
            is_asynchronous: false,
            grounding: Grounding::default(),
            model_output: Vec::new(),
        };
        (!applied.guards.is_empty()).then_some(applied)
    }

    /// Sets whether the stream is sent before the guardrails have assessed it.
    pub(crate) fn set_asynchronous(&mut self, is_asynchronous: bool) {
        self.is_asynchronous = is_asynchronous;
    }

    /// Assesses the prompt and masks its texts. Returns the reply that replaces the model's if the prompt is blocked.
    pub(crate) fn check_input(&mut self, prompt: &mut Prompt) -> Option<Completion> {
        let total = count_characters(prompt);
        self.grounding = Grounding::from_marked_texts(marked_texts(prompt));
        let full = self.trace == Trace::Full;
        for guard in &mut self.guards {
            let slots = guarded_texts(prompt, guard.scope);
            let guarded: Vec<_> = slots.iter().filter_map(|slot| slot.as_str()).map(str::to_owned).collect();
            let assessment = guard.assess(Direction::Input, &guarded, total, &self.grounding, full);
            for (slot, text) in slots.into_iter().zip(&assessment.texts) {
                *slot = text.as_str().into();
            }
            guard.input = Some(assessment);
        }
        let message = self.blocked_message(|guard| guard.input.as_ref(), "blockedInputMessaging")?;
        let mut completion = Completion::whole(vec![text_block(&message)]);
        completion.stop_reason = "guardrail_intervened".to_owned();
        Some(completion)
    }

    /// Assesses the reply, masks its texts, and replaces a blocked reply by the guardrail's message. In an asynchronous
    /// stream nothing is masked, and the message follows the word that is blocked.
    pub(crate) fn check_output(&mut self, completion: &mut Completion) {
        let model_output = texts_of(&completion.content);
        let total = model_output.iter().map(|text| text.chars().count()).sum();
        let full = self.trace == Trace::Full;
        let mut texts = model_output.clone();
        for guard in &mut self.guards {
            let assessment = guard.assess(Direction::Output, &texts, total, &self.grounding, full);
            if assessment.outcome != Outcome::Blocked {
                texts.clone_from(&assessment.texts);
            }
            guard.output = Some(assessment);
        }
        let outputs = self.guards.iter().filter_map(|guard| guard.output.as_ref());
        let outcome = outputs.map(|output| output.outcome).max().unwrap_or_default();
        if outcome == Outcome::Passed {
            return;
        }
        completion.stop_reason = "guardrail_intervened".to_owned();
        completion.stop_sequence = None;
        match self.blocked_message(|guard| guard.output.as_ref(), "blockedOutputsMessaging") {
            Some(message) if self.is_asynchronous => self.block_midway(&mut completion.content, &message),
            Some(message) => completion.content = vec![text_block(&message)],
            None if self.is_asynchronous => {}
            None => {
                let blocks = completion.content.iter_mut().filter(|block| block["text"].is_string());
                for (block, text) in blocks.zip(&texts) {
                    *block = text_block(text);
                }
            }
        }
        self.model_output = model_output;
    }

    /// Ends the content at the first word that a guardrail blocks, and appends the message there.
    fn block_midway(&self, content: &mut Vec<Value>, message: &str) {
        let texts = texts_of(content);
        let words: Vec<_> = texts
            .iter()
            .enumerate()
            .flat_map(|(block, text)| words(text).into_iter().map(move |word| (block, word)))
            .collect();
        let first_words = |count: usize| {
            let mut sent = vec![String::new(); texts.len()];
            words[..count].iter().for_each(|(block, word)| sent[*block].push_str(word));
            sent
        };
        // Without grounding, which is assessed at the end only.
        let is_blocked = |sent: &[String]| {
            let assess =
                |guard: &Guard| guard.assess(Direction::Output, sent, 0, &Grounding::default(), false);
            self.guards.iter().any(|guard| assess(guard).outcome == Outcome::Blocked)
        };
        let counts: Vec<_> = (1..=words.len()).collect();
        let count = counts.partition_point(|count| !is_blocked(&first_words(*count))) + 1;
        let count = count.min(words.len());
        let sent = first_words(count);
        let last_block = words.get(count.saturating_sub(1)).map_or(0, |(block, _)| *block);
        let mut text_blocks = 0;
        let mut kept = Vec::new();
        for block in content.drain(..) {
            if !block["text"].is_string() {
                kept.push(block);
                continue;
            }
            if text_blocks == last_block {
                kept.push(text_block(&format!("{} {message}", sent[text_blocks])));
                break;
            }
            kept.push(block);
            text_blocks += 1;
        }
        *content = kept;
    }

    /// The message of the first guardrail that blocks.
    fn blocked_message(
        &self,
        assessment: impl Fn(&Guard) -> Option<&Assessment>,
        member: &str,
    ) -> Option<String> {
        let blocks = |guard: &&Guard| assessment(guard).is_some_and(|it| it.outcome == Outcome::Blocked);
        Some(self.guards.iter().find(blocks)?.blocked_message(member).to_owned())
    }

    /// The most severe outcome of all assessments.
    pub(crate) fn outcome(&self) -> Outcome {
        trace::outcome(&self.guards)
    }

    /// The trace in Converse's form, if the request asks for it.
    pub(crate) fn converse_trace(&self) -> Option<Value> {
        (self.trace != Trace::Off).then(|| trace::converse_trace(&self.guards, &self.model_output))
    }

    /// The trace in ConverseStream's form, if the request asks for it.
    pub(crate) fn converse_stream_trace(&self) -> Option<Value> {
        (self.trace != Trace::Off).then(|| trace::converse_stream_trace(&self.guards, &self.model_output))
    }

    /// The trace in InvokeModel's form, if the request asks for it.
    pub(crate) fn invoke_trace(&self) -> Option<Value> {
        (self.trace != Trace::Off).then(|| trace::invoke_trace(&self.guards, &self.model_output))
    }
}

fn texts_of(content: &[Value]) -> Vec<String> {
    content.iter().filter_map(|block| block["text"].as_str()).map(str::to_owned).collect()
}
