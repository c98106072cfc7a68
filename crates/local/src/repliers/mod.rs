//! Where a model's replies come from: a queue, recorded exchanges, and repliers.

pub(crate) mod chain;
pub(crate) mod conversation;
pub(crate) mod playback;
pub(crate) mod replier;
pub(crate) mod script;
pub(crate) mod upstream;
