//! Lists: filtered by whatever parameters the description gives them, in the order asked for, page by page.

use std::borrow::Cow;
use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::projection::project;
use crate::store::resource::{DRAFT, Noun};
use crate::store::verbs::refuse_missing_outer;
use crate::store::{Place, Thing};
use crate::wire::description::{Kind, Operation, Service, Shape};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::ACCOUNT;

/// A page's size where neither the client nor the server's builder chose one.
const PAGE: usize = 100;
/// Parameters that choose a page or an order, not rows.
const PAGING: &[&str] = &["maxResults", "nextToken", "sortBy", "sortOrder"];

pub(crate) fn list(cx: &mut Context<'_>, noun: &'static Noun, request: &Request) -> AwsResult<Record> {
    refuse_missing_outer(cx, noun, request)?;
    let form = Form::of(request.service, request.operation)
        .ok_or_else(|| AwsError::internal(format!("{} lists nothing", request.operation.name)))?;
    let tests = tests(cx, noun, request)?;
    let token = match request.input["nextToken"].as_str() {
        Some(token) => {
            Token::read(token).ok_or_else(|| AwsError::validation("The provided nextToken is invalid."))?
        }
        None => Token { after: None, seen_empty: false },
    };
    let mut answer = Record::default();
    let (rows, next) = match cx.world.settings.empty_pages && !token.seen_empty {
        true => (Vec::new(), Some(Token { seen_empty: true, ..token })),
        false => page(cx, noun, request, &form, &tests, token.after),
    };
    if !rows.is_empty() || form.list.min.is_none_or(|min| min < 1.0) {
        answer.insert(form.member.to_owned(), Value::Array(rows));
    }
    if let Some(next) = next {
        answer.insert("nextToken".to_owned(), json!(next.write()));
    }
    Ok(answer)
}

/// How a list is answered: its member, and the shapes of the list and its rows.
pub(crate) struct Form<'a> {
    member: &'a str,
    list: &'a Shape,
    pub(crate) row: &'a Shape,
    pub(crate) row_name: &'a str,
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
    noun: &Noun,
    request: &Request,
    form: &Form<'_>,
    tests: &[Test<'_>],
    after: Option<Place>,
) -> (Vec<Value>, Option<Token>) {
    let number = |value: f64| value as usize;
    let asked = request.input["maxResults"].as_f64().map_or(PAGE, number);
    let bounds = [cx.world.settings.page_size, form.list.max.map(number)];
    let most = bounds.into_iter().flatten().fold(asked, usize::min).max(1);

    let Some(shelf) = cx.store.shelf(noun) else { return (Vec::new(), None) };
    let newest_first = match request.text("sortOrder") {
        "" => noun.newest_first,
        order => order == "Descending",
    };
    let after = after.map_or(Bound::Unbounded, Bound::Excluded);
    let passes = |(_, thing): &(&Place, &Thing)| tests.iter().all(|test| test.passes(&thing.record));
    let mut matching: Box<dyn Iterator<Item = (&Place, &Thing)>> = match newest_first {
        true => Box::new(shelf.things.range((Bound::Unbounded, after)).rev().filter(passes)),
        false => Box::new(shelf.things.range((after, Bound::Unbounded)).filter(passes)),
    };
    let (mut rows, mut last) = (Vec::new(), None);
    for (place, thing) in matching.by_ref().take(most) {
        rows.push(Value::from(project(form.row, &thing.record, noun.row)));
        last = Some(*place);
    }
    let more = matching.next().is_some();
    (rows, more.then_some(Token { after: last, seen_empty: false }))
}

/// What a parameter asks of a record.
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
            Self::After(member, moment) => record.time(member).is_some_and(|time| time > *moment),
            Self::Before(member, moment) => record.time(member).is_some_and(|time| time < *moment),
            Self::Owned(owned) => matches!(record.text("ownerAccountId"), "" | ACCOUNT) == *owned,
        }
    }
}

/// The tests that a request's parameters put. Their names tell what they mean.
fn tests<'a>(cx: &Context<'_>, noun: &'static Noun, request: &'a Request) -> AwsResult<Vec<Test<'a>>> {
    let shape = request.operation.input.as_ref().and_then(|input| request.service.shape(&input.shape));
    let mut tests = Vec::new();
    for (parameter, _) in shape.into_iter().flat_map(|shape| &shape.members) {
        let value = &request.input[parameter.as_str()];
        let text = value.as_str().unwrap_or_default();
        if parameter == noun.versions_of {
            tests.push(match text {
                "" => Test::Is("version", DRAFT.into()),
                key => {
                    let id = cx.record(noun, key)?.text(noun.members.id);
                    Test::Is(noun.members.id, id.to_owned().into())
                }
            });
        } else if !value.is_null() && !PAGING.contains(&parameter.as_str()) {
            let moment = text.parse().unwrap_or_default();
            tests.push(match asked(noun, parameter) {
                Asked::Is(member) => Test::Is(member, text.into()),
                Asked::Contains(member) => Test::Contains(member, text),
                Asked::After => Test::After(noun.members.created, moment),
                Asked::Before => Test::Before(noun.members.created, moment),
                Asked::Owned => Test::Owned(value == &Value::Bool(true)),
            });
        }
    }
    Ok(tests)
}

