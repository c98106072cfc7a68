//! Lists, parameter by parameter.

use std::collections::BTreeSet;

use bedrock_orm::QuerySet;
use bedrock_orm::resources::Row;
use bedrock_orm_tests::support::description::members_of;
use serde_json::{Value, json};

use super::Stage;

/// Lists with each parameter alone: it is sent, and lets these rows through. None that AWS has is left out.
macro_rules! lists {
    ($stage:expr, $list:expr, { $($parameter:ident($value:expr) => [$($row:expr),*],)* }) => {
        lists!($stage, $list, within serde_json::json!({}), { $($parameter($value) => [$($row),*],)* })
    };
    ($stage:expr, $list:expr, within $within:expr, { $($parameter:ident($value:expr) => [$($row:expr),*],)* }) => {
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

/// What AWS calls what a method sets.
fn parameter(method: &str) -> String {
    if method == "page_size" {
        return "maxResults".to_owned();
    }
    let mut words = method.trim_start_matches("r#").split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}
