//! The default session: loaded from the environment once, on first use.
//!
//! The environment belongs to a process, so each test runs in one of its own: this program again, for that test alone,
//! with the variables that it is about.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::process::Stdio;

use bedrock_orm::prelude::*;
use bedrock_orm_local::LocalBedrock;
use bedrock_orm_tests::support::{MODEL, operations, session};
use tokio::process::Command;

/// Set in a process of a test's own: the address of its local Bedrock.
const CHILD: &str = "BEDROCK_ORM_TEST_CHILD";

/// The local Bedrock's address, in a test's own process.
fn child() -> Option<String> {
    std::env::var(CHILD).ok()
}

/// Runs that test again in a process with these variables and no other of AWS's.
async fn run_again(test: &str, local: &LocalBedrock, variables: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, local.url())
        // No file, profile or machine of the developer's is asked.
        .env("AWS_CONFIG_FILE", "/nonexistent/config")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_MAX_ATTEMPTS", "1")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];

#[tokio::test(flavor = "multi_thread")]
async fn managers_use_the_environment_s_session_unless_told_otherwise() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let [id, secret] = CREDENTIALS;
        let variables = [id, secret, ("AWS_REGION", "eu-central-1"), ("AWS_ENDPOINT_URL", local.url())];
        run_again("managers_use_the_environment_s_session_unless_told_otherwise", &local, &variables).await;
        assert_eq!(operations(&local), ["GetFoundationModel", "ListFoundationModels", "GetFoundationModel"]);
        for request in local.requests() {
            let authorization = request.header("authorization").unwrap();
            assert!(authorization.contains("/eu-central-1/bedrock/"), "{authorization}");
        }
        return;
    }
    let model = FoundationModel::objects().get(MODEL).await.unwrap();
    assert_eq!(model.session().region(), "eu-central-1");
    assert_eq!(model.model_arn, format!("arn:aws:bedrock:eu-central-1::foundation-model/{MODEL}"));
    assert!(FoundationModel::objects().list().exists().await.unwrap());
    let default = Session::default_session().await.unwrap();
    FoundationModel::objects().using(&default).get(MODEL).await.unwrap();
    let late = session(&child().unwrap()).await.set_default().unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Configuration, "{late}");
    assert!(late.hint().unwrap().contains("set_default"), "{late}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_session_that_was_set_is_used_in_place_of_the_environment_s() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let name = "a_default_session_that_was_set_is_used_in_place_of_the_environment_s";
        run_again(name, &local, &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]).await;
        assert_eq!(operations(&local), ["GetFoundationModel"]);
        return;
    }
    session(&child().unwrap()).await.set_default().unwrap();
    assert_eq!(FoundationModel::objects().get(MODEL).await.unwrap().session().region(), "us-east-1");
    assert!(session(&child().unwrap()).await.set_default().is_err(), "it is set once");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_region_there_is_no_session_and_the_error_says_how_to_set_one() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let name = "without_a_region_there_is_no_session_and_the_error_says_how_to_set_one";
        run_again(name, &local, &CREDENTIALS).await;
        assert_eq!(local.requests(), []);
        return;
    }
    for _ in 0..2 {
        let error = FoundationModel::objects().get(MODEL).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(error.message().contains("region"), "{error}");
        for way in ["AWS_REGION", "profile", "Session::builder()"] {
            assert!(error.hint().unwrap().contains(way), "{error}");
        }
    }
    assert_eq!(Session::from_env().await.unwrap_err().kind(), ErrorKind::Configuration);
    let set = Session::builder().region("eu-west-1").build().await.unwrap();
    assert_eq!(set.region(), "eu-west-1", "a region in the code is enough");
    // A failure is not remembered.
    session(&child().unwrap()).await.set_default().unwrap();
    Session::default_session().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_a_call_fails_and_the_error_says_how_to_get_some() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let name = "without_credentials_a_call_fails_and_the_error_says_how_to_get_some";
        run_again(name, &local, &[("AWS_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", local.url())]).await;
        assert_eq!(local.requests(), []);
        return;
    }
    let error = FoundationModel::objects().get(MODEL).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    for way in ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK"] {
        assert!(error.hint().unwrap().contains(way), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_key_of_bedrock_s_is_enough() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let variables = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", local.url()),
            ("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-1"),
        ];
        run_again("a_bearer_key_of_bedrock_s_is_enough", &local, &variables).await;
        let requests = local.requests();
        assert_eq!(operations(&local), ["Converse"]);
        assert_eq!(requests[0].header("authorization"), Some("Bearer bedrock-api-key-1"));
        return;
    }
    let session = Session::default_session().await.unwrap();
    let model = FoundationModel::with_id(MODEL).using(&session);
    assert!(!model.converse("Hello").await.unwrap().text().is_empty());
    assert!(!format!("{session:?}").contains("bedrock-api-key-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_the_code_comes_before_the_environment_s_bearer_key() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let name = "a_key_in_the_code_comes_before_the_environment_s_bearer_key";
        run_again(name, &local, &[("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-1")]).await;
        let authorization = local.requests()[0].header("authorization").unwrap().to_owned();
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=test/"), "{authorization}");
        return;
    }
    let session = session(&child().unwrap()).await;
    FoundationModel::with_id(MODEL).using(&session).converse("Hello").await.unwrap();
}
