//! Writes the relations from one resource to others.

use std::fmt::Write;

use super::extension::{Method, declaration, definition};
use super::writer::{Writer, line};
use crate::codegen::plan::{FieldType, TypeName};
use crate::result::Result;

impl Writer<'_> {
    pub(super) fn relations(&mut self) -> Result<()> {
        if self.resource.relations.is_empty() {
            return Ok(());
        }
        let name = self.resource.name.clone();
        let row = self.operations.row()?.map(|row| row.name).filter(|row| *row != name);
        let of_resource = self.relations_of(&name)?;
        self.relations_trait(&name, &of_resource);
        let of_row = match &row {
            Some(row) => self.relations_of(row)?,
            None => Vec::new(),
        };
        match &row {
            Some(row) if of_row.len() == of_resource.len() => self.relations_impl(&name, row, &of_row),
            Some(row) if !of_row.is_empty() => self.relations_trait(row, &of_row),
            _ => {}
        }
        for way in if row.is_some() { of_row } else { of_resource } {
            let constant = way.method.to_ascii_uppercase();
            line!(
                self,
                "/// The relation from a row to its {}.\npub const {constant}: {} = {};\n",
                way.method.replace('_', " "),
                way.relation,
                way.value,
            );
        }
        Ok(())
    }

    /// The relations of a type, without those whose fields it lacks.
    fn relations_of(&self, holder: &str) -> Result<Vec<Relation>> {
        let mut ways = Vec::new();
        for (method, way) in &self.resource.relations {
            let (fields, to) = way
                .split_once(" -> ")
                .ok_or_else(|| format!("{method}: a relation must be `field -> Resource`"))?;
            if let Some(keys) = self.relation_keys(&self.named(holder), fields) {
                ways.push(Relation {
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

    fn relations_trait(&mut self, holder: &str, ways: &[Relation]) {
        let extension = format!("{holder}RelationsExt");
        let methods: Vec<Method> = ways.iter().map(Relation::method).collect();
        let doc = format!("Follows the relations of a bound [`{holder}`].");
        self.text.push_str(&declaration(&doc, &extension, &methods));
        self.relations_impl(holder, holder, ways);
        self.extensions.push(extension);
    }

    fn relations_impl(&mut self, of: &str, holder: &str, ways: &[Relation]) {
        let methods: Vec<Method> = ways.iter().map(Relation::method).collect();
        self.text.push_str(&definition(&format!(" {of}RelationsExt for Bound<{holder}>"), &methods));
    }

    /// The expression for the keys in these fields of `from`; `None` if the type lacks them.
    fn relation_keys(&self, holder: &TypeName, fields: &str) -> Option<String> {
        let field = |of: &TypeName, name: &str| {
            self.plan
                .fields(of)
                .iter()
                .find(|field| field.name == name)
                .map(|field| (field.required, field.field_type.clone()))
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
            (Some(rest), FieldType::List(item), true) => {
                let FieldType::Type { name, .. } = &**item else { return None };
                let read = if field(name, rest)?.0 {
                    format!(".map(|value| value.{rest}.clone())")
                } else {
                    format!(".filter_map(|value| value.{rest}.clone())")
                };
                format!("from.{first}.iter(){read}.collect()")
            }
            (Some(rest), FieldType::Type { name, .. }, true) => {
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

/// A relation from one resource to another.
struct Relation {
    method: String,
    to: String,
    is_many: bool,
    /// The type of its `Relation`, and the expression that creates it.
    relation: String,
    value: String,
}

impl Relation {
    /// The method that follows the relation.
    fn method(&self) -> Method {
        let Self { method, to, relation, value, is_many } = self;
        let (returns, follow) = if *is_many {
            (format!("Vec<Bound<{to}>>"), "many")
        } else {
            (format!("Option<Bound<{to}>>"), "one")
        };
        Method {
            doc: self.doc(),
            signature: format!("fn {method}(&self) -> BoxFuture<'static, Result<{returns}>>"),
            body: format!("const RELATION: {relation} = {value}; {follow}(self, RELATION)"),
        }
    }

    fn doc(&self) -> String {
        let (what, to) = (self.method.replace('_', " "), &self.to);
        let (none, each) = if self.is_many { ("", " each") } else { ("; `None` if AWS names none", "") };
        format!(
            "/// Fetches its {what} through the same session or, if an ARN names another region, through that region's \
             session{none}.\n///\n/// # Errors\n///\n/// As `{to}::objects().get(…)`.\n///\n/// # Requests\n///\n\
             /// One Get of [`{to}`]{each}; none if `prefetch_related` fetched it.\n"
        )
    }
}
