//! Checks a request's host name and its sender, and finds its region.

use hyper::http::request::Parts;

use crate::auth;
use crate::auth::chain::SignatureChain;
use crate::local::Local;
use crate::wire::error::{AwsError, AwsResult};

/// Checks that the request has one of the server's host names, and that no page of another site sends it.
pub(crate) fn check_host(local: &Local, parts: &Parts) -> AwsResult<()> {
    local.hosts.check(parts).map_err(|reason| AwsError::new("AccessDeniedException", reason))
}

/// Checks the sender's signature or API key, if the server has keys. Without a body, the request is a stream. Returns the
/// chain of the signatures of its events.
pub(crate) fn check_sender(
    local: &Local,
    parts: &Parts,
    body: Option<&[u8]>,
) -> AwsResult<Option<SignatureChain>> {
    auth::check(&local.settings.keys, parts, body, local.world.clock.now())
}

/// The region that the request is signed for, or else the default region.
pub(crate) fn region(local: &Local, parts: &Parts) -> String {
    auth::region(parts).unwrap_or_else(|| local.settings.default_region.clone())
}
