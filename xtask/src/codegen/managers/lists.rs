//! Writes a resource's list: its row, AWS's parameters and orders, and the resource that contains it.

use std::fmt::Write;

use super::writer::{INLINE, Writer, line};
use crate::codegen::description::Reference;
use crate::codegen::fields::row_fields;
use crate::codegen::names::{pascal, raw, snake};
use crate::codegen::plan::{FieldType, TypeName};
use crate::codegen::table::{Key, Resource};
use crate::result::Result;

impl<'a> Writer<'a> {
    pub(super) fn list(&mut self) -> Result<()> {
        let Some(list) = &self.resource.list else { return Ok(()) };
        let operation = self.operations.operation(list)?;
        let (member, required, row) = self.operations.items(&operation)?;
        self.bound.insert(row.name.clone());
        let (resource, row_name) = (&self.resource.name, &row.name);
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
        match &self.resource.of {
            None => line!(self, "impl List for {resource} {{ type Row = {row_name}; }}\n"),
            Some(of) => self.list_of(of, row_name, &scope)?,
        }
        let input = operation.input.ok_or("a list has no input")?;
        let has = |name: &str| input.members.contains_key(name);
        let token = if has("nextToken") { ".set_next_token(page.token)" } else { "" };
        let size = if has("maxResults") { ".set_max_results(page.size)" } else { "" };
        let page = if token.is_empty() && size.is_empty() { "_page" } else { "page" };
        let next = if token.is_empty() { "None" } else { "response.next_token" };
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
            self.resource.orders.iter().map(|(path, name)| format!("({path:?}, {name:?}), ")).collect();
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

                #[inline]
                fn page<'a>(session: &'a Session, parameters: &'a Self::Parameters, {page}: PageRequest) -> BoxFuture<'a, Result<Page<Bound<Self>>>> {{
                    send(
                        session,
                        Self::OPERATION,
                        move || {{
                            let input = parameters.clone(){token}{size};
                            {sending}
                        }},
                        |response| Ok(page_of(session, response.{member}{all}, {next})),
                    )
                }}
            }}\n",
            sending = self.sending("input"),
        );
        if parameters.is_empty() {
            return Ok(());
        }
        line!(self, "/// AWS's own parameters of the list.\nimpl QuerySet<{row_name}> {{");
        for (name, part, _) in parameters {
            self.parameter_method(name, part)?;
        }
        line!(self, "}}\n");
        Ok(())
    }

    /// Writes a list inside another resource.
    fn list_of(&mut self, of: &str, row: &str, scope: &[&str]) -> Result<()> {
        let (parent, _) = of.split_once('.').ok_or("`of` must be `Resource.method`")?;
        let parent = self.other(parent)?;
        let key = parent.key_type();
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
            self.resource.name,
        );
        Ok(())
    }

    fn other(&self, name: &str) -> Result<&'a Resource> {
        let found = self.table.resource.iter().find(|resource| resource.name == name);
        found.ok_or_else(|| format!("{}: no resource {name}", self.resource.name).into())
    }

    fn named_fields(&self, row: &TypeName) -> String {
        row_fields(self.plan, row)
            .iter()
            .map(|row_field| {
                let kind = self.field_kind(&row_field.field_type);
                format!("&{kind}({}::{}),\n", self.resource.name, row_field.constant)
            })
            .collect()
    }

    fn field_kind(&self, what: &FieldType) -> &'static str {
        match what {
            FieldType::String | FieldType::Type { is_enum: true, .. } => "Text",
            FieldType::I32 | FieldType::I64 | FieldType::F32 | FieldType::F64 => "Number",
            FieldType::Timestamp => "Time",
            FieldType::Bool => "Flag",
            FieldType::List(item)
                if matches!(**item, FieldType::String | FieldType::Type { is_enum: true, .. }) =>
            {
                "TextList"
            }
            FieldType::Map(_) => "Map",
            _ => "Opaque",
        }
    }

    /// A parameter's kind, the argument of the SDK's setter, and the closure that reads it back.
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
        let pushes = match self.resource.push.get(name).and_then(|push| push.split_once(' ')) {
            Some((path, lookup)) => {
                format!("Some(Pushes {{ path: {path:?}, lookup: PushedLookup::{} }})", pascal(lookup))
            }
            None => "None".to_owned(),
        };
        // AWS rejects a value that the parameter's enum lacks, even if the field's enum has it.
        let pattern = match (&shape.values, &shape.pattern) {
            (Some(values), _) => format!("Some({:?})", values.join("|")),
            (None, Some(pattern)) if kind == "Text" => format!("Some(r#\"{pattern}\"#)"),
            (None, _) => "None".to_owned(),
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
        let (parameter, make, give) = match (kind, self.operations.type_of(part)) {
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
        let inline = if parameter.starts_with("impl ") { "" } else { INLINE };
        line!(
            self,
            "/// Sets AWS's parameter `{name}`.
            #[must_use]
            {inline}pub fn {method}(self, value: {parameter}) -> Self {{
                {make}
                self.with(|parameters| parameters.{method}({give}))
            }}\n"
        );
        Ok(())
    }

    pub(super) fn identity(&self, row: &TypeName) -> Result<String> {
        let paths: Vec<&str> = match (&self.resource.identity, &self.resource.key) {
            (Some(identity), _) => identity.split(' ').collect(),
            (None, Some(Key::Field(field))) => vec![field],
            _ => {
                return Err(format!(
                    "{}: `identity` or `key` must name the fields that distinguish its rows",
                    self.resource.name
                )
                .into());
            }
        };
        let reads: Vec<String> = paths.iter().map(|path| self.text_of(row, path)).collect::<Result<_>>()?;
        Ok(match reads.as_slice() {
            [read] => format!("{read}.to_owned()"),
            _ => format!("[{}].join(\" \")", reads.join(", ")),
        })
    }
}
