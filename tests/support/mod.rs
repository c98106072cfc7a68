//! Test support.

pub mod description;
pub mod fake_server;
pub mod frames;
pub mod recordings;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use bedrock_orm::prelude::*;
use bedrock_orm_local::{LocalBedrock, RecordedRequest};
use serde_json::json;

/// A model that supports Converse and streaming on demand in many regions.
pub const MODEL: &str = "amazon.nova-lite-v1:0";
/// A model that requires an agreement and an inference profile.
pub const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
/// The inference profile of [`CLAUDE`] in the United States.
pub const CLAUDE_PROFILE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// A model that generates videos asynchronously.
pub const VIDEO_MODEL: &str = "luma.ray-v2:0";

/// Builds a session for a server on loopback, independent of the environment.
pub async fn session(url: &str) -> Session {
    Session::builder().local(url).max_attempts(1).build().await.unwrap()
}

/// Starts a local Bedrock and builds a session for it.
pub async fn local() -> (LocalBedrock, Session) {
    let local = LocalBedrock::start().await.unwrap();
    let session = session(local.url()).await;
    (local, session)
}

/// Returns a bound model with only its ID.
pub fn model(session: &Session, id: &str) -> Bound<FoundationModel> {
    FoundationModel::with_id(id).using(session)
}

/// Lets the server list this number of imported models, from `model-0` on.
pub fn seed_imported_models(local: &LocalBedrock, rows: usize) {
    let row = |number: usize| {
        json!({
            "modelArn": format!("arn:aws:bedrock:us-east-1:123456789012:imported-model/model000000{number}"),
            "modelName": format!("model-{number}"),
            "creationTime": "2026-01-01T00:00:00Z",
        })
    };
    local.seed("ListImportedModels", (0..rows).map(row)).unwrap();
}

/// Returns the request that the server received, and panics if it received none or several.
pub fn only_request(local: &LocalBedrock) -> RecordedRequest {
    let mut requests = local.requests();
    assert_eq!(requests.len(), 1, "{:?}", operations(local));
    requests.remove(0)
}

/// Returns the operation of a request.
pub fn operation_of(request: &RecordedRequest) -> String {
    request.operation.clone().unwrap_or_default()
}

/// Returns the operations of all requests in order.
pub fn operations(local: &LocalBedrock) -> Vec<String> {
    local.requests().into_iter().map(|request| request.operation.unwrap_or_default()).collect()
}

/// Prints once, directly to standard error, that tests are skipped and why. The test harness shows no output of tests
/// that pass.
pub fn report_skipped(why: &str) {
    static PRINTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if PRINTED.lock().unwrap_or_else(PoisonError::into_inner).insert(why.to_owned()) {
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
    }
}
