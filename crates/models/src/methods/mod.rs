//! Constructors and accessors, written by hand for the generated types.

mod async_invoke;
pub(crate) mod caching;
mod converse;
mod count_tokens;
mod foundation_model;
pub(crate) mod guardrail;
pub(crate) mod guardrail_report;
pub(crate) mod message;
mod tag;
mod tool;
