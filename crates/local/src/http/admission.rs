//! Admits requests by their host name.

use hyper::http::request::Parts;

use crate::local::Local;
use crate::wire::error::{AwsError, AwsResult};

/// Checks that the request has one of the server's host names, and that no page of another site sends it.
pub(crate) fn check_host(local: &Local, parts: &Parts) -> AwsResult<()> {
    local.hosts.check(parts).map_err(|reason| AwsError::new("AccessDeniedException", reason))
}
