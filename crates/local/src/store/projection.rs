//! Builds the outputs of operations from records, by the shapes of the outputs.

use serde_json::Value;

use crate::json::record::Record;
use crate::wire::description::{Service, Shape};

/// Returns the members of a record that a shape has. `renamed` has the members with another name in the record, and
/// those to omit (`None`).
pub(crate) fn project(shape: &Shape, record: &Record, renamed: &[(&str, Option<&str>)]) -> Record {
    let member = |name: &String| {
        let known =
            renamed.iter().find(|(here, _)| here == name).map_or(Some(name.as_str()), |(_, there)| *there)?;
        Some((name.clone(), record.get(known)?.clone()))
    };
    shape.members.iter().filter_map(|(name, _)| member(name)).collect()
}

/// Returns the output of an operation from a record.
pub(crate) fn output(
    service: &Service,
    shape: Option<&str>,
    record: &Record,
    wrapped_in: Option<&str>,
) -> Record {
    let Some(shape) = shape.and_then(|shape| service.shape(shape)) else { return Record::default() };
    let mut output = project(shape, record, &[]);
    let wrapper = wrapped_in.and_then(|name| Some((name, service.shape(&shape.member(name)?.shape)?)));
    if let Some((name, inner)) = wrapper {
        output.insert(name.to_owned(), Value::from(project(inner, record, &[])));
    }
    output
}
