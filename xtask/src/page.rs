//! Pages of the docs with sections that tasks write.

use std::fs;
use std::path::Path;

use crate::result::Result;

/// Replaces a task's section of the page.
pub(crate) fn write_section(page: &Path, task: &str, section: &str) -> Result {
    let (start, end) = (format!("<!-- {task} -->\n"), format!("<!-- end of {task} -->"));
    let text = fs::read_to_string(page)?;
    let missing = || format!("{} has no section `{task}`", page.display());
    let (before, rest) = text.split_once(&start).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    fs::write(page, format!("{before}{start}{section}{end}{after}"))?;
    Ok(())
}
