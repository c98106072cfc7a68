//! The model behind every operation: what it is told, and what it says.

pub(crate) mod cache;
pub(crate) mod completion;
pub(crate) mod echo;
pub(crate) mod generation;
pub(crate) mod piece;
pub(crate) mod prompt;
pub(crate) mod sample;
pub(crate) mod speech;
pub(crate) mod tokens;
pub(crate) mod tools;
