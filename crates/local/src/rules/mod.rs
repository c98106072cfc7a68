//! Checks of prompts beyond their shapes: AWS's rules for models and operations.

pub(crate) mod converse;
pub(crate) mod media;
pub(crate) mod prompt;
