//! `cargo xtask api`: writes `crates/api/*.json` from a botocore release.
//!
//! botocore has each service's description as JSON. This task keeps names, shapes,
//! constraints, HTTP bindings, errors, paginators and waiters, in botocore's order. It drops the prose and
//! the endpoint rules. The format is that of Python's `json.dumps(…, indent=1)`, so that a
//! new release is a small diff.

use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use indexmap::IndexMap;
use serde::Deserialize;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::result::Result;

/// The services in `crates/api`, as botocore names their folders.
const SERVICES: [&str; 2] = ["bedrock", "bedrock-runtime"];

/// The kept parts in the order of the output: botocore's file, its keys, and whether the file is required.
const KEPT: [(&str, &[&str], bool); 3] = [
    ("service-2.json", &["version", "metadata", "operations", "shapes"], true),
    ("paginators-1.json", &["pagination"], false),
    ("waiters-2.json", &["waiters"], false),
];

/// The sections of a written file whose entries are compared by name.
const SECTIONS: [&str; 5] = ["metadata", "operations", "shapes", "pagination", "waiters"];

/// Keys whose values are prose if they are strings. A structure's member can have such a name too;
/// its value is an object, and is kept.
const PROSE: [&str; 3] = ["documentation", "documentationUrl", "description"];

/// The values of `--from`, for error messages.
const USAGE: &str = "pass a botocore wheel (`pip download botocore --no-deps`), its unpacked folder, \
                     a `site-packages/botocore` folder or the `data` folder in it";

/// Reads both services from `from` (a wheel or a folder), then writes their files and prints the changes.
pub(crate) fn run(from: &Path) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/api");
    for line in renew(from, &folder)? {
        println!("{line}");
    }
    Ok(())
}

/// `run` for any target folder; returns the lines to print. It writes nothing if reading fails.
fn renew(from: &Path, folder: &Path) -> Result<Vec<String>> {
    let mut report = Vec::new();
    let mut files = Vec::new();
    for service in read_services(from)? {
        let path = folder.join(format!("{}.json", service.name));
        let text = service.description.to_text();
        report.extend(service.report(present(&path)?.as_ref()));
        files.push((path, text));
    }
    for (path, text) in files {
        fs::write(&path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    Ok(report)
}

/// Reads every service of `SERVICES`.
fn read_services(from: &Path) -> Result<Vec<Service>> {
    let mut release = Release::open(from)?;
    let version = release.version()?;
    SERVICES.iter().map(|name| Service::read(&mut release, name, &version)).collect()
}

/// The current description at `path`, if there is one.
fn present(path: &Path) -> Result<Option<Node>> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let hint = "restore it with git, or delete it to have it made anew";
    let node = serde_json::from_slice(&bytes).map_err(|e| format!("{}: {e}; {hint}", path.display()))?;
    Ok(Some(node))
}

/// One service's description, ready to be written.
struct Service {
    name: &'static str,
    botocore: String,
    description: Node,
}

impl Service {
    /// Reads the kept parts of the newest API version of `name`.
    fn read(release: &mut Release, name: &'static str, botocore: &str) -> Result<Self> {
        let folder = format!("data/{name}/{}", release.newest_api(name)?);
        let mut description = IndexMap::new();
        for (file, keys, is_required) in KEPT {
            let path = format!("{folder}/{file}");
            let part = release.json(&path)?;
            if is_required && part.is_none() {
                return Err(format!("botocore/{path} is missing; {USAGE}").into());
            }
            for key in keys {
                description.insert((*key).to_owned(), kept(part.as_ref(), key, &path)?);
            }
        }
        if let Some(Node::Object(metadata)) = description.get_mut("metadata") {
            let source = format!("botocore {botocore} service description, documentation removed");
            metadata.insert("source".to_owned(), Node::Leaf(source.into()));
        }
        let description = Node::Object(description).without_prose();
        Ok(Self { name, botocore: botocore.to_owned(), description })
    }

    /// The lines to print: the counts, then the names that differ from the `old` description.
    fn report(&self, old: Option<&Node>) -> Vec<String> {
        let (operations, shapes) = (self.count("operations"), self.count("shapes"));
        let head =
            format!("{} (botocore {}): {operations} operations, {shapes} shapes", self.name, self.botocore);
        let Some(old) = old else {
            return vec![format!("{head}; a new file")];
        };
        let mut lines: Vec<String> =
            SECTIONS.iter().flat_map(|s| differences(s, old.get(s), self.description.get(s))).collect();
        let end = if lines.is_empty() { "; no change" } else { "" };
        lines.insert(0, head + end);
        lines
    }

    /// The number of entries of a section.
    fn count(&self, section: &str) -> usize {
        self.description.get(section).map_or(0, |s| s.entries().count())
    }
}

/// The value of `key` in one of botocore's files; an empty object if there is no such file.
fn kept(file: Option<&Node>, key: &str, path: &str) -> Result<Node> {
    match file.map(|f| f.get(key)) {
        None => Ok(Node::Object(IndexMap::new())),
        Some(Some(node)) if key == "version" || matches!(node, Node::Object(_)) => Ok(node.clone()),
        Some(_) => Err(format!("botocore/{path} has no object `{key}`: is its format new?").into()),
    }
}

/// One line each for the names that a section has gained, lost, and changed.
fn differences(section: &str, old: Option<&Node>, new: Option<&Node>) -> Vec<String> {
    let lacks = |node: Option<&Node>, name: &str| node.and_then(|n| n.get(name)).is_none();
    let differs = |name: &str, now: &Node| old.and_then(|o| o.get(name)).is_some_and(|was| was != now);
    let (was, now) = (|| old.into_iter().flat_map(Node::entries), || new.into_iter().flat_map(Node::entries));
    let added: Vec<&str> = now().map(|(name, _)| name).filter(|name| lacks(old, name)).collect();
    let removed: Vec<&str> = was().map(|(name, _)| name).filter(|name| lacks(new, name)).collect();
    let changed: Vec<&str> = now().filter(|(name, node)| differs(name, node)).map(|(name, _)| name).collect();
    [("added", added), ("removed", removed), ("changed", changed)]
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("  {section} {what} ({}): {}", names.len(), names.join(", ")))
        .collect()
}

