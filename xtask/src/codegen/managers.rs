//! Writes what AWS offers for each noun: the traits of `managers::resources` for managers, querysets and bound models,
//! the methods for what only one noun has, and the list of what a session can be bound to.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;
use std::path::PathBuf;

use super::conversions::fallible;
use super::description::{Description, Reference, Service};
use super::fields::leaves;
use super::names::{pascal, raw, snake};
use super::nouns::{Key, Module, Noun, Nouns, Status};
use super::operations::{Answer, Operation, Operations};
use super::plan::{Plan, TypeName, What};
use super::{Files, Result};

const FOLDER: &str = "crates/managers/src/generated";

/// What generated code may name, by where it comes from.
const NAMES: [(&str, &[&str]); 7] = [
    ("bedrock_orm_core", &["Bound", "Error", "Result", "Session", "sdk"]),
    ("bedrock_orm_models::sdk", &["timestamp_from_sdk", "timestamp_to_sdk"]),
    ("jiff", &["Timestamp"]),
    ("crate", &["Manager", "Objects", "Page", "QuerySet", "Relation"]),
    ("crate::lookups", &["Flag", "Map", "NamedField", "Number", "Opaque", "Text", "TextList", "Time"]),
    ("crate::relation", &["many", "one"]),
    (
        "crate::resources",
        &[
            "AnyModel",
            "BuildWorkflowKey",
            "Create",
            "Delete",
            "Get",
            "GuardrailKey",
            "Key",
            "Keyed",
            "List",
            "ListOf",
            "PageRequest",
            "Parameter",
            "Progress",
            "PushedLookup",
            "Pushes",
            "Row",
            "Set",
            "Stop",
            "Tagged",
            "TestCaseKey",
            "TestResultKey",
            "Update",
            "held",
        ],
    ),
];

pub(crate) fn write(
    plan: &Plan,
    services: &[(Service, Description)],
    nouns: &Nouns,
    files: &mut Files,
) -> Result<()> {
    let mut modules = String::from("//! What AWS offers for each noun.\n\n");
    let mut extended = String::new();
    let mut relations = String::new();
    let mut bound: BTreeMap<Service, BTreeMap<String, String>> = BTreeMap::new();
    for module in &nouns.module {
        let mut text = String::new();
        let mut extensions = Vec::new();
        let mut ways = Vec::new();
        let Some(service) = Service::ALL.into_iter().find(|service| service.name() == module.service) else {
            continue;
        };
        for noun in nouns.noun.iter().filter(|noun| noun.module == module.name) {
            let operations = Operations::of(plan, services, noun)?;
            let fallible = fallible(plan, service);
            let mut writer = Writer::new(plan, services, nouns, noun, &operations, &fallible);
            writer.noun()?;
            text.push_str(&writer.text);
            extensions.extend(writer.extensions);
            ways.extend(writer.ways);
            bound
                .entry(service)
                .or_default()
                .extend(writer.bound.into_iter().map(|name| (name, noun.name.clone())));
        }
        if text.is_empty() {
            continue;
        }
        let Module { name, doc, .. } = module;
        let gate = if service == Service::Bedrock { "#[cfg(feature = \"control-plane\")]\n" } else { "" };
        let _ = writeln!(modules, "{gate}mod {name};");
        if !extensions.is_empty() {
            let _ = writeln!(extended, "{gate}pub use super::{name}::{{{}}};", extensions.join(", "));
        }
        if !ways.is_empty() {
            let _ = writeln!(
                relations,
                "{gate}pub mod {name} {{\n//! From the rows of `{name}`.\npub use super::super::{name}::{{{}}};\n}}",
                ways.join(", ")
            );
        }
        files.insert(
            PathBuf::from(format!("{FOLDER}/{name}.rs")),
            format!("//! {doc}\n\n{}\n{text}", imports(plan, service, &text)),
        );
    }
    let _ = writeln!(
        modules,
        "\npub mod extensions {{\n//! What bound models have, each noun its own.\n{extended}}}"
    );
    let _ = writeln!(
        modules,
        "\npub mod relations {{\n//! The relations that `prefetch_related` takes.\n{relations}}}"
    );
    files.insert(PathBuf::from(format!("{FOLDER}/mod.rs")), modules);
    resources(&bound, files);
    Ok(())
}

/// The types that a session can be bound to, with their nouns.
fn resources(bound: &BTreeMap<Service, BTreeMap<String, String>>, files: &mut Files) {
    let mut text = String::from("//! What a session can be bound to, and which noun each belongs to.\n\n");
    let mut list = |gate: &str, names: Vec<(&String, &String)>| {
        let types: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        let _ = writeln!(text, "{gate}use bedrock_orm_models::{{{}}};", types.join(", "));
        let pairs: Vec<String> =
            names.iter().map(|(name, noun)| format!("    {name} is {noun:?},")).collect();
        let _ = writeln!(text, "\n{gate}crate::resource::resources! {{\n{}\n}}\n", pairs.join("\n"));
    };
    // A model can be talked to without the control plane.
    let always = |name: &str| name == "FoundationModel";
    let empty = BTreeMap::new();
    let control = bound.get(&Service::Bedrock).unwrap_or(&empty);
    let runtime = bound.get(&Service::BedrockRuntime).unwrap_or(&empty);
    list("", runtime.iter().chain(control.iter().filter(|(name, _)| always(name))).collect());
    list("#[cfg(feature = \"control-plane\")]\n", control.iter().filter(|(name, _)| !always(name)).collect());
    files.insert(
        PathBuf::from("crates/core/src/generated/mod.rs"),
        "//! Generated lists.\n\nmod resources;\n".to_owned(),
    );
    files.insert(PathBuf::from("crates/core/src/generated/resources.rs"), text);
}

