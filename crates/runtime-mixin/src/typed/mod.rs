//! Typed replies: a reply as a Rust type, by the form that the model takes.

pub(crate) mod form;
mod misfit;
mod reading;
pub(crate) mod reply;
mod schema;
pub(crate) mod sending;
