//! The errors of AWS, as the library reports them.

use std::time::Duration;

use bedrock_orm::prelude::*;
use bedrock_orm_local::Reply;
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::description::Service;
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::{MODEL, local, model, only_request, session};
use serde_json::json;

/// The kind of every exception that the two services describe.
pub(crate) const KINDS: [(&str, ErrorKind); 14] = [
    ("AccessDeniedException", ErrorKind::AccessDenied),
    ("ConflictException", ErrorKind::Conflict),
    ("InternalServerException", ErrorKind::InternalServer),
    ("ModelErrorException", ErrorKind::ModelError),
    ("ModelNotReadyException", ErrorKind::ModelNotReady),
    ("ModelStreamErrorException", ErrorKind::ModelStreamError),
    ("ModelTimeoutException", ErrorKind::ModelTimeout),
    ("ResourceInUseException", ErrorKind::ResourceInUse),
    ("ResourceNotFoundException", ErrorKind::DoesNotExist),
    ("ServiceQuotaExceededException", ErrorKind::ServiceQuotaExceeded),
    ("ServiceUnavailableException", ErrorKind::ServiceUnavailable),
    ("ThrottlingException", ErrorKind::Throttled),
    ("TooManyTagsException", ErrorKind::TooManyTags),
    ("ValidationException", ErrorKind::Validation),
];

fn kind_of(code: &str) -> ErrorKind {
    KINDS.iter().find(|(known, _)| *known == code).unwrap_or_else(|| panic!("there is no kind for {code}")).1
}

fn assert_error(error: &Error, operation: &str, code: &str, status: u16) {
    assert_eq!(error.kind(), kind_of(code), "{error}");
    assert_eq!(error.operation(), Some(operation));
    assert_eq!(error.code(), Some(code));
    assert_eq!(error.message(), format!("AWS says {code}."));
    assert_eq!(error.http_status(), Some(status), "{error}");
    let request_id = error.request_id().expect("a request ID");
    let shown = error.to_string();
    for part in [operation, code, error.message(), &status.to_string(), request_id] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(error.sdk_error().is_some(), "the SDK's own error is available");
}

#[tokio::test]
async fn every_exception_of_the_runtime_has_its_kind() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    let described = Service::Runtime.errors();
    assert_eq!(described.len(), 12);
    for (code, status) in described {
        let queue = || local.queue_reply(Reply::error(code, format!("AWS says {code}.")));
        queue();
        assert_error(&model.converse("Hello").await.unwrap_err(), "Converse", code, status);
        queue();
        let error = model.converse_stream("Hello").await.unwrap_err();
        assert_error(&error, "ConverseStream", code, status);
        assert!(error.partial().is_none(), "no content had arrived");
        queue();
        assert_error(&model.invoke_model(nova("Hello")).await.unwrap_err(), "InvokeModel", code, status);
        queue();
        let error = model.invoke_model_with_response_stream(nova("Hello")).await.unwrap_err();
        assert_error(&error, "InvokeModelWithResponseStream", code, status);
    }
}

#[tokio::test]
async fn every_exception_of_the_control_plane_has_its_kind() {
    let described = Service::ControlPlane.errors();
    assert_eq!(described.len(), 10);
    let answers = described
        .iter()
        .map(|(code, status)| FakeResponse::error(*status, code, &format!("AWS says {code}.")));
    let server = FakeServer::start(answers).await;
    let guardrails = Guardrail::objects().using(&session(server.url()).await);
    for (code, status) in described {
        let error = guardrails.delete("gr-123").await.unwrap_err();
        assert_error(&error, "DeleteGuardrail", code, status);
    }
}

