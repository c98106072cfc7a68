//! Routes of our own, under `/_local/`: for tests in other languages, and for the page.

mod entry;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::auth;
use crate::faults::Fault;
use crate::http::responding::{Body, full};
use crate::http::server::read;
use crate::local::Local;
use crate::model::reply::Reply;
use crate::wire::request::query_pairs;
use crate::world::catalogue::Declaration;

pub(crate) const ROOT: &str = "/_local";
const ROUTES: &str = "GET health; GET, DELETE requests; GET requests/ID; GET, POST, DELETE faults; DELETE faults/ID; \
    POST replies; GET, POST clock; POST models; POST seed; POST reset";

/// The page loads and runs its own files alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The answer of a route.
enum Told {
    Json(StatusCode, Value),
    Nothing,
    File { content_type: &'static str, text: &'static str },
}

/// An error: its status and its message.
struct Wrong(StatusCode, String);

type Outcome = Result<Told, Wrong>;

pub(crate) fn is_admin(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) async fn answer(local: &Arc<Local>, request: hyper::Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let outcome = match file(&parts) {
        Some(file) => Ok(file),
        None => match admit(local, &parts) {
            Ok(()) => match read(body).await {
                Ok(body) => perform(local, &parts, &body),
                Err(error) => Err(refused(error.message)),
            },
            Err(wrong) => Err(wrong),
        },
    };
    let (status, content_type, body) = match outcome {
        Ok(Told::Json(status, value)) => (status, "application/json", Bytes::from(value.to_string())),
        Ok(Told::Nothing) => (StatusCode::NO_CONTENT, "application/json", Bytes::new()),
        Ok(Told::File { content_type, text }) => (StatusCode::OK, content_type, Bytes::from(text)),
        Err(Wrong(status, told)) => {
            (status, "application/json", Bytes::from(json!({ "error": told }).to_string()))
        }
    };
    let mut response = Response::new(full(body));
    *response.status_mut() = status;
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    for (name, value) in [
        ("content-type", content_type),
        ("cache-control", "no-store"),
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The page's files, which are no secret.
fn file(parts: &Parts) -> Option<Told> {
    let (content_type, text) = match parts.uri.path().strip_prefix(ROOT)? {
        "" | "/" => ("text/html; charset=utf-8", include_str!("page/index.html")),
        "/page.css" => ("text/css; charset=utf-8", include_str!("page/page.css")),
        "/page.js" => ("text/javascript; charset=utf-8", include_str!("page/page.js")),
        _ => return None,
    };
    (parts.method == "GET").then_some(Told::File { content_type, text })
}

/// Checks that the sender may use these routes.
fn admit(local: &Local, parts: &Parts) -> Result<(), Wrong> {
    local.hosts.check(parts).map_err(|told| Wrong(StatusCode::FORBIDDEN, told))?;
    match auth::is_admin(&local.settings.keys, parts) {
        true => Ok(()),
        false => Err(Wrong(
            StatusCode::UNAUTHORIZED,
            "these routes need the admin token: send 'Authorization: Bearer TOKEN', or open the page as /_local/#token=TOKEN"
                .to_owned(),
        )),
    }
}

fn perform(local: &Local, parts: &Parts, body: &Bytes) -> Outcome {
    let path = parts.uri.path().strip_prefix(ROOT).unwrap_or_default();
    let segments: Vec<_> = path.trim_matches('/').split('/').collect();
    match (parts.method.as_str(), &segments[..]) {
        ("GET", ["health"]) => ok(health(local)),
        ("GET", ["requests"]) => ok(requests(local, parts.uri.query().unwrap_or_default())?),
        ("GET", ["requests", id]) => {
            let found = local.journal.requests().into_iter().find(|request| request.id.to_string() == *id);
            found.map_or_else(|| missing("request", id), |request| ok(entry::entry(&request)))
        }
        ("DELETE", ["requests"]) => {
            local.journal.clear();
            Ok(Told::Nothing)
        }
        ("GET", ["faults"]) => ok(json!({ "faults": local.faults.list() })),
        ("POST", ["faults"]) => plan(local, several(body)?),
        ("DELETE", ["faults"]) => {
            local.faults.clear();
            Ok(Told::Nothing)
        }
        ("DELETE", ["faults", id]) => match id.parse().is_ok_and(|id| local.faults.remove(id)) {
            true => Ok(Told::Nothing),
            false => missing("fault", id),
        },
        ("POST", ["replies"]) => {
            let replies: Vec<Reply> = several(body)?;
            let queued = replies.len();
            replies.into_iter().for_each(|reply| local.repliers.push(reply));
            Ok(Told::Json(StatusCode::CREATED, json!({ "queued": queued })))
        }
        ("GET", ["clock"]) => ok(clock(local)),
        ("POST", ["clock"]) => {
            let Advance { advance_ms } = json_of(body)?;
            local.advance(Duration::from_millis(advance_ms));
            ok(clock(local))
        }
        ("POST", ["models"]) => {
            let models: Vec<Declaration> = several(body)?;
            models.iter().try_for_each(|model| local.declare_model(model)).map_err(refused)?;
            Ok(Told::Json(StatusCode::CREATED, json!({ "declared": models.len() })))
        }
        ("POST", ["seed"]) => {
            let Seed { list, region, rows } = json_of(body)?;
            let region = region.unwrap_or_else(|| local.settings.default_region.clone());
            let seeded = rows.len();
            local.seed(&region, &list, rows).map_err(refused)?;
            Ok(Told::Json(StatusCode::CREATED, json!({ "seeded": seeded })))
        }
        ("POST", ["reset"]) => {
            local.reset();
            Ok(Told::Nothing)
        }
        (method, _) => {
            let told = format!("there is no {method} {ROOT}{path}; under {ROOT}/ there are: {ROUTES}");
            Err(Wrong(StatusCode::NOT_FOUND, told))
        }
    }
}

fn ok(value: Value) -> Outcome {
    Ok(Told::Json(StatusCode::OK, value))
}

fn missing(what: &str, id: &str) -> Outcome {
    Err(Wrong(StatusCode::NOT_FOUND, format!("there is no {what} {id}")))
}

fn refused(told: String) -> Wrong {
    Wrong(StatusCode::BAD_REQUEST, told)
}

fn json_of<T: DeserializeOwned>(body: &Bytes) -> Result<T, Wrong> {
    serde_json::from_slice(body).map_err(|error| refused(error.to_string()))
}

/// One value, or a list of them.
fn several<T: DeserializeOwned>(body: &Bytes) -> Result<Vec<T>, Wrong> {
    let all = match json_of(body)? {
        Value::Array(items) => items,
        one => vec![one],
    };
    let read = |one| serde_json::from_value(one).map_err(|error| refused(error.to_string()));
    all.into_iter().map(read).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    list: String,
    region: Option<String>,
    rows: Vec<Value>,
}

fn health(local: &Local) -> Value {
    let (requests, oldest) = local.journal.extent();
    json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "now": local.world.clock.now().to_string(),
        "requests": requests,
        "oldest_request": oldest,
        "faults": local.faults.list().len(),
    })
}

