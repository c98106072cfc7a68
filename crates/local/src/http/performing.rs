//! Performs the operation of a request, with the faults that apply to it.

use std::sync::Arc;

use bytes::Bytes;
use hyper::http::request::Parts;

use crate::auth;
use crate::auth::chain::SignatureChain;
use crate::faults::AppliedFaults;
use crate::http::client_stream::ClientStream;
use crate::http::responses;
use crate::local::Local;
use crate::operations;
use crate::repliers::playback;
use crate::wire::error::AwsResult;
use crate::wire::event_stream::Decoder;
use crate::wire::output::Output;
use crate::wire::request::Request;
use crate::wire::response::Response;
use crate::wire::routing::RouteMatch;

/// Performs a request. `stream` is its body if that is a stream; then `body` is empty.
pub(crate) async fn perform(
    local: &Arc<Local>,
    faults: &AppliedFaults,
    found: RouteMatch,
    parts: &Parts,
    body: Bytes,
    stream: Option<ClientStream>,
) -> AwsResult<Response> {
    if !faults.pause.is_zero() {
        tokio::time::sleep(faults.pause).await;
    }
    let signed_body = stream.is_none().then_some(&body[..]);
    let chain = auth::check(&local.settings.keys, parts, signed_body, local.world.clock.now())?;
    if let Some(error) = &faults.error {
        return Ok(responses::injected_failure(local, error));
    }
    let performed = perform_operation(local, faults, found, parts, body).await;
    if performed.is_err() {
        local.faults.give_back(faults, local.world.clock.now());
    }
    let (status, output) = performed?;
    let stream = stream.map(|stream| (stream, Decoder::new(chain.map(SignatureChain::into_check))));
    Ok(responses::success(local, status, output, stream))
}

/// Performs the operation, or plays it back. Returns the status and the output.
async fn perform_operation(
    local: &Arc<Local>,
    faults: &AppliedFaults,
    found: RouteMatch,
    parts: &Parts,
    body: Bytes,
) -> AwsResult<(u16, Output)> {
    let (service, operation) = (found.service, found.operation);
    let query = parts.uri.query().unwrap_or_default();
    if let Some(recorded) = play_back(local, &found, query, &body)? {
        local.faults.give_back(faults, local.world.clock.now());
        return Ok(recorded);
    }
    let request = Request::parse(found, query, &parts.headers, body, region(local, parts))?;
    let output = operations::perform(local, &request)
        .await?
        .checked(service, operation)?
        .unwrap_payload(service, operation);
    let output = local.faults.count_tokens(faults, &local.world, output);
    Ok((operation.http.response_code, faults.apply_to_output(&request, output)))
}

/// Returns the region that the request is signed for, or else the default region.
fn region(local: &Local, parts: &Parts) -> String {
    auth::region(parts).unwrap_or_else(|| local.settings.default_region.clone())
}

/// Returns the recorded response to the request, if there is one and no queued reply is for this request.
fn play_back(
    local: &Local,
    found: &RouteMatch,
    query: &str,
    body: &Bytes,
) -> AwsResult<Option<(u16, Output)>> {
    let has_queued_reply = local.repliers.has_queued() && playback::calls_a_model(&found.operation.name);
    match &local.settings.playback {
        Some(playback) if !has_queued_reply => playback.find_response(found, query, body),
        _ => Ok(None),
    }
}
