//! The session that a query uses, and the clients and connections of a session.

use std::time::Duration;

use bedrock_orm::RetryPolicy;
use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::fake_server::{Ending, FakeResponse, FakeServer};
use bedrock_orm_tests::support::{MODEL, local, model, operations, session};
use serde_json::json;

#[tokio::test]
async fn a_session_can_be_used_by_its_registered_name() {
    let (here, here_session) = local().await;
    let (there, there_session) = local().await;
    Session::register("by-name-here", here_session);
    Session::register("by-name-there", there_session);
    let models = FoundationModel::objects().using("by-name-there");
    models.get(MODEL).await.unwrap();
    models.list().using("by-name-here").limit(1).await.unwrap();
    assert_eq!(operations(&there), ["GetFoundationModel"]);
    assert_eq!(operations(&here), ["ListFoundationModels"]);
}

#[tokio::test]
async fn a_session_name_is_resolved_when_the_query_is_sent() {
    let models = FoundationModel::objects().using("named-later");
    let (local, session) = local().await;
    Session::register("named-later", session);
    models.get(MODEL).await.unwrap();
    assert_eq!(operations(&local), ["GetFoundationModel"]);
}

#[tokio::test]
async fn an_unknown_session_name_is_an_error_that_lists_the_known_names() {
    let (_local, session) = local().await;
    Session::register("listed-name", session);
    let error = FoundationModel::objects().using("no-such-name").list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("no-such-name"), "{error}");
    assert!(error.message().contains("listed-name"), "{error}");
    assert!(error.hint().unwrap().contains("Session::register"), "{error}");
}

#[tokio::test]
async fn a_session_can_be_built_from_an_sdk_config() {
    let (local, session) = local().await;
    let same = Session::from_sdk_config(session.sdk_config()).unwrap();
    assert_eq!(same.region(), "us-east-1");
    FoundationModel::objects().using(&same).get(MODEL).await.unwrap();
    assert_eq!(operations(&local), ["GetFoundationModel"]);
}

#[tokio::test]
async fn invalid_settings_are_errors() {
    let with_region = || Session::builder().region("us-east-1");
    for (builder, message) in [
        (with_region().max_attempts(0), "max_attempts"),
        (with_region().endpoint_url("127.0.0.1:1"), "127.0.0.1:1"),
        (with_region().endpoint_url("http://"), "http://"),
        (with_region().endpoint_url("http://a host"), "a host"),
        (Session::builder().region("  "), "region"),
        (Session::builder().region("us east 1"), "us east 1"),
        (Session::builder().region(" us-east-1"), " us-east-1"),
        (with_region().access_key("", "secret"), "access key ID is blank"),
        (with_region().access_key("id", " "), "secret access key is blank"),
        (with_region().access_key("id", "secret").session_token(""), "session token is blank"),
        (with_region().session_token("token"), "without an access key"),
        (with_region().profile(""), "profile is blank"),
        (with_region().connect_timeout(Duration::ZERO), "connect_timeout is zero"),
        (with_region().read_timeout(Duration::ZERO), "read_timeout is zero"),
        (with_region().attempt_timeout(Duration::ZERO), "attempt_timeout is zero"),
        (with_region().operation_timeout(Duration::ZERO), "operation_timeout is zero"),
        (with_region().stream_silence_timeout(Duration::ZERO), "stream_silence_timeout is zero"),
        (with_region().stream_first_event_timeout(Duration::ZERO), "stream_first_event_timeout is zero"),
    ] {
        let error = builder.build().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(error.message().contains(message), "{error}");
        assert!(error.hint().is_some(), "{error}");
    }
}

