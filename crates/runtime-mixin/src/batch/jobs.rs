//! The jobs of a batch: how they are started and followed.

use bedrock_orm_core::{Error, ErrorKind, Result};
use bedrock_orm_managers::Objects;
use bedrock_orm_managers::lookups::TextLookups;
use bedrock_orm_managers::resources::{HasStatus, Progress};
use bedrock_orm_models::{
    CreateModelInvocationJobRequest, ModelInvocationJob, ModelInvocationJobInputDataConfig,
    ModelInvocationJobOutputDataConfig, ModelInvocationJobS3InputDataConfig,
    ModelInvocationJobS3OutputDataConfig, S3InputFormat,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use crate::batch::manifest::{Manifest, Part, PartId};
use crate::batch::state::BatchState;

/// How many jobs are asked for their state at once.
const POLLS_AT_ONCE: usize = 8;

/// Starts the jobs of the files that wait for one, as many as the quota allows.
pub(crate) async fn start_waiting(state: &BatchState) -> Result<()> {
    while let Some(id) = state.read(next_to_start) {
        match start(state, id).await {
            Ok(job_arn) => {
                state.change(|manifest| {
                    if let Some(part) = manifest.part_mut(id) {
                        part.job_arn = Some(job_arn);
                    }
                });
                state.save().await?;
            }
            // The account's other jobs use up the quota: the rest starts when some of these have ended.
            Err(error) if is_about_a_quota(&error) && state.read(running) > 0 => {
                tracing::warn!(target: "bedrock_orm", %error, "a job of the batch waits for others to end");
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn is_about_a_quota(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ServiceQuotaExceeded | ErrorKind::Throttled)
}

fn running(manifest: &Manifest) -> usize {
    manifest.parts().filter(|(_, part)| part.is_running()).count()
}

fn next_to_start(manifest: &Manifest) -> Option<PartId> {
    if running(manifest) >= manifest.settings.quotas.max_jobs_in_flight.max(1) {
        return None;
    }
    let waits = |part: &Part| part.job_arn.is_none() && !part.has_ended() && !manifest.is_direct(part);
    manifest.parts().find(|(_, part)| waits(part)).map(|(id, _)| id)
}

/// Starts the job of a part and returns its ARN. Starting it again returns the same job.
async fn start(state: &BatchState, id: PartId) -> Result<String> {
    let request = state.read(|manifest| request(manifest, id, state))?;
    let name = request.job_name.clone();
    let jobs = ModelInvocationJob::objects().using(&state.session);
    match jobs.create(request).await {
        Ok(made) => Ok(made.job_arn.clone()),
        // The job was started earlier, and its token is forgotten.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            let made = jobs.filter(ModelInvocationJob::JOB_NAME.eq(name)).first().await?;
            made.map(|job| job.job_arn.clone()).ok_or(error)
        }
        Err(error) => Err(error),
    }
}

fn request(manifest: &Manifest, id: PartId, state: &BatchState) -> Result<CreateModelInvocationJobRequest> {
    let settings = &manifest.settings;
    let role_arn = settings.role_arn.as_deref().ok_or_else(|| {
        let message = "the batch has no role for its jobs";
        Error::invalid_input("CreateModelInvocationJob", message).with_hint(
            "set one with `role`: an IAM role that Bedrock can assume, with access to the batch's folder",
        )
    })?;
    let input = ModelInvocationJobS3InputDataConfig::new(state.folder.uri_of(&id.input_name()))
        .s3_input_format(S3InputFormat::Jsonl);
    let mut output = ModelInvocationJobS3OutputDataConfig::new(state.folder.uri_of("out/"));
    output.s3_encryption_key_id.clone_from(&settings.s3_encryption_key_id);
    let mut request = CreateModelInvocationJobRequest::new(
        manifest.job_name(id),
        role_arn,
        manifest.model_id.as_str(),
        ModelInvocationJobInputDataConfig::S3InputDataConfig(input),
        ModelInvocationJobOutputDataConfig::S3OutputDataConfig(output),
    )
    .client_request_token(manifest.job_name(id));
    request.vpc_config.clone_from(&settings.vpc_config);
    request.timeout_duration_in_hours = settings.timeout_duration_in_hours;
    request.tags = (!settings.tags.is_empty()).then(|| settings.tags.clone());
    request.model_invocation_type.clone_from(&manifest.invocation_type);
    Ok(request)
}

/// Notes the counts and the ends of the jobs that run.
pub(crate) async fn refresh(state: &BatchState) -> Result<()> {
    let running: Vec<_> = state.read(|manifest| {
        let running = manifest.parts().filter(|(_, part)| part.is_running());
        running.map(|(id, part)| (id, part.clone())).collect()
    });
    let mut polls = stream::iter(running)
        .map(|(id, part)| async move { Ok::<_, Error>((id, current(state, part).await?)) })
        .buffer_unordered(POLLS_AT_ONCE);
    let mut has_ended = false;
    while let Some((id, current)) = polls.try_next().await? {
        has_ended |= current.has_ended();
        state.change(|manifest| {
            if let Some(part) = manifest.part_mut(id) {
                *part = current;
            }
        });
    }
    if has_ended { state.save().await } else { Ok(()) }
}

/// Returns the part with the current state of its job.
async fn current(state: &BatchState, mut part: Part) -> Result<Part> {
    let jobs = ModelInvocationJob::objects().using(&state.session);
    let job = jobs.get(part.job_arn.clone().unwrap_or_default()).await?;
    let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
    part.succeeded = count(job.success_record_count).unwrap_or(part.succeeded);
    part.failed = count(job.error_record_count).unwrap_or(part.failed);
    if job.is_ready() || job.is_failed() {
        part.ended_as = Some(job.status_text().to_owned());
        part.message.clone_from(&job.message);
        if job.success_record_count.is_none() {
            part.succeeded = counted_by_manifest(state, &part).await?.unwrap_or_default();
        }
        // What was not processed has failed, too.
        part.succeeded = part.succeeded.min(part.records);
        part.failed = part.records - part.succeeded;
    }
    Ok(part)
}

/// Returns how many records succeeded, as the manifest beside the job's output says.
async fn counted_by_manifest(state: &BatchState, part: &Part) -> Result<Option<u64>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Counts {
        success_record_count: u64,
    }
    let job_id = part.job_arn.as_deref().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
    let content = state.folder.read(&format!("out/{job_id}/manifest.json.out")).await?;
    let counts = content.and_then(|content| serde_json::from_slice::<Counts>(&content).ok());
    Ok(counts.map(|counts| counts.success_record_count))
}

/// Stops all jobs that run.
pub(crate) async fn stop(state: &BatchState) -> Result<()> {
    let jobs = ModelInvocationJob::objects().using(&state.session);
    let running: Vec<_> = state.read(|manifest| {
        manifest
            .parts()
            .filter(|(_, part)| part.is_running())
            .filter_map(|(_, part)| part.job_arn.clone())
            .collect()
    });
    for job_arn in running {
        match jobs.stop(job_arn).await {
            // It has ended by itself.
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            stopped => stopped?,
        }
    }
    Ok(())
}
