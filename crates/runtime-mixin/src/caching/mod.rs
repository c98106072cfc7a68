//! Prompt caching: where cache points go in a request, which of them the model takes, and what came of it.

mod accepted;
mod memory;
mod placement;
pub(crate) mod point;
pub(crate) mod policy;
pub(crate) mod report;
pub(crate) mod sending;
