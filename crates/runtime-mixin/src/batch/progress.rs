//! How far a batch is.

use crate::batch::manifest::Manifest;

/// How far a batch is. The counts of records come from AWS's jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchProgress {
    /// How many records the batch has.
    pub records: u64,
    /// How many have a result: a reply or an error.
    pub processed: u64,
    /// How many have a reply.
    pub succeeded: u64,
    /// How many failed in their last attempt.
    pub failed: u64,
    /// How many of the records, retries included, are too few for a job and run directly.
    pub direct: u64,
    /// How many jobs were started.
    pub jobs: u64,
    /// How many files there are: one for each job, and those that are run directly.
    pub files: u64,
    /// How many files are finished.
    pub finished_files: u64,
}

impl BatchProgress {
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let last = manifest.attempts.len().saturating_sub(1);
        let mut progress = Self::default();
        for (id, part) in manifest.parts() {
            progress.files += 1;
            progress.finished_files += u64::from(part.has_ended());
            progress.jobs += u64::from(part.job_arn.is_some());
            progress.succeeded += part.succeeded;
            if id.attempt == 0 {
                progress.records += part.records;
            }
            if id.attempt == last {
                progress.failed += part.failed;
            }
            if manifest.is_direct(part) {
                progress.direct += part.records;
            }
        }
        progress.processed = progress.succeeded + progress.failed;
        progress
    }

    /// Returns whether nothing is left to wait for.
    pub fn is_finished(&self) -> bool {
        self.finished_files == self.files
    }

    /// Returns the share of the records that is processed: 0 to 1.
    #[allow(clippy::cast_precision_loss, reason = "a share needs no more")]
    pub fn fraction(&self) -> f64 {
        if self.records == 0 { 1.0 } else { self.processed as f64 / self.records as f64 }
    }
}
