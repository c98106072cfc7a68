//! A local Amazon Bedrock.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod answer;
mod catalogue;
mod clock;
mod constraints;
mod description;
mod error;
mod event_stream;
mod guardrails;
mod ids;
mod journal;
mod local;
mod local_bedrock;
mod makers;
mod model;
mod operations;
mod reply;
mod request;
mod routing;
mod server;
mod state;

pub use journal::RecordedRequest;
pub use local_bedrock::{LocalBedrock, LocalBedrockBuilder};
pub use reply::Reply;
