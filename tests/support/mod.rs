//! What the tests stand on.

pub mod description;
pub mod fake_server;
pub mod frames;
pub mod recordings;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use bedrock_orm::prelude::*;
use bedrock_orm_local::{LocalBedrock, RecordedRequest};

/// Converses and streams, on demand, in many regions.
pub const MODEL: &str = "amazon.nova-lite-v1:0";
/// Wants an agreement, and an inference profile.
pub const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
/// The inference profile that leads to it from the United States.
pub const CLAUDE_PROFILE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// Makes videos, asynchronously.
pub const REEL: &str = "luma.ray-v2:0";

/// A session for a server on loopback, which takes nothing from the environment that matters.
pub async fn session(url: &str) -> Session {
    Session::builder()
        .region("us-east-1")
        .endpoint_url(url)
        .access_key("test", "test")
        .max_attempts(1)
        .build()
        .await
        .unwrap()
}

/// A fresh local Bedrock, and a session for it.
pub async fn local() -> (LocalBedrock, Session) {
    let local = LocalBedrock::start().await.unwrap();
    let session = session(local.url()).await;
    (local, session)
}

/// A model of which only the ID is known, bound.
pub fn model(session: &Session, id: &str) -> Bound<FoundationModel> {
    FoundationModel::with_id(id).using(session)
}

/// The one request that came.
pub fn only_request(local: &LocalBedrock) -> RecordedRequest {
    let mut requests = local.requests();
    assert_eq!(requests.len(), 1, "{:?}", operations(local));
    requests.remove(0)
}

/// The operation that a request asks for.
pub fn operation_of(request: &RecordedRequest) -> String {
    request.operation.clone().unwrap_or_default()
}

/// The names of the operations that were asked for, in their order.
pub fn operations(local: &LocalBedrock) -> Vec<String> {
    local.requests().into_iter().map(|request| request.operation.unwrap_or_default()).collect()
}

/// Says once what is skipped and why, past the harness, which shows nothing of a test that passes.
pub fn skipped(why: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(why.to_owned()) {
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
    }
}
