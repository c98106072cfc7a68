//! No credential, prompt or reply is in a log, a span, an error, or the `Debug` of what makes calls.
//!
//! Each test runs itself again as a process with planted values, which logs everything at trace level and prints every error
//! and `Debug`. The parent searches what the process wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::fmt::Debug;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bedrock_orm::models::providers::{NovaMessages, TitanEmbedding};
use bedrock_orm::models::{
    GuardrailChecksConfig, GuardrailChecksContentBlock, GuardrailChecksMessage, InvokeGuardrailChecksRequest,
};
use bedrock_orm::prelude::*;
use bedrock_orm::{Batch, BatchInput, CachePolicy};
use bedrock_orm_local::{At, Checksum, Fault, LocalBedrock, LocalBedrockBuilder, Reply};
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::{MODEL, model};
use serde_json::json;
use tracing_subscriber::fmt::format::{FmtSpan, Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

const KEY_ID: &str = "AKIAPLANTEDKEYID";
const SECRET: &str = "planted-secret-key";
const SESSION_TOKEN: &str = "planted-session-token";
const BEARER_TOKEN: &str = "planted-bearer-token";
const ADMIN_TOKEN: &str = "planted-admin-token";
const PROMPT: &str = "planted-prompt";
const SYSTEM: &str = "planted-system-prompt";
const REPLY: &str = "planted-reply";
const PLANTED: [&str; 8] = [KEY_ID, SECRET, SESSION_TOKEN, BEARER_TOKEN, ADMIN_TOKEN, PROMPT, SYSTEM, REPLY];

/// The variable that makes a process the one that is searched, and its values.
const ROLE: &str = "BEDROCK_ORM_SECRETS";
const WITH_KEYS: &str = "keys";
const WITH_BEARER_TOKEN: &str = "bearer token";

/// A line that is written at the end, so that a process that stopped early is not taken for a silent one.
const END: &str = "everything was called";

/// The targets whose logs are the SDK's and its HTTP client's. At trace level the SDK writes the requests that it signs, with
/// their headers.
const SDK_TARGETS: [&str; 4] = ["aws_", "hyper", "h2", "rustls"];

/// Runs a test of this program as a process, and returns the lines that it wrote.
fn lines(role: &str) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_searched_process", "--nocapture"]).env(ROLE, role);
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("AWS_")) {
        command.env_remove(variable);
    }
    if role == WITH_BEARER_TOKEN {
        command.env("AWS_BEARER_TOKEN_BEDROCK", BEARER_TOKEN).env("AWS_EC2_METADATA_DISABLED", "true");
    }
    let output = command.output().unwrap();
    let written = [output.stdout, output.stderr].concat();
    let written = String::from_utf8_lossy(&written).into_owned();
    assert!(output.status.success() && written.contains(END), "{written}");
    written.lines().map(str::to_owned).collect()
}

fn search(role: &str) {
    let lines = lines(role);
    for target in ["bedrock_orm ", "bedrock_orm_local", "aws_", "hyper"] {
        assert!(lines.iter().any(|line| line.starts_with(target)), "{target} has logged nothing");
    }
    let is_of_sdk = |line: &str| SDK_TARGETS.iter().any(|target| line.starts_with(target));
    let found: Vec<_> = lines
        .iter()
        .filter(|line| !is_of_sdk(line) && PLANTED.iter().any(|planted| line.contains(planted)))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_secret_is_written_with_access_keys() {
    search(WITH_KEYS);
}

#[test]
fn nothing_secret_is_written_with_a_bearer_token() {
    search(WITH_BEARER_TOKEN);
}

/// What is searched. Without its variable it does nothing.
#[tokio::test]
async fn the_searched_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .event_format(TargetFirst);
    subscriber.init();
    let builder = LocalBedrock::builder().admin_token(ADMIN_TOKEN).reply_with(|_| Reply::text(REPLY));
    let (local, session) =
        if role == WITH_KEYS { with_keys(builder).await } else { with_bearer_token(builder).await };
    show(&local);
    show(&session);
    talk(&local, &session).await;
    println!("{END}");
}

/// Writes an event's target before the rest, so that a line shows whose it is.
struct TargetFirst;

impl<S, N> FormatEvent<S, N> for TargetFirst
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> std::fmt::Result {
        write!(writer, "{} ", event.metadata().target())?;
        Format::default().without_time().with_ansi(false).format_event(context, writer, event)
    }
}

async fn with_keys(builder: LocalBedrockBuilder) -> (LocalBedrock, Session) {
    let hour = Duration::from_secs(3600);
    let builder =
        builder.access_key("OTHER", SECRET).temporary_access_key(KEY_ID, SECRET, SESSION_TOKEN, hour);
    show(&builder);
    let local = builder.start().await.unwrap();
    let session = Session::builder()
        .local(local.url())
        .access_key(KEY_ID, SECRET)
        .session_token(SESSION_TOKEN)
        .operation_timeout(Duration::from_secs(5))
        .max_attempts(1);
    let wrong = Session::builder().local(local.url()).access_key(KEY_ID, BEARER_TOKEN).build().await.unwrap();
    tell(model(&wrong, MODEL).converse(PROMPT).await);
    (local, session.build().await.unwrap())
}

