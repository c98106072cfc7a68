//! Tests of what reads and writes files, on a local Bedrock whose S3 is a folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod async_output;
mod batches;
mod killed;
mod world;