/// A botocore release; its paths are relative to the package folder `botocore/`.
enum Release {
    Wheel(ZipArchive<File>),
    Folder(PathBuf),
}

impl Release {
    /// Opens a wheel, or finds the package in a folder.
    fn open(from: &Path) -> Result<Self> {
        let from =
            from.canonicalize().map_err(|e| format!("cannot open {}: {e}; {USAGE}", from.display()))?;
        if from.is_dir() {
            return Self::open_folder(&from);
        }
        let file = File::open(&from).map_err(|e| format!("cannot open {}: {e}", from.display()))?;
        let wheel =
            ZipArchive::new(file).map_err(|e| format!("{} is no wheel: {e}; {USAGE}", from.display()))?;
        Ok(Self::Wheel(wheel))
    }

    /// The package is the folder itself, its subfolder `botocore`, or the parent of its `data`.
    fn open_folder(from: &Path) -> Result<Self> {
        let around = from.parent().filter(|_| from.ends_with("data"));
        let candidates = [Some(from.join("botocore")), Some(from.to_owned()), around.map(Path::to_owned)];
        let is_package = |p: &PathBuf| p.join("__init__.py").is_file() && p.join("data").is_dir();
        let package = candidates.into_iter().flatten().find(is_package);
        let complaint = || format!("{} is no botocore folder; {USAGE}", from.display());
        Ok(Self::Folder(package.ok_or_else(complaint)?))
    }

    /// botocore's version, from `__init__.py`.
    fn version(&mut self) -> Result<String> {
        let Some(bytes) = self.read("__init__.py")? else {
            return Err(format!("botocore/__init__.py is missing; {USAGE}").into());
        };
        let source = String::from_utf8_lossy(&bytes);
        let value =
            source.lines().find_map(|l| l.strip_prefix("__version__")?.trim_start().strip_prefix('='));
        let version = value.map(|v| v.trim().trim_matches(['\'', '"'])).filter(|v| !v.is_empty());
        Ok(version.ok_or("botocore/__init__.py has no line `__version__ = '…'`")?.to_owned())
    }

