//! Clients that are programs of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::standalone::Standalone;
use crate::conformance;
use crate::result::Result;

/// The clients that could be had.
pub(super) struct Clients {
    /// The folder with their sources.
    sources: PathBuf,
    target: PathBuf,
    /// Python with boto3 and botocraft.
    python: Option<PathBuf>,
    rig: Option<PathBuf>,
}

impl Clients {
    /// Installs boto3 and botocraft, and builds rig-bedrock if it is asked for: it takes minutes.
    pub(super) fn install(root: &Path, target: &Path, with_rig: bool) -> Result<Self> {
        let sources = root.join("crates/bedrock-orm/benches/clients");
        let python = conformance::python_of_clients(root)?;
        if let Err(why) = &python {
            println!("boto3 and botocraft are left out: {why}");
        }
        let build_rig = || -> Result<PathBuf> {
            let main = fs::read_to_string(sources.join("rig.rs"))?;
            let package = Standalone { name: "rig-side", dependencies: RIG, main: &main };
            package.write(root, &target.join("bench"))?.release()
        };
        let rig = with_rig.then(build_rig).transpose()?;
        Ok(Self { sources, target: target.to_owned(), python: python.ok(), rig })
    }

    /// Returns the command of a client, if it could be had.
    pub(super) fn command(&self, name: &str, what: &str, url: &str, units: u64) -> Option<Command> {
        let mut command = match name {
            "rig-bedrock" => Command::new(self.rig.as_ref()?),
            _ => {
                let mut python = Command::new(self.python.as_ref()?);
                python.arg(self.sources.join("python.py")).arg(name);
                python.env("PYTHONPYCACHEPREFIX", self.target.join("conformance/compiled"));
                python
            }
        };
        command.args([what, url, &units.to_string()]);
        Some(command)
    }
}

/// The newest version of rig-bedrock that the workspace's Rust compiles.
const RIG: &str = "\
aws-sdk-bedrockruntime = { version = \"1\", default-features = false, features = [\"default-https-client\", \"rt-tokio\", \"test-util\"] }
futures-util = { version = \"0.3\", default-features = false }
rig-bedrock = \"=0.44.0\"
rig-core = { version = \"=0.44.0\", default-features = false }
rustix = { version = \"1\", default-features = false, features = [\"std\", \"time\"] }
";
