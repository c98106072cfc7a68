//! Inserts resources for tests, from the rows of a list.

use serde_json::{Map, Value};

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::lists::Form;
use crate::store::resource::{DRAFT, Resource, Verb};
use crate::wire::constraints::output_violations;
use crate::wire::description::{Service, Services, Shape};

/// A resource that can be inserted, with the shapes of its rows.
pub(crate) struct Seed<'a> {
    resource: &'static Resource,
    service: &'a Service,
    form: Form<'a>,
    /// The output of the Get operation.
    get: Option<&'a Shape>,
}

impl<'a> Seed<'a> {
    /// Finds a resource by its name or by its List operation.
    pub(crate) fn named(
        services: &'a Services,
        resources: &'static [&'static Resource],
        name: &str,
    ) -> Result<Self, String> {
        let unknown = || format!("there is no list of {name} to seed");
        let is_list = |verb: &Verb| matches!(verb, Verb::List);
        let named =
            |resource: &&&Resource| resource.name == name || resource.operation(is_list) == Some(name);
        let resource = *resources.iter().find(named).ok_or_else(unknown)?;
        let list = resource.operation(is_list).ok_or_else(unknown)?;
        let holder = services.iter().find(|service| service.operations.contains_key(list));
        let service = holder.ok_or_else(unknown)?;
        let form =
            service.operations.get(list).and_then(|list| Form::of(service, list)).ok_or_else(unknown)?;
        let get =
            service.operations.get(&format!("Get{}", resource.name)).and_then(|get| get.output.as_ref());
        let get = get.and_then(|output| service.shape(&output.shape));
        let inner = get.and_then(|get| service.shape(&get.member(resource.wrapped_in?)?.shape));
        Ok(Self { resource, service, form, get: inner.or(get) })
    }

    /// Returns the record of a row. A member that the row's shape lacks can be one of the Get operation's.
    pub(crate) fn record(&self, row: Value) -> Result<Record, String> {
        let Value::Object(members) = row else { return Err("a row must be a JSON object".to_owned()) };
        let (of_row, of_get): (Map<_, _>, Map<_, _>) =
            members.into_iter().partition(|(member, _)| self.form.row.member(member).is_some());
        let row = Value::Object(of_row);
        let mut violations = output_violations(self.service, self.form.row_name, &row);
        for (member, value) in &of_get {
            match self.get.and_then(|get| get.member(member)) {
                Some(known) => violations.extend(output_violations(self.service, &known.shape, value)),
                None => violations.push(format!("{} has no member {member}", self.resource.name)),
            }
        }
        if !violations.is_empty() {
            return Err(format!("{row}: {}", violations.join("; ")));
        }
        let Value::Object(of_row) = row else { return Ok(Record::default()) };
        let known = |member: String| {
            let renamed = self.resource.row.iter().find(|(name, _)| *name == member);
            renamed.and_then(|(_, name)| *name).map_or(member, str::to_owned)
        };
        let of_row = of_row.into_iter().map(|(member, value)| (known(member), value));
        let mut record: Record = of_row.chain(of_get).collect();
        let resource = self.resource;
        if let Some(id) = resource.members.id {
            let known = match resource.id_of(&record) {
                "" => resource.arn_of(&record),
                id => id,
            };
            record.fill(id, known.to_owned());
        }
        if resource.versions_of.is_some() {
            record.fill("version", DRAFT);
        }
        Ok(record)
    }

    pub(crate) fn insert(&self, cx: &mut Context<'_>, records: Vec<Record>) {
        let now = cx.now.to_string();
        for mut record in records {
            (self.resource.derive)(&mut record);
            record.fill(self.resource.members.created, now.as_str());
            cx.store.insert(self.resource, record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::RESOURCES;

    #[test]
    fn the_operation_that_gets_a_resource_has_its_name() {
        for resource in RESOURCES {
            let gets = resource.operations.iter().filter(|(_, verb)| matches!(verb, Verb::Get));
            for name in gets.filter_map(|(operation, _)| operation.strip_prefix("Get")) {
                assert_eq!(resource.name, name, "what is seeded may have the members of Get");
            }
        }
    }
}
