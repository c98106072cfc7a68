//! Batch inference: a model's answer to every line of a file.
//!
//! The model says what it says without a reply of a test's: who runs beside the tests must not take their replies.

use serde_json::{Value, json};

use crate::formats::converse;
use crate::formats::{self, Said};
use crate::model::completion::{Completion, Usage, input_tokens};
use crate::model::{echo, tokens};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::World;
use crate::world::catalogue::FoundationModel;

/// What became of a job's lines so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    succeeded: u64,
    failed: u64,
    input_tokens: u64,
    output_tokens: u64,
}

impl Tally {
    /// So many good records.
    pub(crate) fn of_good(succeeded: u64) -> Self {
        Self { succeeded, ..Self::default() }
    }

    /// The job's counts of records, as both it and its manifest call them.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 4] {
        let total = self.succeeded + self.failed;
        [
            ("totalRecordCount", total),
            ("processedRecordCount", total),
            ("successRecordCount", self.succeeded),
            ("errorRecordCount", self.failed),
        ]
    }

    /// What the manifest says of a job.
    pub(crate) fn manifest(&self) -> Value {
        let tokens = [("inputTokenCount", self.input_tokens), ("outputTokenCount", self.output_tokens)];
        self.counts().into_iter().chain(tokens).map(|(name, count)| (name.to_owned(), json!(count))).collect()
    }
}

/// A model at work on files of records.
pub(crate) struct Batch<'a> {
    pub(crate) world: &'a World,
    pub(crate) model: &'static FoundationModel,
    /// Whether the records are Converse's, not the maker's.
    pub(crate) converses: bool,
    pub(crate) tally: Tally,
}

impl Batch<'_> {
    /// The answers to a file's lines, line by line.
    pub(crate) fn answer(&mut self, lines: &str) -> String {
        let lines = lines.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| format!("{}\n", self.line(line))).collect()
    }

    fn line(&mut self, line: &str) -> Value {
        let record: Value = serde_json::from_str(line).unwrap_or_default();
        let id = record["recordId"].as_str().map_or_else(|| self.world.ids.capitals(), str::to_owned);
        let input = &record["modelInput"];
        let mut told = json!({ "recordId": id, "modelInput": input });
        match self.output(input) {
            Ok((output, usage)) => {
                self.tally.succeeded += 1;
                self.tally.input_tokens += usage.input;
                self.tally.output_tokens += usage.output;
                told["modelOutput"] = output;
            }
            Err(error) => {
                self.tally.failed += 1;
                let code = error.status(self.world.services);
                told["error"] = json!({ "errorCode": code, "errorMessage": error.message });
            }
        }
        told
    }

    fn output(&self, input: &Value) -> AwsResult<(Value, Usage)> {
        if !input.is_object() {
            return Err(AwsError::validation("The record must have a modelInput that is a JSON object."));
        }
        if self.converses {
            let completion = self.said(&converse::parse(self.model, input)?);
            return Ok((converse::response_body(self.model, &completion), completion.usage));
        }
        let asked = formats::read(self.model, input.to_string().as_bytes())?;
        if let Some(made) = asked.made(&self.world.ids) {
            return Ok((made, Usage { input: input_tokens(&asked.prompt), ..Usage::default() }));
        }
        let completion = self.said(&asked.prompt);
        let id = self.world.ids.uuid();
        let said = Said {
            ids: &self.world.ids,
            now: self.world.clock.now(),
            asked: &asked,
            completion: &completion,
            id: &id,
        };
        Ok((said.answer(), completion.usage.clone()))
    }

    fn said(&self, prompt: &crate::model::prompt::Prompt) -> Completion {
        let completion = echo::answer(&self.world.ids, self.model, prompt);
        let output = tokens::of_content(&Value::Array(completion.content.clone()));
        let usage = Usage { input: input_tokens(prompt), output, cache: None };
        Completion { usage, ..completion }
    }
}
