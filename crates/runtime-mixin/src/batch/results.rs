//! The results of a batch.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bedrock_orm_core::Result;
use bedrock_orm_models::Blob;
use futures_core::Stream;
use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::value::RawValue;

use crate::batch::line::{InputLine, OutputLine, from_line, index_of};
use crate::batch::manifest::{Part, PartId};
use crate::batch::record::{BatchRecord, Origin, RecordError};
use crate::batch::state::BatchState;
use crate::store::folder::StoreFolder;
use crate::store::lines::Lines;

/// The records of a batch as a stream, in any order: each record once, whatever failed and was run again. It reads
/// AWS's files as it goes, so that its memory does not grow with the batch.
///
/// If the batch is not finished, the records that have a result are followed by an error that says so.
pub struct BatchResults(BoxStream<'static, Result<BatchRecord>>);

impl BatchResults {
    /// All records: the replies of all attempts, and the errors of the last one.
    pub(crate) fn all(state: &Arc<BatchState>) -> Self {
        Self::with_end(state, 0, false)
    }

    /// The records that failed in the last attempt.
    pub(crate) fn failed(state: &Arc<BatchState>) -> Self {
        Self::with_end(state, last_attempt(state), true)
    }

    fn with_end(state: &Arc<BatchState>, first: usize, only_failed: bool) -> Self {
        let records = records(state, first, last_attempt(state), only_failed);
        Self(records.chain(stream::iter(state.unfinished().map(Err))).boxed())
    }

    /// Returns the next record, or `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<BatchRecord>> {
        self.0.next().await
    }
}

impl Stream for BatchResults {
    type Item = Result<BatchRecord>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for BatchResults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BatchResults")
    }
}

fn last_attempt(state: &BatchState) -> usize {
    state.read(|manifest| manifest.attempts.len().saturating_sub(1))
}

/// Streams the records of the finished parts of these attempts. A failure counts in the last of them only: before that, the
/// record was run again.
pub(crate) fn records(
    state: &Arc<BatchState>,
    first: usize,
    last: usize,
    only_failed: bool,
) -> BoxStream<'static, Result<BatchRecord>> {
    let (parts, origin) = state.read(|manifest| {
        let chosen = |id: &PartId| (first..=last).contains(&id.attempt);
        let parts = manifest.parts().filter(|(id, part)| chosen(id) && part.has_ended());
        let parts = parts.map(|(id, part)| (id, part.clone())).collect::<VecDeque<_>>();
        let origin =
            Origin { model_id: manifest.model_id.clone(), invocation_type: manifest.invocation_type.clone() };
        (parts, Arc::new(origin))
    });
    let reader = Reader { state: Arc::clone(state), origin, last, only_failed, parts, open: None };
    stream::try_unfold(
        reader,
        |mut reader| async move { Ok(reader.next().await?.map(|record| (record, reader))) },
    )
    .boxed()
}

struct Reader {
    state: Arc<BatchState>,
    origin: Arc<Origin>,
    last: usize,
    only_failed: bool,
    parts: VecDeque<(PartId, Part)>,
    open: Option<OpenPart>,
}

/// A part whose files are read: first the output, then the input for the records without output.
struct OpenPart {
    part: Part,
    keeps_failures: bool,
    output: Option<(String, Lines)>,
    input: Option<(String, Lines)>,
    /// The records that were in the output.
    seen: HashSet<u64>,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<BatchRecord>> {
        loop {
            if self.open.is_none() {
                let Some((id, part)) = self.parts.pop_front() else { return Ok(None) };
                self.open =
                    Some(OpenPart::open(&self.state.folder, id, part, id.attempt == self.last).await?);
            }
            let Some(open) = &mut self.open else { continue };
            let record = match open.next_output(&self.origin).await? {
                Some(record) => record,
                None => match open.next_unprocessed(&self.origin).await? {
                    Some(record) => record,
                    None => {
                        self.open = None;
                        continue;
                    }
                },
            };
            let keeps = if record.outcome.is_ok() { !self.only_failed } else { open.keeps_failures };
            if keeps {
                return Ok(Some(record));
            }
        }
    }
}

impl OpenPart {
    async fn open(folder: &StoreFolder, id: PartId, part: Part, keeps_failures: bool) -> Result<Self> {
        let (output, input) = (id.output_name(&part), id.input_name());
        let output = folder.lines(&output).await?.map(|lines| (folder.uri_of(&output), lines));
        // A record without an output has failed, which counts in the last attempt only.
        let input = match keeps_failures {
            true => folder.lines(&input).await?.map(|lines| (folder.uri_of(&input), lines)),
            false => None,
        };
        Ok(Self { part, keeps_failures, output, input, seen: HashSet::new() })
    }

    async fn next_output(&mut self, origin: &Arc<Origin>) -> Result<Option<BatchRecord>> {
        while let Some((file, lines)) = &mut self.output {
            let Some(line) = lines.next().await? else { return Ok(None) };
            let line: OutputLine = from_line(&line, file)?;
            let index = index_of(&line.record_id)?;
            if !self.seen.insert(index) {
                continue;
            }
            let outcome = match (line.model_output, line.error) {
                (Some(output), None) => Ok(Blob::from(String::from(Box::<str>::from(output)))),
                (_, Some(error)) => Err(error.into()),
                (None, None) => Err(RecordError::unprocessed("the record has no output".to_owned())),
            };
            return Ok(Some(BatchRecord {
                index,
                record_id: line.record_id,
                input: Blob::from(String::from(Box::<str>::from(line.model_input))),
                outcome,
                origin: Arc::clone(origin),
            }));
        }
        Ok(None)
    }

    /// Returns the next record without an output.
    async fn next_unprocessed(&mut self, origin: &Arc<Origin>) -> Result<Option<BatchRecord>> {
        if self.seen.len() as u64 >= self.part.records {
            return Ok(None);
        }
        while let Some((file, lines)) = &mut self.input {
            let Some(line) = lines.next().await? else { return Ok(None) };
            let line: InputLine<Box<RawValue>> = from_line(&line, file)?;
            let index = index_of(&line.record_id)?;
            if !self.seen.insert(index) {
                continue;
            }
            let status = self.part.ended_as.as_deref().unwrap_or_default();
            let reason = self.part.message.as_deref().unwrap_or("AWS gives no reason");
            let why = format!("the record was not processed: its job is {status}: {reason}");
            return Ok(Some(BatchRecord {
                index,
                record_id: line.record_id,
                input: Blob::from(String::from(Box::<str>::from(line.model_input))),
                outcome: Err(RecordError::unprocessed(why)),
                origin: Arc::clone(origin),
            }));
        }
        Ok(None)
    }
}
