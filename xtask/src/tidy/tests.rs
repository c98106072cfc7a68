use super::*;

const FLOORS: &str = r#"
floors = [["wire"], ["model", "store"], ["http"]]
circles = [{ modules = ["store/engine", "store/descriptor"], why = "each describes the other" }]
"#;

/// A tree that keeps the rules.
const GOOD: [(&str, &str); 8] = [
    ("lib.rs", "mod wire;\nmod model;\nmod store;\nmod http;\npub use model::Model;\npub use wire::Json;"),
    ("wire.rs", "pub struct Json;"),
    (
        "model.rs",
        "use crate::wire::Json;\n#[cfg(test)]\nmod tests { use crate::http::Server; }\npub struct Model;",
    ),
    ("store/mod.rs", "mod engine;\nmod descriptor;\npub use engine::Engine;"),
    ("store/engine.rs", "use super::descriptor::Descriptor;\npub struct Engine;"),
    ("store/descriptor.rs", "use super::engine::Engine;\npub struct Descriptor;"),
    ("http/mod.rs", "mod server;\nuse crate::{model::Model, store};\npub use server::Server;"),
    ("http/server.rs", "use crate::Json;\npub struct Server;\nfn f() -> crate::Model { crate::Model }"),
];

/// The tree with these files in place of its own.
fn wrong(changes: &[(&str, &str)]) -> Vec<String> {
    let mut files: BTreeMap<String, String> =
        GOOD.iter().chain(changes).map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    files.remove("lib.rs");
    let mut floors: Floors = toml::from_str(FLOORS).unwrap();
    floors.floors.push(vec!["lib".to_owned()]);
    files.insert("lib.rs".to_owned(), GOOD[0].1.to_owned());
    check("made_up", &files, &floors).unwrap()
}

#[test]
fn a_good_tree_passes() {
    assert_eq!(wrong(&[]), Vec::<String>::new());
}

#[test]
fn an_import_upward_fails_with_its_file_and_line() {
    let upward = "pub struct Json;\n\nuse crate::{\n    http::Server,\n};";
    assert_eq!(wrong(&[("wire.rs", upward)]), ["wire.rs:4: `wire` may not import `http` (higher floor)"]);
    let inline = "pub struct Json;\nfn f() { json!(crate::http::Server) }";
    assert_eq!(wrong(&[("wire.rs", inline)]), ["wire.rs:2: `wire` may not import `http` (higher floor)"]);
    // A re-exported name is its origin's.
    let by_root = "pub struct Json;\nuse super::Model;";
    assert_eq!(wrong(&[("wire.rs", by_root)]), ["wire.rs:2: `wire` may not import `model` (higher floor)"]);
}

#[test]
fn an_import_from_the_same_floor_fails() {
    let sideways = "use crate::store::Engine;\npub struct Model;";
    assert_eq!(wrong(&[("model.rs", sideways)]), ["model.rs:1: `model` may not import `store` (same floor)"]);
}

#[test]
fn a_circle_inside_a_folder_fails() {
    let there = "mod server;\nmod page;\nuse crate::{model::Model, store};\npub use server::Server;";
    let changes = [
        ("http/mod.rs", there),
        ("http/server.rs", "use super::page::Page;\npub struct Server;"),
        ("http/page.rs", "pub struct Page;\nfn f(server: super::Server) {}"),
    ];
    assert_eq!(wrong(&changes), ["http/page.rs:2: a circle: http/page → http/server → http/page"]);
}

#[test]
fn the_table_is_complete() {
    assert_eq!(wrong(&[("extra.rs", "")]), ["extra.rs: this file is on no floor of xtask/floors.toml"]);
    let mut floors: Floors = toml::from_str(FLOORS).unwrap();
    floors.floors.push(vec!["lib".to_owned(), "gone".to_owned()]);
    let files = GOOD.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    assert_eq!(
        check("made_up", &files, &floors).unwrap(),
        ["gone: xtask/floors.toml has it, but there is no such file"]
    );
}