#[tokio::test]
async fn every_error_has_the_operation_and_the_message_of_aws() {
    let refusal = FakeResponse::error(400, "ValidationException", "AWS says ValidationException.");
    let server = FakeServer::start([refusal]).await;
    let session = session(server.url()).await;
    let (models, guardrails) =
        (FoundationModel::objects().using(&session), Guardrail::objects().using(&session));
    let (jobs, model) = (AsyncInvoke::objects().using(&session), model(&session, MODEL));
    let request = bedrock_orm_tests::behaviours::guardrails::guardrail_request();
    let change = bedrock_orm::models::UpdateGuardrailRequest::new("n", "i", "o");
    let errors = [
        ("GetFoundationModel", models.get(MODEL).await.unwrap_err()),
        ("GetFoundationModel", models.get_opt(MODEL).await.unwrap_err()),
        ("GetFoundationModelAvailability", models.availability(MODEL).await.unwrap_err()),
        ("ListFoundationModels", models.list().await.unwrap_err()),
        ("ListFoundationModels", models.list().count().await.unwrap_err()),
        ("GetGuardrail", guardrails.get("gr-1").await.unwrap_err()),
        ("ListGuardrails", guardrails.list().await.unwrap_err()),
        ("CreateGuardrail", guardrails.create(request).await.unwrap_err()),
        ("UpdateGuardrail", guardrails.update("gr-1", change).await.unwrap_err()),
        ("CreateGuardrailVersion", guardrails.create_version("gr-1", Default::default()).await.unwrap_err()),
        ("DeleteGuardrail", guardrails.delete("gr-1").await.unwrap_err()),
        ("ListAsyncInvokes", jobs.list().await.unwrap_err()),
        ("GetAsyncInvoke", model.get_async_invoke("arn:aws:x").await.unwrap_err()),
        ("StartAsyncInvoke", model.start_async_invoke(nova("x"), "s3://b/p").await.unwrap_err()),
        ("CountTokens", model.count_tokens("Hello").await.unwrap_err()),
        (
            "ApplyGuardrail",
            ConversationManager::new(&session).apply_guardrail("gr-1", "1", "x").await.unwrap_err(),
        ),
    ];
    for (operation, error) in errors {
        assert_error(&error, operation, "ValidationException", 400);
    }
    assert_eq!(server.requests().len(), 16, "each request was sent once");
}

#[tokio::test]
async fn common_aws_error_codes_have_their_kinds() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    for (code, kind) in [
        ("UnrecognizedClientException", ErrorKind::Credentials),
        ("InvalidSignatureException", ErrorKind::Credentials),
        ("ExpiredTokenException", ErrorKind::Credentials),
        ("MissingAuthenticationTokenException", ErrorKind::Credentials),
        ("AccessDenied", ErrorKind::AccessDenied),
    ] {
        local.queue_reply(Reply::error(code, "No."));
        let error = model.converse("Hello").await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.message()), (kind, Some(code), "No."), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_error_code_keeps_its_message_or_its_body() {
    let with_message = FakeResponse::error(418, "TeapotException", "I am a teapot.");
    let without_message = FakeResponse::new(418, r#"{"reason":"short and stout"}"#)
        .header("content-type", "application/json")
        .header("x-amzn-ErrorType", "TeapotException");
    let no_json = FakeResponse::new(502, "<html>bad gateway</html>").header("content-type", "text/html");
    let empty = FakeResponse::new(403, "");
    let server = FakeServer::start([with_message, without_message, no_json, empty]).await;
    let session = session(server.url()).await;
    let model = model(&session, MODEL);

    let error = model.converse("Hello").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unmodelled, Some("TeapotException")), "{error}");
    assert_eq!((error.message(), error.http_status()), ("I am a teapot.", Some(418)));
    let error = model.converse("Hello").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unmodelled, Some("TeapotException")), "{error}");
    assert!(error.message().contains("short and stout"), "{error}");
    let error = model.converse("Hello").await.unwrap_err();
    assert_eq!(error.http_status(), Some(502), "{error}");
    assert!(error.message().contains("bad gateway"), "{error}");
    assert!(error.request_id().is_some());
    let error = model.converse("Hello").await.unwrap_err();
    assert_eq!(error.http_status(), Some(403));
    assert!(error.to_string().contains("403"), "{error}");
}

#[tokio::test]
async fn without_a_known_code_the_status_determines_the_kind() {
    let kinds = [
        (401, ErrorKind::Credentials, false),
        (403, ErrorKind::AccessDenied, false),
        (404, ErrorKind::Unmodelled, false),
        (408, ErrorKind::Timeout, true),
        (418, ErrorKind::Unmodelled, false),
        (429, ErrorKind::Throttled, true),
        (500, ErrorKind::InternalServer, true),
        (502, ErrorKind::ServiceUnavailable, true),
        (503, ErrorKind::ServiceUnavailable, true),
        (504, ErrorKind::Timeout, true),
    ];
    for (status, kind, is_retryable) in kinds {
        let page =
            FakeResponse::new(status, "<html>a proxy's page</html>").header("content-type", "text/html");
        let unknown = FakeResponse::error(status, "TeapotException", "I am a teapot.");
        let known = FakeResponse::error(status, "ValidationException", "No.");
        let server = FakeServer::start([page, unknown, known]).await;
        let model = model(&session(server.url()).await, MODEL);
        for code in [None, Some("TeapotException")] {
            let error = model.converse("Hello").await.unwrap_err();
            assert_eq!(
                (error.kind(), error.code(), error.http_status()),
                (kind, code, Some(status)),
                "{error}"
            );
            assert_eq!(error.is_retryable(), is_retryable, "{error}");
            let explained =
                [401, 403].contains(&status) || error.hint().is_some_and(|hint| hint.contains("proxy"));
            assert!(code.is_some() || explained, "{error}");
        }
        let error = model.converse("Hello").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "a known code determines the kind: {error}");
    }
}

