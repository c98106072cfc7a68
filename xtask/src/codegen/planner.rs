//! Creates the plan from the description and the table.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::description::{Description, Reference, Service, Shape};
use super::docs;
use super::names::{pascal, snake};
use super::plan::{Field, FieldType, Form, InSdk, Kind, Member, Plan, Source, Type, TypeName, Value};
use super::table::Table;
use crate::result::Result;

pub(crate) fn plan(services: &[(Service, Description)], table: &Table) -> Result<Plan> {
    let mut types: BTreeMap<TypeName, Type> = BTreeMap::new();
    let type_names = type_names(services, table)?;
    for (service, description) in services {
        let planner = Planner { service: *service, description, table, type_names: &type_names };
        let built = planner.built();
        for (shape_name, shape) in &description.shapes {
            let Some(name) = type_names.get(&(*service, shape_name.as_str())) else { continue };
            let is_built = built.contains(shape_name.as_str());
            let source = Source { service: *service, form: planner.form(shape_name), is_sent: is_built };
            let new = Type {
                name: name.clone(),
                doc: docs::of_type(&name.name, shape_name, &source, table),
                kind: planner.kind(shape_name, shape)?,
                sources: vec![source],
                is_built,
            };
            match types.get_mut(name) {
                None => {
                    types.insert(name.clone(), new);
                }
                Some(there) if same(&there.kind, &new.kind) => {
                    there.sources.extend(new.sources);
                    if let (Kind::Struct(there), Kind::Struct(new)) = (&mut there.kind, new.kind) {
                        for (there, new) in there.iter_mut().zip(new) {
                            there.in_sdk.extend(new.in_sdk);
                        }
                    }
                    there.is_built |= is_built;
                }
                Some(_) => {
                    return Err(format!(
                        "two shapes with different members want the name {}::{}; the second is {shape_name} of {}",
                        name.module,
                        name.name,
                        service.name()
                    )
                    .into());
                }
            }
        }
    }
    check_also_sent(&types, table)?;
    Ok(Plan {
        modules: table.module.clone(),
        types: types.into_values().collect(),
        not_at_root: table.not_at_root.clone(),
        also_sent: table.also_sent.clone(),
        type_names: type_names
            .into_iter()
            .map(|((service, shape), name)| ((service, shape.to_owned()), name))
            .collect(),
    })
}

/// Checks that the description still lacks the values of `also_sent`.
fn check_also_sent(types: &BTreeMap<TypeName, Type>, table: &Table) -> Result<()> {
    for (name, also) in &table.also_sent {
        let known = types.values().find_map(|a_type| match &a_type.kind {
            Kind::Enum(values) if a_type.name.name == *name => Some(values),
            _ => None,
        });
        let known = known.ok_or_else(|| format!("resources.toml, also_sent: {name} is not an enum"))?;
        if let Some(value) = also.iter().find(|value| known.iter().any(|known| known.wire == **value)) {
            return Err(format!(
                "resources.toml, also_sent: AWS's description now has the value {value} of {name}"
            )
            .into());
        }
    }
    Ok(())
}

/// The module and name of every shape that becomes a type.
fn type_names<'a>(
    services: &'a [(Service, Description)],
    table: &'a Table,
) -> Result<HashMap<(Service, &'a str), TypeName>> {
    let mut type_names = HashMap::new();
    let mut unclaimed = Vec::new();
    for (service, description) in services {
        let users = users(description, *service, table)?;
        for (shape_name, modules) in users {
            let module = claimed(*service, shape_name, services, table)
                .or_else(|| (modules.len() == 1).then(|| modules.into_iter().next()).flatten());
            let Some(module) = module else {
                unclaimed.push(shape_name);
                continue;
            };
            let name = table.rename.get(shape_name).cloned().unwrap_or_else(|| pascal(shape_name));
            type_names.insert((*service, shape_name), TypeName { module: module.to_owned(), name });
        }
    }
    if unclaimed.is_empty() {
        return Ok(type_names);
    }
    Err(format!(
        "several modules of resources.toml use these shapes; one must claim each: {}",
        unclaimed.join(", ")
    )
    .into())
}

