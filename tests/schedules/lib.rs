//! The modules of the library whose state tasks share, built with shuttle's tokio in place of the real one, and scenarios
//! for them. `tests.rs` runs each scenario under many schedules.
//!
//! The modules are the library's own files: nothing in them knows of shuttle. Their locks of `std` are held only between
//! two points at which shuttle switches tasks.
#![cfg(not(test))] // the modules' own tests need the real tokio
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

extern crate shuttle_tokio as tokio;

// What the modules expect of their own crates.
pub use bedrock_orm_core::{Error, ErrorKind};
pub use bedrock_orm_managers::resources;

#[allow(dead_code, unreachable_pub, missing_docs)] // used in part
#[path = "../../crates/runtime-mixin/src/model_id/cells.rs"]
mod cells;
#[allow(dead_code, unreachable_pub, missing_docs)] // used in part
#[path = "../../crates/managers/src/concurrency.rs"]
mod concurrency;
#[allow(dead_code, unreachable_pub, missing_docs)] // used in part
#[path = "../../crates/core/src/limiter/mod.rs"]
mod limiter;

pub mod scenarios;
