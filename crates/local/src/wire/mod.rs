//! AWS's wire formats: the API description, and requests, outputs, errors and event streams as data.

pub(crate) mod constraints;
pub(crate) mod description;
pub(crate) mod error;
pub(crate) mod event_stream;
pub(crate) mod output;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod routing;
