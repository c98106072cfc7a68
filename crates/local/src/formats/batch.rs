//! Batch inference: a response for each line of a file.
//!
//! The replies are always the default ones, so that a job never takes the replies that a test has queued.

use serde_json::{Value, json};

use crate::formats;
use crate::formats::converse;
use crate::formats::response::ProviderResponse;
use crate::model::completion::{Completion, Usage, input_tokens};
use crate::model::prompt::Prompt;
use crate::model::{echo, tokens};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::World;
use crate::world::catalogue::FoundationModel;

/// The counts of a job's records and tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    succeeded: u64,
    failed: u64,
    input_tokens: u64,
    output_tokens: u64,
}

impl Tally {
    /// Creates the counts of a job whose records all succeeded.
    pub(crate) fn of_succeeded(succeeded: u64) -> Self {
        Self { succeeded, ..Self::default() }
    }

    /// Returns the counts of records, with the member names of the job and its manifest.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 4] {
        let total = self.succeeded + self.failed;
        [
            ("totalRecordCount", total),
            ("processedRecordCount", total),
            ("successRecordCount", self.succeeded),
            ("errorRecordCount", self.failed),
        ]
    }

    /// Returns the content of the manifest.
    pub(crate) fn manifest(&self) -> Value {
        let tokens = [("inputTokenCount", self.input_tokens), ("outputTokenCount", self.output_tokens)];
        self.counts().into_iter().chain(tokens).map(|(name, count)| (name.to_owned(), json!(count))).collect()
    }
}

/// A batch job.
pub(crate) struct Batch<'a> {
    pub(crate) world: &'a World,
    pub(crate) model: &'static FoundationModel,
    /// Whether the records are in Converse's format, and not in the provider's.
    pub(crate) is_converse: bool,
    pub(crate) tally: Tally,
}

impl Batch<'_> {
    /// Returns the output lines of an input file.
    pub(crate) fn run(&mut self, lines: &str) -> String {
        let lines = lines.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| format!("{}\n", self.output_line(line))).collect()
    }

    fn output_line(&mut self, line: &str) -> Value {
        let record: Value = serde_json::from_str(line).unwrap_or_default();
        let id = record["recordId"].as_str().map_or_else(|| self.world.ids.capitals(), str::to_owned);
        let input = &record["modelInput"];
        let mut output_line = json!({ "recordId": id, "modelInput": input });
        match self.output(input) {
            Ok((output, usage)) => {
                self.tally.succeeded += 1;
                self.tally.input_tokens += usage.input;
                self.tally.output_tokens += usage.output;
                output_line["modelOutput"] = output;
            }
            Err(error) => {
                self.tally.failed += 1;
                let code = error.status(self.world.services);
                output_line["error"] = json!({ "errorCode": code, "errorMessage": error.message });
            }
        }
        output_line
    }

    fn output(&self, input: &Value) -> AwsResult<(Value, Usage)> {
        if !input.is_object() {
            return Err(AwsError::validation("The record must have a modelInput that is a JSON object."));
        }
        if self.is_converse {
            let completion = self.reply(&converse::parse(self.model, input)?);
            return Ok((converse::response_body(self.model, &completion), completion.usage));
        }
        let request = formats::parse(self.model, input.to_string().as_bytes())?;
        if let Some(body) = formats::response_body_without_text(&request, &self.world.ids) {
            return Ok((body, Usage { input: input_tokens(&request.prompt), ..Usage::default() }));
        }
        let completion = self.reply(&request.prompt);
        let id = self.world.ids.uuid();
        let response = ProviderResponse {
            ids: &self.world.ids,
            now: self.world.clock.now(),
            request: &request,
            completion: &completion,
            id: &id,
        };
        Ok((formats::response_body(&response), completion.usage.clone()))
    }

    fn reply(&self, prompt: &Prompt) -> Completion {
        let completion = echo::reply(&self.world.ids, self.model, prompt);
        let output = tokens::count_in_content(&Value::Array(completion.content.clone()));
        let usage = Usage { input: input_tokens(prompt), output, cache: None };
        Completion { usage, ..completion }
    }
}