fn imports(plan: &Plan, service: Service, text: &str) -> String {
    let words: HashSet<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("///")).flat_map(words).collect();
    let mut imports = String::new();
    for (path, names) in NAMES {
        let used: Vec<&str> = names.iter().copied().filter(|name| words.contains(name)).collect();
        if !used.is_empty() {
            let _ = writeln!(imports, "use {path}::{{{}}};", used.join(", "));
        }
    }
    if words.contains("operation") {
        let _ = writeln!(imports, "use {}::operation;", service.sdk());
    }
    let types: BTreeSet<&str> = plan
        .types
        .iter()
        .filter(|a_type| {
            !plan
                .not_at_root
                .get(&a_type.name.module)
                .is_some_and(|hidden| hidden.contains(&a_type.name.name))
        })
        .map(|a_type| a_type.name.name.as_str())
        .chain(["Blob"])
        .filter(|name| words.contains(name))
        .collect();
    let _ = writeln!(
        imports,
        "use bedrock_orm_models::{{{}}};",
        types.into_iter().collect::<Vec<_>>().join(", ")
    );
    imports
}

/// The words of a line of code that could be imported: not those behind a path.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'))
        .map(|path| path.split("::").next().unwrap_or(path))
        .map(|word| word.trim_end_matches(':'))
}

struct Writer<'a> {
    plan: &'a Plan,
    services: &'a [(Service, Description)],
    nouns: &'a Nouns,
    noun: &'a Noun,
    operations: &'a Operations<'a>,
    fallible: &'a HashSet<TypeName>,
    text: String,
    /// What it returns bound.
    bound: BTreeSet<String>,
    /// The traits that it gives bound models.
    extensions: Vec<String>,
    /// The relations from its rows.
    ways: Vec<String>,
}

macro_rules! line {
    ($writer:expr, $($part:tt)*) => {{
        let _ = writeln!($writer.text, $($part)*);
    }};
}

impl<'a> Writer<'a> {
    fn new(
        plan: &'a Plan,
        services: &'a [(Service, Description)],
        nouns: &'a Nouns,
        noun: &'a Noun,
        operations: &'a Operations<'a>,
        fallible: &'a HashSet<TypeName>,
    ) -> Self {
        let bound = noun.also_bound.iter().chain([&noun.name]).cloned().collect();
        let (extensions, ways) = (Vec::new(), Vec::new());
        Self {
            plan,
            services,
            nouns,
            noun,
            operations,
            fallible,
            text: String::new(),
            bound,
            extensions,
            ways,
        }
    }

    fn noun(&mut self) -> Result<()> {
        let name = &self.noun.name;
        line!(self, "impl Objects for {name} {{}}\n");
        self.get()?;
        self.list()?;
        self.create()?;
        self.update()?;
        self.delete()?;
        self.stop()?;
        self.keys()?;
        if let Some(arn) = &self.noun.arn {
            let read = self.text_of(&self.named(name), arn)?;
            line!(self, "impl Tagged for {name} {{ fn arn(&self) -> &str {{ {read} }} }}\n");
        }
        if let Some(status) = &self.noun.status {
            self.progress(status)?;
        }
        self.verbs()?;
        self.relations()
    }

    /// The noun's own type, or another of its module.
    fn named(&self, name: &str) -> TypeName {
        TypeName { module: self.noun.module.clone(), name: name.to_owned() }
    }

