//! One request and its response: each step of a request's way, in order.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::http::request::Parts;

use crate::faults::{AppliedFaults, At, FaultTarget};
use crate::http::body::{Body, read_body};
use crate::http::client_stream::{self, ClientStream};
use crate::http::{admin, admission, performing, recording, responses, sending};
use crate::local::Local;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::response::Response;
use crate::wire::routing::RouteMatch;

/// Responds to a request. An error ends its connection; `reset` makes that a reset.
pub(crate) async fn respond(
    local: &Arc<Local>,
    reset: Arc<AtomicBool>,
    request: hyper::Request<Incoming>,
) -> io::Result<hyper::Response<Body>> {
    if admin::is_admin_path(request.uri().path()) {
        return Ok(admin::respond(local, request).await);
    }
    let (parts, body) = request.into_parts();
    let found = local.router.find(parts.method.as_str(), parts.uri.path());
    let operation = found.as_ref().map(|found| found.operation.name.as_str());
    let Handled { body, stream, faults, response } = handle(local, &parts, found, body).await;
    let response = response.unwrap_or_else(|error| responses::failure(local, &error));
    let response = faults.apply_to_response(response);
    let mut stall = client_stream::stall(stream);
    if let Some((interruption, At::BeforeHeaders)) = faults.interruption() {
        tracing::info!(operation, method = %parts.method, path = parts.uri.path(), "a fault withheld the response");
        local.journal.record(recording::entry(local, operation, &parts, body, &faults, None));
        interruption.end(&reset, &mut stall).await?;
        return Err(io::Error::other("a fault withheld the response"));
    }
    let status = response.status.as_u16();
    tracing::info!(operation, method = %parts.method, path = parts.uri.path(), status);
    let entry = recording::entry(local, operation, &parts, body, &faults, Some(&response));
    let id = local.journal.record(entry);
    Ok(sending::send(response, local, id, &faults, reset, stall))
}

/// A request that has been handled.
struct Handled {
    /// The request's body, as far as it was read.
    body: Bytes,
    /// The request's body, if it is a stream. Then `body` is empty.
    stream: Option<ClientStream>,
    faults: AppliedFaults,
    response: AwsResult<Response>,
}

impl Handled {
    /// A request that was refused before its body was read.
    fn unread(error: AwsError) -> Self {
        Self { body: Bytes::new(), stream: None, faults: AppliedFaults::default(), response: Err(error) }
    }
}

async fn handle(local: &Arc<Local>, parts: &Parts, found: Option<RouteMatch>, incoming: Incoming) -> Handled {
    if let Err(error) = admission::check_host(local, parts) {
        return Handled::unread(error);
    }
    let Some(found) = found else {
        let message = "The requested operation is not recognized.";
        return Handled::unread(AwsError::new("UnknownOperationException", message));
    };
    let (body, stream) = match found.operation.has_streaming_input(found.service) {
        // A client that sends a stream expects the response before its stream ends.
        true => (Bytes::new(), Some(ClientStream::new(incoming))),
        false => match read_body(incoming).await {
            Ok(body) => (body, None),
            Err(error) => return Handled::unread(error),
        },
    };
    let faults = faults_for(local, &found, &body);
    let response = performing::perform(local, &faults, found, parts, body.clone(), stream.clone()).await;
    Handled { body, stream, faults, response }
}

fn faults_for(local: &Local, found: &RouteMatch, body: &Bytes) -> AppliedFaults {
    let model_max_tokens = || local.world.catalogue.named_by(found.model()?)?.accepted.limits.output_tokens;
    local.faults.for_request(&FaultTarget {
        model_max_tokens: &model_max_tokens,
        service: found.service,
        operation: found.operation,
        model_in_path: found.model(),
        body,
        now: local.world.clock.now(),
    })
}
