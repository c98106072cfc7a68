//! What models and operations refuse of a prompt beyond its shapes.

pub(crate) mod converse;
pub(crate) mod media;
pub(crate) mod prompt;
