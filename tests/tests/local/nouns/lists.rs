//! Lists, parameter by parameter.

use std::collections::BTreeSet;

use bedrock_orm::QuerySet;
use bedrock_orm::prelude::{Bound, Q};
use bedrock_orm::resources::{PushedLookup, Pushes, Row};
use bedrock_orm_tests::support::description::members_of;
use serde::Serialize;
use serde_json::{Value, json};

use super::Stage;

/// Lists with each parameter alone: it is sent, and lets these rows through. None that AWS has is left out.
macro_rules! lists {
    ($stage:expr, $list:expr, { $($parameter:ident($value:expr) => [$($row:expr),*],)* }) => {
        lists!($stage, $list, within serde_json::json!({}), { $($parameter($value) => [$($row),*],)* })
    };
    ($stage:expr, $list:expr, within $within:expr, { $($parameter:ident($value:expr) => [$($row:expr),*],)* }) => {
        $crate::nouns::lists::pushes($stage, &$list).await;
        $crate::nouns::lists::lists($stage, &$within, vec![$((
            $list.$parameter($value),
            stringify!($parameter),
            $value.to_string(),
            vec![$($row.to_string()),*],
        )),*])
        .await
    };
}

type Asked<R> = (QuerySet<R>, &'static str, String, Vec<String>);

pub(crate) async fn lists<R: Row>(stage: &Stage, within: &Value, lists: Vec<Asked<R>>) {
    let mut asked = BTreeSet::from(["nextToken".to_owned()]);
    for (list, method, value, expected) in lists {
        let parameter = parameter(method);
        let rows = list.await.unwrap();
        let rows: Vec<_> = rows.iter().map(|row| row.identity()).collect();
        assert_eq!(rows, expected, "{} with {parameter} {value}", R::OPERATION);
        let requests = stage.take();
        let mut input = within.clone();
        input[&parameter] = json!(value);
        for (index, (operation, mut sent)) in requests.iter().cloned().enumerate() {
            let token = sent.as_object_mut().unwrap().remove("nextToken");
            assert_eq!((operation.as_str(), &sent, token.is_some()), (R::OPERATION, &input, index > 0));
        }
        assert_eq!(requests.len(), if method == "page_size" { rows.len() } else { 1 }, "{parameter}");
        asked.insert(parameter);
    }
    let asked: BTreeSet<_> = asked.iter().map(String::as_str).collect();
    let mut described = members_of(R::OPERATION, "querystring");
    described.insert("nextToken");
    assert_eq!(asked, described);
}

/// Whatever a condition or an order has AWS do, the rows are those that it means; and there is one that AWS is asked for
/// by each parameter that can.
pub(crate) async fn pushes<R: Row + Serialize>(stage: &Stage, list: &QuerySet<R>) {
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
                let meant: Vec<_> = rows.iter().filter(|row| condition.matches(row)).collect();
                let list = list.clone().filter(condition);
                let plan = list.explain();
                was_pushed |= plan.pushed.iter().any(|pushed| pushed.parameter == parameter.name);
                let found = list.await.unwrap();
                assert_eq!(identities(&found.iter().collect::<Vec<_>>()), identities(&meant), "{plan}");
            }
        }
        assert!(was_pushed, "{} is never asked for {}", R::OPERATION, parameter.name);
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
    stage.take();
}

/// The strings at that path of each row, those of lists one by one.
fn texts_at(rows: &[Value], path: &str) -> Vec<String> {
    let at = |row: &Value| match row.pointer(&format!("/{}", path.replace('.', "/"))) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(texts)) => texts.iter().map(|text| text.as_str().unwrap().to_owned()).collect(),
        other => other.iter().filter(|value| !value.is_null()).map(ToString::to_string).collect(),
    };
    rows.iter().flat_map(at).collect()
}

/// What AWS calls what a method sets.
fn parameter(method: &str) -> String {
    if method == "page_size" {
        return "maxResults".to_owned();
    }
    let mut words = method.trim_start_matches("r#").split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}
