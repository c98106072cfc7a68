//! The files of a batch: how inputs become files, and files jobs.

use bedrock_orm_core::{Error, ErrorKind, Result};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::batch::jobs;
use crate::batch::manifest::{Part, PartId};
use crate::batch::state::BatchState;

/// The largest number of records in a file that is run directly. After an interruption, the file is run again.
const DIRECT_RECORDS: u64 = 1_000;

/// Writes the files of an attempt and starts their jobs, while it reads the lines. It skips what is already written.
pub(crate) async fn write_attempt(
    state: &BatchState,
    attempt: usize,
    mut lines: BoxStream<'_, Result<Vec<u8>>>,
) -> Result<()> {
    let mut next = lines.next().await.transpose()?;
    let mut number = 0;
    while let Some(first) = next.take() {
        let id = PartId { attempt, number };
        let (part, following) = match state.read(|manifest| manifest.part(id).cloned()) {
            Some(known) => skip(state, &known, first, &mut lines).await?,
            None => {
                let (part, following) = write(state, id, first, &mut lines).await?;
                state.change(|manifest| manifest.attempts[attempt].parts.push(part.clone()));
                state.save().await?;
                (part, following)
            }
        };
        tracing::debug!(target: "bedrock_orm", file = id.input_name(), part.records, "a file of the batch is written");
        jobs::start_waiting(state).await?;
        next = following;
        number += 1;
    }
    if number < state.read(|manifest| manifest.attempts[attempt].parts.len()) {
        return Err(different_inputs(state));
    }
    if !state.read(|manifest| manifest.attempts[attempt].is_complete) {
        state.change(|manifest| manifest.attempts[attempt].is_complete = true);
        state.save().await?;
    }
    Ok(())
}

fn different_inputs(state: &BatchState) -> Error {
    let message = format!("the inputs differ from those that the batch in {} began with", state.folder.uri());
    Error::new(ErrorKind::InvalidInput, message).with_hint(
        "a batch continues with the same inputs in the same order: for other inputs, use another folder",
    )
}

/// Reads the lines of a part that is written, and checks that they are the same. Returns the line after it.
async fn skip(
    state: &BatchState,
    known: &Part,
    first: Vec<u8>,
    lines: &mut BoxStream<'_, Result<Vec<u8>>>,
) -> Result<(Part, Option<Vec<u8>>)> {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&first);
    for _ in 1..known.records {
        checksum.update(&lines.next().await.ok_or_else(|| different_inputs(state))??);
    }
    if checksum.finalize() != known.checksum {
        return Err(different_inputs(state));
    }
    Ok((known.clone(), lines.next().await.transpose()?))
}

/// Writes a part. Returns it, and the line after it.
async fn write(
    state: &BatchState,
    id: PartId,
    first: Vec<u8>,
    lines: &mut BoxStream<'_, Result<Vec<u8>>>,
) -> Result<(Part, Option<Vec<u8>>)> {
    let (max_records, max_bytes) = state.read(|manifest| {
        let quotas = &manifest.settings.quotas;
        let direct = if manifest.settings.directly { DIRECT_RECORDS } else { u64::MAX };
        (quotas.max_records_per_job.min(direct).max(1), quotas.max_bytes_per_file)
    });
    let mut upload = state.folder.upload(&id.input_name()).await?;
    let mut checksum = crc32fast::Hasher::new();
    let (mut records, mut bytes) = (0, 0);
    let mut next = Some(first);
    let written = async {
        while let Some(line) = next.take() {
            let length = line.len() as u64;
            if length > max_bytes {
                let message =
                    format!("a record has {length} bytes, and a file of a batch at most {max_bytes}");
                return Err(Error::new(ErrorKind::InvalidInput, message)
                    .with_hint("shorten it, or name files in it by their S3 URI"));
            }
            if records == max_records || bytes + length > max_bytes {
                next = Some(line);
                break;
            }
            (records, bytes) = (records + 1, bytes + length);
            checksum.update(&line);
            upload.write(&line).await?;
            next = lines.next().await.transpose()?;
        }
        Ok(())
    };
    if let Err(error) = written.await {
        upload.abort().await;
        return Err(error);
    }
    upload.finish().await?;
    Ok((Part { records, checksum: checksum.finalize(), ..Part::default() }, next))
}
