//! Upstreams: models behind an OpenAI-compatible server.
//!
//! `replier.rs` is the replier; `client.rs` sends its requests. `chat_request.rs` writes a conversation as a chat
//! completion request; `chat_response.rs` and `chat_stream.rs` read the response.

mod chat_request;
mod chat_response;
mod chat_stream;
mod client;
mod replier;
mod tool_call_ids;

pub use replier::Upstream;
