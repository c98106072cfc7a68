//! Asynchronous invocations: in progress for a while, then completed, by the server's clock.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::later;
use crate::error::{AwsError, AwsResult};
use crate::local::{ACCOUNT, Local};
use crate::model::prompt::items;
use crate::operations::pages::page;
use crate::request::Request;

const PAGE: usize = 100;

/// The jobs of a region, oldest first.
#[derive(Debug, Default)]
pub(crate) struct AsyncInvokes {
    jobs: Vec<Job>,
}

#[derive(Debug)]
struct Job {
    arn: String,
    model_arn: String,
    token: Option<String>,
    submitted: Timestamp,
    ends: Timestamp,
    output: Value,
    /// The request that started it, to know a repeated token's from another.
    input: Value,
}

impl AsyncInvokes {
    /// Whether this ARN is that of a job.
    pub(crate) fn has(&self, arn: &str) -> bool {
        self.jobs.iter().any(|job| job.arn == arn)
    }
}

impl Job {
    fn status(&self, now: Timestamp) -> &'static str {
        if now < self.ends { "InProgress" } else { "Completed" }
    }

    /// As both GetAsyncInvoke and ListAsyncInvokes give it.
    fn details(&self, now: Timestamp) -> Value {
        let status = self.status(now);
        let ended = status == "Completed";
        let mut details = json!({
            "invocationArn": self.arn,
            "modelArn": self.model_arn,
            "status": status,
            "submitTime": self.submitted.to_string(),
            "lastModifiedTime": if ended { self.ends } else { self.submitted }.to_string(),
            "outputDataConfig": self.output,
        });
        if let Some(token) = &self.token {
            details["clientRequestToken"] = json!(token);
        }
        if ended {
            details["endTime"] = json!(self.ends.to_string());
        }
        details
    }
}

pub(crate) fn start(local: &Local, request: &Request) -> AwsResult<Answer> {
    let model = local.catalogue.invoked(request.text("modelId"))?;
    if !model.invokes_asynchronously() || !request.input["modelInput"].is_object() {
        return Err(AwsError::validation("The provided request is not valid"));
    }
    let token = request.input["clientRequestToken"].as_str();
    let (region, now) = (&request.region, local.clock.now());
    let arn = local.state.with(region, |state| {
        let same_token = |job: &&Job| job.token.is_some() && job.token.as_deref() == token;
        if let Some(job) = state.async_invokes.jobs.iter().find(same_token) {
            if job.input == request.input {
                return Ok(job.arn.clone());
            }
            return Err(AwsError::conflict(
                "The clientRequestToken was used before with a different request. Use another token and try again.",
            ));
        }
        let job_id = local.ids.resource();
        let arn = format!("arn:aws:bedrock:{region}:{ACCOUNT}:async-invoke/{job_id}");
        state.async_invokes.jobs.push(Job {
            arn: arn.clone(),
            model_arn: model.arn(region),
            token: token.map(str::to_owned),
            submitted: now,
            ends: later(now, local.settings.async_invoke_duration),
            output: output(&request.input["outputDataConfig"], &job_id),
            input: request.input.clone(),
        });
        state.tags.add(&arn, items(&request.input["tags"]));
        Ok(arn)
    })?;
    Ok(Answer::Json(json!({ "invocationArn": arn })))
}

/// Each job writes into a folder of its own.
fn output(config: &Value, job_id: &str) -> Value {
    let mut output = config.clone();
    if let Some(uri) = config["s3OutputDataConfig"]["s3Uri"].as_str() {
        output["s3OutputDataConfig"]["s3Uri"] = json!(format!("{}/{job_id}", uri.trim_end_matches('/')));
    }
    output
}

pub(crate) fn get(local: &Local, request: &Request) -> AwsResult<Answer> {
    let (arn, now) = (request.text("invocationArn"), local.clock.now());
    let details = local.state.with(&request.region, |state| {
        state.async_invokes.jobs.iter().find(|job| job.arn == arn).map(|job| job.details(now))
    });
    // The operation knows no ResourceNotFoundException.
    let details = details.ok_or_else(|| AwsError::validation("The provided invocation ARN is invalid."))?;
    Ok(Answer::Json(details))
}

pub(crate) fn list(local: &Local, request: &Request) -> AwsResult<Answer> {
    let time = |member: &str| request.input[member].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    let (after, before) = (time("submitTimeAfter"), time("submitTimeBefore"));
    let status = request.input["statusEquals"].as_str();
    let now = local.clock.now();
    let matches = |job: &&Job| {
        status.is_none_or(|status| job.status(now) == status)
            && after.is_none_or(|after| job.submitted > after)
            && before.is_none_or(|before| job.submitted < before)
    };
    let mut jobs: Vec<_> = local.state.with(&request.region, |state| {
        state.async_invokes.jobs.iter().filter(matches).map(|job| job.details(now)).collect()
    });
    if request.text("sortOrder") != "Ascending" {
        jobs.reverse();
    }
    let page = page(local, request, jobs, PAGE)?;
    let mut answer = json!({ "asyncInvokeSummaries": page.items });
    page.set_token(&mut answer);
    Ok(Answer::Json(answer))
}
