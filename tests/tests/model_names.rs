//! The model IDs that the documentation, the examples and the code name: AWS offers each of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bedrock_orm::models::jiff::Timestamp;
use serde_json::Value;

/// The date of the check. Move it forward with each release; the models that have ended by then have to be replaced.
const DATE: &str = "2026-11-21T00:00:00Z";

/// IDs that look like those of a provider's models, and are invented on purpose.
const INVENTED: [&str; 4] = [
    "amazon.nova-next-v1:0",
    "anthropic.claude-next",
    "anthropic.claude-tomorrow",
    "anthropic.claude-tomorrow-v1:0",
];

/// Retired models that a text names because it shows, and says so, how the formats of retired models are used.
const SHOWN_AS_RETIRED: [(&str, &str); 9] = [
    ("docs/invoking.md", "amazon.nova-canvas-v1:0"),
    ("docs/invoking.md", "amazon.titan-text-express-v1"),
    ("docs/invoking.md", "cohere.command-r-v1:0"),
    ("examples/invoke.rs", "amazon.titan-text-express-v1"),
    ("examples/providers.rs", "ai21.jamba-1-5-mini-v1:0"),
    ("examples/providers.rs", "amazon.titan-text-express-v1"),
    ("examples/providers.rs", "anthropic.claude-v2"),
    ("examples/providers.rs", "cohere.command-r-v1:0"),
    ("examples/providers.rs", "cohere.command-text-v14"),
];

/// The models and prefixes of the local Bedrock's catalogue.
struct Catalogue {
    /// Whether AWS has retired each model.
    models: BTreeMap<String, bool>,
    providers: BTreeSet<String>,
    prefixes: BTreeSet<String>,
}

impl Catalogue {
    fn read() -> Self {
        let date: Timestamp = DATE.parse().unwrap();
        let read = |name: &str| -> Vec<Value> {
            let path = root().join("crates/local/data").join(name);
            serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
        };
        let models: BTreeMap<String, bool> = read("foundation_models.json")
            .iter()
            .map(|model| {
                let lifecycle = &model["modelLifecycle"];
                let end = lifecycle["endOfLifeTime"].as_str().map(|end| end.parse::<Timestamp>().unwrap());
                let has_ended = lifecycle["ended"] == true || end.is_some_and(|end| end <= date);
                (model["modelId"].as_str().unwrap().to_owned(), has_ended)
            })
            .collect();
        let providers = models.keys().map(|id| id.split('.').next().unwrap().to_owned()).collect();
        let profiles = read("inference_profiles.json");
        let prefixes = profiles.iter().map(|group| group["prefix"].as_str().unwrap().to_owned()).collect();
        Self { models, providers, prefixes }
    }

    /// Returns the IDs of models in a text, without the prefixes of profiles.
    fn ids<'a>(&self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let is_of_id = |character: char| character.is_ascii_alphanumeric() || ".:-".contains(character);
        text.split(move |character| !is_of_id(character))
            .map(|token| token.trim_matches(|character: char| ".:-".contains(character)))
            .filter_map(|token| {
                let (first, rest) = token.split_once('.')?;
                let id = if self.prefixes.contains(first) { rest } else { token };
                let (provider, name) = id.split_once('.')?;
                let is_id = self.providers.contains(provider)
                    && (self.models.contains_key(id) || name.contains('-') && !name.contains(".com"));
                is_id.then_some(id)
            })
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Returns the files in a folder and below with one of these extensions, except generated ones.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match path.extension().and_then(|extension| extension.to_str()) {
            _ if path.is_dir() && name != "generated" && name != "target" => files(&path, found),
            Some("rs" | "md") if path.is_file() => found.push(path),
            _ => {}
        }
    }
}

/// Returns the text of a page without its Python, which quotes a design that is older than the models.
fn without_python(text: &str) -> String {
    let mut kept = String::new();
    let mut in_python = false;
    for line in text.lines() {
        match line.trim() {
            "```python" => in_python = true,
            "```" if in_python => in_python = false,
            _ if in_python => {}
            _ => kept.extend([line, "\n"]),
        }
    }
    kept
}

fn is_shown_as_retired(path: &Path, id: &str) -> bool {
    SHOWN_AS_RETIRED.iter().any(|(file, shown)| path.ends_with(file) && *shown == id)
}

#[test]
fn no_retired_model_is_named() {
    let catalogue = Catalogue::read();
    let mut paths = vec![root().join("README.md")];
    for folder in [
        "docs",
        "examples",
        "crates/bedrock-orm",
        "crates/core",
        "crates/managers",
        "crates/models",
        "crates/runtime-mixin",
    ] {
        files(&root().join(folder), &mut paths);
    }
    let (mut wrong, mut named) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let text = without_python(&fs::read_to_string(&path).unwrap());
        for id in catalogue.ids(&text).filter(|id| !INVENTED.contains(id)) {
            named.insert(id.to_owned());
            match catalogue.models.get(id) {
                Some(false) => {}
                Some(true) if is_shown_as_retired(&path, id) => {}
                Some(true) => wrong.push(format!("{}: AWS has retired {id}", path.display())),
                None => wrong.push(format!("{}: {id} is not in the catalogue", path.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "on {DATE}:\n{}", wrong.join("\n"));
    for id in ["amazon.nova-pro-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0", "luma.ray-v2:0"] {
        assert!(named.contains(id), "{id} is read from the texts");
    }
}

#[test]
fn ids_are_found_in_arns_profiles_and_sentences() {
    let catalogue = Catalogue::read();
    let text = "Use us.amazon.nova-lite-v1:0, `deepseek.v3.2`. Not \
                arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-text-express-v1, docs.aws.amazon.com/a-b, \
                writer.write_all or anthropic.claude-*";
    let found: Vec<_> = catalogue.ids(text).collect();
    assert_eq!(found, ["amazon.nova-lite-v1:0", "deepseek.v3.2", "amazon.titan-text-express-v1"]);
    assert!(catalogue.models["amazon.titan-text-express-v1"]);
}
