//! The methods that people reach for, written by hand beside the generated types.

mod async_invoke;
mod converse;
mod count_tokens;
mod foundation_model;
pub(crate) mod guardrail;
pub(crate) mod message;
mod tag;
mod tool;
