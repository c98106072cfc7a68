//! Waiting: what is borne, what ends it, and what it asks.

use std::time::Duration;

use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::fake_server::{Answer, FakeServer};
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

fn is(status: &str) -> Answer {
    Answer::json(&deployment(status))
}

fn throttled() -> Answer {
    Answer::error(429, "ThrottlingException", "Rate exceeded")
}

/// A deployment under way, on a server with these answers.
async fn under_way(answers: impl IntoIterator<Item = Answer>) -> (FakeServer, Bound<CustomModelDeployment>) {
    let server = FakeServer::start(answers).await;
    let there: CustomModelDeployment = serde_json::from_value(deployment("Creating")).unwrap();
    let bound = there.using(&session(server.url()).await);
    (server, bound)
}

#[tokio::test]
async fn a_wait_sends_nothing_before_it_is_awaited() {
    let (server, deployment) = under_way([is("Active")]).await;
    drop(deployment.wait());
    drop(deployment.watch());
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn what_is_ready_is_asked_for_once() {
    let (server, deployment) = under_way([is("Active")]).await;
    assert_eq!(deployment.wait().await.unwrap().status, "Active");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_watch_shows_each_change_once_and_ends() {
    let (server, deployment) =
        under_way([is("Creating"), is("Creating"), is("Creating"), is("Active")]).await;
    let mut changes = deployment.wait().interval(POLL).backoff(1.0).watch();
    assert_eq!(changes.next().await.unwrap().unwrap().status, "Creating");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(changes.next().await.unwrap().unwrap().status, "Active");
    assert!(changes.next().await.is_none());
    assert!(changes.next().await.is_none());
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn the_deadline_ends_a_wait_and_not_the_job() {
    let (server, deployment) = under_way([is("Creating")]).await;
    let error = deployment.wait().deadline(Duration::ZERO).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let message = "CustomModelDeployment arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefabcdef \
                   was not ready before the deadline";
    assert_eq!(error.message(), message);
    assert!(error.hint().unwrap().contains("goes on"), "{error}");
    assert_eq!(server.requests().len(), 1, "it is looked at before time is up");
}

#[tokio::test]
async fn what_may_pass_is_borne_five_times_in_a_row() {
    let mut answers = vec![is("Creating")];
    answers.extend((0..5).map(|_| throttled()));
    answers.push(is("Creating"));
    answers.extend((0..5).map(|_| throttled()));
    answers.push(is("Active"));
    let polls = answers.len();
    let (server, deployment) = under_way(answers).await;
    assert_eq!(deployment.wait().interval(POLL).backoff(1.0).await.unwrap().status, "Active");
    assert_eq!(server.requests().len(), polls);

    let (server, deployment) = under_way([throttled()]).await;
    let error = deployment.wait().interval(POLL).backoff(1.0).await.unwrap_err();
    assert!(error.is_throttled(), "{error}");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn what_does_not_pass_ends_a_wait_at_once() {
    let gone = Answer::error(404, "ResourceNotFoundException", "It is gone.");
    let (server, deployment) = under_way([is("Creating"), gone]).await;
    let mut changes = deployment.wait().interval(POLL).watch();
    assert_eq!(changes.next().await.unwrap().unwrap().status, "Creating");
    assert!(changes.next().await.unwrap().unwrap_err().is_does_not_exist());
    assert!(changes.next().await.is_none(), "an error is the end");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_failure_is_shown_and_then_an_error_with_aws_s_reasons() {
    let mut failed = deployment("Failed");
    let (_server, deployment) = under_way([Answer::json(&failed)]).await;
    let mut changes = deployment.watch();
    assert_eq!(changes.next().await.unwrap().unwrap().status, "Failed");
    let error = changes.next().await.unwrap().unwrap_err();
    assert!(
        error.is_failed() && error.message().ends_with("abcdefabcdef is Failed: AWS gives no reason"),
        "{error}"
    );
    assert!(changes.next().await.is_none());

    failed["failureMessage"] = json!("The bucket is empty.");
    let (_server, deployment) = under_way([Answer::json(&failed)]).await;
    let error = deployment.wait().await.unwrap_err();
    assert!(error.is_failed() && error.message().contains("The bucket is empty."), "{error}");
}

#[tokio::test]
async fn a_state_that_is_new_to_this_version_is_waited_through() {
    let (server, deployment) = under_way([is("Warming"), is("Active")]).await;
    assert_eq!(deployment.wait().interval(POLL).await.unwrap().status, "Active");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn every_limit_can_be_taken_away_and_none_panics_or_spins() {
    let until_active = || [is("Creating"), is("Creating"), is("Active")];
    let (_server, deployment) = under_way(until_active()).await;
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

    // An interval of nothing still pauses.
    let (server, deployment) = under_way([is("Creating")]).await;
    let wait = deployment.wait().interval(Duration::ZERO).backoff(1.0).deadline(Duration::from_millis(200));
    assert!(wait.await.unwrap_err().is_timeout());
    assert!(server.requests().len() <= 21, "{}", server.requests().len());

    // The longest ones there are end with the deadline.
    let (server, deployment) = under_way([is("Creating")]).await;
    let wait =
        deployment.wait().interval(Duration::MAX).longest_interval(Duration::MAX).backoff(f64::INFINITY);
    assert!(wait.deadline(Duration::from_millis(100)).await.unwrap_err().is_timeout());
    assert_eq!(server.requests().len(), 2);
}
