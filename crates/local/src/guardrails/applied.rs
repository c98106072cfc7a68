//! Guardrails around a model's turn: over what goes in, over what comes out, and the trace of both.
//!
//! There is the guardrail that a request names, and the one that the account enforces; a turn must please both.

use serde_json::{Map, Value, json};

use crate::guardrails::Direction;
use crate::guardrails::assessment::{Assessment, Outcome, Subject, assess};
use crate::guardrails::grounding::Grounding;
use crate::json::items;
use crate::model::completion::Completion;
use crate::model::prompt::{Prompt, block_text, text_block};
use crate::model::tokens::words;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Trace {
    Off,
    On,
    /// With what was looked for and not found.
    Full,
}

/// The guardrails of a turn.
#[derive(Debug)]
pub(crate) struct AppliedGuardrails {
    guards: Vec<Guard>,
    trace: Trace,
    runs_ahead: bool,
    grounding: Grounding,
    /// What the model said before the guardrails had their way.
    model_output: Vec<String>,
}

/// A guardrail, with what it found.
#[derive(Debug)]
pub(crate) struct Guard {
    guardrail: Value,
    origins: Vec<&'static str>,
    scope: Scope,
    input: Option<Assessment>,
    output: Option<Assessment>,
}

/// What of a prompt a guardrail looks at, whatever is marked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Scope {
    pub(crate) whole_system: bool,
    pub(crate) whole_messages: bool,
}

impl AppliedGuardrails {
    /// Returns `None` if there is no guardrail to apply.
    pub(crate) fn new(guards: Vec<Guard>, trace: Trace) -> Option<Self> {
        let applied = Self {
            guards,
            trace,
            runs_ahead: false,
            grounding: Grounding::default(),
            model_output: Vec::new(),
        };
        (!applied.guards.is_empty()).then_some(applied)
    }

    /// Lets a stream run ahead of the guardrails.
    pub(crate) fn run_ahead(&mut self, runs_ahead: bool) {
        self.runs_ahead = runs_ahead;
    }

    /// Looks at what goes in, and masks what the model must not see. `Some` is the answer in the model's stead.
    pub(crate) fn check_input(&mut self, prompt: &mut Prompt) -> Option<Completion> {
        let total = total_of(prompt);
        self.grounding = Grounding::of(marked_texts(prompt));
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
        let message = self.message(|guard| guard.input.as_ref(), "blockedInputMessaging")?;
        let mut completion = Completion::whole(vec![message]);
        completion.stop_reason = "guardrail_intervened".to_owned();
        Some(completion)
    }

    /// Looks at what comes out, and changes what must not. Where a stream runs ahead, what has been said has been
    /// said: nothing is masked, and the message follows the word that blocks.
    pub(crate) fn check_output(&mut self, completion: &mut Completion) {
        let said = texts_of(&completion.content);
        let total = said.iter().map(|text| text.chars().count()).sum();
        let full = self.trace == Trace::Full;
        let mut texts = said.clone();
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
        match self.message(|guard| guard.output.as_ref(), "blockedOutputsMessaging") {
            Some(message) if self.runs_ahead => self.break_off(&mut completion.content, &message),
            Some(message) => completion.content = vec![message],
            None if self.runs_ahead => {}
            None => {
                let blocks = completion.content.iter_mut().filter(|block| block["text"].is_string());
                for (block, text) in blocks.zip(&texts) {
                    *block = text_block(text);
                }
            }
        }
        self.model_output = said;
    }