    /// The newest API version that has a description: the folders' names are dates.
    fn newest_api(&self, service: &str) -> Result<String> {
        let suffixes = ["/service-2.json", "/service-2.json.gz"];
        let files = self.files(service)?;
        let dated = files.iter().filter_map(|file| suffixes.iter().find_map(|s| file.strip_suffix(s)));
        let newest = dated.filter(|date| !date.contains('/')).max().map(str::to_owned);
        newest.ok_or_else(|| format!("botocore/data/{service} has no service-2.json[.gz]; {USAGE}").into())
    }

    /// The files under `data/<service>`, as `<API version>/<file>`; none if there is no such service.
    fn files(&self, service: &str) -> Result<Vec<String>> {
        let mut files = Vec::new();
        match self {
            Self::Wheel(wheel) => {
                let prefix = format!("botocore/data/{service}/");
                for name in wheel.file_names() {
                    let name = name.map_err(|e| format!("cannot list the wheel: {e}"))?;
                    files.extend(name.strip_prefix(&prefix).map(str::to_owned));
                }
            }
            Self::Folder(package) => {
                let folder = package.join("data").join(service);
                for version in list(&folder)? {
                    let names = list(&folder.join(&version))?;
                    files.extend(names.iter().map(|name| format!("{version}/{name}")));
                }
            }
        }
        Ok(files)
    }

    /// A JSON file of the package, plain or gzipped; `None` if there is neither.
    fn json(&mut self, name: &str) -> Result<Option<Node>> {
        let bytes = match self.read(name)? {
            Some(plain) => Some(plain),
            None => self.read(&format!("{name}.gz"))?.map(|gz| gunzip(&gz, name)).transpose()?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let node = serde_json::from_slice(&bytes).map_err(|e| format!("botocore/{name} is no JSON: {e}"))?;
        Ok(Some(node))
    }

    /// A file of the package; `None` if it is not there.
    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let complaint = |e: &dyn Error| format!("cannot read botocore/{name}: {e}");
        match self {
            Self::Folder(package) => {
                let path = package.join(name);
                let found = path.is_file().then(|| fs::read(path)).transpose();
                Ok(found.map_err(|e| complaint(&e))?)
            }
            Self::Wheel(wheel) => {
                let mut bytes = Vec::new();
                match wheel.by_name(&format!("botocore/{name}")) {
                    Err(ZipError::FileNotFound) => return Ok(None),
                    Err(e) => return Err(complaint(&e).into()),
                    Ok(mut file) => file.read_to_end(&mut bytes).map_err(|e| complaint(&e))?,
                };
                Ok(Some(bytes))
            }
        }
    }
}

/// The names in a folder; empty if it is not a folder.
fn list(folder: &Path) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let complaint = |e| format!("cannot list {}: {e}", folder.display());
    let entries = fs::read_dir(folder).map_err(complaint)?;
    let name = |e: fs::DirEntry| e.file_name().to_string_lossy().into_owned();
    Ok(entries.map(|entry| entry.map(name).map_err(complaint)).collect::<Result<_, _>>()?)
}

/// Unpacks gzip.
fn gunzip(bytes: &[u8], name: &str) -> Result<Vec<u8>> {
    let mut plain = Vec::new();
    let read = GzDecoder::new(bytes).read_to_end(&mut plain);
    read.map_err(|e| format!("cannot unpack botocore/{name}.gz: {e}"))?;
    Ok(plain)
}

/// JSON whose objects keep their order. `serde_json` does so only with a feature, which would apply to
/// the whole workspace.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Node {
    Object(IndexMap<String, Node>),
    Array(Vec<Node>),
    Leaf(serde_json::Value),
}

