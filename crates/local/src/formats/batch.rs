//! The counts of a batch inference job.

use serde_json::{Value, json};

use crate::model::completion::Usage;

/// The counts of a job's records and tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    total: u64,
    succeeded: u64,
    failed: u64,
    input_tokens: u64,
    output_tokens: u64,
}

impl Tally {
    /// Creates the counts of a job whose records all succeeded.
    pub(crate) fn of_succeeded(succeeded: u64) -> Self {
        Self { total: succeeded, succeeded, ..Self::default() }
    }

    /// Counts records that the job has to process.
    pub(crate) fn add_to_total(&mut self, records: u64) {
        self.total += records;
    }

    /// Counts a record that succeeded.
    pub(crate) fn add_success(&mut self, usage: &Usage) {
        self.succeeded += 1;
        self.input_tokens += usage.input;
        self.output_tokens += usage.output;
    }

    /// Counts a record that failed.
    pub(crate) fn add_failure(&mut self) {
        self.failed += 1;
    }

    /// Returns the counts of records, with the member names of the job and its manifest.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 4] {
        [
            ("totalRecordCount", self.total),
            ("processedRecordCount", self.succeeded + self.failed),
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
