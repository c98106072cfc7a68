//! Generates a function from each Rust snippet in the README and in `docs/`. `tests/docs.rs` runs the functions.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

/// Each page's name, its path, and the code that its snippets begin with, as stated on the page.
const PAGES: &[(&str, &str, &str)] = &[
    ("readme", "../README.md", ""),
    ("tour", "../docs/tour.md", ""),
    ("conversations", "../docs/conversations.md", "let transport = mcp_server();"),
    ("django", "../docs/django.md", "type Job = ModelInvocationJob; let jobs = Job::objects();"),
    ("models", "../docs/models.md", ""),
    ("jobs", "../docs/jobs.md", ""),
    ("batches", "../docs/batches.md", "let store = bucket()?;"),
    ("guardrails", "../docs/guardrails.md", ""),
    ("account", "../docs/account.md", ""),
    ("deadlines", "../docs/deadlines.md", ""),
    ("preflight", "../docs/preflight.md", ""),
    ("testing", "../docs/testing.md", ""),
    ("invoking", "../docs/invoking.md", "use bedrock_orm::models::providers::*;"),
    ("embeddings", "../docs/embeddings.md", "use bedrock_orm::models::providers::*;"),
    ("tracing", "../docs/tracing.md", ""),
    ("quotas", "../docs/quotas.md", ""),
    ("cost", "../docs/cost.md", ""),
];

fn main() -> io::Result<()> {
    let mut functions = String::new();
    let mut list = String::new();
    for &(page, path, beginning) in PAGES {
        println!("cargo::rerun-if-changed={path}");
        for (line, snippet) in snippets(&fs::read_to_string(path)?) {
            let name = format!("{page}_line_{line}");
            let _ = writeln!(
                functions,
                "#[allow(unused, clippy::unwrap_used)]\nasync fn {name}(session: &Session, model: &Bound<FoundationModel>, guardrail_id: &str) -> Result {{\n\
                 let (session, model) = (session.clone(), model.clone());\n{beginning}\n{{\n{snippet}\n}}\nOk(())\n}}\n"
            );
            // Each future is boxed, so that the stack does not contain all of them.
            let _ = writeln!(
                list,
                "Box::pin({name}(session, model, guardrail_id)).await.map_err(|error| format!(\"{path}, line {line}: {{error}}\"))?;"
            );
        }
    }
    let _ = writeln!(
        functions,
        "async fn run_all(session: &Session, model: &Bound<FoundationModel>, guardrail_id: &str) -> Result {{\n{list}Ok(())\n}}"
    );
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("snippets.rs"), functions)
}

/// Returns the fenced Rust blocks of a page, each with its first line's number.
fn snippets(page: &str) -> Vec<(usize, String)> {
    let mut snippets = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, line) in page.lines().enumerate() {
        match &mut open {
            None if line.trim() == "```rust" => open = Some((at + 2, String::new())),
            None => {}
            Some(_) if line.trim() == "```" => snippets.extend(open.take()),
            Some((_, snippet)) => {
                snippet.push_str(line);
                snippet.push('\n');
            }
        }
    }
    snippets
}
