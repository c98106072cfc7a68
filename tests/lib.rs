//! Code shared by the tests: behaviours of the library, as functions over a session, and test support.
//!
//! The behaviours in [`behaviours`] hold both on AWS and on a local Bedrock. `tests/local` runs all of them on a
//! local Bedrock. `tests/live.rs` runs them on AWS if `BEDROCK_ORM_LIVE=1` is set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests
#![allow(missing_docs)] // the name of a behaviour describes it

pub mod behaviours;
pub mod support;