/// The module that claims a shape. If both services describe the shape equally, a module of either may claim it.
fn claimed<'a>(
    service: Service,
    shape_name: &str,
    services: &[(Service, Description)],
    table: &'a Table,
) -> Option<&'a str> {
    let in_both = services.iter().all(|(_, description)| description.shapes.contains_key(shape_name));
    let alike = in_both && {
        let mut kinds = services.iter().map(|(_, description)| fingerprint(&description.shapes[shape_name]));
        kinds.next() == kinds.next()
    };
    Service::ALL
        .into_iter()
        .filter(|claimant| *claimant == service || alike)
        .flat_map(|claimant| {
            table.module.iter().filter_map(move |module| {
                Some((module.claim(claimant.name(), shape_name)?, module.name.as_str()))
            })
        })
        .max_by_key(|(claim, _)| *claim)
        .map(|(_, module)| module)
}

/// The parts that must agree for the shapes of two services to be one type.
fn fingerprint(shape: &Shape) -> (Vec<(&str, &str, bool)>, BTreeSet<&str>) {
    let members = shape
        .members
        .iter()
        .map(|(name, part)| (name.as_str(), part.shape.as_str(), shape.required.contains(name)))
        .collect();
    let values = shape.values.iter().flatten().map(String::as_str).collect();
    (members, values)
}

/// Each shape that becomes a type, with the modules whose operations use it.
fn users<'a>(
    description: &'a Description,
    service: Service,
    table: &'a Table,
) -> Result<BTreeMap<&'a str, BTreeSet<&'a str>>> {
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (operation_name, operation) in &description.operations {
        let module = table
            .module
            .iter()
            .find(|module| module.service == service.name() && module.operations.contains(operation_name))
            .ok_or_else(|| format!("no module of resources.toml has the operation {operation_name}"))?;
        let by_hand = table.by_hand.operations.contains(operation_name);
        for root in operation.input.iter().chain(&operation.output) {
            let mut reached = HashSet::new();
            reach(description, &root.shape, &mut reached);
            for shape_name in reached {
                let shape = &description.shapes[shape_name];
                let left_out = !shape.is_type()
                    || table.by_hand.shapes.iter().any(|name| name == shape_name)
                    || (by_hand && shape.values.is_none())
                    || (shape_name == root.shape && has_no_body(operation_name, shape));
                if !left_out {
                    users.entry(shape_name).or_default().insert(module.name.as_str());
                }
            }
        }
    }
    Ok(users)
}

/// Whether an input or output has no members outside of the URI, or is unpacked by a queryset.
fn has_no_body(operation_name: &str, shape: &Shape) -> bool {
    let is_address = ["Get", "Delete"].iter().any(|verb| operation_name.starts_with(verb))
        && shape.members.values().all(|part| part.location.is_some());
    operation_name.starts_with("List") && operation_name != "ListTagsForResource"
        || is_address
        || shape.members.values().all(|part| part.location.as_deref() == Some("uri"))
}

fn reach<'a>(description: &'a Description, shape_name: &'a str, reached: &mut HashSet<&'a str>) {
    if reached.insert(shape_name) {
        for part in description.shapes[shape_name].parts() {
            reach(description, part, reached);
        }
    }
}

fn same(one: &Kind, other: &Kind) -> bool {
    match (one, other) {
        (Kind::Struct(one), Kind::Struct(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| {
                    one.wire == other.wire
                        && one.field_type == other.field_type
                        && one.required == other.required
                })
        }
        (Kind::Union(one), Kind::Union(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| one.wire == other.wire && one.field_type == other.field_type)
        }
        (Kind::Enum(one), Kind::Enum(other)) => {
            let wires =
                |values: &[Value]| values.iter().map(|value| value.wire.clone()).collect::<BTreeSet<_>>();
            wires(one) == wires(other)
        }
        _ => false,
    }
}

struct Planner<'a> {
    service: Service,
    description: &'a Description,
    table: &'a Table,
    type_names: &'a HashMap<(Service, &'a str), TypeName>,
}

