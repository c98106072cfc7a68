//! Batches: a model's replies to many prompts, by AWS's batch inference jobs.

mod builder;
mod direct;
mod input;
mod jobs;
mod line;
mod manifest;
mod progress;
mod quotas;
mod record;
mod results;
mod run;
mod state;
mod wait;
mod writer;

pub use builder::Batch;
pub use input::BatchInput;
pub use progress::BatchProgress;
pub use quotas::BatchQuotas;
pub use record::{BatchRecord, RecordError};
pub use results::BatchResults;
pub use run::BatchRun;
pub use wait::{BatchWait, BatchWatch};
