//! `cargo xtask conformance`: clients of other ecosystems use the local Bedrock. Their versions are pinned, and they are
//! installed in their own environment under `target`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::process::{cargo, succeeds, target};
use crate::result::Result;
use crate::server::Server;

/// The scripts, with their clients.
const SCRIPTS: [(&str, &str); 13] = [
    ("operations.py", "boto3, every operation with the least that is valid"),
    ("tour.py", "boto3, a tour with what has to come back"),
    ("cli.py", "the AWS CLI"),
    ("botocraft_examples.py", "botocraft, its documentation's examples"),
    ("docs.py", "boto3 and the AWS CLI, as `docs/testing.md` shows them"),
    ("with_langchain.py", "langchain-aws"),
    ("with_litellm.py", "LiteLLM"),
    ("with_pydantic_ai.py", "pydantic-ai"),
    ("with_strands.py", "Strands"),
    ("with_anthropic.py", "Anthropic's SDK for Bedrock"),
    ("with_llama_index.py", "llama-index"),
    ("with_aws_sdk.mjs", "the AWS SDK for JavaScript"),
    ("with_ai_sdk.mjs", "Vercel's AI SDK"),
];

/// The settings of the server for all scripts.
const SETTINGS: [&str; 7] =
    ["--port", "0", "--job-duration", "300", "--stream-pace", "0", "--keep-retired-models"];

/// With these arguments the server checks the clients' signatures.
const KEYS: [&str; 4] = ["--access-key", "any:any", "--admin-token", "any"];

pub(crate) fn run(root: &Path) -> Result {
    let scripts = root.join("crates/local/tests/conformance");
    let folder = target(root).join("conformance");
    let python = install_python(&scripts, &folder.join("python"))?;
    let node = install_node(&scripts, &folder.join("node"))?;
    cargo(root, &["build", "--quiet", "-p", "bedrock-orm-local", "--bin", "bedrock-local"])?;
    let (python, node) = (finish(python)?, finish(node)?);

    let mut table = String::from("| script | client | steps | seconds | |\n|---|---|---|---|---|\n");
    let mut failed = Vec::new();
    for (script, client) in SCRIPTS {
        let clients = if script.ends_with(".py") { &python } else { &node };
        let (steps, seconds, verdict) = match clients {
            Clients::Missing(why) => {
                println!("SKIPPED {script}: {why}");
                (0, 0, "skipped")
            }
            Clients::Installed { program, scripts } => {
                let begun = Instant::now();
                // The page's examples use a server without keys.
                let keys: &[&str] = if script == "docs.py" { &[] } else { &KEYS };
                let server = Server::start(
                    &target(root).join("debug/bedrock-local"),
                    &[SETTINGS.as_slice(), keys].concat(),
                )?;
                let mut run = Command::new(program);
                run.arg(scripts.join(script)).arg(&server.url).current_dir(root).env("NO_PROXY", "127.0.0.1");
                // Python's compiled files stay out of the sources.
                run.env("PYTHONPYCACHEPREFIX", folder.join("compiled"));
                let output = run.stderr(Stdio::inherit()).output()?;
                let said = String::from_utf8_lossy(&output.stdout);
                print!("{said}");
                if !output.status.success() {
                    failed.push(script);
                }
                let steps = said.lines().filter(|line| line.starts_with("ok ")).count();
                let verdict = if output.status.success() { "passed" } else { "**failed**" };
                (steps, begun.elapsed().as_secs(), verdict)
            }
        };
        table.push_str(&format!("| `{script}` | {client} | {steps} | {seconds} | {verdict} |\n"));
    }
    println!("\n{table}");
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", ")).into()) }
}

/// Returns a Python that has the packages of a folder's `requirements.txt`, or the reason why it cannot be had.
pub(crate) fn python(packages: &Path, environment: &Path) -> Result<std::result::Result<PathBuf, String>> {
    match finish(install_python(packages, environment)?)? {
        Clients::Installed { program, .. } => Ok(Ok(program)),
        Clients::Missing(why) => Ok(Err(why)),
    }
}

/// Returns the Python with the clients of the conformance scripts.
pub(crate) fn python_of_clients(root: &Path) -> Result<std::result::Result<PathBuf, String>> {
    python(&root.join("crates/local/tests/conformance"), &target(root).join("conformance/python"))
}

/// The clients of one language.
enum Clients {
    /// The program that runs the scripts, and their folder.
    Installed { program: PathBuf, scripts: PathBuf },
    /// The reason why the scripts are skipped.
    Missing(String),
}

/// A running installation of clients.
struct Installation {
    process: Child,
    /// Requests the package manager itself from the registry, which every registry has.
    probe: Command,
    registry: &'static str,
    clients: Clients,
}

/// Waits for the installation. Clients are missing if the language or its registry is not available; any other failure is an
/// error.
fn finish(installation: Option<Installation>) -> Result<Clients> {
    let Some(Installation { mut process, mut probe, registry, clients }) = installation else {
        return Ok(Clients::Missing("the language is not installed".to_owned()));
    };
    if process.wait()?.success() {
        return Ok(clients);
    }
    let reached = probe.stdout(Stdio::null()).status()?.success();
    if reached {
        Err("the clients could not be installed".into())
    } else {
        Ok(Clients::Missing(format!("{registry} is not available")))
    }
}

fn install_python(scripts: &Path, environment: &Path) -> Result<Option<Installation>> {
    if !starts("python3") {
        return Ok(None);
    }
    let python = environment.join("bin/python");
    if !python.exists() {
        succeeds(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
    }
    let pip = || {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip
    };
    let mut install = pip();
    install.args(["--no-compile", "--requirement"]).arg(scripts.join("requirements.txt"));
    let process = install.arg("--constraint").arg(scripts.join("constraints.txt")).spawn()?;
    let mut probe = pip();
    probe.args(["--dry-run", "--ignore-installed", "--no-deps", "pip"]);
    let clients = Clients::Installed { program: python, scripts: scripts.to_owned() };
    Ok(Some(Installation { process, probe, registry: "PyPI", clients }))
}

fn install_node(scripts: &Path, folder: &Path) -> Result<Option<Installation>> {
    if !starts("node") || !starts("npm") {
        return Ok(None);
    }
    // Node looks for packages beside a script, and the packages must not be among the sources.
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(scripts)? {
        let file = entry?.path();
        if let Some(name) =
            file.file_name().filter(|_| file.extension().is_some_and(|it| it == "mjs" || it == "json"))
        {
            fs::copy(&file, folder.join(name))?;
        }
    }
    let npm = || {
        let mut npm = Command::new("npm");
        npm.arg("--loglevel=error").current_dir(folder);
        npm
    };
    let mut install = npm();
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]);
    let process = install.stdout(Stdio::null()).spawn()?;
    let mut probe = npm();
    probe.args(["view", "npm", "version", "--prefer-online"]);
    let clients = Clients::Installed { program: "node".into(), scripts: folder.to_owned() };
    Ok(Some(Installation { process, probe, registry: "the npm registry", clients }))
}

/// Whether the program is installed.
fn starts(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}