    fn key_type(&self) -> &'a str {
        key_type(self.noun)
    }

    /// The setters that put the key into an operation's address.
    fn key_setters(&self, operation: &Operation<'a>) -> String {
        let mut setters = String::new();
        for (parameter, _, _) in operation.address() {
            let set = snake(parameter);
            let part = match &self.noun.key {
                Some(Key::Parts { parts, .. }) => parts.get(parameter).map(String::as_str),
                _ => Some(""),
            };
            match part {
                Some("") => {
                    let _ = write!(setters, ".{set}(key)");
                    break;
                }
                Some(part) => match part.strip_suffix('?') {
                    Some(part) => {
                        let _ = write!(setters, ".set_{set}(key.{part})");
                    }
                    None => {
                        let _ = write!(setters, ".{set}(key.{part})");
                    }
                },
                None => {}
            }
        }
        setters
    }

    fn client(&self) -> &'static str {
        match self.operations.service {
            Service::Bedrock => "sdk::control_plane(session)",
            Service::BedrockRuntime => "sdk::runtime(session)",
        }
    }

    /// The call: `request` names a body, and `setters` what goes into the address.
    fn call(&self, operation: &Operation<'a>, request: Option<&str>, setters: &str) -> String {
        let client = self.client();
        let Operation { snake, name, .. } = operation;
        let send = match (request, operation.request) {
            (Some(value), Some(request)) => {
                let builder = format!("operation::{snake}::builders::{name}InputBuilder");
                let made = if self.fallible.contains(request) {
                    format!(
                        "{builder}::try_from({value}).map_err(|error| Error::unsendable(OPERATION, error))?"
                    )
                } else {
                    format!("{builder}::from({value})")
                };
                format!("{made}{setters}.send_with(&{client})")
            }
            _ => format!("{client}.{snake}(){setters}.send()"),
        };
        format!("{send}.await.map_err(|error| sdk::error(session, OPERATION, None, error))?")
    }

    /// What becomes of the SDK's answer.
    fn given(&self, operation: &Operation<'a>) -> Result<Given<'a>> {
        let given = |name, value| Given { name: Some(name), value, is_list: false };
        Ok(match self.operations.answer(operation)? {
            Answer::Nothing => Given { name: None, value: String::new(), is_list: false },
            Answer::Whole(name) => given(name, "answer.into()".to_owned()),
            Answer::Held { member, name, required } => {
                given(name, format!("held(OPERATION, answer.{member}, {required})?"))
            }
            Answer::List { member, name, required } => {
                let all = if required { "" } else { ".unwrap_or_default()" };
                let value = format!("answer.{member}{all}.into_iter().map(Into::into).collect()");
                Given { name: Some(name), value, is_list: true }
            }
        })
    }

    fn get(&mut self) -> Result<()> {
        let Some(get) = &self.noun.get else { return Ok(()) };
        let operation = self.operations.operation(get)?;
        let answer = self.given(&operation)?.returned();
        let (name, key) = (&self.noun.name, self.key_type());
        let call = self.call(&operation, None, &self.key_setters(&operation));
        line!(
            self,
            "impl Get for {name} {{
                type Key = {key};

                async fn fetch(session: &Session, key: {key}) -> Result<Self> {{
                    const OPERATION: &str = {get:?};
                    let key = key.checked(OPERATION)?;
                    let answer = {call};
                    {answer}
                }}
            }}\n"
        );
        Ok(())
    }

    fn create(&mut self) -> Result<()> {
        let Some(create) = &self.noun.create else { return Ok(()) };
        let operation = self.operations.operation(create)?;
        let given = self.given(&operation)?;
        let created = given.name.ok_or_else(|| format!("{create} answers nothing"))?;
        let answer = given.returned();
        let request = operation.request.ok_or_else(|| format!("{create} takes nothing"))?;
        let call = self.call(&operation, Some("request"), "");
        self.bound.insert(created.name.clone());
        line!(
            self,
            "impl Create for {} {{
                type Request = {request};
                type Created = {created};

                async fn make(session: &Session, request: {request}) -> Result<{created}> {{
                    const OPERATION: &str = {create:?};
                    let answer = {call};
                    {answer}
                }}
            }}\n",
            self.noun.name,
            request = request.name,
            created = created.name,
        );
        Ok(())
    }

    fn update(&mut self) -> Result<()> {
        let Some(update) = &self.noun.update else { return Ok(()) };
        let operation = self.operations.operation(update)?;
        let given = self.given(&operation)?;
        let request = operation.request.ok_or_else(|| format!("{update} takes nothing"))?;
        let parameter = operation.address().first().map(|(name, _, _)| snake(name)).unwrap_or_default();
        let call = self.call(&operation, Some("request"), &format!(".{parameter}({})", self.update_key()));
        if let Some(updated) = given.name {
            self.bound.insert(updated.name.clone());
        }
        let (updated, body) = (given.kind(), given.bound(&call));
        line!(
            self,
            "impl Update for {} {{
                type Change = {request};
                type Updated = {updated};

                async fn change(session: &Session, key: {key}, request: {request}) -> Result<{updated}> {{
                    const OPERATION: &str = {update:?};
                    let key = key.checked(OPERATION)?;
                    {body}
                }}
            }}\n",
            self.noun.name,
            request = request.name,
            key = self.key_type(),
        );
        Ok(())
    }

    /// What a change is addressed with: the key, or its first part.
    fn update_key(&self) -> String {
        match &self.noun.key {
            Some(Key::Parts { parts, .. }) => {
                format!("key.{}", parts.values().next().map(String::as_str).unwrap_or_default())
            }
            _ => "key".to_owned(),
        }
    }

    fn delete(&mut self) -> Result<()> {
        self.by_key(self.noun.delete.as_ref(), "Delete", "remove")
    }

    fn stop(&mut self) -> Result<()> {
        self.by_key(self.noun.stop.as_ref(), "Stop", "halt")
    }

    /// An operation that takes a key and answers nothing.
    fn by_key(&mut self, name: Option<&'a String>, of: &str, method: &str) -> Result<()> {
        let Some(name) = name else { return Ok(()) };
        let operation = self.operations.operation(name)?;
        let call = self.call(&operation, None, &self.key_setters(&operation));
        line!(
            self,
            "impl {of} for {} {{
                async fn {method}(session: &Session, key: {}) -> Result<()> {{
                    const OPERATION: &str = {name:?};
                    let key = key.checked(OPERATION)?;
                    {call};
                    Ok(())
                }}
            }}\n",
            self.noun.name,
            self.key_type(),
        );
        Ok(())
    }

    fn list(&mut self) -> Result<()> {
        let Some(list) = &self.noun.list else { return Ok(()) };
        let operation = self.operations.operation(list)?;
        let (member, required, row) = self.operations.items(&operation)?;
        self.bound.insert(row.name.clone());
        let (noun, row_name) = (&self.noun.name, &row.name);
        let builder = format!("operation::{}::builders::{list}InputBuilder", operation.snake);
        let parameters: Vec<_> = operation
            .address()
            .into_iter()
            .filter(|(name, part, _)| {
                part.location.as_deref() == Some("querystring")
                    && !matches!(*name, "maxResults" | "nextToken")
            })
            .collect();
        let scope: Vec<&str> = operation
            .address()
            .into_iter()
            .filter(|(_, part, _)| part.location.as_deref() == Some("uri"))
            .map(|(name, _, _)| name)
            .collect();
        match &self.noun.of {
            None => line!(self, "impl List for {noun} {{ type Row = {row_name}; }}\n"),
            Some(of) => self.list_of(of, row_name, &scope)?,
        }
        let input = operation.input.ok_or("a list without an input")?;
        let has = |name: &str| input.members.contains_key(name);
        let token = if has("nextToken") { ".set_next_token(page.token)" } else { "" };
        let size = if has("maxResults") { ".set_max_results(page.size)" } else { "" };
        let page = if token.is_empty() && size.is_empty() { "_page" } else { "page" };
        let next = if token.is_empty() { "None" } else { "answer.next_token" };
        let all = if required { "" } else { ".unwrap_or_default()" };
        let largest = match input
            .members
            .get("maxResults")
            .map(|part| self.operations.shape(part).max.unwrap_or(1000.0))
        {
            Some(max) => format!("Some({max})"),
            None => "None".to_owned(),
        };
        let named: String = self.named_fields(row);
        let pushed: String = parameters
            .iter()
            .map(|(name, part, _)| self.parameter(name, part))
            .collect::<Result<Vec<_>>>()?
            .join(",\n");
        let orders: String =
            self.noun.orders.iter().map(|(path, name)| format!("({path:?}, {name:?}), ")).collect();
        let orders = if orders.is_empty() {
            String::new()
        } else {
            format!("const ORDERS: &'static [(&'static str, &'static str)] = &[{orders}];\n")
        };
        let identity = self.identity(row)?;
        line!(
            self,
            "impl Row for {row_name} {{
                type Parameters = {builder};

                const OPERATION: &'static str = {list:?};
                const LARGEST_PAGE: Option<i32> = {largest};
                const FIELDS: &'static [&'static dyn NamedField<Self>] = &[{named}];
                const PARAMETERS: &'static [Parameter<Self::Parameters>] = &[{pushed}];
                {orders}
                fn identity(&self) -> String {{ {identity} }}

                async fn page(session: &Session, parameters: &Self::Parameters, {page}: PageRequest) -> Result<Page<Self>> {{
                    let answer = parameters
                        .clone(){token}{size}
                        .send_with(&{client})
                        .await
                        .map_err(|error| sdk::error(session, Self::OPERATION, None, error))?;
                    let rows = answer.{member}{all};
                    Ok(Page::new(rows.into_iter().map(Into::into).collect(), {next}))
                }}
            }}\n",
            client = self.client(),
        );
        if parameters.is_empty() {
            return Ok(());
        }
        line!(self, "/// What AWS itself can be asked for.\nimpl QuerySet<{row_name}> {{");
        for (name, part, _) in parameters {
            self.parameter_method(name, part)?;
        }
        line!(self, "}}\n");
        Ok(())
    }

    /// A list inside another noun.
    fn list_of(&mut self, of: &str, row: &str, scope: &[&str]) -> Result<()> {
        let (parent, _) = of.split_once('.').ok_or("`of` is written Noun.method")?;
        let parent = self.other(parent)?;
        let key = key_type(parent);
        let setters: String = match &parent.key {
            Some(Key::Parts { parts, .. }) => {
                scope.iter().map(|name| format!(".{}(parent.{})", snake(name), parts[*name])).collect()
            }
            _ => scope.iter().map(|name| format!(".{}(parent)", snake(name))).collect(),
        };
        let parameters = format!("<{row} as Row>::Parameters");
        line!(
            self,
            "impl ListOf for {} {{
                type Parent = {key};
                type Row = {row};

                fn within(parent: {key}) -> {parameters} {{ {parameters}::default(){setters} }}
            }}\n",
            self.noun.name,
        );
        Ok(())
    }

    fn other(&self, name: &str) -> Result<&'a Noun> {
        let found = self.nouns.noun.iter().find(|noun| noun.name == name);
        found.ok_or_else(|| format!("{}: no noun {name}", self.noun.name).into())
    }

    fn named_fields(&self, row: &TypeName) -> String {
        leaves(self.plan, row)
            .iter()
            .map(|leaf| {
                let kind = self.field_kind(&leaf.what);
                format!("&{kind}({}::{}),\n", self.noun.name, leaf.constant)
            })
            .collect()
    }

    fn field_kind(&self, what: &What) -> &'static str {
        match what {
            What::String | What::Type { is_enum: true, .. } => "Text",
            What::I32 | What::I64 | What::F32 | What::F64 => "Number",
            What::Timestamp => "Time",
            What::Bool => "Flag",
            What::List(item) if matches!(**item, What::String | What::Type { is_enum: true, .. }) => {
                "TextList"
            }
            What::Map(_) => "Map",
            _ => "Opaque",
        }
    }

    /// What a parameter is set from: the kind, and the expression that the SDK's setter takes.
    fn set(&self, part: &Reference) -> Result<(&'static str, &'static str, &'static str)> {
        let shape = self.operations.shape(part);
        Ok(match shape.kind.as_str() {
            "string" if shape.values.is_some() => {
                ("Text", "value.into()", "|value| value.as_str().to_owned()")
            }
            "string" => ("Text", "value", "Clone::clone"),
            "timestamp" => {
                ("Time", "timestamp_to_sdk(value)", "|value| timestamp_from_sdk(*value).to_string()")
            }
            "boolean" => ("Flag", "value", "|value| value.to_string()"),
            other => return Err(format!("a list parameter of type {other} is new").into()),
        })
    }

    fn parameter(&self, name: &str, part: &Reference) -> Result<String> {
        let method = snake(name);
        let shape = self.operations.shape(part);
        let (kind, value, read) = self.set(part)?;
        let pushes = match self.noun.push.get(name).and_then(|push| push.split_once(' ')) {
            Some((path, lookup)) => {
                format!("Some(Pushes {{ path: {path:?}, lookup: PushedLookup::{} }})", pascal(lookup))
            }
            None => "None".to_owned(),
        };
        let pattern = match shape.pattern.as_ref().filter(|_| kind == "Text" && shape.values.is_none()) {
            Some(pattern) => format!("Some(r#\"{pattern}\"#)"),
            None => "None".to_owned(),
        };
        let longest = match shape.max.filter(|_| kind == "Text") {
            Some(max) => format!("Some({max})"),
            None => "None".to_owned(),
        };
        let read = match read {
            "Clone::clone" => format!("|parameters| parameters.get_{method}().clone()"),
            read => format!("|parameters| parameters.get_{method}().as_ref().map({read})"),
        };
        let setter = raw(&method);
        Ok(format!(
            "Parameter {{
                name: {name:?},
                read: {read},
                set: Set::{kind}(|parameters, value| parameters.{setter}({value})),
                pattern: {pattern},
                longest: {longest},
                pushes: {pushes},
            }}"
        ))
    }

    fn parameter_method(&mut self, name: &str, part: &Reference) -> Result<()> {
        let method = raw(&snake(name));
        let (kind, _, _) = self.set(part)?;
        let (parameter, make, give) = match (kind, self.operations.home(part)) {
            ("Text", Some(an_enum)) => {
                let name = &an_enum.name;
                (
                    format!("impl Into<{name}>"),
                    format!("let value: {name} = value.into();"),
                    "value.clone().into()",
                )
            }
            ("Text", None) => (
                "impl Into<String>".to_owned(),
                "let value: String = value.into();".to_owned(),
                "value.clone()",
            ),
            ("Time", _) => ("Timestamp".to_owned(), String::new(), "timestamp_to_sdk(value)"),
            _ => ("bool".to_owned(), String::new(), "value"),
        };
        line!(
            self,
            "/// AWS's `{name}`.
            #[must_use]
            pub fn {method}(self, value: {parameter}) -> Self {{
                {make}
                self.with(|parameters| parameters.{method}({give}))
            }}\n"
        );
        Ok(())
    }

    fn identity(&self, row: &TypeName) -> Result<String> {
        let paths: Vec<&str> = match (&self.noun.identity, &self.noun.key) {
            (Some(identity), _) => identity.split(' ').collect(),
            (None, Some(Key::Field(field))) => vec![field],
            _ => return Err(format!("{}: what tells its rows apart is not said", self.noun.name).into()),
        };
        let reads: Vec<String> = paths.iter().map(|path| self.text_of(row, path)).collect::<Result<_>>()?;
        Ok(match reads.as_slice() {
            [read] => format!("{read}.to_owned()"),
            _ => format!("[{}].join(\" \")", reads.join(", ")),
        })
    }

    /// The `&str` at a path of fields of `self`; empty where it is left out.
    fn text_of(&self, of: &TypeName, path: &str) -> Result<String> {
        let mut place = of.clone();
        let mut read = "self".to_owned();
        let parts: Vec<&str> = path.split('.').collect();
        for (at, part) in parts.iter().enumerate() {
            let field = self
                .plan
                .fields(&place)
                .iter()
                .find(|field| field.name == *part)
                .ok_or_else(|| format!("{}: {} has no field {part}", self.noun.name, place.name))?;
            read = format!("{read}.{}", raw(part));
            match &field.what {
                What::Type { name, is_enum: false } if at + 1 < parts.len() => place = name.clone(),
                What::Type { is_enum: true, .. } if field.required => read = format!("{read}.as_str()"),
                What::Type { is_enum: true, .. } => {
                    read = format!("{read}.as_ref().map_or(\"\", |value| value.as_str())");
                }
                _ if field.required => read = format!("{read}.as_str()"),
                _ => read = format!("{read}.as_deref().unwrap_or_default()"),
            }
        }
        Ok(read)
    }

    /// What holds a key: the noun, its rows, AWS's answers.
    fn keys(&mut self) -> Result<()> {
        let name = &self.noun.name;
        if self.noun.get.is_none() {
            return Ok(());
        }
        let keyed: Vec<(String, Vec<String>)> = match &self.noun.key {
            Some(Key::Field(field)) => self
                .bound
                .iter()
                .filter(|holder| {
                    self.plan.fields(&self.named(holder)).iter().any(|there| there.name == *field)
                })
                .map(|holder| (holder.clone(), vec![field.clone()]))
                .collect(),
            _ => self.noun.keys.iter().map(|(holder, fields)| (holder.clone(), fields.clone())).collect(),
        };
        for (holder, fields) in keyed {
            let reads: Vec<String> = fields
                .iter()
                .map(|field| self.text_of(&self.named(&holder), field))
                .collect::<Result<_>>()?;
            let key = match reads.as_slice() {
                [read] => format!("{read}.to_owned()"),
                _ => format!("({}).into()", reads.join(", ")),
            };
            line!(
                self,
                "impl Keyed for {holder} {{
                    type Noun = {name};

                    fn key(&self) -> {} {{ {key} }}
                }}\n",
                self.key_type(),
            );
            self.bound.insert(holder);
        }
        Ok(())
    }

    fn progress(&mut self, status: &Status) -> Result<()> {
        let name = &self.noun.name;
        let read = self.text_of(&self.named(name), &status.field)?;
        let reasons = match &status.reasons {
            None => "Vec::new()".to_owned(),
            Some(field) => {
                let fields = self.plan.fields(&self.named(name));
                let field = fields
                    .iter()
                    .find(|there| there.name == *field)
                    .ok_or_else(|| format!("{name} has no field {field}"))?;
                let value = &field.name;
                match &field.what {
                    What::List(_) if field.required => format!("self.{value}.clone()"),
                    What::List(_) => format!("self.{value}.clone().unwrap_or_default()"),
                    _ => format!("self.{value}.clone().into_iter().collect()"),
                }
            }
        };
        line!(
            self,
            "impl Progress for {name} {{
                const READY: &'static [&'static str] = &{:?};
                const FAILED: &'static [&'static str] = &{:?};

                fn status_text(&self) -> &str {{ {read} }}

                fn reasons(&self) -> Vec<String> {{ {reasons} }}
            }}\n",
            status.ready,
            status.failed,
        );
        Ok(())
    }

    /// The methods for what only this noun has.
    fn verbs(&mut self) -> Result<()> {
        let name = &self.noun.name;
        let mut of_bound = String::new();
        if !self.noun.verbs.is_empty() {
            line!(self, "impl Manager<{name}> {{");
            for (method, operation) in &self.noun.verbs {
                let verb = self.verb(method, operation)?;
                self.text.push_str(&verb.on_manager);
                if !matches!(method.as_str(), "create" | "start") {
                    of_bound.push_str(&verb.on_bound.unwrap_or_default());
                }
            }
            line!(self, "}}\n");
        }
        for child in &self.nouns.noun {
            let Some(method) = child.of.as_ref().and_then(|of| of.strip_prefix(&format!("{name}."))) else {
                continue;
            };
            let row = Operations::of(self.plan, self.services, child)?.row()?.ok_or("no row")?.name;
            let _ = writeln!(
                of_bound,
                "/// Its [`{row}`]s, as a lazy queryset.\nfn {method}(&self) -> QuerySet<{row}>;\n\
                 =>fn {method}(&self) -> QuerySet<{row}> {{ {}::objects().using(self.session()).list_of(self.key()) }}\n",
                child.name
            );
        }
        if of_bound.is_empty() || self.noun.get.is_none() {
            return Ok(());
        }
        let (declared, defined): (Vec<&str>, Vec<&str>) =
            of_bound.split('\n').partition(|line| !line.starts_with("=>"));
        let defined: Vec<&str> = defined.iter().map(|line| &line[2..]).collect();
        line!(
            self,
            "/// What a bound [`{name}`] has besides; a row of its list, and AWS's answer to its creation, have it too.
            pub trait {name}Ext: Sized {{
                {declared}
            }}

            impl<M: Keyed<Noun = {name}>> {name}Ext for Bound<M> {{
                {defined}
            }}\n",
            declared = declared.join("\n"),
            defined = defined.join("\n"),
        );
        self.extensions.push(format!("{name}Ext"));
        Ok(())
    }

    fn verb(&mut self, method: &str, operation_name: &'a str) -> Result<Verb> {
        let operation = self.operations.operation(operation_name)?;
        let mut arguments = Arguments::default();
        let address = operation.address();
        let takes_key = self.noun.get.is_some()
            && match &self.noun.key {
                Some(Key::Field(_)) => {
                    address.iter().any(|(_, part, _)| part.location.as_deref() == Some("uri"))
                }
                Some(Key::Parts { parts, .. }) => parts.iter().all(|(name, part)| {
                    part.ends_with('?') || address.iter().any(|(parameter, _, _)| parameter == name)
                }),
                None => false,
            };
        let mut setters = String::new();
        let mut is_first = true;
        if takes_key {
            let key = self.key_type();
            arguments.generic("key", key);
        }
        for (parameter, part, required) in &address {
            let in_key = takes_key
                && match &self.noun.key {
                    Some(Key::Parts { parts, .. }) => {
                        parts.get(*parameter).map(|part| format!("key.{}", part.trim_end_matches('?')))
                    }
                    _ if is_first => Some("key".to_owned()),
                    _ => None,
                }
                .map(|value| {
                    let _ = write!(setters, ".{}({value})", snake(parameter));
                })
                .is_some();
            is_first = false;
            if !in_key {
                let value = arguments.add(self, parameter, part, *required);
                let set = if *required { snake(parameter) } else { format!("set_{}", snake(parameter)) };
                let _ = write!(setters, ".{set}({value})");
            }
        }
        let request = self.body(&operation, &mut arguments);
        let given = self.given(&operation)?;
        let call = self.call(&operation, request.as_deref(), &setters);
        if let Some(name) = given.name.filter(|_| !given.is_list) {
            self.bound.insert(name.name.clone());
        }
        let (returns, answer) = (given.kind(), given.bound(&call));
        let doc = verb_doc(self.nouns, operation_name);
        let check = if takes_key { "let key = key.checked(OPERATION)?;" } else { "" };
        let Arguments { generics, parameters, lets } = &arguments;
        let generics = |with_bounds: bool| {
            let names: Vec<String> = generics
                .iter()
                .map(|(name, bound)| if with_bounds { format!("{name}: {bound}") } else { name.clone() })
                .collect();
            if names.is_empty() && with_bounds { String::new() } else { format!("<{}>", names.join(", ")) }
        };
        let parameter_list: String =
            parameters.iter().map(|(name, kind)| format!(", {name}: {kind}")).collect();
        let on_manager = format!(
            "{doc}pub fn {method}{}(&self{parameter_list}) -> impl Future<Output = Result<{returns}>> + Send + use{} {{
                const OPERATION: &str = {operation_name:?};
                let choice = self.choice().clone();
                {}
                async move {{
                    let session = &choice.session().await?;
                    {check}
                    {answer}
                }}
            }}\n\n",
            generics(true),
            generics(false),
            lets.join("\n"),
        );
        let on_bound = takes_key.then(|| {
            let rest = &parameters[1..];
            let rest_list: String =
                rest.iter().map(|(name, kind)| format!(", {name}: {}", arguments.anonymous(kind))).collect();
            let given: String = rest.iter().map(|(name, _)| format!(", {name}")).collect();
            let signature =
                format!("fn {method}(&self{rest_list}) -> impl Future<Output = Result<{returns}>> + Send");
            format!(
                "{doc}{signature};\n=>{signature} {{ {}::objects().using(self.session()).{method}(self.key(){given}) }}\n",
                self.noun.name
            )
        });
        Ok(Verb { on_manager, on_bound })
    }

    /// The request's body: its members one by one where AWS wants them all, else as the request type.
    fn body(&self, operation: &Operation<'a>, arguments: &mut Arguments) -> Option<String> {
        let request = operation.request?;
        let fields = self.plan.fields(request);
        if fields.iter().any(|field| !field.required) {
            arguments.parameters.push(("request".to_owned(), request.name.clone()));
            return Some("request".to_owned());
        }
        let mut values = Vec::new();
        for field in fields {
            let name = raw(&field.name);
            match &field.what {
                What::List(item) => {
                    let generic = arguments.next();
                    let each = char::from(generic.as_bytes()[0] + 1).to_string();
                    arguments.generics.push((generic.clone(), format!("IntoIterator<Item = {each}>")));
                    arguments.generics.push((each, format!("Into<{}>", item.rust())));
                    arguments.parameters.push((name.clone(), generic));
                    arguments.lets.push(format!(
                        "let {name}: Vec<{}> = {name}.into_iter().map(Into::into).collect();",
                        item.rust()
                    ));
                }
                What::Timestamp | What::Bool | What::F64 => {
                    arguments.parameters.push((name.clone(), field.what.rust()));
                }
                what => arguments.generic(&name, &what.rust()),
            }
            values.push(name);
        }
        Some(format!("{}::new({})", request.name, values.join(", ")))
    }

    fn relations(&mut self) -> Result<()> {
        if self.noun.relations.is_empty() {
            return Ok(());
        }
        let name = self.noun.name.clone();
        let row = self.operations.row()?.map(|row| row.name).filter(|row| *row != name);
        let of_noun = self.relations_of(&name)?;
        self.relations_trait(&name, &of_noun);
        let of_row = match &row {
            Some(row) => self.relations_of(row)?,
            None => Vec::new(),
        };
        match &row {
            Some(row) if of_row.len() == of_noun.len() => self.relations_impl(&name, row, &of_row),
            Some(row) if !of_row.is_empty() => self.relations_trait(row, &of_row),
            _ => {}
        }
        for way in if row.is_some() { of_row } else { of_noun } {
            let constant = way.method.to_ascii_uppercase();
            line!(
                self,
                "/// From a row to its {}.\npub const {constant}: {} = {};\n",
                way.method.replace('_', " "),
                way.relation,
                way.value,
            );
            self.ways.push(constant);
        }
        Ok(())
    }

    /// The ways from that type; those for which it lacks the fields are left out.
    fn relations_of(&self, holder: &str) -> Result<Vec<Way>> {
        let mut ways = Vec::new();
        for (method, way) in &self.noun.relations {
            let (fields, to) = way.split_once(" -> ").ok_or_else(|| format!("{method}: `field -> Noun`"))?;
            if let Some(keys) = self.relation_keys(&self.named(holder), fields) {
                ways.push(Way {
                    method: method.clone(),
                    to: to.to_owned(),
                    is_many: fields.starts_with("models."),
                    relation: format!("Relation<{holder}, {to}>"),
                    value: format!("Relation::new({method:?}, |from| {keys})"),
                });
            }
        }
        Ok(ways)
    }

    fn relations_trait(&mut self, holder: &str, ways: &[Way]) {
        line!(self, "/// Where a bound [`{holder}`] leads to.\npub trait {holder}Relations: Sized {{");
        for way in ways {
            line!(self, "{}{};\n", way.doc(), way.signature());
        }
        line!(self, "}}\n");
        self.relations_impl(holder, holder, ways);
        self.extensions.push(format!("{holder}Relations"));
    }

    fn relations_impl(&mut self, of: &str, holder: &str, ways: &[Way]) {
        line!(self, "impl {of}Relations for Bound<{holder}> {{");
        for way in ways {
            let call = if way.is_many { "many" } else { "one" };
            line!(
                self,
                "{} {{ const RELATION: {} = {}; {call}(self, RELATION) }}\n",
                way.signature(),
                way.relation,
                way.value
            );
        }
        line!(self, "}}\n");
    }

    /// The keys at those fields of `from`; none where the type lacks them.
    fn relation_keys(&self, holder: &TypeName, fields: &str) -> Option<String> {
        let field = |of: &TypeName, name: &str| {
            self.plan
                .fields(of)
                .iter()
                .find(|field| field.name == name)
                .map(|field| (field.required, field.what.clone()))
        };
        if let Some((one, other)) = fields.split_once(", ") {
            field(holder, one)?;
            field(holder, other)?;
            return Some(format!(
                "from.{one}.clone().zip(from.{other}.clone()).map(Into::into).into_iter().collect()"
            ));
        }
        let path = fields
            .split(" | ")
            .find(|path| field(holder, path.split('.').next().unwrap_or(path)).is_some())?;
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let (required, what) = field(holder, first)?;
        Some(match (rest, &what, required) {
            (None, _, true) => format!("vec![from.{first}.clone()]"),
            (None, _, false) => format!("from.{first}.clone().into_iter().collect()"),
            (Some(rest), What::List(item), true) => {
                let What::Type { name, .. } = &**item else { return None };
                let read = if field(name, rest)?.0 {
                    format!(".map(|value| value.{rest}.clone())")
                } else {
                    format!(".filter_map(|value| value.{rest}.clone())")
                };
                format!("from.{first}.iter(){read}.collect()")
            }
            (Some(rest), What::Type { name, .. }, true) => {
                if field(name, rest)?.0 {
                    format!("vec![from.{first}.{rest}.clone()]")
                } else {
                    format!("from.{first}.{rest}.clone().into_iter().collect()")
                }
            }
            _ => return None,
        })
    }
}

