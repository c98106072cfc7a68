//! The default session, which is loaded from the environment once, on first use.
//!
//! The environment belongs to a process. Therefore each test starts this program again, for this test only, with the
//! variables that the test needs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::process::Stdio;

use bedrock_orm::prelude::*;
use bedrock_orm_local::{LocalBedrock, Reply};
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::{MODEL, operations, session};
use tokio::process::Command;

/// The variable that is set in a test's child process. It contains the URL of the local Bedrock.
const CHILD: &str = "BEDROCK_ORM_TEST_CHILD";

/// Returns the URL of the local Bedrock in a child process.
fn child() -> Option<String> {
    std::env::var(CHILD).ok()
}

/// Runs a test in a child process with these variables and no other variables of AWS.
async fn run_child(test: &str, local: &LocalBedrock, variables: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, local.url())
        // The developer's files, profiles, and instance metadata are not used.
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
    let message = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && message.contains("1 passed"), "{message}");
}

const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];

#[tokio::test(flavor = "multi_thread")]
async fn managers_use_the_session_from_the_environment_by_default() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let [id, secret] = CREDENTIALS;
        let variables = [id, secret, ("AWS_REGION", "eu-central-1"), ("AWS_ENDPOINT_URL", local.url())];
        run_child("managers_use_the_session_from_the_environment_by_default", &local, &variables).await;
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
async fn set_default_replaces_the_session_from_the_environment() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let name = "set_default_replaces_the_session_from_the_environment";
        run_child(name, &local, &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]).await;
        assert_eq!(operations(&local), ["GetFoundationModel"]);
        return;
    }
    session(&child().unwrap()).await.set_default().unwrap();
    assert_eq!(FoundationModel::objects().get(MODEL).await.unwrap().session().region(), "us-east-1");
    assert!(session(&child().unwrap()).await.set_default().is_err(), "it is set once");
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_23_without_a_region_the_error_explains_how_to_set_one() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let name = "trap_23_without_a_region_the_error_explains_how_to_set_one";
        run_child(name, &local, &CREDENTIALS).await;
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
    assert_eq!(set.region(), "eu-west-1", "a region in code is enough");
    // A failure is not cached.
    session(&child().unwrap()).await.set_default().unwrap();
    Session::default_session().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_22_without_credentials_the_error_explains_how_to_set_them() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let name = "trap_22_without_credentials_the_error_explains_how_to_set_them";
        run_child(name, &local, &[("AWS_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", local.url())]).await;
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
async fn trap_22_a_bearer_token_is_sufficient_without_other_credentials() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let variables = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", local.url()),
            ("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-1"),
        ];
        run_child("trap_22_a_bearer_token_is_sufficient_without_other_credentials", &local, &variables).await;
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
async fn a_local_session_reads_nothing_of_the_environment() {
    let Some(url) = child() else {
        let local = LocalBedrock::start().await.unwrap();
        let variables = [
            ("AWS_ACCESS_KEY_ID", "environment-key"),
            ("AWS_SECRET_ACCESS_KEY", "environment-secret"),
            ("AWS_SESSION_TOKEN", "environment-token"),
            ("AWS_BEARER_TOKEN_BEDROCK", "environment-bearer"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_PROFILE", "missing"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:1"),
        ];
        run_child("a_local_session_reads_nothing_of_the_environment", &local, &variables).await;
        let regions: Vec<String> = local
            .requests()
            .iter()
            .map(|request| {
                assert_eq!(request.header("x-amz-security-token"), None);
                let authorization = request.header("authorization").unwrap();
                let scope = authorization.split_once("Credential=local/").expect("placeholder keys").1;
                scope.split('/').nth(1).unwrap().to_owned()
            })
            .collect();
        assert_eq!(regions, ["us-east-1", "us-east-1", "us-west-2", "us-west-2"]);
        return;
    };
    let sessions = [
        Session::local(&url).unwrap(),
        Session::builder().local(&url).region("us-west-2").build().await.unwrap(),
    ];
    for session in sessions {
        FoundationModel::objects().using(&session).get(MODEL).await.unwrap();
        FoundationModel::with_id(MODEL).using(&session).converse("Hello").await.unwrap();
    }
    assert!(Session::local("127.0.0.1:80").unwrap_err().message().contains("127.0.0.1:80"));
    let with_profile = Session::builder().local(&url).profile("prod").build().await.unwrap_err();
    assert!(with_profile.message().contains("profile"), "{with_profile}");
}