impl Node {
    /// An object's value with this name.
    fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(object) => object.get(key),
            _ => None,
        }
    }

    /// An object's entries; empty for any other value.
    fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let object = if let Self::Object(object) = self { Some(object) } else { None };
        object.into_iter().flatten().map(|(name, node)| (name.as_str(), node))
    }

    fn is_string(&self) -> bool {
        matches!(self, Self::Leaf(serde_json::Value::String(_)))
    }

    /// This value without `PROSE`, at any depth.
    fn without_prose(self) -> Self {
        let keep = |(key, node): &(String, Self)| !(PROSE.contains(&key.as_str()) && node.is_string());
        match self {
            Self::Object(object) => {
                let kept = object.into_iter().filter(keep);
                Self::Object(kept.map(|(key, node)| (key, node.without_prose())).collect())
            }
            Self::Array(items) => Self::Array(items.into_iter().map(Self::without_prose).collect()),
            leaf @ Self::Leaf(_) => leaf,
        }
    }

    /// The text of Python's `json.dumps(…, indent=1)`: ASCII only, no newline at the end.
    fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(1, &mut text);
        text
    }

    /// Writes this node; `depth` is the indentation of its contents.
    fn write(&self, depth: usize, out: &mut String) {
        match self {
            Self::Object(object) => write_items(['{', '}'], object, depth, out, |(key, node), out| {
                write_string(key, out);
                out.push_str(": ");
                node.write(depth + 1, out);
            }),
            Self::Array(items) => {
                write_items(['[', ']'], items, depth, out, |node, out| node.write(depth + 1, out));
            }
            Self::Leaf(serde_json::Value::String(s)) => write_string(s, out),
            Self::Leaf(serde_json::Value::Number(n)) => out.push_str(&python_number(n)),
            Self::Leaf(other) => out.push_str(&other.to_string()),
        }
    }
}

/// Writes items between brackets, each on its own line.
fn write_items<T>(
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    depth: usize,
    out: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    let start_line =
        |out: &mut String, depth: usize| out.extend(['\n'].into_iter().chain([' '].repeat(depth)));
    out.push(open);
    let mut is_empty = true;
    for item in items {
        if !is_empty {
            out.push(',');
        }
        is_empty = false;
        start_line(out, depth);
        write(item, out);
    }
    if !is_empty {
        start_line(out, depth - 1);
    }
    out.push(close);
}

/// Writes a string, with everything but printable ASCII escaped.
fn write_string(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    out.push('"');
}