/// The type of a noun's key.
fn key_type(noun: &Noun) -> &str {
    match &noun.key {
        Some(Key::Parts { key_type, .. }) => key_type,
        _ => "String",
    }
}

/// A way from one noun to another.
struct Way {
    method: String,
    to: String,
    is_many: bool,
    /// The type of its `Relation`, and the expression that makes it.
    relation: String,
    value: String,
}

impl Way {
    fn signature(&self) -> String {
        let Self { method, to, .. } = self;
        let returns = if self.is_many { format!("Vec<Bound<{to}>>") } else { format!("Option<Bound<{to}>>") };
        format!("fn {method}(&self) -> impl Future<Output = Result<{returns}>> + Send")
    }

    fn doc(&self) -> String {
        let (what, to) = (self.method.replace('_', " "), &self.to);
        let (none, each) = if self.is_many { ("", " each") } else { ("; none where AWS names none", "") };
        format!(
            "/// Its {what}, fetched through the same session{none}.\n///\n/// # Errors\n///\n\
             /// As `{to}::objects().get(…)`.\n///\n/// # Requests\n///\n\
             /// One Get of [`{to}`]{each}; none where `prefetch_related` fetched it.\n"
        )
    }
}

/// What an operation gives.
struct Given<'a> {
    /// Its type; none where AWS answers nothing.
    name: Option<&'a TypeName>,
    /// The expression that makes it of the SDK's `answer`.
    value: String,
    is_list: bool,
}

