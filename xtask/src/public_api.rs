//! `cargo xtask public-api`: the public API of the published crates, one item or method a line, as rustdoc shows it. It is
//! committed in `xtask/public-api`, so that a change shows in review.
//!
//! It reads rustdoc's pages, because its JSON needs a nightly toolchain. Their form can change with the toolchain, so each
//! listing starts with the version of the compiler, and is only compared with the same one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::packages;
use crate::process::{succeeds, target};
use crate::result::Result;

/// The kinds of items that have a page of their own.
const KINDS: [&str; 9] = ["attr", "constant", "derive", "enum", "fn", "macro", "struct", "trait", "type"];

/// The crates without a listing: `api` is AWS's JSON, and the data of `models` is generated, which `cargo xtask codegen --check`
/// holds to it.
const UNLISTED: [&str; 2] = ["bedrock-orm-api", "bedrock-orm-models"];

/// Compares the listings with the committed ones, or writes them.
pub(crate) fn run(root: &Path, writes: bool) -> Result {
    let mut doc = Command::new(env!("CARGO"));
    // As the check of the documentation builds it, so that it is built once.
    doc.args(["doc", "--quiet", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    succeeds(doc.current_dir(root))?;
    let compiler = compiler()?;
    let folder = root.join("xtask/public-api");
    let mut changed = Vec::new();
    for name in packages::crates(root)?.into_iter().filter(|name| !UNLISTED.contains(&name.as_str())) {
        let pages = target(root).join("doc").join(name.replace('-', "_"));
        let mut lines = BTreeSet::new();
        read(&pages, &name.replace('-', "_"), &mut lines)?;
        let listing = format!("{compiler}\n{}\n", lines.into_iter().collect::<Vec<_>>().join("\n"));
        let file = folder.join(format!("{name}.txt"));
        if writes {
            fs::create_dir_all(&folder)?;
            fs::write(&file, listing)?;
            continue;
        }
        let committed = fs::read_to_string(&file)?;
        if committed.lines().next() != Some(compiler.as_str()) {
            println!("{name}: not compared, because its listing is of another compiler than {compiler}");
        } else if committed != listing {
            difference(&committed, &listing);
            changed.push(name);
        }
    }
    match changed[..] {
        [] => Ok(()),
        _ => Err(format!(
            "the public API of {} differs from its listing: if that is wanted, run `cargo xtask public-api --write`",
            changed.join(", ")
        )
        .into()),
    }
}

fn compiler() -> Result<String> {
    let output = Command::new("rustc").arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn difference(committed: &str, listing: &str) {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (committed.lines().collect(), listing.lines().collect());
    for line in old.difference(&new) {
        println!("- {line}");
    }
    for line in new.difference(&old) {
        println!("+ {line}");
    }
}

/// Reads the pages of a module and of the modules in it.
fn read(folder: &Path, module: &str, lines: &mut BTreeSet<String>) -> Result {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() {
            read(&path, &format!("{module}::{name}"), lines)?;
        } else if name == "index.html" {
            let page = fs::read_to_string(&path)?;
            let exports = between(&page, "<code>pub use ", "</code>");
            lines.extend(exports.map(|export| format!("{module}: pub use {}", text(export))));
        } else if let Some((kind, rest)) = name.split_once('.')
            && KINDS.contains(&kind)
            && let Some(item) = rest.strip_suffix(".html")
        {
            read_item(&fs::read_to_string(&path)?, &format!("{module}::{item}"), lines);
        }
    }
    Ok(())
}

/// Reads an item's page: its declaration, its methods, and the traits that it implements.
fn read_item(page: &str, item: &str, lines: &mut BTreeSet<String>) {
    let without_generic = page.split("id=\"synthetic-implementations\"").next().unwrap_or(page);
    let own = without_generic.split("id=\"trait-implementations\"").next().unwrap_or(without_generic);
    let declarations = between(own, "<pre class=\"rust item-decl\">", "</pre>");
    lines.extend(declarations.map(|declaration| format!("{item}: {}", text(declaration))));
    if let Some((_, methods)) = own.split_once("id=\"implementations-list\"") {
        let methods = between(methods, "<h4 class=\"code-header\">", "</h4>");
        lines.extend(methods.map(|method| format!("{item}: {}", text(method))));
    }
    if let Some((_, traits)) = without_generic.split_once("id=\"trait-implementations-list\"") {
        let traits = between(traits, "<h3 class=\"code-header\">", "</h3>");
        lines.extend(traits.map(|header| format!("{item}: {}", text(header))));
    }
}

/// Returns what is between each start and the end that follows it.
fn between<'a>(page: &'a str, start: &'static str, end: &'static str) -> impl Iterator<Item = &'a str> {
    page.split(start).skip(1).filter_map(move |rest| rest.split(end).next())
}

/// Returns the text of HTML in one line.
fn text(html: &str) -> String {
    let mut text = String::new();
    for (index, part) in html.split('<').enumerate() {
        text += if index == 0 { part } else { part.split_once('>').map_or("", |(_, text)| text) };
    }
    for (entity, character) in
        [("&#39;", "'"), ("&quot;", "\""), ("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
    {
        text = text.replace(entity, character);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
