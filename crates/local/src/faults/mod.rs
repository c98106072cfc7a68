//! Faults: failures that a test asks for.
//!
//! - `effect.rs`: what a fault does;
//! - `fault.rs`: one fault, as a test writes it in Rust or JSON;
//! - `plan.rs`: the faults of a server, and which of them apply to a request;
//! - `quota.rs`: what is left of a quota;
//! - `applied.rs`: the faults that apply to one request, and the error or the output that they give it;
//! - `unknown_members.rs`: adds what the description does not have to an output;
//! - `pages.rs`: changes the pages of lists;
//! - `damage.rs`: changes and interrupts the bytes of a response.

mod applied;
mod damage;
mod effect;
mod fault;
mod pages;
mod plan;
mod quota;
mod unknown_members;

pub(crate) use applied::{AppliedFaults, InjectedError};
pub use effect::At;
pub use fault::Fault;
pub use plan::PlannedFault;
pub(crate) use plan::{FaultTarget, Faults};
