//! The HTTP server. The way of a request:
//!
//! 1. `connections.rs` accepts its connection, and limits how many are open;
//! 2. `connection.rs` reads it, over HTTP/1 or HTTP/2, with `activity.rs` for the idle time and `socket.rs` for resets;
//! 3. `exchange.rs` takes it through the following steps;
//! 4. `admin/` responds to it, if it is for one of the routes under `/_local/`;
//! 5. `admission.rs` checks its host name;
//! 6. `body.rs` reads its body, unless it is a stream, which `client_stream.rs` keeps;
//! 7. `performing.rs` checks its sender, finds its region, and performs its operation;
//! 8. `responses.rs` turns the output or the error into a response, with `duplex.rs` if both sides are streams;
//! 9. `recording.rs` makes its entry for the journal;
//! 10. `sending.rs` sends the response.

mod activity;
pub(crate) mod admin;
mod admission;
mod body;
mod client_stream;
mod connection;
pub(crate) mod connections;
mod duplex;
mod exchange;
mod performing;
mod recording;
mod responses;
mod sending;
mod socket;
