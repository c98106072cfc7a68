//! The time of a clean debug build, and the size of a small program.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::sides::Bench;
use super::table::Reach::AtMost;
use super::table::Row;
use crate::result::Result;

/// A small program, and the crates that it needs.
struct Program {
    name: &'static str,
    dependencies: &'static str,
    main: &'static str,
}

const OURS: Program = Program {
    name: "with-orm",
    dependencies: "bedrock-orm = { path = \"ROOT/crates/bedrock-orm\" }\n",
    main: r#"use bedrock_orm::prelude::*;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let session = Session::from_env().await?;
    for model in FoundationModel::objects().using(&session).list().await? {
        println!("{}", model.model_id);
    }
    let model = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
    println!("{}", model.converse("Hello").await?.text());
    Ok(())
}
"#,
};

const THEIRS: Program = Program {
    name: "with-sdk",
    dependencies: "aws-sdk-bedrock = { version = \"1\", default-features = false, features = [\"default-https-client\", \"rt-tokio\"] }\n\
                   aws-sdk-bedrockruntime = { version = \"1\", default-features = false, features = [\"default-https-client\", \"rt-tokio\"] }\n\
                   aws-config = { version = \"1\", default-features = false, features = [\"default-https-client\", \"rt-tokio\", \"sso\", \"credentials-process\"] }\n",
    main: r#"use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let listed = aws_sdk_bedrock::Client::new(&config).list_foundation_models().send().await?;
    for model in listed.model_summaries() {
        println!("{}", model.model_id());
    }
    let message =
        Message::builder().role(ConversationRole::User).content(ContentBlock::Text("Hello".into())).build()?;
    let client = aws_sdk_bedrockruntime::Client::new(&config);
    let reply = client.converse().model_id("amazon.nova-lite-v1:0").messages(message).send().await?;
    println!("{:?}", reply.output().and_then(|output| output.as_message().ok()));
    Ok(())
}
"#,
};

pub(super) fn measure(bench: &mut Bench<'_>) -> Result {
    let folder = bench.target.join("bench-size");
    let ours = OURS.write(bench.root, &folder)?;
    let theirs = THEIRS.write(bench.root, &folder)?;
    let (our_build, their_build) = (ours.debug_build()?, theirs.debug_build()?);
    let (our_size, their_size) = (ours.release_size()?, theirs.release_size()?);
    let against = "the SDK's crates";
    bench.table.add(Row {
        what: "a clean debug build: CPU",
        against,
        unit: "s",
        ours: our_build,
        theirs: their_build,
        result: our_build / their_build,
        reach: AtMost(1.15),
        spread: None,
    });
    bench.table.add(Row {
        what: "a small program in release: size",
        against,
        unit: "MiB",
        ours: our_size,
        theirs: their_size,
        result: our_size / their_size,
        reach: AtMost(1.15),
        spread: None,
    });
    Ok(())
}

impl Program {
    /// Writes the program as a package of its own, with the versions of the workspace.
    fn write(&self, root: &Path, folder: &Path) -> Result<Written> {
        let package = folder.join(self.name);
        fs::create_dir_all(package.join("src"))?;
        let dependencies = self.dependencies.replace("ROOT", &root.canonicalize()?.display().to_string());
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             {dependencies}tokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n",
            self.name,
        );
        fs::write(package.join("Cargo.toml"), manifest)?;
        fs::write(package.join("src/main.rs"), self.main)?;
        fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock"))?;
        Ok(Written { package: package.display().to_string(), name: self.name })
    }
}

/// A program that is written to a folder.
struct Written {
    package: String,
    name: &'static str,
}

impl Written {
    /// Returns the CPU time of a clean debug build, in seconds.
    fn debug_build(&self) -> Result<f64> {
        self.cargo("fetch", &[])?;
        let target = Path::new(&self.package).join("target");
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        let before = children_cpu()?;
        self.cargo("build", &["--offline"])?;
        Ok(children_cpu()? - before)
    }

    /// Returns the size of the release binary without symbols, in MiB.
    fn release_size(&self) -> Result<f64> {
        self.cargo("build", &["--offline", "--release", "--config", "profile.release.strip=true"])?;
        let program = Path::new(&self.package).join("target/release").join(self.name);
        Ok(fs::metadata(program)?.len() as f64 / f64::from(1 << 20))
    }

    fn cargo(&self, task: &str, arguments: &[&str]) -> Result {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg(task).args(arguments).arg("--quiet").current_dir(&self.package);
        cargo.env("CARGO_TARGET_DIR", Path::new(&self.package).join("target"));
        crate::process::succeeds(&mut cargo)
    }
}

/// The CPU time of the processes that this one has waited for, in seconds, as Linux counts it.
fn children_cpu() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no CPU time in /proc")?;
    let ticks: u64 =
        fields.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(ticks as f64 / 100.0)
}