/// A number in the format of Python's `repr`: an exponent has a sign and at least two digits.
fn python_number(number: &serde_json::Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let text = format!("{float:?}");
    match text.split_once('e') {
        None => text,
        Some((mantissa, exponent)) => match exponent.strip_prefix('-') {
            Some(digits) => format!("{mantissa}e-{digits:0>2}"),
            None => format!("{mantissa}e+{exponent:0>2}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::ops::Deref;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    const INIT: (&str, &str) = ("__init__.py", "import os\n\n__version__ = '9.8.7'\n");

    const RUNTIME: (&str, &str) = (
        "data/bedrock-runtime/2023-09-30/service-2.json",
        r#"{"version":"2.0","metadata":{"apiVersion":"2023-09-30"},"operations":{},
            "shapes":{},"examples":{}}"#,
    );

    const BEDROCK: (&str, &str) = (
        "data/bedrock/2023-04-20/service-2.json",
        r#"{"version":"2.0","metadata":{"apiVersion":"2023-04-20"},
            "operations":{"B":{"name":"B","documentation":"<p>prose</p>"},"A":{"name":"A"}},
            "shapes":{"S":{"type":"structure","members":{
                "documentation":{"shape":"T","documentation":"prose"},"rate":{"shape":"R"}}},
              "R":{"type":"double","min":1E-7,"max":1.0},"T":{"type":"string","pattern":"[\u0020-\u00ff]+"}},
            "documentation":"prose"}"#,
    );

    const PAGINATORS: (&str, &str) =
        ("data/bedrock/2023-04-20/paginators-1.json", r#"{"pagination":{"A":{"input_token":"nextToken"}}}"#);

    const OLD: (&str, &str) = ("data/bedrock/2022-01-01/service-2.json", "{}");

    const EXPECTED: &str = r#"{
 "version": "2.0",
 "metadata": {
  "apiVersion": "2023-04-20",
  "source": "botocore 9.8.7 service description, documentation removed"
 },
 "operations": {
  "B": {
   "name": "B"
  },
  "A": {
   "name": "A"
  }
 },
 "shapes": {
  "S": {
   "type": "structure",
   "members": {
    "documentation": {
     "shape": "T"
    },
    "rate": {
     "shape": "R"
    }
   }
  },
  "R": {
   "type": "double",
   "min": 1e-07,
   "max": 1.0
  },
  "T": {
   "type": "string",
   "pattern": "[ -\u00ff]+"
  }
 },
 "pagination": {
  "A": {
   "input_token": "nextToken"
  }
 },
 "waiters": {}
}"#;

    /// A new folder for one test, which is deleted when dropped.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(test: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("xtask-api-{}-{test}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }
    }

    impl Deref for Scratch {
        type Target = Path;

        fn deref(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// An unpacked wheel: the descriptions are plain.
    fn folder_of(at: &Path, files: &[(&str, &str)]) -> PathBuf {
        for (name, text) in files {
            let path = at.join("botocore").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        at.to_owned()
    }

    /// A wheel: the descriptions are gzipped.
    fn wheel_of(at: &Path, files: &[(&str, &str)]) -> PathBuf {
        let path = at.join("botocore-9.8.7-py3-none-any.whl");
        let mut wheel = ZipWriter::new(File::create(&path).unwrap());
        for (name, text) in files {
            let is_model = name.ends_with("service-2.json");
            let suffix = if is_model { ".gz" } else { "" };
            wheel.start_file(format!("botocore/{name}{suffix}"), SimpleFileOptions::default()).unwrap();
            if is_model {
                let mut gz = GzEncoder::new(Vec::new(), Compression::default());
                gz.write_all(text.as_bytes()).unwrap();
                wheel.write_all(&gz.finish().unwrap()).unwrap();
            } else {
                wheel.write_all(text.as_bytes()).unwrap();
            }
        }
        wheel.finish().unwrap();
        path
    }

    /// The written texts, in the order of `SERVICES`.
    fn texts(from: &Path) -> Vec<String> {
        read_services(from).unwrap().iter().map(|s| s.description.to_text()).collect()
    }

    #[test]
    fn prose_is_dropped_and_the_layout_is_pythons() {
        let at = Scratch::new("prose");
        let from = folder_of(&at, &[INIT, RUNTIME, OLD, BEDROCK, PAGINATORS]);
        assert_eq!(texts(&from)[0], EXPECTED);
        assert!(!texts(&from)[1].contains("examples"));
    }

    #[test]
    fn wheel_and_folders_give_the_same() {
        let files = [INIT, RUNTIME, OLD, BEDROCK, PAGINATORS];
        let at = Scratch::new("same");
        let wheel = texts(&wheel_of(&at, &files));
        let folder = folder_of(&at, &files);
        for from in [folder.clone(), folder.join("botocore"), folder.join("botocore/data")] {
            assert_eq!(texts(&from), wheel);
        }
    }

    #[test]
    fn a_missing_service_is_an_error_and_nothing_is_written() {
        let at = Scratch::new("missing");
        let api = Scratch::new("missing-api");
        for from in [wheel_of(&at, &[INIT, BEDROCK]), folder_of(&at, &[INIT, BEDROCK])] {
            let error = renew(&from, &api).unwrap_err().to_string();
            assert!(error.contains("botocore/data/bedrock-runtime has no service-2.json"), "{error}");
        }
        assert!(list(&api).unwrap().is_empty());
    }

    #[test]
    fn other_files_and_folders_are_refused() {
        let at = Scratch::new("refused");
        let text = at.join("notes.txt");
        fs::write(&text, "no zip").unwrap();
        for (from, complaint) in [
            (text, "is no wheel"),
            (wheel_of(&at, &[BEDROCK]), "botocore/__init__.py is missing"),
            (at.to_path_buf(), "is no botocore folder"),
            (at.join("nowhere"), "cannot open"),
        ] {
            let error = read_services(&from).err().unwrap().to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn the_report_names_what_changed() {
        let at = Scratch::new("report");
        let api = Scratch::new("report-api");
        let from = folder_of(&at, &[INIT, RUNTIME, BEDROCK, PAGINATORS]);
        let first = renew(&from, &api).unwrap();
        assert_eq!(first[0], "bedrock (botocore 9.8.7): 2 operations, 3 shapes; a new file");
        let second = renew(&from, &api).unwrap();
        assert_eq!(second[1], "bedrock-runtime (botocore 9.8.7): 0 operations, 0 shapes; no change");

        let newer = BEDROCK.1.replace(r#""A":{"name":"A"}"#, r#""C":{"name":"C"}"#).replace("1.0", "2.0");
        folder_of(&at, &[(BEDROCK.0, &newer)]);
        let third = renew(&from, &api).unwrap();
        assert_eq!(
            third[..4],
            [
                "bedrock (botocore 9.8.7): 2 operations, 3 shapes",
                "  operations added (1): C",
                "  operations removed (1): A",
                "  shapes changed (1): R",
            ]
        );
    }
}
