//! Programs that are packages of their own, outside of the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::crate_times::CrateTimes;
use crate::result::Result;

/// Cargo builds crates of a registry at once, but crates of a path incrementally, which costs a first build a third more. Ours
/// are built as users get them, and as the SDK's are.
const AS_FROM_A_REGISTRY: &str = "[profile.dev.package.\"*\"]\nincremental = false\n";

/// A program, and the crates that it needs. `ROOT` in them is the folder of the workspace.
pub(super) struct Standalone<'a> {
    pub(super) name: &'a str,
    pub(super) dependencies: &'a str,
    pub(super) main: &'a str,
}

impl Standalone<'_> {
    /// Writes the package to a folder, with the versions of the workspace, and fetches the others.
    pub(super) fn write(&self, root: &Path, folder: &Path) -> Result<Written> {
        let folder = folder.join(self.name);
        fs::create_dir_all(folder.join("src"))?;
        let dependencies = self.dependencies.replace("ROOT", &root.canonicalize()?.display().to_string());
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             {dependencies}tokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n\n{AS_FROM_A_REGISTRY}",
            self.name,
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("src/main.rs"), self.main)?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let written = Written { folder, name: self.name.to_owned() };
        written.cargo("fetch", &[])?;
        Ok(written)
    }
}

/// A package that is written to a folder.
pub(super) struct Written {
    folder: PathBuf,
    name: String,
}

impl Written {
    /// Returns the CPU time of a clean debug build.
    pub(super) fn debug_build(&self) -> Result<CrateTimes> {
        let target = self.folder.join("target");
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        CrateTimes::of(&mut self.command("build", &["--offline"]), &self.folder.join("crate-times"))
    }

    /// Builds the program in release without symbols, and returns its path.
    pub(super) fn release(&self) -> Result<PathBuf> {
        self.cargo("build", &["--offline", "--release", "--config", "profile.release.strip=true"])?;
        Ok(self.folder.join("target/release").join(&self.name))
    }

    fn cargo(&self, task: &str, arguments: &[&str]) -> Result {
        crate::process::succeeds(&mut self.command(task, arguments))
    }

    fn command(&self, task: &str, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg(task).args(arguments).arg("--quiet").current_dir(&self.folder);
        cargo.env("CARGO_TARGET_DIR", self.folder.join("target"));
        cargo
    }
}