#[tokio::test]
async fn time_limits_can_be_very_long_or_none() {
    let longest = [
        Some(Duration::MAX),
        Some(Duration::from_secs(u64::MAX / 2)),
        Some(Duration::from_secs(u64::MAX / 1_000_000_000)),
        Some(Duration::from_secs(10 * 365 * 24 * 60 * 60)),
        None,
    ];
    let events = crate::converse_stream::frames(&crate::converse_stream::every_event());
    for limit in longest {
        let busy =
            FakeResponse::error(503, "ServiceUnavailableException", "Busy.").header("x-amz-retry-after", "1");
        let streamed = FakeResponse::stream(events.clone());
        let server = FakeServer::start([busy, converse_response(), streamed.clone(), streamed]).await;
        let session = Session::builder()
            .local(server.url())
            .max_attempts(u32::MAX)
            .connect_timeout(limit)
            .read_timeout(limit)
            .attempt_timeout(limit)
            .operation_timeout(limit)
            .stream_silence_timeout(limit)
            .build()
            .await
            .unwrap();
        let model = model(&session, MODEL);
        let calls = async {
            assert_eq!(model.converse("Hello").await.unwrap().text(), "Hello.");
            model.converse_stream("Hello").await.unwrap().collect().await.unwrap();
            let stream = model.converse_stream("Hello").silence_timeout(limit).await.unwrap();
            stream.collect().await.unwrap();
        };
        tokio::time::timeout(Duration::from_secs(20), calls).await.expect("no call loops forever");
        assert_eq!(server.requests().len(), 4);
    }
}

#[tokio::test]
async fn temporary_credentials_are_sent_with_their_session_token() {
    let (local, _) = local().await;
    let session = Session::builder()
        .local(local.url())
        .access_key("ASIATEMPORARY", "secret")
        .session_token("the-session-token");
    let session = session.build().await.unwrap();
    model(&session, MODEL).converse("Hello").await.unwrap();
    let request = &local.requests()[0];
    assert_eq!(request.header("x-amz-security-token"), Some("the-session-token"));
    assert!(request.header("authorization").unwrap().contains("Credential=ASIATEMPORARY/"));
    assert!(!format!("{session:?}").contains("the-session-token"));
}

#[tokio::test]
async fn an_unreachable_endpoint_is_a_transport_error_that_names_it() {
    let (local, session) = local().await;
    let url = local.url().to_owned();
    local.shutdown().await;
    let error = model(&session, MODEL).converse("Hello").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    assert!(error.is_retryable());
    assert!(error.hint().unwrap().contains(&url), "{error}");
}

fn converse_response() -> FakeResponse {
    FakeResponse::json(&json!({
        "metrics": {"latencyMs": 1},
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
    }))
}

#[tokio::test]
async fn calls_share_one_client_and_its_connection() {
    let server = FakeServer::start([converse_response()]).await;
    let session = session(server.url()).await;
    let model = model(&session, MODEL);
    for _ in 0..2 {
        model.converse("Hello").await.unwrap();
    }
    ConversationManager::new(&session.clone()).converse(MODEL, "Hello").await.unwrap();
    assert_eq!((server.requests().len(), server.connections_opened()), (3, 1));
}

#[tokio::test]
async fn a_closed_session_closes_its_connection_and_the_next_call_opens_another() {
    let server = FakeServer::start([converse_response()]).await;
    let session = session(server.url()).await;
    let model = model(&session, MODEL);
    model.converse("Hello").await.unwrap();
    model.close();
    tokio::time::timeout(Duration::from_secs(10), server.wait_until_closed(1))
        .await
        .expect("the connection is closed");
    assert_eq!(model.converse("Hello").await.unwrap().text(), "Hello.");
    assert_eq!((server.requests().len(), server.connections_opened()), (2, 2));
}

#[tokio::test]
async fn the_session_limits_the_number_of_attempts() {
    let busy =
        || FakeResponse::error(503, "ServiceUnavailableException", "Busy.").header("x-amz-retry-after", "1");
    let server = FakeServer::start([busy(), busy(), converse_response()]).await;
    let session = Session::builder().local(server.url()).max_attempts(2);
    let model = model(&session.build().await.unwrap(), MODEL);
    let error = model.converse("Hello").await.unwrap_err();
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::ServiceUnavailable, 2), "{error}");
}

#[tokio::test]
async fn the_policy_for_quotas_is_not_stopped_by_the_sdks_own_quota_of_retries() {
    let throttled = || {
        FakeResponse::error(429, "ThrottlingException", "Too many tokens, please wait before trying again.")
            .header("x-amz-retry-after", "1")
    };
    let server = FakeServer::start((0..120).map(|_| throttled())).await;
    let session = Session::builder().local(server.url()).retries(RetryPolicy::quota()).build().await.unwrap();
    for _ in 0..12 {
        assert!(model(&session, MODEL).converse("Hello").await.unwrap_err().is_throttled());
    }
    assert_eq!(server.requests().len(), 120, "the SDK's own quota is 100 retries");
}

