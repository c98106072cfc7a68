//! Things put on their shelves by hand, as the rows of a list.

use serde_json::{Map, Value};

use crate::json::record::Record;
use crate::resources::NOUNS;
use crate::store::context::Context;
use crate::store::lists::Form;
use crate::store::resource::{DRAFT, Noun, Verb};
use crate::wire::constraints::output_violations;
use crate::wire::description::{Service, Services, Shape};

/// A noun that can be sown, with the shapes of what it can be sown from.
pub(crate) struct Seed<'a> {
    noun: &'static Noun,
    service: &'a Service,
    form: Form<'a>,
    /// What the Get operation tells.
    get: Option<&'a Shape>,
}

impl<'a> Seed<'a> {
    /// By the noun's name or by that of its list operation.
    pub(crate) fn named(services: &'a Services, name: &str) -> Result<Self, String> {
        let unknown = || format!("there is no list of {name} to seed");
        let is_list = |verb: &Verb| matches!(verb, Verb::List);
        let named = |noun: &&&Noun| noun.name == name || noun.operation(is_list) == Some(name);
        let noun = *NOUNS.iter().find(named).ok_or_else(unknown)?;
        let list = noun.operation(is_list).ok_or_else(unknown)?;
        let holder = services.iter().find(|service| service.operations.contains_key(list));
        let service = holder.ok_or_else(unknown)?;
        let form =
            service.operations.get(list).and_then(|list| Form::of(service, list)).ok_or_else(unknown)?;
        let get = service.operations.get(&format!("Get{}", noun.name)).and_then(|get| get.output.as_ref());
        let get = get.and_then(|output| service.shape(&output.shape));
        let inner = get.and_then(|get| service.shape(&get.member(noun.wrapped_in)?.shape));
        Ok(Self { noun, service, form, get: inner.or(get) })
    }

    /// A row as a record. What is no member of the row's shape may be one of the Get operation's.
    pub(crate) fn record(&self, row: Value) -> Result<Record, String> {
        let Value::Object(members) = row else { return Err("a row must be a JSON object".to_owned()) };
        let (of_row, of_get): (Map<_, _>, Map<_, _>) =
            members.into_iter().partition(|(member, _)| self.form.row.member(member).is_some());
        let row = Value::Object(of_row);
        let mut violations = output_violations(self.service, self.form.row_name, &row);
        for (member, value) in &of_get {
            match self.get.and_then(|get| get.member(member)) {
                Some(known) => violations.extend(output_violations(self.service, &known.shape, value)),
                None => violations.push(format!("{} has no member {member}", self.noun.name)),
            }
        }
        if !violations.is_empty() {
            return Err(format!("{row}: {}", violations.join("; ")));
        }
        let Value::Object(of_row) = row else { return Ok(Record::default()) };
        let known = |member: String| {
            let renamed = self.noun.row.iter().find(|(theirs, ours)| *theirs == member && !ours.is_empty());
            renamed.map_or(member, |(_, ours)| (*ours).to_owned())
        };
        let of_row = of_row.into_iter().map(|(member, value)| (known(member), value));
        let mut record: Record = of_row.chain(of_get).collect();
        let noun = self.noun;
        if !record.contains_key(noun.members.id) {
            let arn = record.text(noun.members.arn);
            let id = arn.rsplit_once('/').map_or(arn, |(_, id)| id).to_owned();
            record.set(noun.members.id, id);
        }
        if !noun.versions_of.is_empty() {
            record.fill("version", DRAFT);
        }
        Ok(record)
    }

    pub(crate) fn insert(&self, cx: &mut Context<'_>, records: Vec<Record>) {
        let now = cx.now.to_string();
        for mut record in records {
            (self.noun.derive)(&mut record);
            record.fill(self.noun.members.created, now.as_str());
            cx.store.put(self.noun, record);
        }
    }
}
