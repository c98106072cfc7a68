//! `cargo xtask ci`: all checks besides `cargo test`.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::process::{cargo, succeeds, target};
use crate::result::Result;
use crate::{
    codegen, conformance, coverage, features, packages, public_api, reliability, supply_chain, tidy,
};

/// A check with its name.
type Check = (&'static str, fn(&Path) -> Result);

const CHECKS: [Check; 15] = [
    ("format", |root| cargo(root, &["fmt", "--all", "--check"])),
    ("floors", tidy::run),
    ("generated code", codegen::check),
    ("coverage", |root| coverage::run(root, false)),
    ("clippy", |root| {
        cargo(root, &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])
    }),
    ("models without an SDK", |root| cargo(root, &["check", "--quiet", "-p", "bedrock-orm-models"])),
    ("without the control plane", |root| {
        cargo(root, &["check", "--quiet", "-p", "bedrock-orm", "--no-default-features"])
    }),
    ("features", |root| features::run(root, true)),
    ("supply chain", supply_chain::run),
    ("documentation", documentation),
    ("public API", |root| public_api::run(root, false)),
    ("examples", examples),
    ("faults", |root| reliability::run(root, "faults", "fault_matrix", &["--quick"])),
    ("packages", packages::run),
    ("conformance", conformance::run),
];

pub(crate) fn run(root: &Path) -> Result {
    for (name, check) in CHECKS {
        println!("── {name}");
        check(root).map_err(|error| format!("{name}: {error}"))?;
    }
    println!("all {} checks passed", CHECKS.len());
    Ok(())
}

/// Builds the rustdoc pages; a warning is an error.
fn documentation(root: &Path) -> Result {
    let mut doc = Command::new(env!("CARGO"));
    doc.args(["doc", "--quiet", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .current_dir(root);
    succeeds(&mut doc)
}

/// Runs each example without AWS's variables. It must succeed and print something.
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

/// The names of the package's examples.
fn names(package: &Path) -> Result<Vec<String>> {
    let manifest: toml::Table = std::fs::read_to_string(package.join("Cargo.toml"))?.parse()?;
    let examples =
        manifest.get("example").and_then(toml::Value::as_array).ok_or("the package declares no example")?;
    Ok(examples.iter().filter_map(|example| example.get("name")?.as_str().map(str::to_owned)).collect())
}
