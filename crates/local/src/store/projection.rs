//! Answers cut out of records.

use serde_json::Value;

use crate::json::record::Record;
use crate::wire::description::{Service, Shape};

/// The members of a record that a shape has. Some go by another name in the record.
pub(crate) fn project(shape: &Shape, record: &Record, renamed: &[(&str, &str)]) -> Record {
    let member = |name: &String| {
        let known = renamed.iter().find(|(here, _)| here == name).map_or(name.as_str(), |(_, there)| there);
        Some((name.clone(), record.get(known)?.clone()))
    };
    shape.members.iter().filter_map(|(name, _)| member(name)).collect()
}

/// An operation's answer from a record.
pub(crate) fn answer(service: &Service, output: Option<&str>, record: &Record, wrapped_in: &str) -> Record {
    let Some(shape) = output.and_then(|output| service.shape(output)) else { return Record::default() };
    let mut answer = project(shape, record, &[]);
    let inner = shape.member(wrapped_in).and_then(|member| service.shape(&member.shape));
    if let Some(inner) = inner {
        answer.insert(wrapped_in.to_owned(), Value::from(project(inner, record, &[])));
    }
    answer
}
