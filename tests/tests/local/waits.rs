//! Waits: which errors they tolerate, what ends them, and which requests they send.

use std::time::Duration;

use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::session;
use serde_json::{Value, json};

const POLL: Duration = Duration::from_millis(1);

fn deployment(status: &str) -> Value {
    json!({
        "customModelDeploymentArn": "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefabcdef",
        "modelDeploymentName": "some-name",
        "modelArn": "arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abcdefabcdef",
        "createdAt": "2026-01-01T00:00:00Z",
        "status": status,
    })
}

fn status_response(status: &str) -> FakeResponse {
    FakeResponse::json(&deployment(status))
}

fn throttled() -> FakeResponse {
    FakeResponse::error(429, "ThrottlingException", "Rate exceeded")
}

/// Starts a server with these responses, and returns a deployment that is being created.
async fn deployment_in_progress(
    answers: impl IntoIterator<Item = FakeResponse>,
) -> (FakeServer, Bound<CustomModelDeployment>) {
    let server = FakeServer::start(answers).await;
    let there: CustomModelDeployment = serde_json::from_value(deployment("Creating")).unwrap();
    let bound = there.using(&session(server.url()).await);
    (server, bound)
}

#[tokio::test]
async fn a_wait_sends_nothing_until_it_is_awaited() {
    let (server, deployment) = deployment_in_progress([status_response("Active")]).await;
    drop(deployment.wait());
    drop(deployment.watch());
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_ready_resource_is_polled_once() {
    let (server, deployment) = deployment_in_progress([status_response("Active")]).await;
    assert_eq!(deployment.wait().await.unwrap().status, "Active");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_watch_returns_each_change_once_and_ends() {
    let (server, deployment) = deployment_in_progress([
        status_response("Creating"),
        status_response("Creating"),
        status_response("Creating"),
        status_response("Active"),
    ])
    .await;
    let mut changes = deployment.wait().interval(POLL).backoff(1.0).watch();
    assert_eq!(changes.next().await.unwrap().unwrap().status, "Creating");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(changes.next().await.unwrap().unwrap().status, "Active");
    assert!(changes.next().await.is_none());
    assert!(changes.next().await.is_none());
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn the_deadline_ends_the_wait_but_not_the_job() {
    let (server, deployment) = deployment_in_progress([status_response("Creating")]).await;
    let error = deployment.wait().deadline(Duration::ZERO).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let message = "CustomModelDeployment arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefabcdef \
                   was not ready before the deadline";
    assert_eq!(error.message(), message);
    assert!(error.hint().unwrap().contains("continues"), "{error}");
    assert_eq!(server.requests().len(), 1, "it polls once before the deadline");
}

#[tokio::test]
async fn a_wait_tolerates_five_transient_errors_in_a_row() {
    let mut answers = vec![status_response("Creating")];
    answers.extend((0..5).map(|_| throttled()));
    answers.push(status_response("Creating"));
    answers.extend((0..5).map(|_| throttled()));
    answers.push(status_response("Active"));
    let polls = answers.len();
    let (server, deployment) = deployment_in_progress(answers).await;
    assert_eq!(deployment.wait().interval(POLL).backoff(1.0).await.unwrap().status, "Active");
    assert_eq!(server.requests().len(), polls);

    let (server, deployment) = deployment_in_progress([throttled()]).await;
    let error = deployment.wait().interval(POLL).backoff(1.0).await.unwrap_err();
    assert!(error.is_throttled(), "{error}");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn a_permanent_error_ends_a_wait() {
    let does_not_exist = FakeResponse::error(404, "ResourceNotFoundException", "It is gone.");
    let (server, deployment) = deployment_in_progress([status_response("Creating"), does_not_exist]).await;
    let mut changes = deployment.wait().interval(POLL).watch();
    assert_eq!(changes.next().await.unwrap().unwrap().status, "Creating");
    assert!(changes.next().await.unwrap().unwrap_err().is_does_not_exist());
    assert!(changes.next().await.is_none(), "an error ends the watch");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_watch_returns_the_failed_state_then_an_error_with_the_failure_reasons() {
    let mut failed = deployment("Failed");
    let (_server, deployment) = deployment_in_progress([FakeResponse::json(&failed)]).await;
    let mut changes = deployment.watch();
    assert_eq!(changes.next().await.unwrap().unwrap().status, "Failed");
    let error = changes.next().await.unwrap().unwrap_err();
    assert!(
        error.is_failed() && error.message().ends_with("abcdefabcdef is Failed: AWS gives no reason"),
        "{error}"
    );
    assert!(changes.next().await.is_none());

    failed["failureMessage"] = json!("The bucket is empty.");
    let (_server, deployment) = deployment_in_progress([FakeResponse::json(&failed)]).await;
    let error = deployment.wait().await.unwrap_err();
    assert!(error.is_failed() && error.message().contains("The bucket is empty."), "{error}");
}

#[tokio::test]
async fn a_wait_continues_in_an_unknown_state() {
    let (server, deployment) =
        deployment_in_progress([status_response("Warming"), status_response("Active")]).await;
    assert_eq!(deployment.wait().interval(POLL).await.unwrap().status, "Active");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn extreme_wait_settings_do_not_panic_or_loop_forever() {
    let until_active =
        || [status_response("Creating"), status_response("Creating"), status_response("Active")];
    let (_server, deployment) = deployment_in_progress(until_active()).await;
    let wait = || deployment.wait().interval(POLL);
    for limited in [
        wait().deadline(Duration::MAX),
        wait().deadline(Duration::ZERO).deadline(None),
        wait().longest_interval(None),
        wait().longest_interval(Duration::ZERO),
        wait().backoff(f64::NAN),
        wait().backoff(-1.0),
        wait().backoff(0.0),
        deployment.wait().interval(Duration::ZERO),
    ] {
        assert_eq!(limited.await.unwrap().status, "Active");
    }

    // A zero interval still pauses.
    let (server, deployment) = deployment_in_progress([status_response("Creating")]).await;
    let wait = deployment.wait().interval(Duration::ZERO).backoff(1.0).deadline(Duration::from_millis(200));
    assert!(wait.await.unwrap_err().is_timeout());
    assert!(server.requests().len() <= 21, "{}", server.requests().len());

    // The longest possible limits still end at the deadline.
    let (server, deployment) = deployment_in_progress([status_response("Creating")]).await;
    let wait =
        deployment.wait().interval(Duration::MAX).longest_interval(Duration::MAX).backoff(f64::INFINITY);
    assert!(wait.deadline(Duration::from_millis(100)).await.unwrap_err().is_timeout());
    assert_eq!(server.requests().len(), 2);
}