async fn with_bearer_token(builder: LocalBedrockBuilder) -> (LocalBedrock, Session) {
    let builder = builder.bearer_token(BEARER_TOKEN);
    show(&builder);
    let local = builder.start().await.unwrap();
    let session = Session::builder()
        .endpoint_url(local.url())
        .region("us-east-1")
        .operation_timeout(Duration::from_secs(5))
        .max_attempts(1);
    (local, session.build().await.unwrap())
}

/// Calls with and without faults, and shows what they are made of.
async fn talk(local: &LocalBedrock, session: &Session) {
    let talk = model(session, MODEL);
    show(&talk);
    show_calls(&talk, session);
    let reply = talk.converse(PROMPT).system(SYSTEM).await.unwrap();
    assert_eq!(reply.text(), REPLY, "the planted reply is used");
    let mut chat = talk.chat().system(SYSTEM);
    tell(chat.send(PROMPT).await);
    show(&chat);
    show(&talk.converse_stream(PROMPT).await.unwrap());
    show(&talk.invoke_model_with_response_stream(nova(PROMPT)).await.unwrap());
    show(&ConversationManager::new(session));
    show(&Guardrail::objects().using(session));
    show(&Guardrail::objects().using(session).list());
    tell(Guardrail::objects().using(session).get("abcdef123456").await);
    tell(talk.converse("").system(SYSTEM).await);
    let memory = Arc::new(bedrock_orm::object_store::memory::InMemory::new());
    let batch = Batch::of(&talk).in_store(memory, "s3://bucket/batch").directly();
    show(&batch);
    let run = batch.map([PROMPT]).await.unwrap();
    show(&run);
    tell(run.wait().interval(Duration::from_millis(10)).await);
    show(&run.results().next().await.unwrap().unwrap().outcome.is_ok());
    let faults = [
        Fault::throttling(),
        Fault::error("ValidationException"),
        Fault::error("ModelErrorException").message("The model failed."),
        Fault::broken_json(),
        Fault::content_type("text/html"),
        Fault::unknown_enum_values(),
        Fault::unknown_union_members(),
        Fault::reset(At::AfterBytes(150)),
        Fault::truncate(At::AfterBytes(400)),
        Fault::truncate(At::AfterEvents(3)),
        Fault::wrong_checksum(Checksum::Message, 3),
        Fault::exception("modelStreamErrorException", 3),
        Fault::error_frame("InternalFailure", 3),
    ];
    for fault in faults {
        let fault = local.fault(fault).unwrap();
        tell(talk.converse(PROMPT).system(SYSTEM).await);
        tell(async { talk.converse_stream(PROMPT).system(SYSTEM).await?.collect().await }.await);
        tell(talk.invoke_model(nova(PROMPT)).await);
        let chunks = async {
            let mut stream = talk.invoke_model_with_response_stream(nova(PROMPT)).await?;
            while let Some(chunk) = stream.next().await {
                chunk?;
            }
            Ok(())
        };
        tell(chunks.await);
        tell(talk.converse_as::<Answer>(PROMPT).await);
        tell(chat.send(PROMPT).await);
        local.remove_fault(fault);
    }
    tell(talk.converse_as::<Answer>(PROMPT).await);
}

/// Shows calls that are not sent.
fn show_calls(talk: &Bound<FoundationModel>, session: &Session) {
    let turn = talk.converse(PROMPT).system(SYSTEM);
    show(&turn.clone().or(talk).cache(CachePolicy::auto()));
    show(&turn);
    show(&talk.converse_stream(PROMPT).system(SYSTEM));
    show(&talk.converse_as::<Answer>(PROMPT).system(SYSTEM));
    show(&talk.count_tokens(PROMPT));
    show(&talk.invoke_model(nova(PROMPT)));
    show(&talk.invoke_model_with_response_stream(nova(PROMPT)));
    show(&talk.invoke(&NovaMessages::new([PROMPT]).system([SYSTEM])));
    show(&talk.invoke(&NovaMessages::new([PROMPT])).stream());
    show(&talk.embed(&TitanEmbedding::default(), [PROMPT]));
    show(&talk.start_async_invoke(json!({ "prompt": PROMPT }), "s3://bucket/output"));
    show(&talk.invoke_model_with_bidirectional_stream());
    let all = ConversationManager::new(session);
    show(&all.converse(MODEL, PROMPT));
    show(&all.apply_guardrail("abcdef123456", "DRAFT", PROMPT));
    let message = GuardrailChecksMessage::new("user", [GuardrailChecksContentBlock::Text(PROMPT.to_owned())]);
    let checks = InvokeGuardrailChecksRequest::new([message], GuardrailChecksConfig::default());
    show(&all.invoke_guardrail_checks(checks));
    show(&BatchInput::from(PROMPT));
    show(&BatchInput::from(json!({ "prompt": PROMPT })));
}

/// A reply that the planted one does not fit.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Answer {
    #[allow(dead_code, reason = "the reply never fits")]
    number: u32,
}

/// Prints the `Debug` of a value.
fn show(value: &impl Debug) {
    println!("{value:?}\n{value:#?}");
}

/// Prints an error in every form, with its causes. A reply is the caller's, so it is not printed.
fn tell<T>(result: bedrock_orm::Result<T>) {
    let Err(error) = result else { return };
    println!("{error}\n{error:?}\n{error:#?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        println!("{error}\n{error:?}\n{error:#?}");
        cause = error.source();
    }
}
