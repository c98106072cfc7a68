//! The model behind every operation: what it is told, and what it says.

pub(crate) mod cache;
pub(crate) mod citations;
pub(crate) mod completion;
pub(crate) mod echo;
pub(crate) mod names;
pub(crate) mod piece;
pub(crate) mod prompt;
pub(crate) mod provider_fields;
pub(crate) mod reply;
pub(crate) mod reply_form;
pub(crate) mod sample;
pub(crate) mod server_tools;
pub(crate) mod speech;
pub(crate) mod tokens;
pub(crate) mod tools;
