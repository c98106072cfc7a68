//! What a batch has written and started, as a file in its folder.

use bedrock_orm_models::{ModelInvocationType, Tag, VpcConfig};
use serde::{Deserialize, Serialize};

use crate::batch::quotas::BatchQuotas;

/// The name of the file.
pub(crate) const MANIFEST: &str = "batch.json";

/// The statuses in which a job has ended without processing all records.
const FAILED: [&str; 3] = ["Failed", "Stopped", "Expired"];

/// The state of a batch. Whoever has its folder can continue it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    /// Makes the names and idempotency tokens of the jobs unique.
    pub(crate) id: String,
    pub(crate) model_id: String,
    /// `None` until the first record is known.
    pub(crate) invocation_type: Option<ModelInvocationType>,
    pub(crate) settings: Settings,
    /// The first attempt has all records, each further one those that failed before.
    pub(crate) attempts: Vec<Attempt>,
}

/// The settings of a batch and its jobs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) role_arn: Option<String>,
    pub(crate) timeout_duration_in_hours: Option<i32>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) vpc_config: Option<VpcConfig>,
    pub(crate) s3_encryption_key_id: Option<String>,
    pub(crate) quotas: BatchQuotas,
    /// Whether no jobs are used.
    pub(crate) directly: bool,
    /// How many requests are sent at once for records that are run directly.
    pub(crate) concurrency: usize,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attempt {
    /// Whether all of its files are written.
    pub(crate) is_complete: bool,
    pub(crate) parts: Vec<Part>,
}

/// A file of records, which one job processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Part {
    pub(crate) records: u64,
    /// The CRC-32 of the file.
    pub(crate) checksum: u32,
    /// `None` before the job is created, and for a part that is run directly.
    pub(crate) job_arn: Option<String>,
    /// The last status of the job, after its end.
    pub(crate) ended_as: Option<String>,
    /// AWS's reason for a failure of the job.
    pub(crate) message: Option<String>,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
}

/// The position of a part: its attempt, and its number in the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartId {
    pub(crate) attempt: usize,
    pub(crate) number: usize,
}

impl PartId {
    fn file_name(self) -> String {
        format!("{}-{:05}.jsonl", self.attempt, self.number)
    }

    /// Returns the name of the input file in the batch's folder.
    pub(crate) fn input_name(self) -> String {
        format!("in/{}", self.file_name())
    }

    /// Returns the name of the output file in the batch's folder. A job writes into a folder with its ID.
    ///
    /// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html>
    pub(crate) fn output_name(self, part: &Part) -> String {
        let job_id = part.job_arn.as_deref().and_then(|arn| arn.rsplit('/').next());
        format!("out/{}/{}.out", job_id.unwrap_or("direct"), self.file_name())
    }
}

impl Part {
    pub(crate) fn has_ended(&self) -> bool {
        self.ended_as.is_some()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.job_arn.is_some() && !self.has_ended()
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.ended_as.as_deref().is_some_and(|status| FAILED.contains(&status))
    }
}

impl Manifest {
    /// Returns all parts with their positions.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (PartId, &Part)> {
        self.attempts.iter().enumerate().flat_map(|(attempt, it)| {
            it.parts.iter().enumerate().map(move |(number, part)| (PartId { attempt, number }, part))
        })
    }

    pub(crate) fn part(&self, id: PartId) -> Option<&Part> {
        self.attempts.get(id.attempt)?.parts.get(id.number)
    }

    pub(crate) fn part_mut(&mut self, id: PartId) -> Option<&mut Part> {
        self.attempts.get_mut(id.attempt)?.parts.get_mut(id.number)
    }

    /// Returns whether a part is run without a job.
    pub(crate) fn is_direct(&self, part: &Part) -> bool {
        part.job_arn.is_none()
            && (self.settings.directly || part.records < self.settings.quotas.min_records_per_job)
    }

    /// Returns the name of a part's job, which is unique.
    pub(crate) fn job_name(&self, id: PartId) -> String {
        format!("{}-{}-{}-{}", self.settings.name, self.id, id.attempt, id.number)
    }
}
