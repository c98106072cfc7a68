//! Batch inference: a response for each line of the files of a job.
//!
//! Nothing runs in the background: each Get or List of batch jobs continues those that are due. The repliers reply, but
//! a job never takes the replies that a test has queued.

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use crate::formats;
use crate::formats::batch::Tally;
use crate::formats::converse;
use crate::formats::response::ProviderResponse;
use crate::json::record::Record;
use crate::local::{Local, OpenBatch};
use crate::model::completion::{Completion, Usage, input_tokens};
use crate::model::prompt::Prompt;
use crate::operations::generation::Generation;
use crate::repliers::conversation::Conversation;
use crate::resources::model_invocation_job::{IN_PROGRESS, RESOURCE, input_files, output_folder, set_counts};
use crate::resources::models;
use crate::store::context::Context;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::buckets::{Buckets, join_uri};

/// How many records a request replies to.
const RECORDS_PER_REQUEST: usize = 2_000;
/// How many lines are read at once. They are written in the opposite order: AWS promises no order.
const WINDOW: usize = 100;
/// How many repliers are asked at once.
const REPLIES_AT_ONCE: usize = 16;

/// Continues the jobs of a region whose records are due.
pub(crate) async fn continue_due(local: &Local, region: &str) {
    let Some(buckets) = &local.world.buckets else { return };
    let mut jobs = local.open_batches.lock().await;
    local.with_region(region, |cx| {
        for arn in std::mem::take(&mut cx.store.due_batches) {
            // After a reset, an ARN can come again.
            jobs.retain(|job| job.arn != arn);
            match open(cx, buckets, &arn) {
                Ok(job) => jobs.push(job),
                Err(why) => change(cx, &arn, |record| RESOURCE.set_failed(record, &why)),
            }
        }
    });
    let mut left = RECORDS_PER_REQUEST;
    while left > 0
        && let Some(at) = jobs.iter().position(|job| job.region == region)
    {
        let job = &mut jobs[at];
        let goes_on = local.with_region(region, |cx| is_in_progress(cx, &job.arn));
        let replied = if goes_on { reply_to_window(local, buckets, job).await } else { Ok(0) };
        let count = *replied.as_ref().unwrap_or(&0);
        left = left.saturating_sub(count);
        let written = if count == 0 { finish(buckets, job) } else { Ok(()) };
        local.with_region(region, |cx| {
            let now = cx.now.to_string();
            change(cx, &job.arn, |record| {
                set_counts(record, &job.tally);
                match replied.and(written) {
                    Ok(()) if count == 0 && goes_on => {
                        RESOURCE.set_status(record, "Completed");
                        RESOURCE.set_ended(record, &now);
                    }
                    Ok(()) => {}
                    Err(why) => RESOURCE.set_failed(record, &why),
                }
            });
        });
        if count == 0 {
            jobs.remove(at);
        }
    }
}

fn is_in_progress(cx: &Context<'_>, arn: &str) -> bool {
    cx.store.record(&RESOURCE, arn).is_some_and(|record| RESOURCE.status_of(record) == IN_PROGRESS)
}

fn change(cx: &mut Context<'_>, arn: &str, change: impl FnOnce(&mut Record)) {
    let entry = cx.store.find(&RESOURCE, arn).and_then(|position| cx.store.entry_mut(&RESOURCE, position));
    if let Some(entry) = entry {
        change(&mut entry.record);
    }
}

fn open(cx: &Context<'_>, buckets: &Buckets, arn: &str) -> Result<OpenBatch, String> {
    let record = cx.store.record(&RESOURCE, arn).ok_or("The job does not exist.")?;
    let model_id = record.text("modelId").to_owned();
    let mut files = input_files(cx, record)?;
    let mut tally = Tally::default();
    for file in &files {
        let mut lines = buckets.lines(file)?;
        while let Some(line) = lines.next()? {
            tally.add_to_total(u64::from(!line.trim().is_empty()));
        }
    }
    files.reverse();
    Ok(OpenBatch {
        region: cx.region.to_owned(),
        arn: arn.to_owned(),
        model: models::invoked(cx, &model_id).map_err(|error| error.message)?,
        model_id,
        is_converse: record.text("modelInvocationType") == "Converse",
        output: output_folder(record),
        files,
        open_file: None,
        lines: Vec::new(),
        tally,
    })
}

