//! Writes the methods that only one resource has, of its manager and of bound models.

use std::fmt::Write;

use super::extension::{Method, declaration, definition};
use super::writer::{CHECK, INLINE, Writer, line};
use crate::codegen::description::Reference;
use crate::codegen::names::{raw, snake};
use crate::codegen::operations::{Operation, Operations};
use crate::codegen::plan::FieldType;
use crate::codegen::table::{Key, Table};
use crate::result::Result;

impl<'a> Writer<'a> {
    /// Writes the methods that only this resource has.
    pub(super) fn methods(&mut self) -> Result {
        let name = &self.resource.name;
        let mut of_bound = Vec::new();
        if !self.resource.methods.is_empty() {
            line!(self, "impl Manager<{name}> {{");
            for (method, operation) in &self.resource.methods {
                let own = self.own_method(method, operation)?;
                self.text.push_str(&own.of_manager);
                if !matches!(method.as_str(), "create" | "start") {
                    of_bound.extend(own.of_bound);
                }
            }
            line!(self, "}}\n");
        }
        for child in &self.table.resource {
            let Some(method) = child.of.as_ref().and_then(|of| of.strip_prefix(&format!("{name}."))) else {
                continue;
            };
            let row =
                Operations::of(self.plan, self.services, child)?.row()?.ok_or("a list has no row")?.name;
            of_bound.push(Method {
                doc: format!("/// Returns its [`{row}`]s as a lazy queryset.\n"),
                signature: format!("fn {method}(&self) -> QuerySet<{row}>"),
                body: format!("{}::objects().using(self.session()).list_of(self.key())", child.name),
            });
        }
        if of_bound.is_empty() || self.resource.get.is_none() {
            return Ok(());
        }
        let doc = format!(
            "Methods of a bound [`{name}`], and of everything that has its key: a row of its list, AWS's response to its creation."
        );
        let extension = format!("{name}Ext");
        self.text.push_str(&declaration(&doc, &extension, &of_bound));
        let header = format!("<M: Keyed<Full = {name}>> {extension} for Bound<M>");
        self.text.push_str(&definition(&header, &of_bound));
        self.extensions.push(extension);
        Ok(())
    }

    fn own_method(&mut self, method: &str, operation_name: &'a str) -> Result<OwnMethod> {
        let operation = self.operations.operation(operation_name)?;
        let mut arguments = Arguments::default();
        let address = operation.address();
        let takes_key = self.resource.get.is_some()
            && match &self.resource.key {
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
                && match &self.resource.key {
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
        let returned = self.returned(&operation)?;
        let check = if takes_key { CHECK } else { "" };
        let call = self.call(&operation, check, request.as_deref(), &setters, &returned.conversion());
        if let Some(name) = returned.name.filter(|_| !returned.is_list) {
            self.bound.insert(name.name.clone());
        }
        let (returns, with) = (returned.kind(), returned.helper());
        let doc = method_doc(self.table, operation_name);
        let Arguments { generics, parameters, lets } = &arguments;
        let generics: Vec<String> = generics.iter().map(|(name, bound)| format!("{name}: {bound}")).collect();
        let generics = if generics.is_empty() { String::new() } else { format!("<{}>", generics.join(", ")) };
        let parameter_list: String =
            parameters.iter().map(|(name, kind)| format!(", {name}: {kind}")).collect();
        let inline = if generics.is_empty() { INLINE } else { "" };
        let future = format!("BoxFuture<'static, Result<{returns}>>");
        let of_manager = format!(
            "{doc}{inline}pub fn {method}{generics}(&self{parameter_list}) -> {future} {{
                const OPERATION: &str = {operation_name:?};
                {}
                {with}(self.choice(), move |session| {call})
            }}\n\n",
            lets.join("\n"),
        );
        let of_bound = takes_key.then(|| {
            let rest = &parameters[1..];
            let rest_list: String =
                rest.iter().map(|(name, kind)| format!(", {name}: {}", arguments.anonymous(kind))).collect();
            let rest_names: String = rest.iter().map(|(name, _)| format!(", {name}")).collect();
            let name = &self.resource.name;
            Method {
                doc: doc.clone(),
                signature: format!("fn {method}(&self{rest_list}) -> {future}"),
                body: format!("{name}::objects().using(self.session()).{method}(self.key(){rest_names})"),
            }
        });
        Ok(OwnMethod { of_manager, of_bound })
    }

    /// The expression for the request's body. Its members are the method's parameters if all are required; otherwise the request is.
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
            match &field.field_type {
                FieldType::List(item) => {
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
                FieldType::Timestamp | FieldType::Bool | FieldType::F64 => {
                    arguments.parameters.push((name.clone(), field.field_type.rust()));
                }
                what => arguments.generic(&name, &what.rust()),
            }
            values.push(name);
        }
        Some(format!("{}::new({})", request.name, values.join(", ")))
    }
}

/// A method that only one resource has.
struct OwnMethod {
    /// The method of its manager.
    of_manager: String,
    /// The method of bound models, if the operation takes the key.
    of_bound: Option<Method>,
}

/// A method's parameters.
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

    /// A parameter's type, with `impl` instead of a generic's name.
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

    /// Adds a parameter that is converted to the type.
    fn generic(&mut self, name: &str, kind: &str) {
        let generic = self.next();
        self.generics.push((generic.clone(), format!("Into<{kind}>")));
        self.parameters.push((name.to_owned(), generic));
        self.lets.push(format!("let {name}: {kind} = {name}.into();"));
    }

    /// Adds a parameter of the URI or the query, and returns the argument of the SDK's setter.
    fn add(&mut self, writer: &Writer<'_>, parameter: &str, part: &Reference, required: bool) -> String {
        let name = raw(&snake(parameter));
        let shape = writer.operations.shape(part);
        match (shape.kind.as_str(), writer.operations.type_of(part)) {
            ("timestamp", _) => {
                self.parameters.push((name.clone(), "Timestamp".to_owned()));
                format!("timestamp_to_sdk({name})")
            }
            ("boolean", _) => {
                self.parameters.push((name.clone(), "bool".to_owned()));
                if required { name } else { format!("Some({name})") }
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

/// A method's documentation: what it does, its errors, its request.
fn method_doc(table: &Table, operation: &str) -> String {
    let what = table.docs.get(operation).cloned().unwrap_or_else(|| format!("Calls AWS's `{operation}`."));
    format!(
        "/// {what}\n///\n/// # Errors\n///\n/// AWS's errors; `InvalidInput` if the request cannot be sent.\n///\n/// # Requests\n///\n/// One `{operation}` (`bedrock:{operation}`).\n"
    )
}
