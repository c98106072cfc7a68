//! `cargo xtask ci`: what has to pass besides `cargo test`.

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{codegen, coverage};

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// A check by its name.
type Check = (&'static str, fn(&Path) -> Result);

const CHECKS: [Check; 9] = [
    ("format", |root| cargo(root, &["fmt", "--all", "--check"])),
    ("generated code", codegen::check),
    ("coverage", |root| coverage::run(root, false)),
    ("clippy", |root| {
        cargo(root, &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])
    }),
    ("models without an SDK", |root| cargo(root, &["check", "--quiet", "-p", "bedrock-orm-models"])),
    ("without the control plane", |root| {
        cargo(root, &["check", "--quiet", "-p", "bedrock-orm", "--no-default-features"])
    }),
    ("documentation", documentation),
    ("examples", examples),
    ("boto3 on the local Bedrock", boto3),
];

pub(crate) fn run(root: &Path) -> Result {
    for (name, check) in CHECKS {
        println!("── {name}");
        check(root).map_err(|error| format!("{name}: {error}"))?;
    }
    println!("all {} checks passed", CHECKS.len());
    Ok(())
}

fn cargo(root: &Path, arguments: &[&str]) -> Result {
    succeeds(Command::new(env!("CARGO")).args(arguments).current_dir(root))
}

fn succeeds(command: &mut Command) -> Result {
    let status = command.status().map_err(|error| format!("{command:?} does not start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed: {status}").into()) }
}

/// The rustdoc pages, links and all, without a warning.
fn documentation(root: &Path) -> Result {
    let mut doc = Command::new(env!("CARGO"));
    doc.args(["doc", "--quiet", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .current_dir(root);
    succeeds(&mut doc)
}

/// Each example ends well, without AWS's variables, and has something to say.
fn examples(root: &Path) -> Result {
    cargo(root, &["build", "--quiet", "-p", "bedrock-orm-examples", "--examples"])?;
    for example in names(&root.join("examples"))? {
        let mut program = Command::new(target(root).join("debug/examples").join(&example));
        for (variable, _) in env::vars().filter(|(variable, _)| variable.starts_with("AWS_")) {
            program.env_remove(variable);
        }
        let output = program.env("NO_PROXY", "127.0.0.1").output()?;
        if !output.status.success() || output.stdout.is_empty() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("the example {example} failed ({}): {said}", output.status).into());
        }
        println!("{example}: {} lines", output.stdout.split(|byte| *byte == b'\n').count() - 1);
    }
    Ok(())
}

/// The examples that the package declares.
fn names(package: &Path) -> Result<Vec<String>> {
    let manifest: toml::Table = std::fs::read_to_string(package.join("Cargo.toml"))?.parse()?;
    let examples =
        manifest.get("example").and_then(toml::Value::as_array).ok_or("the package declares no example")?;
    Ok(examples.iter().filter_map(|example| example.get("name")?.as_str().map(str::to_owned)).collect())
}

fn target(root: &Path) -> std::path::PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into)
}

/// A tour by boto3, which knows nothing of us, pinned and in an environment of its own.
fn boto3(root: &Path) -> Result {
    let tour = root.join("crates/local/tests/boto3");
    let environment = target(root).join("boto3");
    let python = environment.join("bin/python");
    if !python.exists() {
        succeeds(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    succeeds(install.arg(tour.join("requirements.txt")))?;
    cargo(root, &["build", "--quiet", "-p", "bedrock-orm-local", "--bin", "bedrock-local"])?;
    let server = Server::start(&target(root).join("debug/bedrock-local"))?;
    succeeds(Command::new(&python).arg(tour.join("tour.py")).arg(&server.url).env("NO_PROXY", "127.0.0.1"))
}

/// A `bedrock-local` that stops when it is dropped.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(program: &Path) -> Result<Self> {
        let mut process = Command::new(program).args(["--port", "0"]).stdout(Stdio::piped()).spawn()?;
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
