//! A copy of the workspace, for tasks that must not change the work tree.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::result::Result;

/// Copies the files of the work tree that git knows, without these. What was in the folder before is removed.
pub(crate) fn workspace(root: &Path, copy: &Path, without: &[&str]) -> Result {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    for file in files(root)?.iter().filter(|file| !without.contains(&file.as_str())) {
        let to = copy.join(file);
        fs::create_dir_all(to.parent().ok_or("a file is in no folder")?)?;
        fs::copy(root.join(file), to)?;
    }
    Ok(())
}

fn files(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output()?;
    let files: Vec<_> = String::from_utf8(output.stdout)?.split_terminator('\0').map(str::to_owned).collect();
    if files.is_empty() { Err("git lists no files".into()) } else { Ok(files) }
}
