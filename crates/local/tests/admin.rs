//! The routes under `/_local/`, as tests in other languages use them.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use bedrock_orm_local::{Fault, LocalBedrock};
use common::{HttpResponse, MODEL, converse, converse_stream, get, post, send, user};
use serde_json::{Value, json};

async fn delete(local: &LocalBedrock, path: &str) -> HttpResponse {
    send(local, "DELETE", path, &[], b"").await
}

async fn converse_with(local: &LocalBedrock, text: &str) -> HttpResponse {
    converse(local, MODEL, json!({ "messages": [user(text)] })).await
}

async fn requests(local: &LocalBedrock, query: &str) -> Vec<Value> {
    get(local, &format!("/_local/requests{query}")).await.ok()["requests"].as_array().unwrap().clone()
}

#[tokio::test]
async fn health_reports_the_state_of_the_server() {
    let local = LocalBedrock::start().await.unwrap();
    let health = get(&local, "/_local/health").await.ok();
    assert_eq!(
        (&health["status"], &health["requests"], &health["faults"]),
        (&json!("ok"), &json!(0), &json!(0))
    );
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert!(local.requests().is_empty(), "the journal has no requests to these routes");
}

#[tokio::test]
async fn the_journal_has_requests_and_responses() {
    let local = LocalBedrock::start().await.unwrap();
    converse_with(&local, "Hello").await.ok();
    let headers = [("authorization", "Bearer secret"), ("x-two", "1"), ("x-two", "2")];
    let refused = send(&local, "POST", &format!("/model/{MODEL}/converse?a=b"), &headers, b"not json").await;
    assert_eq!(refused.status, 400);
    converse_stream(&local, MODEL, json!({ "messages": [user("One two")] })).await.frames();
    get(&local, "/nope").await;

    let all = requests(&local, "").await;
    assert_eq!(all.iter().map(|request| request["id"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let first = &all[0];
    assert_eq!((&first["operation"], &first["method"]), (&json!("Converse"), &json!("POST")));
    assert_eq!(first["body"]["messages"], json!([user("Hello")]));
    assert_eq!(first["status"], 200);
    assert_eq!(first["response"]["body"]["output"]["message"]["role"], "assistant");
    assert_eq!(first["response"]["headers"]["content-type"], "application/json");
    assert!(first["received"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());

    let second = &all[1];
    assert_eq!((&second["body"], &second["query"]), (&json!("not json"), &json!("a=b")));
    assert_eq!(second["headers"]["authorization"], "Bearer …");
    assert_eq!(second["headers"]["x-two"], "1, 2");
    assert_eq!(second["response"]["body"]["message"], refused.json()["message"]);

    let events = all[2]["response"]["events"].as_array().unwrap();
    assert_eq!(events[0], json!({ "event": "messageStart", "payload": { "role": "assistant" } }));
    assert_eq!(events.last().unwrap()["event"], "metadata");
    assert_eq!((&all[3]["operation"], &all[3]["status"]), (&Value::Null, &json!(404)));

    assert_eq!(get(&local, "/_local/requests/3").await.ok(), all[2]);
    assert_eq!(get(&local, "/_local/requests/9").await.status, 404);
    assert_eq!(requests(&local, "?operation=Converse").await, all[..2]);
    assert_eq!(requests(&local, "?operation=Converse&limit=1").await, all[1..2]);
    assert_eq!(requests(&local, "?after=2").await, all[2..]);
    assert_eq!(get(&local, "/_local/requests?after=x").await.status, 400);
    assert_eq!(get(&local, "/_local/requests?last=1").await.status, 400);
    assert_eq!(delete(&local, "/_local/requests").await.status, 204);
    assert!(requests(&local, "").await.is_empty());
}

#[tokio::test]
async fn faults_can_be_added_and_removed() {
    let local = LocalBedrock::start().await.unwrap();
    let fault =
        json!({ "fault": "error", "code": "ThrottlingException", "operation": "Converse", "times": 1 });
    let planned = post(&local, "/_local/faults", fault).await;
    assert_eq!(planned.status, 201);
    let expected = json!({ "faults": [{
        "id": 1, "fault": "error", "code": "ThrottlingException", "operation": "Converse", "times": 1, "seen": 0, "applied": 0,
    }] });
    assert_eq!(planned.json(), expected);
    assert_eq!(converse_with(&local, "Hello").await.status, 429);
    assert_eq!(converse_with(&local, "Hello").await.status, 200);
    let faults = get(&local, "/_local/faults").await.ok();
    assert_eq!((&faults["faults"][0]["seen"], &faults["faults"][0]["applied"]), (&json!(2), &json!(1)));
    assert_eq!(requests(&local, "").await[0]["faults"][0]["code"], "ThrottlingException");

    let two = post(&local, "/_local/faults", json!([{ "fault": "broken_json" }, { "fault": "stall" }])).await;
    assert_eq!(two.json()["faults"].as_array().unwrap().len(), 2);
    assert_eq!(delete(&local, "/_local/faults/2").await.status, 204);
    assert_eq!(delete(&local, "/_local/faults/2").await.status, 404);
    assert_eq!(local.faults().len(), 2);
    assert_eq!(delete(&local, "/_local/faults").await.status, 204);
    assert!(local.faults().is_empty());

    for (wrong, expected_message) in [
        (json!({ "fault": "nope" }), "unknown variant `nope`"),
        (json!({ "fault": "stall", "operation": "Convers" }), "there is no operation Convers"),
        (json!([{ "fault": "stall" }, { "fault": "stall", "tims": 1 }]), "unknown field `tims`"),
        (json!({ "fault": "refuse_connections" }), "needs 'times'"),
        (json!(7), "invalid type"),
    ] {
        let response = post(&local, "/_local/faults", wrong).await;
        assert_eq!(response.status, 400);
        assert!(response.json()["error"].as_str().unwrap().contains(expected_message), "{:?}", response.body);
    }
    assert!(local.faults().is_empty(), "an invalid item adds no fault of the list");
    post(&local, "/_local/faults", json!({ "fault": "refuse_connections", "times": 1 })).await.ok();
}

#[tokio::test]
async fn replies_can_be_queued() {
    let local = LocalBedrock::start().await.unwrap();
    let replies =
        json!([{ "text": "Paris." }, { "error": { "code": "ModelTimeoutException", "message": "late" } }]);
    assert_eq!(post(&local, "/_local/replies", replies).await.ok(), json!({ "queued": 2 }));
    assert_eq!(post(&local, "/_local/replies", json!({ "txt": "x" })).await.status, 400);
    assert_eq!(
        converse_with(&local, "Hello").await.ok()["output"]["message"]["content"][0]["text"],
        "Paris."
    );
    assert_eq!(
        converse_with(&local, "Hello").await.error(),
        (408, "ModelTimeoutException".to_owned(), "late".to_owned())
    );
}

#[tokio::test]
async fn the_clock_can_be_advanced_and_lists_seeded() {
    let local = LocalBedrock::start().await.unwrap();
    let now = async || {
        get(&local, "/_local/clock").await.ok()["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    let before = now().await;
    post(&local, "/_local/clock", json!({ "advance_ms": 3_600_000 })).await.ok();
    assert!(now().await.duration_since(before).as_secs() >= 3600);
    assert_eq!(post(&local, "/_local/clock", json!({ "advance": 1 })).await.status, 400);

    let row = |number: u32| {
        json!({
            "modelArn": format!("arn:aws:bedrock:us-east-1:123456789012:imported-model/model0{number}"),
            "modelName": format!("model-{number}"), "creationTime": "2026-01-01T00:00:00Z",
        })
    };
    let rows: Vec<_> = (100_000..100_003).map(row).collect();
    let seeded = post(&local, "/_local/seed", json!({ "list": "ListImportedModels", "rows": rows })).await;
    assert_eq!((seeded.status, seeded.json()), (201, json!({ "seeded": 3 })));
    let listed = get(&local, "/imported-models").await.ok();
    assert_eq!(listed["modelSummaries"].as_array().unwrap().len(), 3);
    let wrong = post(&local, "/_local/seed", json!({ "list": "ListNothing", "rows": [] })).await;
    assert!(wrong.json()["error"].as_str().unwrap().contains("ListNothing"));
}

#[tokio::test]
async fn a_reset_restores_the_initial_state() {
    let fault = Fault::throttling().on("Converse").times(1);
    let local = LocalBedrock::builder().faults([fault]).start().await.unwrap();
    let life = async || {
        let throttled = converse_with(&local, "Hello").await;
        let guardrail = json!({ "name": "g", "blockedInputMessaging": "no", "blockedOutputsMessaging": "no",
            "wordPolicyConfig": { "wordsConfig": [{ "text": "x" }] } });
        let created = post(&local, "/guardrails", guardrail).await.ok();
        let id = |response: &HttpResponse| response.header("x-amzn-requestid").unwrap().to_owned();
        (
            throttled.status,
            id(&throttled),
            created["guardrailId"].clone(),
            converse_with(&local, "Hello").await.ok(),
        )
    };
    let once = life().await;
    assert_eq!(once.0, 429);
    post(&local, "/_local/replies", json!({ "text": "left over" })).await.ok();
    post(&local, "/_local/faults", json!({ "fault": "stall" })).await.ok();
    local.advance(Duration::from_secs(1000));
    assert_eq!(post(&local, "/_local/reset", Value::Null).await.status, 204);
    assert!(local.requests().is_empty());
    assert_eq!(get(&local, "/guardrails").await.status, 200);
    assert_eq!(get(&local, "/guardrails").await.ok()["guardrails"], json!([]));
    local.reset();
    assert_eq!(life().await, once, "the same requests have the same responses");
}

#[tokio::test]
async fn requests_of_other_sites_are_refused() {
    let local = LocalBedrock::start().await.unwrap();
    let host = local.url().strip_prefix("http://").unwrap().to_owned();
    let ask =
        async |headers: &[(&str, &str)]| send(&local, "GET", "/_local/requests", headers, b"").await.status;
    let own = format!("http://{host}");
    assert_eq!(ask(&[("sec-fetch-site", "same-origin"), ("origin", &own)]).await, 200);
    assert_eq!(ask(&[("sec-fetch-site", "none")]).await, 200);
    assert_eq!(ask(&[("sec-fetch-site", "cross-site")]).await, 403);
    assert_eq!(ask(&[("origin", "http://evil.example")]).await, 403);
    // A host name that another site has pointed at this address.
    for host in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "evil.example.:1"] {
        assert_eq!(ask(&[("host", host)]).await, 403, "{host}");
    }
    assert_eq!(ask(&[("host", "bedrock-local:8080")]).await, 403, "nor a host that is not allowed");
    for host in ["localhost:80", "127.0.0.1", "[::1]", "[::1]:80"] {
        assert_eq!(ask(&[("host", host)]).await, 200, "{host}");
    }
    let allowing = LocalBedrock::builder().allow_host("bedrock-local").start().await.unwrap();
    let allowed = send(&allowing, "GET", "/_local/requests", &[("host", "bedrock-local:8080")], b"").await;
    assert_eq!(allowed.status, 200);
    let page = send(&local, "GET", "/_local/", &[("sec-fetch-site", "cross-site")], b"").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
}

#[tokio::test]
async fn a_server_with_keys_requires_an_admin_token() {
    let ask = async |local: &LocalBedrock, path: &str, token: &str| {
        send(local, "GET", path, &[("authorization", &format!("Bearer {token}"))], b"").await.status
    };
    let open = LocalBedrock::start().await.unwrap();
    assert_eq!((open.admin_token(), open.admin_url()), (None, format!("{}/_local/", open.url())));

    let signed = LocalBedrock::builder().access_key("AKID", "secret").start().await.unwrap();
    let with_bearer_token = LocalBedrock::builder().bearer_token("ABSKgood").start().await.unwrap();
    let given = LocalBedrock::builder().admin_token("tell+me").start().await.unwrap();
    assert_eq!(given.admin_token(), Some("tell+me"));
    assert_eq!(given.admin_url(), format!("{}/_local/#token=tell%2Bme", given.url()));
    assert_eq!(get(&given, "/guardrails").await.status, 200, "AWS's routes require only access keys");
    assert_ne!(signed.admin_token(), with_bearer_token.admin_token());
    for local in [&signed, &with_bearer_token, &given] {
        let token = local.admin_token().unwrap().to_owned();
        for path in ["/_local/health", "/_local/requests", "/_local/faults", "/_local/clock"] {
            assert_eq!(ask(local, path, &token).await, 200, "{path}");
            assert_eq!(ask(local, path, "ABSKgood").await, 401, "{path}");
            assert_eq!(get(local, path).await.status, 401, "{path}");
        }
        assert_eq!(post(local, "/_local/reset", Value::Null).await.status, 401);
        let refused = delete(local, "/_local/requests").await;
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        assert!(refused.json()["error"].as_str().unwrap().contains("admin token"));
        assert_eq!(get(local, "/_local/").await.status, 200, "the page itself needs no token");
        assert!(!format!("{local:?}").contains(&token));
    }
    assert!(signed.admin_token().unwrap().len() >= 32);
    for wrong in ["", "two words", "t\u{f6}ken"] {
        let error = LocalBedrock::builder().admin_token(wrong).start().await.unwrap_err();
        assert!(error.to_string().contains("visible ASCII"), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_route_is_an_error_that_lists_the_routes() {
    let local = LocalBedrock::start().await.unwrap();
    for (method, path) in [("GET", "/_local/nope"), ("PUT", "/_local/faults"), ("GET", "/_local/reset")] {
        let response = send(&local, method, path, &[], b"").await;
        assert_eq!(response.status, 404);
        let message = response.json()["error"].as_str().unwrap().to_owned();
        assert!(
            message.starts_with(&format!("there is no {method} {path}; ")) && message.contains("POST reset"),
            "{message}"
        );
    }
    assert_eq!(get(&local, "/_localhost").await.error().1, "UnknownOperationException");
}

/// Returns the rows about the routes in each document: the cells of each row whose first code span begins with
/// `start`.
fn documented(start: &str) -> Vec<(String, Vec<[String; 3]>)> {
    let folder = env!("CARGO_MANIFEST_DIR");
    let read = |path: &str| {
        let text = std::fs::read_to_string(format!("{folder}/{path}")).unwrap();
        let lines = text.lines().map(|line| line.strip_prefix("//! ").unwrap_or(line));
        let rows = lines.filter(|line| line.starts_with("| ") && line.contains(start)).map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            std::array::from_fn(|cell| cells.get(cell).copied().unwrap_or_default().to_owned())
        });
        (path.to_owned(), rows.collect())
    };
    ["src/lib.rs", "../../docs/testing.md"].map(read).into()
}

/// Returns the JSON in a cell.
fn json_in(cell: &str) -> Option<Value> {
    let json = cell.split('`').find(|span| span.starts_with('{'))?;
    Some(serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}")))
}

/// Replaces the strings and numbers in a value with `null`.
fn outline(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), outline(value))).collect()
        }
        Value::Array(items) => items.iter().map(outline).collect(),
        _ => Value::Null,
    }
}

#[tokio::test]
async fn the_documented_routes_match_the_server() {
    let none = get(&LocalBedrock::start().await.unwrap(), "/_local/none").await.json();
    let (_, routes) = none["error"].as_str().unwrap().split_once(" are: ").unwrap().to_owned();
    let mut expected: Vec<String> = Vec::new();
    for route in routes.split("; ") {
        let (methods, path) = route.rsplit_once(' ').unwrap();
        expected.extend(methods.split(", ").map(|method| format!("{method} /_local/{path}")));
    }
    expected.sort();
    for (document, rows) in documented(" /_local/") {
        let mut routes = Vec::new();
        for [route, body, response] in rows {
            let route = route.trim_matches(['|', ' ', '`']).to_owned();
            let (method, path) = route.split_once(' ').unwrap();
            let local = LocalBedrock::start().await.unwrap();
            let fault = Fault::throttling().on("Converse").times(3);
            local.fault(fault).unwrap();
            converse_with(&local, "Hello").await;
            let body = json_in(&body).map(|body| body.to_string()).unwrap_or_default();
            let given = send(&local, method, &path.replace("ID", "1"), &[], body.as_bytes()).await;
            assert!((200..300).contains(&given.status), "{document}: {route}: {:?}", given.body);
            if let Some(mut json_in) = json_in(&response) {
                let mut given = given.json();
                // The documents show the journal's requests in a separate table.
                for value in [&mut json_in, &mut given] {
                    let requests = value.get_mut("requests").filter(|requests| requests.is_array());
                    requests.into_iter().for_each(|requests| *requests = json!([]));
                }
                assert_eq!(outline(&given), outline(&json_in), "{document}: {route}");
            }
            routes.push(route);
        }
        routes.sort();
        assert_eq!(routes, expected, "{document}");
    }
}

#[tokio::test]
async fn the_documented_faults_match_the_server() {
    let local = LocalBedrock::start().await.unwrap();
    let unknown = post(&local, "/_local/faults", json!({ "fault": "nope" })).await.json();
    let (_, kinds) = unknown["error"].as_str().unwrap().split_once("expected one of ").unwrap();
    let kinds: Vec<_> = kinds.split(", ").map(|kind| kind.trim_matches('`').to_owned()).collect();
    for (document, rows) in documented("| `{\"fault\": ") {
        let mut documented = Vec::new();
        for [_, json, _] in rows {
            let json = json_in(&json).unwrap();
            documented.push(json["fault"].as_str().unwrap().to_owned());
            local.fault(serde_json::from_value(json).unwrap()).unwrap();
        }
        assert_eq!(documented, kinds, "{document}");
    }
}

#[tokio::test]
async fn the_documented_replies_are_accepted() {
    let local = LocalBedrock::start().await.unwrap();
    for (document, rows) in documented("| `{\"") {
        let replies: Vec<_> = rows
            .iter()
            .filter(|[members, json, _]| {
                !members.contains('/') && json.starts_with('`') && !json.contains("\"fault\"")
            })
            .collect();
        assert_eq!(replies.len(), 8, "{document}");
        for [_, reply, _] in replies {
            let queued = post(&local, "/_local/replies", json_in(reply).unwrap()).await;
            assert_eq!(queued.status, 201, "{document}: {reply}: {:?}", queued.body);
        }
    }
}
