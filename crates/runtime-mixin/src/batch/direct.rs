//! Records that are run without a job.

use bedrock_orm_core::{Error, ErrorKind, Result};
use bedrock_orm_models::{Blob, ConverseRequest, ModelInvocationType};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::batch::line::{InputLine, OutputError, OutputLine, from_line, to_line};
use crate::batch::manifest::PartId;
use crate::batch::state::BatchState;
use crate::{Converse, InvokeModel, InvokeModelResponse, Reply, Target};

/// Runs the next part that is run without a job. Returns whether there was one.
pub(crate) async fn run_next(state: &BatchState) -> Result<bool> {
    let next = state.read(|manifest| {
        manifest.parts().find(|(_, part)| !part.has_ended() && manifest.is_direct(part)).map(|(id, _)| id)
    });
    let Some(id) = next else { return Ok(false) };
    let (succeeded, failed) = run(state, id).await?;
    state.change(|manifest| {
        if let Some(part) = manifest.part_mut(id) {
            part.ended_as = Some("Completed".to_owned());
            (part.succeeded, part.failed) = (succeeded, failed);
        }
    });
    state.save().await?;
    Ok(true)
}

/// Writes the output of a part. Returns how many records succeeded and failed.
async fn run(state: &BatchState, id: PartId) -> Result<(u64, u64)> {
    let (output, invocation_type, concurrency) = state.read(|manifest| {
        let output = manifest.part(id).map(|part| id.output_name(part)).unwrap_or_default();
        (output, manifest.invocation_type.clone(), manifest.settings.concurrency.max(1))
    });
    let input = id.input_name();
    let lines = state.folder.lines(&input).await?.ok_or_else(|| missing(&state.folder.uri_of(&input)))?;
    let is_converse = invocation_type == Some(ModelInvocationType::Converse);
    let target = state.target();
    let lines = stream::try_unfold(lines, |mut lines| async move {
        Ok::<_, Error>(lines.next().await?.map(|line| (line, lines)))
    });
    let mut replies = lines
        .map(|line| {
            let (target, file) = (target.clone(), state.folder.uri_of(&input));
            async move { reply(target, is_converse, &line?, &file).await }
        })
        .buffer_unordered(concurrency)
        .boxed();
    let mut upload = state.folder.upload(&output).await?;
    let (mut succeeded, mut failed) = (0, 0);
    while let Some(line) = replies.next().await {
        let written = async {
            let line = line?;
            if line.error.is_some() {
                failed += 1;
            } else {
                succeeded += 1;
            }
            upload.write(&to_line(&line)?).await
        };
        if let Err(error) = written.await {
            upload.abort().await;
            return Err(error);
        }
    }
    upload.finish().await?;
    Ok((succeeded, failed))
}

fn missing(uri: &str) -> Error {
    Error::new(ErrorKind::DoesNotExist, format!("{uri} does not exist"))
}

/// Returns the output line of an input line. The error of a request is part of the line.
async fn reply(target: Target, is_converse: bool, line: &Bytes, file: &str) -> Result<OutputLine> {
    let InputLine { record_id, model_input } = from_line::<InputLine<Box<RawValue>>>(line, file)?;
    let replied = match is_converse {
        true => converse(target, &model_input, file).await,
        false => invoke(target, &model_input).await,
    };
    Ok(match replied {
        Ok(output) => OutputLine { record_id, model_input, model_output: Some(output), error: None },
        Err(error) => {
            let error_code = error.http_status().map_or(Value::Null, Value::from);
            let error = OutputError { error_code, error_message: error.message().to_owned() };
            OutputLine { record_id, model_input, model_output: None, error: Some(error) }
        }
    })
}

async fn converse(target: Target, input: &RawValue, file: &str) -> Result<Box<RawValue>> {
    let request: ConverseRequest = from_line(input.get().as_bytes(), file)?;
    let reply = Converse::<Reply>::new(target, request).await?;
    as_line_of_json(&serde_json::to_vec(&reply).unwrap_or_default())
}

async fn invoke(target: Target, input: &RawValue) -> Result<Box<RawValue>> {
    let body = Blob::from(input.get());
    let response = InvokeModel::<InvokeModelResponse>::new(target, body).await?;
    as_line_of_json(&response.body)
}

/// Returns JSON without line breaks.
fn as_line_of_json(json: &[u8]) -> Result<Box<RawValue>> {
    let value = serde_json::from_slice::<Value>(json);
    value.and_then(|value| serde_json::value::to_raw_value(&value)).map_err(|error| {
        let message = format!("the response of the model is not JSON (at column {})", error.column());
        Error::new(ErrorKind::InvalidResponse, message)
    })
}