#[tokio::test(flavor = "multi_thread")]
async fn access_keys_in_code_take_precedence_over_a_bearer_token_in_the_environment() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let name = "access_keys_in_code_take_precedence_over_a_bearer_token_in_the_environment";
        run_child(name, &local, &[("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-1")]).await;
        let authorization = local.requests()[0].header("authorization").unwrap().to_owned();
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=test/"), "{authorization}");
        return;
    }
    let session = Session::builder().region("us-east-1").endpoint_url(child().unwrap());
    let session = session.access_key("test", "test").build().await.unwrap();
    FoundationModel::with_id(MODEL).using(&session).converse("Hello").await.unwrap();
}

/// Writes a configuration file for a test, and returns its path. There is no credentials file.
fn config_file(test: &str, text: &str) -> String {
    let path = format!("{}/{test}.config", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, text).unwrap();
    path
}

const ENVIRONMENT_CREDENTIALS: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "ENVIRONMENTKEY"),
    ("AWS_SECRET_ACCESS_KEY", "environment-secret"),
    ("AWS_SESSION_TOKEN", "environment-token"),
    ("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-1"),
];

async fn converse_as(profile: &str) -> Result<(), Error> {
    let session = Session::builder().profile(profile).build().await?;
    FoundationModel::with_id(MODEL).using(&session).converse("Hello").await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_in_code_takes_precedence_over_credentials_in_the_environment() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let sts = FakeServer::start([FakeResponse::new(
            200,
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ROLEKEY</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>role-token</SessionToken>\
             <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
        )
        .header("content-type", "text/xml")])
        .await;
        let name = "a_profile_in_code_takes_precedence_over_credentials_in_the_environment";
        let url = local.url();
        let config = config_file(
            name,
            &format!(
                "[profile keys]\nregion = eu-west-3\nendpoint_url = {url}\n\
                 aws_access_key_id = PROFILEKEY\naws_secret_access_key = profile-secret\n\
                 [profile process]\nregion = eu-north-1\nendpoint_url = {url}\n\
                 credential_process = echo '{{\"Version\":1,\"AccessKeyId\":\"PROCESSKEY\",\"SecretAccessKey\":\"s\"}}'\n\
                 [profile role]\nregion = sa-east-1\nendpoint_url = {url}\n\
                 role_arn = arn:aws:iam::123456789012:role/any\nsource_profile = keys\n"
            ),
        );
        let mut variables = ENVIRONMENT_CREDENTIALS.to_vec();
        variables.extend([("AWS_CONFIG_FILE", config.as_str()), ("AWS_ENDPOINT_URL_STS", sts.url())]);
        run_child(name, &local, &variables).await;
        let expected = [("PROFILEKEY", "eu-west-3"), ("PROCESSKEY", "eu-north-1"), ("ROLEKEY", "sa-east-1")];
        assert_eq!(local.requests().len(), expected.len());
        for (request, (key, region)) in local.requests().iter().zip(expected) {
            let authorization = request.header("authorization").unwrap();
            assert!(authorization.contains(&format!("Credential={key}/")), "{authorization}");
            assert!(authorization.contains(&format!("/{region}/bedrock/")), "{authorization}");
            let token = request.header("x-amz-security-token");
            assert_eq!(token, (key == "ROLEKEY").then_some("role-token"));
        }
        let requests = sts.requests();
        assert_eq!(requests.len(), 1);
        let (_, signed_by) = requests[0].headers.iter().find(|(name, _)| name == "authorization").unwrap();
        assert!(signed_by.contains("Credential=PROFILEKEY/"), "{signed_by}");
        return;
    }
    for profile in ["keys", "process", "role"] {
        converse_as(profile).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_without_credentials_does_not_use_those_of_the_environment() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let name = "a_profile_without_credentials_does_not_use_those_of_the_environment";
        let config = config_file(
            name,
            &format!("[profile place]\nregion = eu-west-3\nendpoint_url = {}\n", local.url()),
        );
        let mut variables = ENVIRONMENT_CREDENTIALS.to_vec();
        variables.push(("AWS_CONFIG_FILE", &config));
        run_child(name, &local, &variables).await;
        assert_eq!(local.requests(), []);
        return;
    }
    let error = converse_as("place").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    assert!(error.hint().unwrap().contains("profile `place`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_profile_is_an_error_that_lists_files_and_profiles() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let name = "a_missing_profile_is_an_error_that_lists_files_and_profiles";
        let config = config_file(
            name,
            "[profile prod]\nregion = eu-west-3\naws_access_key_id = PROFILEKEY\naws_secret_access_key = profile-secret\n\
             [profile dev]\nregion = eu-west-1\n\
             [profile lost]\nrole_arn = arn:aws:iam::123456789012:role/any\nsource_profile = gone\n",
        );
        let mut variables = ENVIRONMENT_CREDENTIALS.to_vec();
        variables.extend([("AWS_CONFIG_FILE", config.as_str()), ("AWS_PROFILE", "prdo")]);
        run_child(name, &local, &variables).await;
        assert_eq!(local.requests(), []);
        return;
    }
    for (build, named) in [
        (Session::builder().profile("prodd").build().await, "`prodd`"),
        (Session::builder().profile("lost").build().await, "`gone`"),
        (Session::from_env().await, "`prdo`"),
        (Session::builder().region("us-east-1").build().await, "AWS_PROFILE"),
    ] {
        let error = build.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        let message = format!("{error} {error:?}");
        for part in [named, "dev, lost, prod", ".config", "/nonexistent/credentials"] {
            assert!(message.contains(part), "{part} is not in {message}");
        }
        assert!(!message.contains("PROFILEKEY") && !message.contains("profile-secret"), "{message}");
    }
    // With keys in code, no profile is needed.
    session(&child().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hint_about_credentials_depends_on_their_source() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        let denied = "Authentication failed: Please make sure your API Key is valid.";
        local.queue_reply(Reply::error("AccessDeniedException", denied));
        for _ in 0..2 {
            local.queue_reply(Reply::error("ExpiredTokenException", "The security token is expired."));
        }
        let name = "the_hint_about_credentials_depends_on_their_source";
        let config = config_file(
            name,
            "[profile prod]\naws_access_key_id = PROFILEKEY\naws_secret_access_key = profile-secret\n",
        );
        let variables = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", local.url()),
            ("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-1"),
            ("AWS_CONFIG_FILE", &config),
        ];
        run_child(name, &local, &variables).await;
        assert_eq!(operations(&local), ["Converse"; 3]);
        return;
    }
    let sessions = [
        (Session::from_env().await.unwrap(), "AWS_BEARER_TOKEN_BEDROCK"),
        (Session::builder().profile("prod").build().await.unwrap(), "--profile prod"),
        (session(&child().unwrap()).await, "access_key"),
    ];
    for (session, advice) in sessions {
        let error = FoundationModel::with_id(MODEL).using(&session).converse("Hello").await.unwrap_err();
        assert!(error.hint().unwrap().contains(advice), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_session_connects_without_a_proxy() {
    if child().is_none() {
        let local = LocalBedrock::start().await.unwrap();
        // Nothing listens there.
        let proxy = "http://127.0.0.1:9";
        let variables = [("http_proxy", proxy), ("HTTP_PROXY", proxy), ("NO_PROXY", "")];
        run_child("a_local_session_connects_without_a_proxy", &local, &variables).await;
        assert_eq!(operations(&local), ["Converse", "ListFoundationModels"]);
        return;
    }
    let url = child().unwrap();
    let aws = Session::builder().region("us-east-1").access_key("test", "test").endpoint_url(&url);
    let through_proxy = aws.build().await.unwrap();
    let error = FoundationModel::with_id(MODEL).using(&through_proxy).converse("Hello").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    let session = Session::local(url).unwrap();
    FoundationModel::with_id(MODEL).using(&session).converse("Hello").await.unwrap();
    FoundationModel::objects().using(&session).list().await.unwrap();
}
