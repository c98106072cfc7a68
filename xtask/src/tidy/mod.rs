//! `cargo xtask tidy`: each crate's files stand on floors (`xtask/floors.toml`), and import from lower floors only.

mod imports;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::result::Result;
use imports::{Import, Modules};

const TABLE: &str = "xtask/floors.toml";

/// One crate's floors.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Floors {
    /// From low to high, the files and folders of each floor, as paths below `src` without `.rs`.
    floors: Vec<Vec<String>>,
    circles: Vec<Circle>,
}

/// Modules that may import one another.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Circle {
    modules: Vec<String>,
    #[expect(dead_code, reason = "it is for the table's readers, and has to be there")]
    why: String,
}

/// Fails with the imports that go up or round, and the files that stand on no floor.
pub(crate) fn run(root: &Path) -> Result {
    let text = fs::read_to_string(root.join(TABLE))?;
    let mut table: BTreeMap<String, Floors> =
        toml::from_str(&text).map_err(|error| format!("{TABLE}: {error}"))?;
    let mut folders = vec!["xtask".to_owned()];
    for entry in fs::read_dir(root.join("crates"))? {
        folders.push(format!("crates/{}", entry?.file_name().to_string_lossy()));
    }
    folders.sort();
    let mut wrong = Vec::new();
    for folder in &folders {
        let name = folder.trim_start_matches("crates/");
        let Some(floors) = table.remove(name) else {
            wrong.push(format!("{folder}: {TABLE} has no floors for this crate"));
            continue;
        };
        let mut files = BTreeMap::new();
        read(&root.join(folder).join("src"), Path::new(""), &mut files)?;
        let manifest: toml::Table = fs::read_to_string(root.join(folder).join("Cargo.toml"))?.parse()?;
        let package = manifest["package"]["name"].as_str().unwrap_or_default().replace('-', "_");
        let found = check(&package, &files, &floors).map_err(|error| format!("{folder}/src/{error}"))?;
        println!("{name}: {} files on {} floors", files.len(), floors.floors.len());
        wrong.extend(found.into_iter().map(|problem| format!("{folder}/src/{problem}")));
    }
    wrong.extend(table.keys().map(|name| format!("{TABLE}: there is no crate `{name}`")));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn read(folder: &Path, below: &Path, files: &mut BTreeMap<String, String>) -> Result {
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        let below = below.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            read(&path, &below, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(below.to_string_lossy().into_owned(), fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// What is wrong in a crate, each by its file below `src` and its line.
fn check(crate_name: &str, files: &BTreeMap<String, String>, floors: &Floors) -> Result<Vec<String>, String> {
    let modules = Modules::read(crate_name, files)?;
    let units: BTreeMap<&str, usize> = floors
        .floors
        .iter()
        .enumerate()
        .flat_map(|(floor, units)| units.iter().map(move |unit| (unit.as_str(), floor)))
        .collect();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for file in modules.files() {
        match unit_of(&units, file) {
            Some(unit) => {
                used.insert(unit);
            }
            None => wrong.push(format!("{file}: this file is on no floor of {TABLE}")),
        }
    }
    let empty = units.keys().filter(|unit| !used.contains(*unit));
    wrong.extend(empty.map(|unit| format!("{unit}: {TABLE} has it, but there is no such file")));

    let mut within = Vec::new();
    for import in modules.imports() {
        let (Some(from), Some(to)) = (unit_of(&units, &import.from), unit_of(&units, &import.to)) else {
            continue;
        };
        if floors.allows(&import) {
            continue;
        }
        let floor = match units[to].cmp(&units[from]) {
            _ if from == to => {
                within.push(import);
                continue;
            }
            std::cmp::Ordering::Less => continue,
            std::cmp::Ordering::Equal => "same floor",
            std::cmp::Ordering::Greater => "higher floor",
        };
        wrong.push(format!("{}:{}: `{from}` may not import `{to}` ({floor})", import.from, import.line));
    }
    wrong.extend(circles(&within));
    wrong.sort();
    wrong.dedup();
    Ok(wrong)
}

impl Floors {
    /// Whether the two files belong to two modules of one circle.
    fn allows(&self, import: &Import) -> bool {
        self.circles.iter().any(|circle| {
            let modules = circle.modules.iter().map(|module| (module.as_str(), 0)).collect();
            let (from, to) = (unit_of(&modules, &import.from), unit_of(&modules, &import.to));
            from.is_some() && to.is_some() && from != to
        })
    }
}

/// `a/mod.rs` as the table names it: `a`.
fn name_of(file: &str) -> &str {
    let name = file.trim_end_matches(".rs");
    name.strip_suffix("/mod").unwrap_or(name)
}

/// The entry of the table to which a file belongs: its own, or the nearest folder's.
fn unit_of<'a>(units: &BTreeMap<&'a str, usize>, file: &str) -> Option<&'a str> {
    let mut name = name_of(file);
    loop {
        if let Some((unit, _)) = units.get_key_value(name) {
            return Some(unit);
        }
        name = name.rsplit_once('/')?.0;
    }
}

/// The imports that lead back to their own file: of each circle one, with the way round.
fn circles(imports: &[Import]) -> Vec<String> {
    let mut circles = Vec::new();
    let mut known = BTreeSet::new();
    for import in imports {
        if let Some(way) = way(imports, &import.to, &import.from)
            && known.insert(way.iter().copied().collect::<BTreeSet<_>>())
        {
            let way: Vec<&str> = way.into_iter().map(name_of).collect();
            let (from, line) = (&import.from, import.line);
            circles.push(format!("{from}:{line}: a circle: {} → {}", name_of(from), way.join(" → ")));
        }
    }
    circles
}

/// The shortest chain of imports from one file to another.
fn way<'a>(imports: &'a [Import], from: &'a str, to: &str) -> Option<Vec<&'a str>> {
    let mut ways = vec![vec![from]];
    let mut seen = BTreeSet::from([from]);
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way.last().copied()?;
            if last == to {
                return Some(way);
            }
            for next in imports.iter().filter(|import| import.from == last) {
                if seen.insert(next.to.as_str()) {
                    longer.push([way.as_slice(), &[next.to.as_str()]].concat());
                }
            }
        }
        ways = longer;
    }
    None
}
