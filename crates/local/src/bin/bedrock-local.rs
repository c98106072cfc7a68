//! The local Bedrock as a program.
#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bedrock_orm_local::{LocalBedrock, LocalBedrockBuilder, Playback, Script, Upstream};
use clap::{Args, Parser};
use tracing_subscriber::EnvFilter;

/// The default pause before each event of a stream, in milliseconds: slow enough to see.
const STREAM_PAUSE: u64 = 15;
/// The environment variable with the upstream's API key.
const UPSTREAM_KEY: &str = "BEDROCK_LOCAL_UPSTREAM_KEY";

/// A local Amazon Bedrock for tests: implements AWS's API, without an AWS account.
#[derive(Debug, Parser)]
#[command(version, name = "bedrock-local")]
struct Options {
    /// The port to listen on; 0 selects a free port.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,

    /// Allow --host to be an address that other machines can reach. Everyone who reaches it can use the whole server.
    /// Nothing is encrypted, and without keys senders are not authenticated.
    #[arg(long)]
    open_to_network: bool,

    /// A host name to allow, such as the name of a service in Docker Compose; can be repeated. IP addresses, localhost,
    /// and AWS's names of the services are always allowed. Requests with any other name get status 403.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,

    /// The most connections that can be open at once. A further one replaces an idle one, or gets status 503.
    #[arg(long, value_name = "N", default_value_t = 512)]
    max_connections: usize,

    /// The region of requests without one in their signature.
    #[arg(long, default_value = "us-east-1")]
    region: String,

    /// An access key whose signatures are accepted; can be repeated. With a key or a token, all other requests get status
    /// 403.
    #[arg(long, value_name = "ID:SECRET", value_parser = access_key)]
    access_key: Vec<(String, String)>,

    /// A bearer token that is accepted; can be repeated.
    #[arg(long, value_name = "TOKEN")]
    bearer_token: Vec<String>,

    /// The token that the routes and the page under /_local/ require. Without this option, a server with a key or a token
    /// generates a random one and prints it when it starts.
    #[arg(long, value_name = "TOKEN")]
    admin_token: Option<String>,

    /// A model that the server does not have; can be repeated. "anthropic.claude-tomorrow=anthropic.claude-sonnet-5"
    /// declares a model that is called and listed like another one. An ID alone declares a text model.
    #[arg(long, value_name = "ID[=LIKE]")]
    model: Vec<String>,

    /// Keep the models that AWS has retired.
    #[arg(long)]
    keep_retired_models: bool,

    /// Milliseconds that jobs, deployments, updates, and stops take.
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    job_duration: u64,

    /// Milliseconds that an asynchronous invocation takes; as many as a job by default.
    #[arg(long, value_name = "MS")]
    async_invoke_duration: Option<u64>,

    /// A folder that replaces S3: asynchronous invocations and batch jobs read and write there.
    #[arg(long, value_name = "DIR")]
    buckets: Option<PathBuf>,

    /// Milliseconds before each event of a stream; 15 by default, 0 with an upstream.
    #[arg(long, value_name = "MS")]
    stream_pace: Option<u64>,

    #[command(flatten)]
    sources: ReplySources,
}

/// Where replies come from, in this order. Without a reply, the model repeats the last user turn.
#[derive(Debug, Args)]
#[command(
    next_help_heading = "Sources of replies, in this order; without a reply, the model repeats the last user turn"
)]
struct ReplySources {
    /// Recorded exchanges, one per line as JSON. Requests that equal recorded ones get the recorded responses, byte for
    /// byte.
    #[arg(long, value_name = "FILE.jsonl")]
    playback: Option<PathBuf>,

    /// Allow no other replies: a request without a recorded response gets a ResourceNotFoundException.
    #[arg(long, requires = "playback")]
    playback_only: bool,

    /// Rules of `when … reply …`, in TOML or JSON.
    #[arg(long, value_name = "FILE.toml")]
    script: Option<PathBuf>,