    /// Ends the content at the first word with which a guardrail blocks, and appends its message there.
    fn break_off(&self, content: &mut Vec<Value>, message: &Value) {
        let texts = texts_of(content);
        let words: Vec<_> = texts
            .iter()
            .enumerate()
            .flat_map(|(block, text)| words(text).into_iter().map(move |word| (block, word)))
            .collect();
        let up_to = |count: usize| {
            let mut heard = vec![String::new(); texts.len()];
            words[..count].iter().for_each(|(block, word)| heard[*block].push_str(word));
            heard
        };
        let blocks = |heard: &[String]| {
            let looks =
                |guard: &Guard| guard.assess(Direction::Output, heard, 0, &Grounding::default(), false);
            self.guards.iter().any(|guard| looks(guard).outcome == Outcome::Blocked)
        };
        // Grounding is known at the end alone.
        let counts: Vec<_> = (1..=words.len()).collect();
        let count = counts.partition_point(|count| !blocks(&up_to(*count))) + 1;
        let heard = up_to(count.min(words.len()));
        let last = words.get(count.min(words.len()).saturating_sub(1)).map_or(0, |(block, _)| *block);
        let mut seen = 0;
        let mut kept = Vec::new();
        for block in content.drain(..) {
            if !block["text"].is_string() {
                kept.push(block);
                continue;
            }
            if seen == last {
                let message = message["text"].as_str().unwrap_or_default();
                kept.push(text_block(&format!("{} {message}", heard[seen])));
                break;
            }
            kept.push(block);
            seen += 1;
        }
        *content = kept;
    }

    /// The message of the first guardrail that blocks. It costs nothing.
    fn message(&self, word: impl Fn(&Guard) -> Option<&Assessment>, messaging: &str) -> Option<Value> {
        let blocks = |guard: &&Guard| word(guard).is_some_and(|it| it.outcome == Outcome::Blocked);
        let guard = self.guards.iter().find(blocks)?;
        Some(text_block(guard.guardrail[messaging].as_str().unwrap_or_default()))
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let assessments = self.guards.iter().flat_map(|guard| [&guard.input, &guard.output]).flatten();
        assessments.map(|assessment| assessment.outcome).max().unwrap_or_default()
    }

    /// The trace as Converse gives it: with an empty list for a model that was not asked, as recorded.
    pub(crate) fn converse_trace(&self) -> Option<Value> {
        let mut trace = self.converse_stream_trace()?;
        if self.outcome() != Outcome::Passed {
            trace["guardrail"]["modelOutput"] = json!(self.model_output);
        }
        Some(trace)
    }

    /// The trace as ConverseStream gives it.
    pub(crate) fn converse_stream_trace(&self) -> Option<Value> {
        self.trace_with("inputAssessment", "outputAssessments", |outputs| {
            Value::Object(outputs.map(|(id, output)| (id, json!([output]))).collect())
        })
    }

    /// The trace as InvokeModel gives it.
    pub(crate) fn invoke_trace(&self) -> Option<Value> {
        self.trace_with("input", "outputs", |outputs| {
            outputs.map(|(id, output)| json!({ id: output })).collect()
        })
    }

    fn trace_with(
        &self,
        input_member: &str,
        output_member: &str,
        output_form: impl Fn(&mut dyn Iterator<Item = (String, &Value)>) -> Value,
    ) -> Option<Value> {
        if self.trace == Trace::Off {
            return None;
        }
        let of = |word: fn(&Guard) -> &Option<Assessment>| {
            let told = move |guard| word(guard).as_ref().map(|assessment| (guard.id(), &assessment.json));
            self.guards.iter().filter_map(told)
        };
        let mut trace = json!({});
        let inputs: Map<_, _> = of(|guard| &guard.input).map(|(id, input)| (id, input.clone())).collect();
        if !inputs.is_empty() {
            trace[input_member] = Value::Object(inputs);
        }
        if self.guards.iter().any(|guard| guard.output.is_some()) {
            trace[output_member] = output_form(&mut of(|guard| &guard.output));
        }
        if self.outcome() != Outcome::Passed {
            if !self.model_output.is_empty() {
                trace["modelOutput"] = json!(self.model_output);
            }
            trace["actionReason"] = json!(self.action_reason());
        }
        Some(json!({ "guardrail": trace }))
    }

    /// A line on what went in, and one on what came out where a model was asked, as recorded.
    fn action_reason(&self) -> String {
        let worst = |of: fn(&Guard) -> &Option<Assessment>| {
            self.guards.iter().filter_map(|guard| of(guard).as_ref()).map(|it| it.outcome).max()
        };
        let outcomes = [worst(|guard| &guard.input), worst(|guard| &guard.output)];
        outcomes.into_iter().flatten().map(Outcome::reason).collect::<Vec<_>>().join("\n")
    }
}

