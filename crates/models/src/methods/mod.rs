//! The methods that people reach for, written by hand beside the generated types.

mod converse;
mod foundation_model;
pub(crate) mod message;
mod tool;
