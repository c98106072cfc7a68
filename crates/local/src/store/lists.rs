//! Lists resources: filters them by the request's parameters, sorts them, and returns one page.

use std::borrow::Cow;
use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::json::record::Record;
use crate::store::collections::{Entry, Position};
use crate::store::context::Context;
use crate::store::projection::project;
use crate::store::resource::{DRAFT, Resource};
use crate::wire::description::{Kind, Operation, Service, Shape, ShapeName};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::ACCOUNT;

/// The size of a page if neither the client nor the server's settings choose one.
const PAGE: usize = 100;
/// Parameters that select a page or an order, but do not filter.
const PAGING: &[&str] = &["maxResults", "nextToken", "sortBy", "sortOrder"];

pub(crate) fn list(
    cx: &mut Context<'_>,
    resource: &'static Resource,
    request: &Request,
) -> AwsResult<Record> {
    cx.refuse_missing_parent(resource, request)?;
    let form = Form::of(request.service, request.operation)
        .ok_or_else(|| AwsError::internal(format!("{} lists nothing", request.operation.name)))?;
    let tests = tests(cx, resource, request)?;
    let token = match request.input["nextToken"].as_str() {
        Some(token) => {
            Token::decode(token).ok_or_else(|| AwsError::validation("The provided nextToken is invalid."))?
        }
        None => Token { after: None, seen_empty: false },
    };
    let mut output = Record::default();
    let (rows, next) = match cx.world.settings.empty_pages && !token.seen_empty {
        true => (Vec::new(), Some(Token { seen_empty: true, ..token })),
        false => page(cx, resource, request, &form, &tests, token.after),
    };
    if !rows.is_empty() || form.list.min.is_none_or(|min| min < 1.0) {
        output.insert(form.member.to_owned(), Value::Array(rows));
    }
    if let Some(next) = next {
        output.insert("nextToken".to_owned(), json!(next.encode()));
    }
    Ok(output)
}

/// The form of a list in a response: its member, and the shapes of the list and its rows.
pub(crate) struct Form<'a> {
    member: &'a str,
    list: &'a Shape,
    pub(crate) row: &'a Shape,
    pub(crate) row_name: &'a ShapeName,
}

impl<'a> Form<'a> {
    pub(crate) fn of(service: &'a Service, operation: &'a Operation) -> Option<Self> {
        let output = service.shape(&operation.output.as_ref()?.shape)?;
        let (member, list) = output.members.iter().find_map(|(name, member)| {
            Some((name, service.shape(&member.shape).filter(|shape| shape.kind == Kind::List)?))
        })?;
        let row_name = &list.member.as_ref()?.shape;
        Some(Self { member, list, row: service.shape(row_name)?, row_name })
    }
}