    /// The base URL of an OpenAI-compatible server, such as http://127.0.0.1:11434/v1 for Ollama. Its API key, if it needs
    /// one, is read from the environment variable BEDROCK_LOCAL_UPSTREAM_KEY.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,

    /// The upstream's name of the models whose ID matches PATTERN, as in "anthropic.*=llama3.2"; can be repeated. The first
    /// pattern that matches is used. Other models have their own ID there.
    #[arg(long, value_name = "PATTERN=MODEL", requires = "upstream", value_parser = pattern_and_model)]
    upstream_model: Vec<(String, String)>,
}

fn pattern_and_model(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(pattern, model)| !pattern.is_empty() && !model.is_empty());
    let (pattern, model) = pair.ok_or("write it as PATTERN=MODEL")?;
    Ok((pattern.to_owned(), model.to_owned()))
}

impl ReplySources {
    fn add_to(self, mut builder: LocalBedrockBuilder) -> io::Result<LocalBedrockBuilder> {
        if let Some(file) = self.playback {
            let playback = Playback::load(file)?;
            builder = builder.playback(if self.playback_only { playback.only() } else { playback });
        }
        if let Some(file) = self.script {
            builder = builder.script(Script::load(file)?);
        }
        if let Some(url) = self.upstream {
            let mut upstream = Upstream::new(&url)?;
            for (pattern, model) in self.upstream_model {
                upstream = upstream.model(pattern, model);
            }
            if let Ok(key) = std::env::var(UPSTREAM_KEY) {
                upstream = upstream.key(&key)?;
            }
            builder = builder.replier(upstream);
        }
        Ok(builder)
    }
}

fn access_key(text: &str) -> Result<(String, String), &'static str> {
    let (id, secret) = text.split_once(':').ok_or("write it as ID:SECRET")?;
    Ok((id.to_owned(), secret.to_owned()))
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let options = Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colours).init();
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bedrock-local: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> io::Result<()> {
    let pause = if options.sources.upstream.is_some() { 0 } else { STREAM_PAUSE };
    let mut builder = LocalBedrock::builder()
        .host(options.host)
        .port(options.port)
        .max_connections(options.max_connections)
        .default_region(options.region)
        .job_duration(Duration::from_millis(options.job_duration))
        .stream_pace(Duration::from_millis(options.stream_pace.unwrap_or(pause)));
    if let Some(duration) = options.async_invoke_duration {
        builder = builder.async_invoke_duration(Duration::from_millis(duration));
    }
    if options.open_to_network {
        builder = builder.open_to_network();
    }
    if let Some(folder) = options.buckets {
        builder = builder.bucket_folder(folder);
    }
    if options.keep_retired_models {
        builder = builder.keep_retired_models();
    }
    for model in options.model {
        builder = match model.split_once('=') {
            Some((id, like)) => builder.model_like(id, like),
            None => builder.model(model),
        };
    }
    for (id, secret) in options.access_key {
        builder = builder.access_key(id, secret);
    }
    for token in options.bearer_token {
        builder = builder.bearer_token(token);
    }
    for name in options.allow_host {
        builder = builder.allow_host(name);
    }
    let has_own_token = options.admin_token.is_some();
    if let Some(token) = options.admin_token {
        builder = builder.admin_token(token);
    }
    let local = options.sources.add_to(builder)?.start().await?;
    let mut output = format!("listening on {}\n", local.url());
    if local.admin_token().is_some() && !has_own_token {
        output += &format!("admin page: {}\n", local.admin_url());
    }
    // One write, because a reader of the first line can close the pipe after it.
    let mut stdout = io::stdout();
    stdout.write_all(output.as_bytes())?;
    stdout.flush()?;
    stop_signal().await?;
    local.shutdown().await;
    Ok(())
}

/// Waits for Ctrl-C, or for the signal that service managers and containers send.
async fn stop_signal() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