#[tokio::test]
async fn an_unknown_model_is_does_not_exist_for_every_operation() {
    let (local, session) = local().await;
    let unknown = model(&session, "no.such-model-v1:0").converse("Hello").await.unwrap_err();
    assert!(unknown.is_does_not_exist(), "{unknown}");
    assert_eq!(unknown.code(), Some("ValidationException"), "AWS's code is kept");
    for message in [
        "The provided model identifier is invalid.",
        "Could not resolve the foundation model from the provided model identifier.",
    ] {
        local.queue_reply(Reply::error("ValidationException", message));
        let error = model(&session, MODEL).converse("Hello").await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::DoesNotExist, Some("ValidationException")),
            "{error}"
        );
        let hint = error.hint().unwrap();
        assert!(hint.contains("FoundationModel::objects().list()") && hint.contains("us-east-1"), "{error}");
    }
}

/// Formats an error with its chain of sources, as `anyhow` does.
fn chain(error: &Error) -> String {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message += &format!(": {cause}");
        source = cause.source();
    }
    message
}

#[tokio::test]
async fn an_error_chain_repeats_nothing() {
    let server = FakeServer::start([
        FakeResponse::error(400, "ValidationException", "No such thing."),
        FakeResponse::new(200, "{\"output\":"),
    ])
    .await;
    let model_on_server = model(&session(server.url()).await, MODEL);
    let refused = model_on_server.converse("Hello").await.unwrap_err();
    let unreadable = model_on_server.converse("Hello").await.unwrap_err();
    let nobody = model(&session("http://127.0.0.1:1").await, MODEL).converse("Hello").await.unwrap_err();
    let infinite = model_on_server.converse("Hello").temperature(f32::INFINITY).await.unwrap_err();
    for (error, message) in [
        (&refused, "No such thing."),
        (&unreadable, "unexpected end of stream"),
        (&nobody, "Connection refused"),
        (&infinite, "temperature"),
    ] {
        let chain = chain(error);
        assert_eq!(chain.matches(message).count(), 1, "{chain}");
        assert_eq!(format!("{error:?}").matches(message).count(), 1, "{error:?}");
    }
    assert_eq!(unreadable.kind(), ErrorKind::InvalidResponse);
    for error in [&refused, &unreadable, &nobody] {
        assert!(error.sdk_error().is_some(), "{error}");
    }
}

#[tokio::test]
async fn input_that_aws_cannot_accept_is_an_error_before_anything_is_sent() {
    let (local, session) = local().await;
    let model_on_server = model(&session, MODEL);
    let deep = || (0..100_000).fold(json!(1), |inner, _| serde_json::Value::Array(vec![inner]));
    let call =
        |input| Message::new("assistant", [ContentBlock::ToolUse(ToolUseBlock::new("t1", "tool", input))]);
    let runtime = ConversationManager::new(&session);
    let errors = [
        ("temperature", model_on_server.converse("Hello").temperature(f32::NAN).await.unwrap_err()),
        ("top_p", model_on_server.converse("Hello").top_p(f32::NEG_INFINITY).await.unwrap_err()),
        ("temperature", model_on_server.converse_stream("Hello").temperature(f32::NAN).await.unwrap_err()),
        (
            "nested",
            model_on_server.converse("Hello").additional_model_request_fields(deep()).await.unwrap_err(),
        ),
        ("nested", model_on_server.converse(call(deep())).await.unwrap_err()),
        ("nested", model_on_server.count_tokens(call(deep())).await.unwrap_err()),
        ("nested", model_on_server.start_async_invoke(deep(), "s3://bucket/prefix/").await.unwrap_err()),
        ("ID is blank", runtime.converse(" ", "Hello").await.unwrap_err()),
        ("ID is blank", runtime.converse_stream("", "Hello").await.unwrap_err()),
        ("ID is blank", runtime.invoke_model("", "{}").await.unwrap_err()),
        ("ID is blank", runtime.count_tokens("", "Hello").await.unwrap_err()),
        ("ID is blank", runtime.invoke_model_with_bidirectional_stream("").await.unwrap_err()),
        (
            "silence_timeout",
            model_on_server.converse_stream("Hello").silence_timeout(Duration::ZERO).await.unwrap_err(),
        ),
    ];
    for (message, error) in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.message().contains(message), "{error}");
        assert!(error.operation().is_some(), "{error}");
    }
    assert_eq!(local.requests(), []);
}

