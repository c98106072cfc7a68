//! Checks of prompts beyond their shapes: AWS's rules for models and operations.

mod cache_points;
pub(crate) mod converse;
pub(crate) mod media;
pub(crate) mod prompt;
pub(crate) mod refusal;
mod tools;
