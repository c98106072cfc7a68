//! Failure on demand: what production will show, when a test asks for it.
//!
//! - `fault.rs` is one fault as a test tells it, in Rust or in JSON;
//! - `plan.rs` decides which fault strikes which request;
//! - `quota.rs` counts what a quota has left;
//! - `strange.rs` puts into an answer what no description knows;
//! - `pages.rs` spoils the pages of lists;
//! - `wire.rs` damages the bytes.

mod fault;
mod pages;
mod plan;
mod quota;
mod strange;
mod wire;

pub use fault::{At, Fault};
pub use plan::PlannedFault;
pub(crate) use plan::{Faults, Refusal, Strike, Target};
