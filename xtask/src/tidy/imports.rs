//! Which file of a crate imports which: `use` trees and paths, read token by token, so that macros' are seen too.
//! Code under `#[cfg(test)]` is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A module's path from the crate's root, which itself has the empty path.
pub(super) type Path = Vec<String>;

/// One file that imports another.
pub(super) struct Import {
    /// Paths below `src`.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) line: usize,
}

/// The modules of one crate.
#[derive(Default)]
pub(super) struct Modules {
    /// The crate's name in Rust, as its binaries write it.
    crate_name: String,
    modules: BTreeMap<Path, Module>,
    /// The modules that only tests have.
    test_only: BTreeSet<Path>,
    /// Paths as they are written: the module, the file's line, the path.
    written: Vec<(Path, usize, Path)>,
}

#[derive(Default)]
struct Module {
    file: String,
    items: BTreeSet<String>,
    /// A name to the path that it was imported from.
    names: HashMap<String, Path>,
    globs: Vec<Path>,
}

impl Modules {
    /// Reads a crate's files, by their paths below `src`.
    pub(super) fn read(crate_name: &str, files: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut modules = Self { crate_name: crate_name.to_owned(), ..Self::default() };
        for file in files.keys() {
            modules.modules.insert(module_of(file), Module { file: file.clone(), ..Module::default() });
        }
        for (file, text) in files {
            let tokens: TokenStream =
                text.parse().map_err(|error| format!("{file} cannot be read as Rust: {error}"))?;
            modules.module(&module_of(file), tokens);
        }
        Ok(modules)
    }

    /// The files that are compiled outside tests too.
    pub(super) fn files(&self) -> BTreeSet<&str> {
        let kept = self.modules.iter().filter(|(path, _)| !self.is_test_only(path));
        kept.map(|(_, module)| module.file.as_str()).collect()
    }

    /// Each file's imports from other files. A re-exported name counts as its origin's.
    pub(super) fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (module, line, path) in &self.written {
            let Some(target) = self.resolve(module, path, 0) else { continue };
            let (from, to) = (&self.modules[module].file, &self.modules[&target].file);
            if from != to && !self.is_test_only(module) {
                imports.push(Import { from: from.clone(), to: to.clone(), line: *line });
            }
        }
        imports
    }

    fn is_test_only(&self, path: &[String]) -> bool {
        (1..=path.len()).any(|length| self.test_only.contains(&path[..length]))
    }

    fn module(&mut self, path: &Path, tokens: TokenStream) {
        self.tokens(path, &tokens.into_iter().collect::<Vec<_>>(), true);
    }

    fn tokens(&mut self, module: &Path, tokens: &[TokenTree], is_top: bool) {
        let mut at = 0;
        while at < tokens.len() {
            if let Some(attribute) = attribute(&tokens[at..]) {
                if attribute.starts_with("cfg(test)") || attribute.starts_with("cfg(all(test") {
                    let length = item_length(&tokens[at..]);
                    self.test_modules(module, &tokens[at..at + length]);
                    at += length;
                    continue;
                }
                if attribute.starts_with("cfg_attr(test") {
                    at += 2;
                    continue;
                }
                if attribute.starts_with("serde(") {
                    // `#[serde(with = "crate::…")]`
                    for path in attribute.split('"').filter(|text| text.starts_with("crate::")) {
                        let path = path.split("::").map(str::to_owned).collect();
                        self.written.push((module.clone(), tokens[at].span().start().line, path));
                    }
                }
            }
            at += self.token(module, tokens, at, is_top);
        }
    }

    /// Reads what begins at that token, and returns its length in tokens.
    fn token(&mut self, module: &Path, tokens: &[TokenTree], at: usize, is_top: bool) -> usize {
        let rest = &tokens[at..];
        match rest {
            [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(body), ..] if word == "mod" => {
                let inner = [module.as_slice(), &[name.to_string()]].concat();
                let file = self.modules[module].file.clone();
                self.modules.insert(inner.clone(), Module { file, ..Module::default() });
                self.module(&inner, body.stream());
                3
            }
            [TokenTree::Ident(word), next, ..] if word == "use" && !is_punct(next, '<') => {
                let length = rest.iter().position(|token| is_punct(token, ';')).unwrap_or(rest.len());
                let is_public = at > 0
                    && (is_ident(&tokens[at - 1], "pub") || at > 1 && is_ident(&tokens[at - 2], "pub"));
                self.use_tree(module, &rest[1..length], Vec::new(), is_public, is_top);
                length
            }
            [TokenTree::Ident(word), TokenTree::Punct(bang), TokenTree::Ident(name), ..]
                if word == "macro_rules" && bang.as_char() == '!' =>
            {
                self.item(module, name.to_string());
                3
            }
            [TokenTree::Ident(word), TokenTree::Ident(name), ..] if is_top && is_item(&word.to_string()) => {
                self.item(module, name.to_string());
                2
            }
            [TokenTree::Ident(first), ..] if !(at > 1 && is_double_colon(&tokens[at - 2..])) => {
                let path = plain_path(rest);
                if path.len() > 1 && self.base(module, &path).is_some() {
                    self.written.push((module.clone(), first.span().start().line, path));
                }
                1
            }
            [TokenTree::Group(group), ..] => {
                self.tokens(module, &group.stream().into_iter().collect::<Vec<_>>(), false);
                1
            }
            _ => 1,
        }
    }

    fn item(&mut self, module: &Path, name: String) {
        if let Some(module) = self.modules.get_mut(module) {
            module.items.insert(name);
        }
    }

    /// Remembers the modules that are declared in an item for tests.
    fn test_modules(&mut self, module: &Path, tokens: &[TokenTree]) {
        for pair in tokens.windows(2) {
            if let [TokenTree::Ident(word), TokenTree::Ident(name)] = pair
                && word == "mod"
            {
                self.test_only.insert([module.as_slice(), &[name.to_string()]].concat());
            }
        }
    }

    /// Takes a `use` tree apart.
    fn use_tree(
        &mut self,
        module: &Path,
        tokens: &[TokenTree],
        mut path: Path,
        is_public: bool,
        is_top: bool,
    ) {
        let mut alias = None;
        let mut line = 0;
        let mut tokens = tokens.iter();
        while let Some(token) = tokens.next() {
            line = token.span().start().line;
            match token {
                TokenTree::Ident(word) if word == "as" => alias = tokens.next().map(ToString::to_string),
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string().trim_start_matches("r#").to_owned()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for tree in inner.split(|token| is_punct(token, ',')).filter(|tree| !tree.is_empty()) {
                        self.use_tree(module, tree, path.clone(), is_public, is_top);
                    }
                    return;
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => path.push("*".to_owned()),
                _ => {}
            }
        }
        let is_own = |path: &Path| self.base(module, path).is_some_and(|(base, _)| base.len() > module.len());
        // A folder shows what its files define; that is no use of them.
        if self.base(module, &path).is_some() && !(is_public && is_own(&path)) {
            self.written.push((module.clone(), line, path.clone()));
        }
        if let Some(module) = self.modules.get_mut(module).filter(|_| is_top)
            && let Some(name) = alias.or_else(|| path.last().cloned())
        {
            if name == "*" {
                module.globs.push(path[..path.len() - 1].to_vec());
            } else {
                module.names.insert(name, path);
            }
        }
    }

    /// The module in which a path begins, and how many of its parts that takes; `None` for another crate's.
    fn base(&self, module: &[String], path: &[String]) -> Option<(Path, usize)> {
        match path.first()?.as_str() {
            "crate" => Some((Vec::new(), 1)),
            first if first == self.crate_name => Some((Vec::new(), 1)),
            "self" => Some((module.to_vec(), 1)),
            "super" => {
                let levels = path.iter().take_while(|part| *part == "super").count();
                Some((module[..module.len().saturating_sub(levels)].to_vec(), levels))
            }
            first => {
                let child = [module, &[first.to_owned()]].concat();
                self.modules.contains_key(&child).then_some((child, 1))
            }
        }
    }

    /// The module that defines what the path names; `None` where another crate does.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<Path> {
        let (mut place, length) = self.base(module, path)?;
        for (at, part) in path.iter().enumerate().skip(length) {
            let child = [place.as_slice(), std::slice::from_ref(part)].concat();
            let there = self.modules.get(&place)?;
            if self.modules.contains_key(&child) {
                place = child;
            } else if there.items.contains(part) || depth > 8 {
                return Some(place);
            } else if let Some(origin) = there.names.get(part) {
                let origin = [origin, &path[at + 1..]].concat();
                return self.resolve(&place, &origin, depth + 1);
            } else {
                let found = there.globs.iter().find_map(|glob| {
                    let target = self.resolve(&place, glob, depth + 1)?;
                    let inner = self.modules.get(&target)?;
                    let has = inner.items.contains(part) || inner.names.contains_key(part);
                    let path = [&["self".to_owned()], &path[at..]].concat();
                    if has { self.resolve(&target, &path, depth + 1) } else { None }
                });
                return Some(found.unwrap_or(place));
            }
        }
        Some(place)
    }
}