fn clock(local: &Local) -> Value {
    json!({ "now": local.world.clock.now().to_string() })
}

/// The requests of the journal that the query chooses.
fn requests(local: &Local, query: &str) -> Result<Value, Wrong> {
    let mut requests = local.journal.requests();
    let mut limit = usize::MAX;
    for (name, value) in query_pairs(query) {
        let number =
            || value.parse::<u64>().map_err(|_| refused(format!("{name} is a number, not '{value}'")));
        match name.as_str() {
            "operation" => requests.retain(|request| request.operation.as_ref() == Some(&value)),
            "after" => {
                let after = number()?;
                requests.retain(|request| request.id > after);
            }
            "limit" => limit = usize::try_from(number()?).unwrap_or(usize::MAX),
            _ => {
                return Err(refused(format!(
                    "requests are chosen by operation, after and limit, not {name}"
                )));
            }
        }
    }
    let first = requests.len().saturating_sub(limit);
    Ok(json!({ "requests": requests[first..].iter().map(entry::entry).collect::<Vec<_>>() }))
}

fn plan(local: &Local, faults: Vec<Fault>) -> Outcome {
    if faults.iter().any(Fault::locks_out) {
        let told = "connections that are refused for ever keep these routes out, too: say how many times";
        return Err(refused(told.to_owned()));
    }
    let ids = local.faults.add(faults).map_err(refused)?;
    let mut planned = local.faults.list();
    planned.retain(|planned| ids.contains(&planned.id));
    Ok(Told::Json(StatusCode::CREATED, json!({ "faults": planned })))
}
