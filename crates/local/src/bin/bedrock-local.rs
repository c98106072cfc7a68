//! The local Bedrock as a program of its own.
#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bedrock_orm_local::LocalBedrock;
use clap::Parser;
use tracing_subscriber::EnvFilter;

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

    /// How many connections may be open at once; one more is answered 503.
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

    /// Milliseconds that a job takes, and whatever else is under way for a while.
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    job_duration: u64,

    /// Milliseconds that an asynchronous invocation takes, where they are others.
    #[arg(long, value_name = "MS")]
    async_invoke_duration: Option<u64>,

    /// A folder that stands for S3: asynchronous invocations and batch jobs read and write there.
    #[arg(long, value_name = "DIR")]
    buckets: Option<PathBuf>,

    /// Milliseconds before each event of a stream.
    #[arg(long, value_name = "MS", default_value_t = 15)]
    stream_pace: u64,
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
    let mut builder = LocalBedrock::builder()
        .host(options.host)
        .port(options.port)
        .max_connections(options.max_connections)
        .default_region(options.region)
        .job_duration(Duration::from_millis(options.job_duration))
        .stream_pace(Duration::from_millis(options.stream_pace));
    if let Some(duration) = options.async_invoke_duration {
        builder = builder.async_invoke_duration(Duration::from_millis(duration));
    }
    if options.open_to_network {
        builder = builder.open_to_network();
    }
    if let Some(folder) = options.buckets {
        builder = builder.bucket_folder(folder);
    }
    for (id, secret) in options.access_key {
        builder = builder.access_key(id, secret);
    }
    for token in options.bearer_token {
        builder = builder.bearer_token(token);
    }
    let local = builder.start().await?;
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {}", local.url())?;
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
