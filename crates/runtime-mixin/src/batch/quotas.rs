//! AWS's quotas for batch inference.

use serde::{Deserialize, Serialize};

/// AWS's quotas for batch inference jobs. They differ between models and accounts, and AWS changes them: Service Quotas has
/// yours. The defaults may differ from them.
///
/// ```
/// use bedrock_orm::BatchQuotas;
///
/// let quotas = BatchQuotas::default().max_records_per_job(10_000).max_jobs_in_flight(5);
/// assert_eq!(quotas.min_records_per_job, 100);
/// ```
///
/// Sources: [the names](https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html) (“Minimum number of
/// records per batch inference job”, “Records per input file per batch inference job”, “Records per batch inference job”,
/// “Batch inference input file size”), and [the values](https://docs.aws.amazon.com/general/latest/gr/bedrock.html#limits_bedrock),
/// with “Sum of in-progress and submitted batch inference jobs”.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BatchQuotas {
    /// The smallest number of records in a job. Fewer records are run directly. 100 by default.
    pub min_records_per_job: u64,
    /// The largest number of records in a job, which has one file. 50,000 by default.
    pub max_records_per_job: u64,
    /// The largest size of a file, in bytes. 1 GB by default.
    pub max_bytes_per_file: u64,
    /// How many jobs of the batch are submitted or in progress at once. 20 by default.
    pub max_jobs_in_flight: usize,
}

impl Default for BatchQuotas {
    fn default() -> Self {
        Self {
            min_records_per_job: 100,
            max_records_per_job: 50_000,
            max_bytes_per_file: 1_000_000_000,
            max_jobs_in_flight: 20,
        }
    }
}

impl BatchQuotas {
    /// Sets the smallest number of records in a job.
    #[must_use]
    pub fn min_records_per_job(mut self, records: u64) -> Self {
        self.min_records_per_job = records;
        self
    }

    /// Sets the largest number of records in a job.
    #[must_use]
    pub fn max_records_per_job(mut self, records: u64) -> Self {
        self.max_records_per_job = records;
        self
    }

    /// Sets the largest size of a file, in bytes.
    #[must_use]
    pub fn max_bytes_per_file(mut self, bytes: u64) -> Self {
        self.max_bytes_per_file = bytes;
        self
    }

    /// Sets how many jobs of the batch are submitted or in progress at once.
    #[must_use]
    pub fn max_jobs_in_flight(mut self, jobs: usize) -> Self {
        self.max_jobs_in_flight = jobs;
        self
    }
}
