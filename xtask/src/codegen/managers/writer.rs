//! Writes the traits of one resource: its operations, its keys, and its status.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;

use crate::codegen::description::{Description, Service};
use crate::codegen::names::{raw, snake};
use crate::codegen::operations::{Operation, Operations, Response};
use crate::codegen::plan::{FieldType, Plan, TypeName};
use crate::codegen::table::{Key, Resource, Status, Table};
use crate::result::Result;

pub(super) struct Writer<'a> {
    pub(super) plan: &'a Plan,
    pub(super) services: &'a [(Service, Description)],
    pub(super) table: &'a Table,
    pub(super) resource: &'a Resource,
    pub(super) operations: &'a Operations<'a>,
    pub(super) fallible: &'a HashSet<TypeName>,
    pub(super) text: String,
    /// The types that its methods return bound.
    pub(super) bound: BTreeSet<String>,
    /// The extension traits that it wrote.
    pub(super) extensions: Vec<String>,
}

macro_rules! line {
    ($writer:expr, $($part:tt)*) => {{
        let _ = writeln!($writer.text, $($part)*);
    }};
}

pub(super) use line;

/// Before a function that is not generic: a crate compiles those that it calls.
pub(super) const INLINE: &str = "#[inline]\n";

/// Checks a key, before anything is sent.
pub(super) const CHECK: &str = "let key = key.checked(OPERATION)?;";