#[tokio::test]
async fn an_error_message_without_a_code_is_kept_verbatim() {
    let server = FakeServer::start([FakeResponse::new(400, r#"{"message":"bad"}"#)]).await;
    let error = model(&session(server.url()).await, MODEL).converse("Hello").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.message()),
        (ErrorKind::Unmodelled, None, "bad"),
        "{error}"
    );
}

#[tokio::test]
async fn the_error_code_is_read_from_the_body_if_no_header_has_it() {
    let answers = [
        FakeResponse::new(429, r#"{"__type":"com.amazon#ThrottlingException","message":"slow"}"#),
        FakeResponse::new(400, r#"{"code":"ValidationException","message":"bad"}"#),
    ];
    let server = FakeServer::start(answers).await;
    let model = model(&session(server.url()).await, MODEL);
    let error = model.converse("Hello").await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Throttled, "slow"), "{error}");
    let error = model.converse("Hello").await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Validation, "bad"), "{error}");
}

#[tokio::test]
async fn a_response_that_is_not_json_is_an_invalid_response_with_its_request_id() {
    let server = FakeServer::start([FakeResponse::new(200, "{\"output\":")]).await;
    let error = model(&session(server.url()).await, MODEL).converse("Hello").await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::InvalidResponse, Some(200)), "{error}");
    assert_eq!(error.request_id(), Some("11111111-2222-3333-4444-555555555555"));
}

#[tokio::test]
async fn only_transient_errors_are_retryable() {
    let retryable = [
        "InternalServerException",
        "ModelNotReadyException",
        "ModelStreamErrorException",
        "ModelTimeoutException",
        "ServiceUnavailableException",
        "ThrottlingException",
    ];
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    for (code, kind) in KINDS {
        local.queue_reply(Reply::error(code, "No."));
        let error = model.converse("Hello").await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.is_retryable(), retryable.contains(&code), "{code}");
        assert_eq!(error.is_throttled(), code == "ThrottlingException");
        assert_eq!(error.is_validation(), code == "ValidationException");
        assert_eq!(error.is_access_denied(), code == "AccessDeniedException");
        assert_eq!(error.is_does_not_exist(), code == "ResourceNotFoundException");
        assert_eq!(error.is_timeout(), code == "ModelTimeoutException");
    }
}

#[tokio::test]
async fn unclear_errors_have_a_hint() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    for (code, message, hinted) in [
        (
            "ResourceNotFoundException",
            "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in \
             the last 30 days. Please upgrade to an active model on Amazon Bedrock",
            "use a newer version",
        ),
        ("ThrottlingException", "Too many tokens, please wait before trying again.", "tokens per minute"),
        (
            "ThrottlingException",
            "Too many tokens per day, please wait before trying again.",
            "tokens per day",
        ),
        (
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            "us-east-1",
        ),
        ("ResourceNotFoundException", "This model version has reached the end of its life.", "newer version"),
        ("ValidationException", "The provided model identifier is invalid.", "us-east-1"),
        ("ExpiredTokenException", "The security token included in the request is expired", "access_key"),
        (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            "access_key",
        ),
    ] {
        local.queue_reply(Reply::error(code, message));
        let error = model.converse("Hello").await.unwrap_err();
        assert!(error.hint().unwrap_or_default().contains(hinted), "{error}");
        assert!(!error.hint().unwrap_or_default().contains("aws bedrock"), "{error}");
        assert!(error.to_string().contains(message), "AWS's message is included too: {error}");
    }
    local.queue_reply(Reply::error("ValidationException", "The temperature is too high."));
    assert_eq!(model.converse("Hello").await.unwrap_err().hint(), None, "no hint if none is needed");
}

#[tokio::test]
async fn errors_have_no_prompt_reply_or_credentials() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    local.queue_reply(Reply::error("ValidationException", "No."));
    let refused = model.converse("pr0mpt").system("syst3m").await.unwrap_err();
    local.queue_reply(Reply::text("r3ply and more of the r3ply").cut_after(3));
    let broken = model.converse_stream("pr0mpt").await.unwrap().collect().await.unwrap_err();
    let blank = model.converse("pr0mpt").guardrail(GuardrailConfiguration::default()).await.unwrap_err();
    let missing = model.invoke_model("pr0mpt").await.unwrap_err();
    for error in [refused, broken, blank, missing] {
        let mut shown = format!("{error} {error:?} {error:#?}");
        let mut cause = error.sdk_error().map(|error| error as &dyn std::error::Error);
        while let Some(error) = cause {
            shown += &format!("{error}");
            cause = error.source();
        }
        for secret in ["pr0mpt", "syst3m", "r3ply", "AKID", "Signature="] {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
    }
}

#[tokio::test]
async fn a_refused_request_is_sent_once() {
    let (local, session) = local().await;
    local.queue_reply(Reply::error("ThrottlingException", "Too many requests."));
    model(&session, MODEL).converse("Hello").await.unwrap_err();
    assert_eq!(only_request(&local).status, 429);
}