impl Given<'_> {
    /// The end of a function that gives it as it is.
    fn returned(&self) -> String {
        match self.value.strip_suffix('?') {
            Some(result) => result.to_owned(),
            None => format!("Ok({})", self.value),
        }
    }

    /// Its type as a manager gives it.
    fn kind(&self) -> String {
        match self.name {
            None => "()".to_owned(),
            Some(name) if self.is_list => format!("Vec<{}>", name.name),
            Some(name) => format!("Bound<{}>", name.name),
        }
    }

    /// The end of a function that calls, and gives it as a manager does.
    fn bound(&self, call: &str) -> String {
        match self.name {
            None => format!("{call}; Ok(())"),
            Some(_) if self.is_list => format!("let answer = {call}; {}", self.returned()),
            Some(_) => format!("let answer = {call}; Ok(Bound::new({}, session.clone()))", self.value),
        }
    }
}

/// A noun's own method.
struct Verb {
    on_manager: String,
    /// As a declaration, and as a definition behind `=>`.
    on_bound: Option<String>,
}

/// What a method takes.
#[derive(Default)]
struct Arguments {
    generics: Vec<(String, String)>,
    parameters: Vec<(String, String)>,
    lets: Vec<String>,
}

impl Arguments {
    fn next(&self) -> String {
        char::from(b'A' + u8::try_from(self.generics.len()).unwrap_or(0)).to_string()
    }