impl<'a> Writer<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        services: &'a [(Service, Description)],
        table: &'a Table,
        resource: &'a Resource,
        operations: &'a Operations<'a>,
        fallible: &'a HashSet<TypeName>,
    ) -> Self {
        let bound = resource.also_bound.iter().chain([&resource.name]).cloned().collect();
        Self {
            plan,
            services,
            table,
            resource,
            operations,
            fallible,
            text: String::new(),
            bound,
            extensions: Vec::new(),
        }
    }

    /// Writes everything but the relations.
    pub(super) fn write(&mut self) -> Result<()> {
        let name = &self.resource.name;
        line!(self, "impl Objects for {name} {{}}\n");
        self.get()?;
        self.list()?;
        self.create()?;
        self.update()?;
        self.delete()?;
        self.stop()?;
        self.keys()?;
        if let Some(arn) = &self.resource.arn {
            let read = self.text_of(&self.named(name), arn)?;
            line!(self, "impl Tagged for {name} {{ fn arn(&self) -> &str {{ {read} }} }}\n");
        }
        if let Some(status) = &self.resource.status {
            self.progress(status)?;
        }
        self.methods()
    }

    /// A type of the resource's module.
    pub(super) fn named(&self, name: &str) -> TypeName {
        TypeName { module: self.resource.module.clone(), name: name.to_owned() }
    }

    pub(super) fn key_type(&self) -> &'a str {
        self.resource.key_type()
    }

    /// The setters that put the key into an operation's URI and query.
    pub(super) fn key_setters(&self, operation: &Operation<'a>) -> String {
        let mut setters = String::new();
        for (parameter, _, _) in operation.address() {
            let set = snake(parameter);
            let part = match &self.resource.key {
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

    pub(super) fn client(&self) -> &'static str {
        match self.operations.service {
            Service::Bedrock => "sdk::control_plane(session)",
            Service::BedrockRuntime => "sdk::runtime(session)",
        }
    }

    /// The expression for the call, a future in a box. `check` checks the key; `request` is the expression for the body;
    /// `setters` set the URI and the query; `response` converts the SDK's response.
    pub(super) fn call(
        &self,
        operation: &Operation<'a>,
        check: &str,
        request: Option<&str>,
        setters: &str,
        response: &str,
    ) -> String {
        let Operation { snake, name, .. } = operation;
        let sending = match (request, operation.request) {
            (Some(value), Some(request)) => {
                let builder = format!("operation::{snake}::builders::{name}InputBuilder");
                let made = if self.fallible.contains(request) {
                    format!(
                        "{builder}::try_from({value}).map_err(|error| Error::unsendable(OPERATION, error))?"
                    )
                } else {
                    format!("{builder}::from({value})")
                };
                format!("let input = {made}{setters};\n{}", self.sending("input"))
            }
            _ => format!("Ok(sdk::boxed(|| {}.{snake}(){setters}.send()))", self.client()),
        };
        format!("send(session, OPERATION, move || {{ {check} {sending} }}, {response})")
    }

    /// The expression for what sends this input, in its box.
    pub(super) fn sending(&self, input: &str) -> String {
        let client = self.client();
        match self.operations.service {
            Service::Bedrock => format!("Ok(sdk::boxed(|| {input}.send_with({client})))"),
            // The session can replace this client, so it is not borrowed from the session.
            Service::BedrockRuntime => {
                format!("Ok(sdk::boxed(|| async move {{ {input}.send_with(&{client}).await }}))")
            }
        }
    }

    /// What a method returns for the SDK's response.
    pub(super) fn returned(&self, operation: &Operation<'a>) -> Result<Returned<'a>> {
        let returned = |name, value| Returned { name: Some(name), value, is_list: false };
        Ok(match self.operations.response(operation)? {
            Response::Nothing => Returned { name: None, value: String::new(), is_list: false },
            Response::Whole(name) => returned(name, "response.into()".to_owned()),
            Response::Held { member, name, required } => {
                returned(name, format!("held(OPERATION, response.{member}, {required})?"))
            }
            Response::List { member, name, required } => {
                let all = if required { "" } else { ".unwrap_or_default()" };
                let value = format!("response.{member}{all}.into_iter().map(Into::into).collect()");
                Returned { name: Some(name), value, is_list: true }
            }
        })
    }

    fn get(&mut self) -> Result<()> {
        let Some(get) = &self.resource.get else { return Ok(()) };
        let operation = self.operations.operation(get)?;
        let response = self.returned(&operation)?.conversion();
        let (name, key) = (&self.resource.name, self.key_type());
        let call = self.call(&operation, CHECK, None, &self.key_setters(&operation), &response);
        line!(
            self,
            "impl Get for {name} {{
                type Key = {key};

                #[inline]
                fn get(session: &Session, key: {key}) -> BoxFuture<'_, Result<Self>> {{
                    const OPERATION: &str = {get:?};
                    {call}
                }}
            }}\n"
        );
        Ok(())
    }

    fn create(&mut self) -> Result<()> {
        let Some(create) = &self.resource.create else { return Ok(()) };
        let operation = self.operations.operation(create)?;
        let returned = self.returned(&operation)?;
        let created = returned.name.ok_or_else(|| format!("{create} returns nothing"))?;
        let request = operation.request.ok_or_else(|| format!("{create} takes nothing"))?;
        let call = self.call(&operation, "", Some("request"), "", &returned.conversion());
        self.bound.insert(created.name.clone());
        line!(
            self,
            "impl Create for {} {{
                type Request = {request};
                type Created = {created};

                #[inline]
                fn create(session: &Session, request: {request}) -> BoxFuture<'_, Result<{created}>> {{
                    const OPERATION: &str = {create:?};
                    {call}
                }}
            }}\n",
            self.resource.name,
            request = request.name,
            created = created.name,
        );
        Ok(())
    }

    fn update(&mut self) -> Result<()> {
        let Some(update) = &self.resource.update else { return Ok(()) };
        let operation = self.operations.operation(update)?;
        let returned = self.returned(&operation)?;
        let request = operation.request.ok_or_else(|| format!("{update} takes nothing"))?;
        let parameter = operation.address().first().map(|(name, _, _)| snake(name)).unwrap_or_default();
        let setter = format!(".{parameter}({})", self.update_key());
        let call = self.call(&operation, CHECK, Some("request"), &setter, &returned.conversion());
        if let Some(updated) = returned.name {
            self.bound.insert(updated.name.clone());
        }
        let updated = returned.name.map_or("()", |updated| updated.name.as_str());
        line!(
            self,
            "impl Update for {} {{
                type Request = {request};
                type Updated = {updated};

                #[inline]
                fn update(session: &Session, key: {key}, request: {request}) -> BoxFuture<'_, Result<{updated}>> {{
                    const OPERATION: &str = {update:?};
                    {call}
                }}
            }}\n",
            self.resource.name,
            request = request.name,
            key = self.key_type(),
        );
        Ok(())
    }

    /// The expression for the key of an update: the key, or its first part.
    fn update_key(&self) -> String {
        match &self.resource.key {
            Some(Key::Parts { parts, .. }) => {
                format!("key.{}", parts.values().next().map(String::as_str).unwrap_or_default())
            }
            _ => "key".to_owned(),
        }
    }

    fn delete(&mut self) -> Result<()> {
        self.by_key(self.resource.delete.as_ref(), "Delete", "delete")
    }

    fn stop(&mut self) -> Result<()> {
        self.by_key(self.resource.stop.as_ref(), "Stop", "stop")
    }

    /// Writes an operation that takes a key and returns nothing.
    fn by_key(&mut self, name: Option<&'a String>, of: &str, method: &str) -> Result<()> {
        let Some(name) = name else { return Ok(()) };
        let operation = self.operations.operation(name)?;
        let call = self.call(&operation, CHECK, None, &self.key_setters(&operation), "|_| Ok(())");
        line!(
            self,
            "impl {of} for {} {{
                #[inline]
                fn {method}(session: &Session, key: {}) -> BoxFuture<'_, Result<()>> {{
                    const OPERATION: &str = {name:?};
                    {call}
                }}
            }}\n",
            self.resource.name,
            self.key_type(),
        );
        Ok(())
    }

    /// The expression for the `&str` at a path of fields of `self`; an empty text if AWS omits it.
    pub(super) fn text_of(&self, of: &TypeName, path: &str) -> Result<String> {
        let mut place = of.clone();
        let mut read = "self".to_owned();
        let parts: Vec<&str> = path.split('.').collect();
        for (at, part) in parts.iter().enumerate() {
            let field = self
                .plan
                .fields(&place)
                .iter()
                .find(|field| field.name == *part)
                .ok_or_else(|| format!("{}: {} has no field {part}", self.resource.name, place.name))?;
            read = format!("{read}.{}", raw(part));
            match &field.field_type {
                FieldType::Type { name, is_enum: false } if at + 1 < parts.len() => place = name.clone(),
                FieldType::Type { is_enum: true, .. } if field.required => read = format!("{read}.as_str()"),
                FieldType::Type { is_enum: true, .. } => {
                    read = format!("{read}.as_ref().map_or(\"\", |value| value.as_str())");
                }
                _ if field.required => read = format!("{read}.as_str()"),
                _ => read = format!("{read}.as_deref().unwrap_or_default()"),
            }
        }
        Ok(read)
    }

    /// Writes `Keyed` for the types that have a key: the resource, its rows, AWS's responses.
    fn keys(&mut self) -> Result<()> {
        let name = &self.resource.name;
        if self.resource.get.is_none() {
            return Ok(());
        }
        let keyed: Vec<(String, Vec<String>)> = match &self.resource.key {
            Some(Key::Field(field)) => self
                .bound
                .iter()
                .filter(|holder| {
                    self.plan.fields(&self.named(holder)).iter().any(|there| there.name == *field)
                })
                .map(|holder| (holder.clone(), vec![field.clone()]))
                .collect(),
            _ => self.resource.keys.iter().map(|(holder, fields)| (holder.clone(), fields.clone())).collect(),
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
                    type Full = {name};

                    fn key(&self) -> {} {{ {key} }}
                }}\n",
                self.key_type(),
            );
            self.bound.insert(holder);
        }
        Ok(())
    }

    /// Writes `HasStatus` for the types that have a status: the resource, its rows, AWS's responses. A row may name it `status`.
    fn statuses(&mut self, status: &Status) -> Result<()> {
        for holder in self.bound.clone() {
            let of = self.named(&holder);
            let has = |name: &str| self.plan.fields(&of).iter().any(|field| field.name == name);
            if let Some(field) = [status.field.as_str(), "status"].into_iter().find(|field| has(field)) {
                let read = self.text_of(&of, field)?;
                line!(self, "impl HasStatus for {holder} {{ fn status_text(&self) -> &str {{ {read} }} }}\n");
            }
        }
        Ok(())
    }

    fn progress(&mut self, status: &Status) -> Result<()> {
        let name = &self.resource.name;
        self.statuses(status)?;
        let reasons = match &status.reasons {
            None => "Vec::new()".to_owned(),
            Some(field) => {
                let fields = self.plan.fields(&self.named(name));
                let field = fields
                    .iter()
                    .find(|there| there.name == *field)
                    .ok_or_else(|| format!("{name} has no field {field}"))?;
                let value = &field.name;
                match &field.field_type {
                    FieldType::List(_) if field.required => format!("self.{value}.clone()"),
                    FieldType::List(_) => format!("self.{value}.clone().unwrap_or_default()"),
                    _ => format!("self.{value}.clone().into_iter().collect()"),
                }
            }
        };
        line!(
            self,
            "impl Progress for {name} {{
                const READY: &'static [&'static str] = &{:?};
                const FAILED: &'static [&'static str] = &{:?};

                fn reasons(&self) -> Vec<String> {{ {reasons} }}
            }}\n",
            status.ready,
            status.failed,
        );
        Ok(())
    }
}

/// What a method returns.
pub(super) struct Returned<'a> {
    /// Its type; `None` if AWS returns nothing.
    pub(super) name: Option<&'a TypeName>,
    /// The expression that converts the SDK's `response`.
    pub(super) value: String,
    pub(super) is_list: bool,
}

impl Returned<'_> {
    /// The closure that converts the SDK's response.
    pub(super) fn conversion(&self) -> String {
        match (self.name, self.value.strip_suffix('?')) {
            (None, _) => "|_| Ok(())".to_owned(),
            (Some(_), Some(result)) => format!("|response| {result}"),
            (Some(_), None) => format!("|response| Ok({})", self.value),
        }
    }

    /// Its type as a manager returns it, bound.
    pub(super) fn kind(&self) -> String {
        match self.name {
            None => "()".to_owned(),
            Some(name) if self.is_list => format!("Vec<{}>", name.name),
            Some(name) => format!("Bound<{}>", name.name),
        }
    }

    /// The function that makes the call with the manager's session, and returns what a manager returns.
    pub(super) fn helper(&self) -> &'static str {
        match self.name {
            Some(_) if !self.is_list => "bound",
            _ => "with_session",
        }
    }
}
