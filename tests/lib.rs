//! What the tests share: the behaviours of the library, as functions over a session, and what supports the tests.
//!
//! A behaviour in [`behaviours`] holds on AWS as well as on a local Bedrock. `tests/local` runs all of them on a local
//! one, and `tests/live.rs` on AWS, when `BEDROCK_ORM_LIVE=1` asks for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests
#![allow(missing_docs)] // a behaviour's name says its rule

pub mod behaviours;
pub mod support;
