//! A batch that is written, in part at least.

use std::fmt;
use std::sync::Arc;

use bedrock_orm_core::{Error, ErrorKind, Result};
use bedrock_orm_models::Blob;
use futures_util::{StreamExt, TryStreamExt};
use serde_json::value::RawValue;

use crate::batch::line::{InputLine, to_line};
use crate::batch::manifest::Attempt;
use crate::batch::progress::BatchProgress;
use crate::batch::record::BatchRecord;
use crate::batch::results::{self, BatchResults};
use crate::batch::state::BatchState;
use crate::batch::wait::{BatchWait, BatchWatch};
use crate::batch::{jobs, writer};

/// A batch whose inputs are written and whose jobs are started. Its clones are handles of the same batch. Dropping it
/// does not stop the jobs: [`Batch::resume`](crate::Batch::resume) returns to it, from any process.
///
/// See [`Batch`](crate::Batch) for an example.
#[derive(Clone)]
pub struct BatchRun {
    state: Arc<BatchState>,
}

impl BatchRun {
    pub(crate) fn new(state: Arc<BatchState>) -> Self {
        Self { state }
    }

    /// Returns the URI of the batch's folder, which [`Batch::resume`](crate::Batch::resume) takes.
    pub fn uri(&self) -> &str {
        self.state.folder.uri()
    }

    /// Returns the ARNs of the jobs that were started, in order.
    pub fn job_arns(&self) -> Vec<String> {
        self.state.read(|manifest| manifest.parts().filter_map(|(_, part)| part.job_arn.clone()).collect())
    }

    /// Returns the progress as of the last poll.
    pub fn progress(&self) -> BatchProgress {
        self.state.read(BatchProgress::of)
    }

    /// Waits until the batch is finished. Awaiting it returns the final counts. It also starts jobs that wait for others to
    /// end, and runs the records that are too few for a job.
    ///
    /// # Errors
    ///
    /// [`Failed`](ErrorKind::Failed), with AWS's reasons, if jobs failed, were stopped or expired;
    /// [`Timeout`](ErrorKind::Timeout) if the deadline passes first; `InvalidInput` if not all inputs were written, or a job
    /// needs a role; errors of the store. Transient errors, such as throttling, are tolerated for five polls in a row.
    ///
    /// # Requests
    ///
    /// One `GetModelInvocationJob` per job and poll (`bedrock:GetModelInvocationJob`), `CreateModelInvocationJob` for jobs
    /// that wait, and one `Converse` or `InvokeModel` for each record that is run directly (`bedrock:InvokeModel`).
    pub fn wait(&self) -> BatchWait {
        BatchWait::new(Arc::clone(&self.state))
    }

    /// Streams the progress, for example for a progress bar: at once, and after each change.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Requests
    ///
    /// As [`wait`](Self::wait).
    pub fn watch(&self) -> BatchWatch {
        self.wait().watch()
    }

    /// Streams all records, each once, in any order: the replies, and the errors of records that failed in their last attempt.
    ///
    /// # Errors
    ///
    /// In the stream: errors of the store; at its end `InvalidInput` if the batch is not finished.
    ///
    /// # Requests
    ///
    /// None to Bedrock: it reads the batch's folder.
    pub fn results(&self) -> BatchResults {
        BatchResults::all(&self.state)
    }

    /// Streams the records that failed in their last attempt.
    ///
    /// # Errors
    ///
    /// As [`results`](Self::results).
    ///
    /// # Requests
    ///
    /// As [`results`](Self::results).
    pub fn failed(&self) -> BatchResults {
        BatchResults::failed(&self.state)
    }

    /// Runs the records that failed again, as a further attempt: by jobs, or directly if they are fewer than a job needs.
    /// Returns how many they are; [`wait`](Self::wait) waits for them. If an earlier call was interrupted, it continues.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the batch is not finished; otherwise as [`Batch::map`](crate::Batch::map).
    ///
    /// # Requests
    ///
    /// One `CreateModelInvocationJob` per job (`bedrock:CreateModelInvocationJob`, `iam:PassRole` on the role).
    pub fn retry_failed(&self) -> impl Future<Output = Result<u64>> + Send + 'static {
        retry_failed(Arc::clone(&self.state))
    }

    /// Stops the jobs that run. What they have processed is kept; the other records count as failed.
    ///
    /// # Errors
    ///
    /// The error that AWS returns.
    ///
    /// # Requests
    ///
    /// One `StopModelInvocationJob` per job that runs (`bedrock:StopModelInvocationJob`).
    pub fn stop(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        let state = Arc::clone(&self.state);
        async move { jobs::stop(&state).await }
    }
}

async fn retry_failed(state: Arc<BatchState>) -> Result<u64> {
    let _driver = state.driver.lock().await;
    let (last, is_complete) = state.read(|manifest| {
        (manifest.attempts.len().saturating_sub(1), manifest.attempts.last().is_some_and(|it| it.is_complete))
    });
    // An attempt after the first that is not complete is a retry that was interrupted.
    let attempt = if is_complete || last == 0 {
        if let Some(error) = state.unfinished() {
            return Err(error);
        }
        if state.read(BatchProgress::of).failed == 0 {
            return Ok(0);
        }
        state.change(|manifest| manifest.attempts.push(Attempt::default()));
        last + 1
    } else {
        last
    };
    let failed = results::records(&state, attempt - 1, attempt - 1, true);
    let lines = failed.and_then(|record| std::future::ready(input_line(record)));
    writer::write_attempt(&state, attempt, lines.boxed()).await?;
    Ok(state.read(|manifest| manifest.attempts[attempt].parts.iter().map(|part| part.records).sum()))
}

fn input_line(record: BatchRecord) -> Result<Vec<u8>> {
    let BatchRecord { record_id, input, .. } = record;
    let model_input = as_json(input).ok_or_else(|| {
        let message = format!("AWS's output has no input for the record {record_id}");
        Error::new(ErrorKind::InvalidResponse, message)
    })?;
    to_line(&InputLine { record_id, model_input })
}

fn as_json(input: Blob) -> Option<Box<RawValue>> {
    RawValue::from_string(String::from_utf8(input.into_vec()).ok()?).ok()
}

impl fmt::Debug for BatchRun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BatchRun")
            .field("uri", &self.uri())
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}