/// The origin of a guardrail that the request names.
const REQUEST: &str = "REQUEST";

impl Guard {
    pub(crate) fn requested(guardrail: Value) -> Self {
        Self::new(guardrail, REQUEST, Scope::default())
    }

    pub(crate) fn enforced(guardrail: Value, scope: Scope) -> Self {
        Self::new(guardrail, "ACCOUNT_ENFORCED", scope)
    }

    fn new(guardrail: Value, origin: &'static str, scope: Scope) -> Self {
        Self { guardrail, origins: vec![origin], scope, input: None, output: None }
    }

    /// Marks an enforced guardrail as requested too.
    pub(crate) fn also_requested(&mut self) {
        self.origins.insert(0, REQUEST);
    }

    pub(crate) fn is(&self, guardrail: &Value) -> bool {
        ["guardrailId", "version"].iter().all(|member| self.guardrail[member] == guardrail[member])
    }

    fn id(&self) -> String {
        self.guardrail["guardrailId"].as_str().unwrap_or_default().to_owned()
    }

    fn assess(
        &self,
        direction: Direction,
        texts: &[String],
        total: usize,
        grounding: &Grounding,
        full: bool,
    ) -> Assessment {
        let subject = Subject { direction, texts, total, grounding, origins: &self.origins, full };
        assess(&self.guardrail, subject)
    }
}

fn texts_of(content: &[Value]) -> Vec<String> {
    content.iter().filter_map(|block| block["text"].as_str()).map(str::to_owned).collect()
}

fn blocks(prompt: &Prompt) -> impl Iterator<Item = &Value> {
    prompt.messages.iter().flat_map(|message| items(&message["content"])).chain(&prompt.system)
}

/// The length of all text, guarded or not.
fn total_of(prompt: &Prompt) -> usize {
    blocks(prompt).filter_map(block_text).map(|text| text.chars().count()).sum()
}

/// What is marked for guardrails: `{"text": …, "qualifiers": […]}`.
fn marked_texts(prompt: &Prompt) -> impl Iterator<Item = &Value> {
    blocks(prompt).map(|block| &block["guardContent"]["text"]).filter(|text| text.is_object())
}

/// The texts to look at. Where blocks are marked for the guardrail, only they are looked at, and of those not the
/// grounding sources and queries; else all texts of the messages are. A guardrail of a wider scope looks at all texts.
fn guarded_texts(prompt: &mut Prompt, scope: Scope) -> Vec<&mut Value> {
    let marked = marked_texts(prompt).next().is_some();
    let messages =
        prompt.messages.iter_mut().filter_map(|message| message.get_mut("content")?.as_array_mut()).flatten();
    let of_messages = messages.filter_map(|block| match (scope.whole_messages, marked) {
        (true, _) => any_text(block),
        (false, true) => marked_text(block),
        (false, false) => plain_text(block),
    });
    let of_system = prompt.system.iter_mut().filter_map(|block| match scope.whole_system {
        true => any_text(block),
        false => marked_text(block),
    });
    of_messages.chain(of_system).collect()
}

fn any_text(block: &mut Value) -> Option<&mut Value> {
    match block["text"].is_string() {
        true => plain_text(block),
        false => block.get_mut("guardContent")?.get_mut("text")?.get_mut("text"),
    }
}

fn plain_text(block: &mut Value) -> Option<&mut Value> {
    block.get_mut("text").filter(|text| text.is_string())
}

fn marked_text(block: &mut Value) -> Option<&mut Value> {
    let marked = block.get_mut("guardContent")?.get_mut("text")?;
    let qualifiers = items(&marked["qualifiers"]);
    let is_guarded = qualifiers.is_empty() || qualifiers.iter().any(|qualifier| qualifier == "guard_content");
    marked.get_mut("text").filter(|text| is_guarded && text.is_string())
}
