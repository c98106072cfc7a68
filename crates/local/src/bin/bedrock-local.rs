//! The local Bedrock as a program of its own.
#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bedrock_orm_local::{LocalBedrock, LocalBedrockBuilder, Playback, Script, Upstream};
use clap::{Args, Parser};
use tracing_subscriber::EnvFilter;

/// Slow enough to be seen, in milliseconds.
const STREAM_PACE: u64 = 15;
const UPSTREAM_KEY: &str = "BEDROCK_LOCAL_UPSTREAM_KEY";

/// A local Amazon Bedrock: speaks AWS's wire, and knows no account.
#[derive(Debug, Parser)]
#[command(version, name = "bedrock-local")]
struct Options {
    /// The port to listen on; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,

    /// Let --host be an address that other machines can reach. Whoever reaches it can use everything here,
    /// unencrypted, and without proving who they are unless keys are given.
    #[arg(long)]
    open_to_network: bool,

    /// A host name to answer to, such as a service's name in Docker Compose; can be repeated. Addresses, localhost and
    /// AWS's own names of the services need no permission; all other names are answered 403.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,

    /// How many connections may be open at once. One more takes the place of one that waits for a request, or is
    /// answered 503.
    #[arg(long, value_name = "N", default_value_t = 512)]
    max_connections: usize,

    /// The region of requests that are not signed for one.
    #[arg(long, default_value = "us-east-1")]
    region: String,

    /// An access key whose signatures are accepted. With a key or a token given, all else is answered 403.
    #[arg(long, value_name = "ID:SECRET", value_parser = access_key)]
    access_key: Vec<(String, String)>,

    /// A bearer token that is accepted.
    #[arg(long, value_name = "TOKEN")]
    bearer_token: Vec<String>,

    /// What the routes and the page under /_local/ ask for. With a key or a token given and without this, a random one
    /// is made up and printed at the start.
    #[arg(long, value_name = "TOKEN")]
    admin_token: Option<String>,

    /// A model that the server does not know, as in "anthropic.claude-tomorrow=anthropic.claude-sonnet-5": called and
    /// listed as the one that it is like, or, without one, as a model of plain text. Can be repeated.
    #[arg(long, value_name = "ID[=LIKE]")]
    model: Vec<String>,

    /// Serve the models that AWS has retired, too.
    #[arg(long)]
    keep_retired_models: bool,

    /// Milliseconds that a job takes, and whatever else is under way for a while.
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    job_duration: u64,

    /// Milliseconds that an asynchronous invocation takes, where they are others.
    #[arg(long, value_name = "MS")]
    async_invoke_duration: Option<u64>,

    /// A folder that stands for S3: asynchronous invocations and batch jobs read and write there.
    #[arg(long, value_name = "DIR")]
    buckets: Option<PathBuf>,

    /// Milliseconds before each event of a stream: 15 unless told otherwise, none where there is an upstream.
    #[arg(long, value_name = "MS")]
    stream_pace: Option<u64>,

    #[command(flatten)]
    replies: Replies,
}

/// Who says what models reply. Asked in this order; where none of them knows a reply, the model says back what it heard.
#[derive(Debug, Args)]
#[command(
    next_help_heading = "Replies, asked in this order; where none is known the model says back what it heard"
)]
struct Replies {
    /// Recorded exchanges, one a line as JSON: requests like them are answered as recorded, byte for byte.
    #[arg(long, value_name = "FILE.jsonl")]
    playback: Option<PathBuf>,

    /// Lets no one reply to what was not recorded: it is a ResourceNotFoundException.
    #[arg(long, requires = "playback")]
    playback_only: bool,

    /// Rules of `when … reply …`, in TOML or JSON.
    #[arg(long, value_name = "FILE.toml")]
    script: Option<PathBuf>,

    /// A model behind an OpenAI-compatible server, such as http://127.0.0.1:11434/v1 for Ollama. A key, where it wants
    /// one, is taken from the environment variable BEDROCK_LOCAL_UPSTREAM_KEY.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,

    /// What the upstream calls the models whose ids are like PATTERN, as in "anthropic.*=llama3.2"; can be repeated, the
    /// first that fits counts. Others are asked for by their own id.
    #[arg(long, value_name = "PATTERN=MODEL", requires = "upstream", value_parser = pair)]
    upstream_model: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let named = text.split_once('=').filter(|(pattern, model)| !pattern.is_empty() && !model.is_empty());
    let (pattern, model) = named.ok_or("write it as PATTERN=MODEL")?;
    Ok((pattern.to_owned(), model.to_owned()))
}

impl Replies {
    fn given_to(self, mut builder: LocalBedrockBuilder) -> io::Result<LocalBedrockBuilder> {
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
    let pace = if options.replies.upstream.is_some() { 0 } else { STREAM_PACE };
    let mut builder = LocalBedrock::builder()
        .host(options.host)
        .port(options.port)
        .max_connections(options.max_connections)
        .default_region(options.region)
        .job_duration(Duration::from_millis(options.job_duration))
        .stream_pace(Duration::from_millis(options.stream_pace.unwrap_or(pace)));
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
    let is_given = options.admin_token.is_some();
    if let Some(token) = options.admin_token {
        builder = builder.admin_token(token);
    }
    let local = options.replies.given_to(builder)?.start().await?;
    let mut told = format!("listening on {}\n", local.url());
    if local.admin_token().is_some() && !is_given {
        told += &format!("admin page: {}\n", local.admin_url());
    }
    // In one write: a reader of the first line alone may close the pipe after it.
    let mut stdout = io::stdout();
    stdout.write_all(told.as_bytes())?;
    stdout.flush()?;
    asked_to_stop().await?;
    local.shutdown().await;
    Ok(())
}

/// Ctrl-C, or the signal that service managers and containers send.
async fn asked_to_stop() -> io::Result<()> {
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
