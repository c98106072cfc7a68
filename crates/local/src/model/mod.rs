//! The model behind every operation: prompts, replies, and the default reply.

pub(crate) mod cache;
pub(crate) mod citations;
pub(crate) mod completion;
pub(crate) mod echo;
pub(crate) mod names;
pub(crate) mod prompt;
pub(crate) mod provider_fields;
pub(crate) mod reply;
pub(crate) mod reply_event;
pub(crate) mod reply_json;
pub(crate) mod sample;
pub(crate) mod server_tools;
pub(crate) mod speech;
pub(crate) mod tokens;
pub(crate) mod tools;