fn page(
    cx: &Context<'_>,
    resource: &Resource,
    request: &Request,
    form: &Form<'_>,
    tests: &[Test<'_>],
    after: Option<Position>,
) -> (Vec<Value>, Option<Token>) {
    let number = |value: f64| value as usize;
    let requested = request.input["maxResults"].as_f64().map_or(PAGE, number);
    let limits = [cx.world.settings.page_size, form.list.max.map(number)];
    let size = limits.into_iter().flatten().fold(requested, usize::min).max(1);

    let Some(collection) = cx.store.collection(resource) else { return (Vec::new(), None) };
    let newest_first = match request.text("sortOrder") {
        "" => resource.newest_first,
        order => order == "Descending",
    };
    let after = after.map_or(Bound::Unbounded, Bound::Excluded);
    let passes = |(_, entry): &(&Position, &Entry)| tests.iter().all(|test| test.passes(&entry.record));
    let mut matching: Box<dyn Iterator<Item = (&Position, &Entry)>> = match newest_first {
        true => Box::new(collection.entries.range((Bound::Unbounded, after)).rev().filter(passes)),
        false => Box::new(collection.entries.range((after, Bound::Unbounded)).filter(passes)),
    };
    let (mut rows, mut last) = (Vec::new(), None);
    for (position, entry) in matching.by_ref().take(size) {
        rows.push(Value::from(project(form.row, &entry.record, resource.row)));
        last = Some(*position);
    }
    let more = matching.next().is_some();
    (rows, more.then_some(Token { after: last, seen_empty: false }))
}

/// A test of a record.
#[derive(Debug, PartialEq)]
enum Test<'a> {
    Is(&'static str, Cow<'a, str>),
    Contains(&'static str, &'a str),
    After(&'static str, Timestamp),
    Before(&'static str, Timestamp),
    Owned(bool),
}

impl Test<'_> {
    fn passes(&self, record: &Record) -> bool {
        match self {
            Self::Is(member, value) => record.text(member) == *value,
            Self::Contains(member, part) => record.text(member).contains(part),
            Self::After(member, bound) => record.time(member).is_some_and(|time| time > *bound),
            Self::Before(member, bound) => record.time(member).is_some_and(|time| time < *bound),
            Self::Owned(owned) => matches!(record.text("ownerAccountId"), "" | ACCOUNT) == *owned,
        }
    }
}

/// Returns the tests of a request's parameters.
fn tests<'a>(
    cx: &Context<'_>,
    resource: &'static Resource,
    request: &'a Request,
) -> AwsResult<Vec<Test<'a>>> {
    let shape = request.operation.input.as_ref().and_then(|input| request.service.shape(&input.shape));
    let mut tests = Vec::new();
    for (parameter, _) in shape.into_iter().flat_map(|shape| &shape.members) {
        let value = &request.input[parameter.as_str()];
        let text = value.as_str().unwrap_or_default();
        if resource.versions_of == Some(parameter.as_str()) {
            tests.push(match text {
                "" => Test::Is("version", DRAFT.into()),
                key => {
                    let id = resource.id_of(cx.record(resource, key)?);
                    Test::Is(resource.members.id.unwrap_or("id"), id.to_owned().into())
                }
            });
        } else if !value.is_null() && !PAGING.contains(&parameter.as_str()) {
            let time = text.parse().unwrap_or_default();
            tests.push(match filter(resource, parameter) {
                Filter::Is(member) => Test::Is(member, text.into()),
                Filter::Contains(member) => Test::Contains(member, text),
                Filter::After => Test::After(resource.members.created, time),
                Filter::Before => Test::Before(resource.members.created, time),
                Filter::Owned => Test::Owned(value == &Value::Bool(true)),
            });
        }
    }
    Ok(tests)
}

/// The filter that a parameter of a list request means.
#[derive(Debug, PartialEq)]
enum Filter {
    Is(&'static str),
    Contains(&'static str),
    After,
    Before,
    Owned,
}

fn filter(resource: &Resource, parameter: &'static str) -> Filter {
    if parameter.ends_with("After") {
        return Filter::After;
    }
    if parameter.ends_with("Before") {
        return Filter::Before;
    }
    if parameter == "isOwned" {
        return Filter::Owned;
    }
    let (stem, is_part) = match parameter.strip_suffix("Contains") {
        Some(stem) => (stem, true),
        None => (parameter.strip_suffix("Equals").unwrap_or(parameter), false),
    };
    let renamed = resource.filters.iter().find(|(name, _)| *name == stem).map(|(_, member)| *member);
    let member = renamed.unwrap_or(match stem {
        "name" => resource.members.name.unwrap_or(stem),
        "status" => resource.members.status.unwrap_or(stem),
        stem => stem,
    });
    if is_part { Filter::Contains(member) } else { Filter::Is(member) }
}

/// Where the next page starts. The token is opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Token {
    /// The position of the last row so far.
    after: Option<Position>,
    /// Whether the empty page before the next one was sent.
    seen_empty: bool,
}

impl Token {
    fn encode(self) -> String {
        let Self { after, seen_empty } = self;
        let after = after.map(|(created, arrival)| format!("{}/{arrival}", created.as_nanosecond()));
        let kind = if seen_empty { "rows" } else { "page" };
        BASE64.encode(format!("{kind}:{}", after.unwrap_or_default()))
    }

