//! `cargo xtask conformance`: the local Bedrock as other people's clients see it. They are pinned, and live in an
//! environment of their own under `target`.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::ci::{cargo, succeeds, target};

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// What is run, and who speaks there.
const SCRIPTS: [(&str, &str); 5] = [
    ("operations.py", "boto3, every operation with the least that is valid"),
    ("tour.py", "boto3, a tour with what has to come back"),
    ("cli.py", "the AWS CLI"),
    ("botocraft_examples.py", "botocraft, its documentation's examples"),
    ("docs.py", "boto3 and the AWS CLI, as `docs/testing.md` shows them"),
];

pub(crate) fn run(root: &Path) -> Result {
    let scripts = root.join("crates/local/tests/conformance");
    let environment = target(root).join("conformance");
    let python = environment.join("bin/python");
    if !python.exists() {
        succeeds(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    succeeds(install.arg(scripts.join("requirements.txt")))?;
    cargo(root, &["build", "--quiet", "-p", "bedrock-orm-local", "--bin", "bedrock-local"])?;

    let mut table = String::from("| script | client | steps | |\n|---|---|---|---|\n");
    let mut failed = Vec::new();
    for (script, client) in SCRIPTS {
        let server = Server::start(&target(root).join("debug/bedrock-local"))?;
        let mut run = Command::new(&python);
        run.arg(scripts.join(script)).arg(&server.url).env("NO_PROXY", "127.0.0.1");
        let output = run.stderr(Stdio::inherit()).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        print!("{said}");
        let steps = said.lines().filter(|line| line.starts_with("ok ")).count();
        let verdict = if output.status.success() { "passed" } else { "**failed**" };
        table.push_str(&format!("| `{script}` | {client} | {steps} | {verdict} |\n"));
        if !output.status.success() {
            failed.push(script);
        }
    }
    println!("\n{table}");
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", ")).into()) }
}

/// A `bedrock-local` that stops when it is dropped.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(program: &Path) -> Result<Self> {
        let mut process = Command::new(program)
            .env("RUST_LOG", "warn")
            .args(["--port", "0", "--job-duration", "300", "--stream-pace", "0"])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let url = line.trim().strip_prefix("listening on ").unwrap_or_default().to_owned();
        let server = Self { process, url };
        if server.url.is_empty() {
            return Err(format!("bedrock-local said {line:?} first, and not where it listens").into());
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone after this.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