/// A parameter understood.
#[derive(Debug, PartialEq)]
enum Asked {
    Is(&'static str),
    Contains(&'static str),
    After,
    Before,
    Owned,
}

fn asked(noun: &Noun, parameter: &'static str) -> Asked {
    if parameter.ends_with("After") {
        return Asked::After;
    }
    if parameter.ends_with("Before") {
        return Asked::Before;
    }
    if parameter == "isOwned" {
        return Asked::Owned;
    }
    let (stem, is_part) = match parameter.strip_suffix("Contains") {
        Some(stem) => (stem, true),
        None => (parameter.strip_suffix("Equals").unwrap_or(parameter), false),
    };
    let told = noun.filters.iter().find(|(theirs, _)| *theirs == stem).map(|(_, ours)| *ours);
    let member = told.unwrap_or(match stem {
        "name" => noun.members.name,
        "status" => noun.members.status,
        stem => stem,
    });
    if is_part { Asked::Contains(member) } else { Asked::Is(member) }
}

/// Where the next page starts. Clients are not to read it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Token {
    /// The place of the last row so far.
    after: Option<Place>,
    /// Whether the empty page before the next one was given.
    seen_empty: bool,
}

impl Token {
    fn write(self) -> String {
        let Self { after, seen_empty } = self;
        let after = after.map(|(created, arrival)| format!("{}/{arrival}", created.as_nanosecond()));
        let kind = if seen_empty { "rows" } else { "page" };
        BASE64.encode(format!("{kind}:{}", after.unwrap_or_default()))
    }

    fn read(token: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
        // What stands behind a second colon makes tokens differ that lead to the same page.
        let (kind, after) = text.split_once(':')?;
        let after = after.split(':').next().unwrap_or_default();
        let place = |after: &str| {
            let (created, arrival) = after.split_once('/')?;
            Some((Timestamp::from_nanosecond(created.parse().ok()?).ok()?, arrival.parse().ok()?))
        };
        let after = if after.is_empty() { None } else { Some(place(after)?) };
        match kind {
            "page" | "rows" => Some(Self { after, seen_empty: kind == "rows" }),
            _ => None,
        }
    }
}

/// Another token for the page that a token leads to, or for the first one.
pub(crate) fn same_page(token: Option<&str>, nonce: u64) -> String {
    let text = token.and_then(|token| String::from_utf8(BASE64.decode(token).ok()?).ok());
    let mut parts = text.as_deref().unwrap_or("page:").splitn(3, ':');
    let mut part = || parts.next().unwrap_or_default();
    BASE64.encode(format!("{}:{}:{nonce}", part(), part()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::NOUNS;
    use crate::store::resource::Verb;
    use crate::wire::description::{Location, Services};

    #[test]
    fn tokens_are_read_back_and_others_refused() {
        let place = ("2026-01-02T03:04:05.678901Z".parse().unwrap(), 17);
        for after in [None, Some(place)] {
            for seen_empty in [false, true] {
                let token = Token { after, seen_empty };
                assert_eq!(Token::read(&token.write()), Some(token));
            }
        }
        for token in ["", "17", "cGFnZS0", "💥", &BASE64.encode("page:1"), &BASE64.encode("page:1/x")] {
            assert_eq!(Token::read(token), None, "{token}");
        }
    }

    #[test]
    fn every_parameter_of_every_list_filters_by_a_member_that_is_there() {
        let service = Services::load().unwrap().iter().next().unwrap();
        let mut filters = 0;
        for noun in NOUNS {
            for (name, _) in noun.operations.iter().filter(|(_, verb)| matches!(verb, Verb::List)) {
                let Some(operation) = service.operations.get(*name) else { continue };
                let get = service.operations.get(&format!("Get{}", noun.name));
                let get = get.and_then(|get| get.output.as_ref());
                let row = Form::of(service, operation).unwrap().row;
                let is_there = |member: &str| {
                    row.members.iter().any(|(theirs, _)| {
                        noun.row.iter().find(|(row, _)| row == theirs).map_or(theirs.as_str(), |it| it.1)
                            == member
                    }) || get.is_some_and(|get| service.shape(&get.shape).unwrap().member(member).is_some())
                        || noun.filters.iter().any(|(_, ours)| *ours == member)
                };
                let input = service.shape(&operation.input.as_ref().unwrap().shape).unwrap();
                for (parameter, member) in &input.members {
                    let is_filter = member.location == Some(Location::Querystring)
                        && !PAGING.contains(&parameter.as_str())
                        && parameter != noun.versions_of;
                    if !is_filter {
                        continue;
                    }
                    filters += 1;
                    match asked(noun, parameter) {
                        Asked::Is(member) | Asked::Contains(member) => {
                            assert!(is_there(member), "{name} filters by {member}");
                        }
                        Asked::After | Asked::Before => assert!(is_there(noun.members.created), "{name}"),
                        Asked::Owned => assert!(is_there("ownerAccountId"), "{name}"),
                    }
                }
            }
        }
        assert!(filters > 40, "{filters}");
    }
}