    fn decode(token: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
        // The part after a second colon is a nonce: several tokens can lead to the same page.
        let (kind, after) = text.split_once(':')?;
        let after = after.split(':').next().unwrap_or_default();
        let position = |after: &str| {
            let (created, arrival) = after.split_once('/')?;
            Some((Timestamp::from_nanosecond(created.parse().ok()?).ok()?, arrival.parse().ok()?))
        };
        let after = if after.is_empty() { None } else { Some(position(after)?) };
        match kind {
            "page" | "rows" => Some(Self { after, seen_empty: kind == "rows" }),
            _ => None,
        }
    }
}

/// Returns another token for the same page, or for the first page.
pub(crate) fn same_page(token: Option<&str>, nonce: u64) -> String {
    let text = token.and_then(|token| String::from_utf8(BASE64.decode(token).ok()?).ok());
    let mut parts = text.as_deref().unwrap_or("page:").splitn(3, ':');
    let mut part = || parts.next().unwrap_or_default();
    BASE64.encode(format!("{}:{}:{nonce}", part(), part()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::RESOURCES;
    use crate::store::resource::Verb;
    use crate::wire::description::{Location, Services};

    #[test]
    fn encoded_tokens_are_decoded_and_others_refused() {
        let position = ("2026-01-02T03:04:05.678901Z".parse().unwrap(), 17);
        for after in [None, Some(position)] {
            for seen_empty in [false, true] {
                let token = Token { after, seen_empty };
                assert_eq!(Token::decode(&token.encode()), Some(token));
            }
        }
        for token in ["", "17", "cGFnZS0", "💥", &BASE64.encode("page:1"), &BASE64.encode("page:1/x")] {
            assert_eq!(Token::decode(token), None, "{token}");
        }
    }

    #[test]
    fn every_list_parameter_filters_by_an_existing_member() {
        let service = Services::load().unwrap().iter().next().unwrap();
        let mut filters = 0;
        for resource in RESOURCES {
            for (name, _) in resource.operations.iter().filter(|(_, verb)| matches!(verb, Verb::List)) {
                let Some(operation) = service.operations.get(*name) else { continue };
                let get = service.operations.get(&format!("Get{}", resource.name));
                let get = get.and_then(|get| get.output.as_ref());
                let row = Form::of(service, operation).unwrap().row;
                let is_there = |member: &str| {
                    row.members.iter().any(|(theirs, _)| {
                        resource
                            .row
                            .iter()
                            .find(|(row, _)| row == theirs)
                            .map_or(Some(theirs.as_str()), |it| it.1)
                            == Some(member)
                    }) || get.is_some_and(|get| service.shape(&get.shape).unwrap().member(member).is_some())
                        || resource.filters.iter().any(|(_, ours)| *ours == member)
                };
                let input = service.shape(&operation.input.as_ref().unwrap().shape).unwrap();
                for (parameter, member) in &input.members {
                    let is_filter = member.location == Some(Location::Querystring)
                        && !PAGING.contains(&parameter.as_str())
                        && resource.versions_of != Some(parameter.as_str());
                    if !is_filter {
                        continue;
                    }
                    filters += 1;
                    match filter(resource, parameter) {
                        Filter::Is(member) | Filter::Contains(member) => {
                            assert!(is_there(member), "{name} filters by {member}");
                        }
                        Filter::After | Filter::Before => {
                            assert!(is_there(resource.members.created), "{name}");
                        }
                        Filter::Owned => assert!(is_there("ownerAccountId"), "{name}"),
                    }
                }
            }
        }
        assert!(filters > 40, "{filters}");
    }
}