/// Replies to the next lines of a job, and returns how many they are.
async fn reply_to_window(local: &Local, buckets: &Buckets, job: &mut OpenBatch) -> Result<usize, String> {
    read_window(buckets, job)?;
    // Until they are written, the lines stay in the job: the client of this request may go away.
    let replies: Vec<_> = job.lines.iter().map(|line| output_line(local, job, line)).collect();
    let mut replies: Vec<_> = stream::iter(replies).buffered(REPLIES_AT_ONCE).collect().await;
    replies.reverse();
    let mut output = String::new();
    for (line, usage) in &replies {
        output.push_str(line);
        output.push('\n');
        match usage {
            Some(usage) => job.tally.add_success(usage),
            None => job.tally.add_failure(),
        }
    }
    if let Some((_, uri)) = &job.open_file {
        buckets.append(uri, output.as_bytes())?;
    }
    Ok(std::mem::take(&mut job.lines).len())
}

/// Reads lines of one file until there are enough.
fn read_window(buckets: &Buckets, job: &mut OpenBatch) -> Result<(), String> {
    while job.lines.len() < WINDOW {
        let Some((file, _)) = &mut job.open_file else {
            let Some(uri) = job.files.pop() else { return Ok(()) };
            let name = uri.rsplit('/').next().unwrap_or_default();
            let output = join_uri(&job.output, &format!("{name}.out"));
            buckets.write(&output, b"")?;
            job.open_file = Some((buckets.lines(&uri)?, output));
            continue;
        };
        match file.next()? {
            Some(line) if line.trim().is_empty() => {}
            Some(line) => job.lines.push(line),
            // The lines of the next file have another output.
            None if !job.lines.is_empty() => return Ok(()),
            None => job.open_file = None,
        }
    }
    Ok(())
}

fn finish(buckets: &Buckets, job: &OpenBatch) -> Result<(), String> {
    let manifest = job.tally.manifest().to_string();
    buckets.write(&join_uri(&job.output, "manifest.json.out"), manifest.as_bytes())
}

/// Returns the output line of an input line, and its usage if it succeeded.
async fn output_line(local: &Local, job: &OpenBatch, line: &str) -> (String, Option<Usage>) {
    let record: Value = serde_json::from_str(line).unwrap_or_default();
    let id = record["recordId"].as_str().map_or_else(|| local.world.ids.capitals(), str::to_owned);
    let input = &record["modelInput"];
    let mut output_line = json!({ "recordId": id, "modelInput": input });
    let usage = match output(local, job, input).await {
        Ok((output, usage)) => {
            output_line["modelOutput"] = output;
            Some(usage)
        }
        Err(error) => {
            let code = error.status(local.world.services);
            output_line["error"] = json!({ "errorCode": code, "errorMessage": error.message });
            None
        }
    };
    (output_line.to_string(), usage)
}

async fn output(local: &Local, job: &OpenBatch, input: &Value) -> AwsResult<(Value, Usage)> {
    if !input.is_object() {
        return Err(AwsError::validation("The record must have a modelInput that is a JSON object."));
    }
    if job.is_converse {
        let completion = reply(local, job, converse::parse(job.model, input)?).await?;
        let usage = completion.usage.clone();
        return Ok((converse::response_body(job.model, completion), usage));
    }
    let mut request = formats::parse(job.model, input.to_string().as_bytes())?;
    if let Some(body) = formats::response_body_without_text(&request, &local.world.ids) {
        return Ok((body, Usage { input: input_tokens(&request.prompt), ..Usage::default() }));
    }
    let completion = reply(local, job, std::mem::take(&mut request.prompt)).await?;
    let id = local.world.ids.uuid();
    let response = ProviderResponse {
        ids: &local.world.ids,
        now: local.world.clock.now(),
        request: &request,
        completion: &completion,
        id: &id,
    };
    Ok((formats::response_body(&response), completion.usage.clone()))
}

async fn reply(local: &Local, job: &OpenBatch, prompt: Prompt) -> AwsResult<Completion> {
    let operation = if job.is_converse { "Converse" } else { "InvokeModel" };
    let conversation = Conversation { operation, model_id: job.model_id.clone(), model: job.model, prompt };
    let reply = local.repliers.reply_without_queue(&conversation).await;
    Generation::from_reply(local, &job.region, &conversation, reply)?.whole().await?.into_unary()
}