    /// A parameter's type without a name for what is generic.
    fn anonymous(&self, kind: &str) -> String {
        match self.generics.iter().find(|(name, _)| name == kind) {
            None => kind.to_owned(),
            Some((_, bound)) => {
                match bound.strip_prefix("IntoIterator<Item = ").and_then(|rest| rest.strip_suffix('>')) {
                    Some(item) => format!("impl IntoIterator<Item = {}>", self.anonymous(item)),
                    None => format!("impl {bound}"),
                }
            }
        }
    }

    /// A parameter that is converted into the type.
    fn generic(&mut self, name: &str, kind: &str) {
        let generic = self.next();
        self.generics.push((generic.clone(), format!("Into<{kind}>")));
        self.parameters.push((name.to_owned(), generic));
        self.lets.push(format!("let {name}: {kind} = {name}.into();"));
    }

    /// A parameter of the address; gives the expression that the SDK's setter takes.
    fn add(&mut self, writer: &Writer<'_>, parameter: &str, part: &Reference, required: bool) -> String {
        let name = raw(&snake(parameter));
        let shape = writer.operations.shape(part);
        match (shape.kind.as_str(), writer.operations.home(part)) {
            ("timestamp", _) => {
                self.parameters.push((name.clone(), "Timestamp".to_owned()));
                format!("timestamp_to_sdk({name})")
            }
            ("boolean", _) => {
                self.parameters.push((name.clone(), "bool".to_owned()));
                name
            }
            (_, Some(an_enum)) => {
                self.generic(&name, &an_enum.name);
                format!("{name}.into()")
            }
            _ if required => {
                self.generic(&name, "String");
                name
            }
            _ => {
                self.generic(&name, "Option<String>");
                name
            }
        }
    }
}

/// A verb's documentation: what it does, its errors, its request.
fn verb_doc(nouns: &Nouns, operation: &str) -> String {
    let what = nouns.docs.get(operation).cloned().unwrap_or_else(|| format!("AWS's `{operation}`."));
    format!(
        "/// {what}\n///\n/// # Errors\n///\n/// As AWS answers; `InvalidInput` for what cannot be sent.\n///\n/// # Requests\n///\n/// One `{operation}` (`bedrock:{operation}`).\n"
    )
}
