//! The HTTP server: connections, requests on their way in, responses on their way out.

mod activity;
pub(crate) mod admin;
mod connection;
pub(crate) mod connections;
mod duplex;
mod responding;
mod server;
mod socket;