#[tokio::test]
async fn an_expired_time_limit_is_a_timeout_error() {
    let server = FakeServer::start([converse_response().ending(Ending::Stalled)]).await;
    let session =
        Session::builder().local(server.url()).max_attempts(1).operation_timeout(Duration::from_millis(100));
    let error = model(&session.build().await.unwrap(), MODEL).converse("Hello").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.is_timeout() && error.is_retryable());
    assert_eq!(error.operation(), Some("Converse"));
}

#[tokio::test]
async fn the_debug_form_of_a_session_has_no_credentials() {
    let session = Session::builder()
        .local("http://127.0.0.1:1")
        .access_key("AKIDSHOWNNOWHERE", "secret-shown-nowhere")
        .max_attempts(1);
    let session = session.build().await.unwrap();
    let shown = format!(
        "{session:?} {:?} {:?} {:?} {:?}",
        FoundationModel::objects().using(&session),
        FoundationModel::objects().using(&session).list(),
        model(&session, MODEL).converse("Hello"),
        ConversationManager::new(&session),
    );
    assert!(shown.contains("us-east-1"), "{shown}");
    assert!(!shown.contains("AKIDSHOWNNOWHERE") && !shown.contains("secret-shown-nowhere"), "{shown}");
    let error = model(&session, MODEL).converse("Hello").await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("AKIDSHOWNNOWHERE") && !shown.contains("secret-shown-nowhere"), "{shown}");
}

#[tokio::test]
async fn a_stream_is_retried_before_its_first_event_and_not_after() {
    let busy =
        || FakeResponse::error(503, "ServiceUnavailableException", "Busy.").header("x-amz-retry-after", "1");
    let events = crate::converse_stream::frames(&crate::converse_stream::every_event());
    let broken = FakeResponse::stream(events[..6].to_vec());
    let server = FakeServer::start([busy(), FakeResponse::stream(events), broken]).await;
    let session = Session::builder().local(server.url()).max_attempts(3);
    let model = model(&session.build().await.unwrap(), MODEL);
    let stream = model.converse_stream("Hello").await.unwrap();
    assert_eq!(server.requests().len(), 2, "retried once");
    stream.collect().await.unwrap();
    let error = model.converse_stream("Hello").await.unwrap().collect().await.unwrap_err();
    assert!(error.is_stream_interrupted(), "{error}");
    assert_eq!(server.requests().len(), 3, "a stream that has begun is not retried");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_on_several_threads_can_share_a_session() {
    let (local, session) = local().await;
    let calls = (0..40).map(|number| {
        let model = model(&session, MODEL);
        tokio::spawn(async move {
            let reply = model.converse(format!("Call {number}.")).await.unwrap();
            assert!(reply.text().contains(&format!("Call {number}.")), "{}", reply.text());
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    assert_eq!(local.requests().len(), 40);
}

#[test]
fn sessions_queries_and_calls_can_be_sent_to_other_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Session>();
    is_shared::<Bound<FoundationModel>>();
    is_shared::<ConversationManager>();
    is_shared::<Error>();
    let _ = |session: &Session, model: &Bound<FoundationModel>| {
        is_send(&FoundationModel::objects().using(session).get(MODEL));
        is_send(&FoundationModel::objects().using(session).list().into_future());
        is_send(&FoundationModel::objects().using(session).list().stream());
        is_send(&model.converse("Hello").into_future());
        is_send(&model.converse_stream("Hello").into_future());
        is_send(&model.invoke_model("{}").into_future());
        is_send(&model.count_tokens("Hello").into_future());
        is_send(&model.list_async_invokes().into_future());
        is_send(&model.refresh());
    };
    is_shared::<bedrock_orm::QuerySet<FoundationModel>>();
    let _ = |stream: bedrock_orm::ConverseStream| is_send(&stream.collect());
}
