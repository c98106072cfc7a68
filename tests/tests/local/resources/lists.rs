//! The parameters of lists.

use std::collections::BTreeSet;

use bedrock_orm::QuerySet;
use bedrock_orm::prelude::{Bound, Q};
use bedrock_orm::resources::{PushedLookup, Pushes, Row};
use bedrock_orm_tests::support::description::members_of;
use serde::Serialize;
use serde_json::{Value, json};

use super::Fixture;

/// Sends a list request with each parameter alone, and asserts the parameter and the rows. Every parameter of AWS's
/// operation must be listed.
macro_rules! assert_lists {
    ($fixture:expr, $list:expr, { $($parameter:ident($value:expr) => [$($row:expr),*],)* }) => {
        assert_lists!($fixture, $list, within serde_json::json!({}), { $($parameter($value) => [$($row),*],)* })
    };
    ($fixture:expr, $list:expr, within $within:expr, { $($parameter:ident($value:expr) => [$($row:expr),*],)* }) => {
        $crate::resources::lists::assert_pushed_down($fixture, &$list).await;
        $crate::resources::lists::assert_lists($fixture, &$within, vec![$((
            $list.$parameter($value),
            stringify!($parameter),
            $value.to_string(),
            vec![$($row.to_string()),*],
        )),*])
        .await
    };
}

type Case<R> = (QuerySet<R>, &'static str, String, Vec<String>);

pub(crate) async fn assert_lists<R: Row>(fixture: &Fixture, within: &Value, lists: Vec<Case<R>>) {
    let mut tested = BTreeSet::from(["nextToken".to_owned()]);
    for (list, method, value, expected) in lists {
        let parameter = parameter(method);
        let rows = list.await.unwrap();
        let rows: Vec<_> = rows.iter().map(|row| row.identity()).collect();
        assert_eq!(rows, expected, "{} with {parameter} {value}", R::OPERATION);
        let requests = fixture.take_requests();
        let mut input = within.clone();
        input[&parameter] = json!(value);
        for (index, (operation, mut sent)) in requests.iter().cloned().enumerate() {
            let token = sent.as_object_mut().unwrap().remove("nextToken");
            assert_eq!((operation.as_str(), &sent, token.is_some()), (R::OPERATION, &input, index > 0));
        }
        assert_eq!(requests.len(), if method == "page_size" { rows.len() } else { 1 }, "{parameter}");
        tested.insert(parameter);
    }
    let tested: BTreeSet<_> = tested.iter().map(String::as_str).collect();
    let mut described = members_of(R::OPERATION, "querystring");
    described.insert("nextToken");
    assert_eq!(tested, described);
}

/// Asserts that a query returns the right rows, whether or not its filter or order is pushed down, and that every
/// parameter that can be pushed down is used by a filter.
pub(crate) async fn assert_pushed_down<R: Row + Serialize>(fixture: &Fixture, list: &QuerySet<R>) {
    let rows = list.clone().await.unwrap();
    let identities = |rows: &[&Bound<R>]| rows.iter().map(|row| row.identity()).collect::<Vec<_>>();
    for parameter in R::PARAMETERS {
        let Some(Pushes { path, lookup }) = parameter.pushes else { continue };
        if list.explain().set.iter().any(|(name, _)| *name == parameter.name) {
            continue;
        }
        let lookups: &[&str] = match lookup {
            PushedLookup::Exact => &["exact", "in"],
            PushedLookup::Iexact => &["iexact", "exact", "in"],
            PushedLookup::Contains => &["contains", "startswith", "endswith", "exact"],
            PushedLookup::After => &["gt", "gte", "exact"],
            PushedLookup::Before => &["lt", "lte", "exact"],
            PushedLookup::Has => &["has"],
        };
        let mut was_pushed = false;
        for value in texts_at(&list.values(&[path]).await.unwrap(), path) {
            for lookup in lookups {
                let condition = Q::<R>::parse(&format!("{}__{lookup}={value}", path.replace('.', "__")));
                let expected: Vec<_> = rows.iter().filter(|row| condition.matches(row)).collect();
                let list = list.clone().filter(condition);
                let plan = list.explain();
                was_pushed |= plan.pushed.iter().any(|pushed| pushed.parameter == parameter.name);
                let found = list.await.unwrap();
                assert_eq!(identities(&found.iter().collect::<Vec<_>>()), identities(&expected), "{plan}");
            }
        }
        assert!(was_pushed, "{} never sends {}", R::OPERATION, parameter.name);
    }
    for (path, _) in R::ORDERS {
        for sign in ["", "-"] {
            let list = list.clone().order_by_str(format!("{sign}{path}"));
            assert!(list.explain().order.is_none(), "{}", list.explain());
            let found = texts_at(&list.values(&[path]).await.unwrap(), path);
            let mut sorted = found.clone();
            sorted.sort();
            if sign == "-" {
                sorted.reverse();
            }
            assert_eq!((found.len(), found), (rows.len(), sorted), "{}", list.explain());
        }
    }
    fixture.take_requests();
}

/// Returns the strings at a path in each row, and the items of lists as separate strings.
fn texts_at(rows: &[Value], path: &str) -> Vec<String> {
    let at = |row: &Value| match row.pointer(&format!("/{}", path.replace('.', "/"))) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(texts)) => texts.iter().map(|text| text.as_str().unwrap().to_owned()).collect(),
        other => other.iter().filter(|value| !value.is_null()).map(ToString::to_string).collect(),
    };
    rows.iter().flat_map(at).collect()
}

/// Returns AWS's name of the parameter that a method sets.
fn parameter(method: &str) -> String {
    if method == "page_size" {
        return "maxResults".to_owned();
    }
    let mut words = method.trim_start_matches("r#").split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}