/// `a/mod.rs` is `a`, `a/b.rs` is `a::b`, and `lib.rs` and `main.rs` are the root.
fn module_of(file: &str) -> Path {
    let path = file.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" || path == "main" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

fn is_item(word: &str) -> bool {
    matches!(word, "struct" | "enum" | "union" | "trait" | "fn" | "type" | "const" | "static")
}

fn is_punct(token: &TokenTree, letter: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == letter)
}

fn is_ident(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_double_colon(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [one, other, ..] if is_punct(one, ':') && is_punct(other, ':'))
}

/// The text of the attribute that begins here.
fn attribute(tokens: &[TokenTree]) -> Option<String> {
    match tokens {
        [hash, TokenTree::Group(group), ..]
            if is_punct(hash, '#') && group.delimiter() == Delimiter::Bracket =>
        {
            Some(group.stream().to_string().replace(' ', ""))
        }
        _ => None,
    }
}

/// The number of tokens of an item with its attributes: up to its semicolon, body, or comma.
fn item_length(tokens: &[TokenTree]) -> usize {
    let mut angles = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return at + 1,
            TokenTree::Punct(punct) => match punct.as_char() {
                ';' => return at + 1,
                ',' if angles == 0 => return at + 1,
                '<' => angles += 1,
                '>' => angles = angles.saturating_sub(1),
                _ => {}
            },
            _ => {}
        }
    }
    tokens.len()
}

/// The path that begins here: names with `::` between them.
fn plain_path(tokens: &[TokenTree]) -> Path {
    let mut path = Vec::new();
    let mut rest = tokens;
    while let [TokenTree::Ident(name), tail @ ..] = rest {
        path.push(name.to_string());
        match tail {
            [_, _, tail @ ..] if is_double_colon(&rest[1..]) => rest = tail,
            _ => break,
        }
    }
    path
}