impl Planner<'_> {
    /// The shapes that requests contain.
    fn built(&self) -> HashSet<&str> {
        let mut built = HashSet::new();
        for operation in self.description.operations.values() {
            if let Some(input) = &operation.input {
                reach(self.description, &input.shape, &mut built);
            }
        }
        built
    }

    fn form(&self, shape_name: &str) -> Form {
        for (operation_name, operation) in &self.description.operations {
            let is = |side: &Option<Reference>| side.as_ref().is_some_and(|side| side.shape == shape_name);
            if is(&operation.input) {
                return Form::Input(operation_name.clone());
            }
            if is(&operation.output) {
                return Form::Output(operation_name.clone());
            }
        }
        Form::Nested(pascal(shape_name))
    }

    fn kind(&self, shape_name: &str, shape: &Shape) -> Result<Kind> {
        if let Some(values) = &shape.values {
            return Ok(Kind::Enum(values.iter().map(|wire| self.value(wire)).collect()));
        }
        let members =
            shape.members.iter().filter(|(_, part)| !self.description.shapes[&part.shape].exception);
        if shape.union || shape.eventstream {
            return members
                .map(|(wire, part)| {
                    let doc = docs::of_member(self.shape(part));
                    Ok(Member {
                        wire: wire.clone(),
                        name: pascal(wire),
                        field_type: self.type_of(part)?,
                        doc,
                    })
                })
                .collect::<Result<_>>()
                .map(Kind::Union);
        }
        members
            .filter(|(_, part)| part.location.as_deref() != Some("uri"))
            .map(|(wire, part)| {
                let field_type = self.type_of(part)?;
                let required = shape.required.contains(wire);
                let in_sdk = self.in_sdk(
                    &format!("{}/{shape_name}.{wire}", self.service.name()),
                    required,
                    &field_type,
                );
                Ok(Field {
                    wire: wire.clone(),
                    name: snake(wire),
                    field_type,
                    required,
                    in_sdk: BTreeMap::from([(self.service, in_sdk)]),
                    doc: docs::of_member(self.shape(part)),
                })
            })
            .collect::<Result<_>>()
            .map(Kind::Struct)
    }

    /// The SDK stores required members without `Option`, except structures and unions, which have no default.
    fn in_sdk(&self, member: &str, required: bool, what: &FieldType) -> InSdk {
        let listed = |list: &[String]| list.iter().any(|listed| listed == member);
        if listed(&self.table.sdk.defaults) {
            InSdk::Defaulted
        } else if required
            && !matches!(what, FieldType::Type { is_enum: false, .. })
            && !listed(&self.table.sdk.optional)
        {
            InSdk::Bare
        } else {
            InSdk::Optional
        }
    }

    fn value(&self, wire: &str) -> Value {
        let name = self.table.variants.get(wire).cloned().unwrap_or_else(|| pascal(wire));
        Value { wire: wire.to_owned(), name }
    }

    fn shape(&self, part: &Reference) -> &Shape {
        &self.description.shapes[&part.shape]
    }

    fn type_of(&self, part: &Reference) -> Result<FieldType> {
        let shape = self.shape(part);
        let inner = |part: &Option<Reference>| -> Result<Box<FieldType>> {
            let part = part.as_ref().ok_or("a list or map has no member")?;
            Ok(Box::new(self.type_of(part)?))
        };
        Ok(match shape.kind.as_str() {
            _ if shape.is_type() => {
                let name = self
                    .type_names
                    .get(&(self.service, part.shape.as_str()))
                    .ok_or_else(|| format!("{} is used but has no module", part.shape))?;
                FieldType::Type { name: name.clone(), is_enum: shape.values.is_some() }
            }
            "structure" => FieldType::Document,
            "string" => FieldType::String,
            "boolean" => FieldType::Bool,
            "integer" => FieldType::I32,
            "long" => FieldType::I64,
            "float" => FieldType::F32,
            "double" => FieldType::F64,
            "timestamp" => FieldType::Timestamp,
            "blob" => FieldType::Blob,
            "list" => FieldType::List(inner(&shape.member)?),
            "map" => FieldType::Map(inner(&shape.value)?),
            other => return Err(format!("{}: a shape of type {other} is new", part.shape).into()),
        })
    }
}
