//! The routes under `/_local/`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::auth;
use crate::faults::Fault;
use crate::http::admin::journal_entry::journal_entry;
use crate::http::body::{Body, full, read_body};
use crate::local::Local;
use crate::model::reply::Reply;
use crate::wire::request::query_pairs;
use crate::world::catalogue::Declaration;

/// The path of the admin page, and the start of the routes.
pub(crate) const ROOT: &str = "/_local";
/// The routes, as the error for an unknown route lists them.
const ROUTES: &str = "GET health; GET, DELETE requests; GET requests/ID; GET, POST, DELETE faults; DELETE faults/ID; \
    POST replies; GET, POST clock; POST models; POST seed; POST reset";

/// The content security policy: the page loads and runs its own files only.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a route returns.
enum Success {
    Json(StatusCode, Value),
    NoContent,
    File { content_type: &'static str, text: &'static str },
}

/// An error of a route: its status and its message.
struct RouteError(StatusCode, String);

type RouteResult = Result<Success, RouteError>;

/// Whether a path belongs to the routes or the page.
pub(crate) fn is_admin_path(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Responds to a request for one of the routes, or for a file of the page.
pub(crate) async fn respond(local: &Arc<Local>, request: hyper::Request<Incoming>) -> hyper::Response<Body> {
    let (parts, body) = request.into_parts();
    response(handle(local, &parts, body).await)
}

async fn handle(local: &Local, parts: &Parts, body: Incoming) -> RouteResult {
    if let Some(file) = page_file(parts) {
        return Ok(file);
    }
    check_sender(local, parts)?;
    let body = read_body(body).await.map_err(|error| bad_request(error.message))?;
    perform(local, parts, &body)
}

fn response(result: RouteResult) -> hyper::Response<Body> {
    let (status, content_type, body) = match result {
        Ok(Success::Json(status, value)) => (status, "application/json", Bytes::from(value.to_string())),
        Ok(Success::NoContent) => (StatusCode::NO_CONTENT, "application/json", Bytes::new()),
        Ok(Success::File { content_type, text }) => (StatusCode::OK, content_type, Bytes::from(text)),
        Err(RouteError(status, message)) => {
            (status, "application/json", Bytes::from(json!({ "error": message }).to_string()))
        }
    };
    let mut response = hyper::Response::new(full(body));
    *response.status_mut() = status;
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    for (name, value) in [
        ("content-type", content_type),
        ("cache-control", "no-store"),
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A file of the page. These are not secret.
fn page_file(parts: &Parts) -> Option<Success> {
    let (content_type, text) = match parts.uri.path().strip_prefix(ROOT)? {
        "" | "/" => ("text/html; charset=utf-8", include_str!("page/index.html")),
        "/page.css" => ("text/css; charset=utf-8", include_str!("page/page.css")),
        "/page.js" => ("text/javascript; charset=utf-8", include_str!("page/page.js")),
        _ => return None,
    };
    (parts.method == "GET").then_some(Success::File { content_type, text })
}

/// Checks that the sender may use the routes.
fn check_sender(local: &Local, parts: &Parts) -> Result<(), RouteError> {
    local.hosts.check(parts).map_err(|reason| RouteError(StatusCode::FORBIDDEN, reason))?;
    match auth::is_admin(&local.settings.keys, parts) {
        true => Ok(()),
        false => Err(RouteError(
            StatusCode::UNAUTHORIZED,
            "these routes need the admin token: send 'Authorization: Bearer TOKEN', or open the page as /_local/#token=TOKEN"
                .to_owned(),
        )),
    }
}

fn perform(local: &Local, parts: &Parts, body: &Bytes) -> RouteResult {
    let path = parts.uri.path().strip_prefix(ROOT).unwrap_or_default();
    let segments: Vec<_> = path.trim_matches('/').split('/').collect();
    match (parts.method.as_str(), &segments[..]) {
        ("GET", ["health"]) => ok(health(local)),
        ("GET", ["requests"]) => ok(requests(local, parts.uri.query().unwrap_or_default())?),
        ("GET", ["requests", id]) => {
            let found = local.journal.requests().into_iter().find(|request| request.id.to_string() == *id);
            found.map_or_else(|| not_found("request", id), |request| ok(journal_entry(&request)))
        }
        ("DELETE", ["requests"]) => {
            local.journal.clear();
            Ok(Success::NoContent)
        }
        ("GET", ["faults"]) => ok(json!({ "faults": local.faults.list() })),
        ("POST", ["faults"]) => add_faults(local, one_or_many(body)?),
        ("DELETE", ["faults"]) => {
            local.faults.clear();
            Ok(Success::NoContent)
        }
        ("DELETE", ["faults", id]) => match id.parse().is_ok_and(|id| local.faults.remove(id)) {
            true => Ok(Success::NoContent),
            false => not_found("fault", id),
        },
        ("POST", ["replies"]) => {
            let replies: Vec<Reply> = one_or_many(body)?;
            let queued = replies.len();
            replies.into_iter().for_each(|reply| local.repliers.push(reply));
            Ok(Success::Json(StatusCode::CREATED, json!({ "queued": queued })))
        }
        ("GET", ["clock"]) => ok(clock(local)),
        ("POST", ["clock"]) => {
            let AdvanceRequest { advance_ms } = parse(body)?;
            local.advance(Duration::from_millis(advance_ms));
            ok(clock(local))
        }
        ("POST", ["models"]) => {
            let models: Vec<Declaration> = one_or_many(body)?;
            models.iter().try_for_each(|model| local.declare_model(model)).map_err(bad_request)?;
            Ok(Success::Json(StatusCode::CREATED, json!({ "declared": models.len() })))
        }
        ("POST", ["seed"]) => {
            let SeedRequest { list, region, rows } = parse(body)?;
            let region = region.unwrap_or_else(|| local.settings.default_region.clone());
            let seeded = rows.len();
            local.seed(&region, &list, rows).map_err(bad_request)?;
            Ok(Success::Json(StatusCode::CREATED, json!({ "seeded": seeded })))
        }
        ("POST", ["reset"]) => {
            local.reset();
            Ok(Success::NoContent)
        }
        (method, _) => {
            let message =
                format!("there is no {method} {ROOT}{path}; the routes under {ROOT}/ are: {ROUTES}");
            Err(RouteError(StatusCode::NOT_FOUND, message))
        }
    }
}

fn ok(value: Value) -> RouteResult {
    Ok(Success::Json(StatusCode::OK, value))
}

fn not_found(what: &str, id: &str) -> RouteResult {
    Err(RouteError(StatusCode::NOT_FOUND, format!("there is no {what} {id}")))
}

fn bad_request(message: String) -> RouteError {
    RouteError(StatusCode::BAD_REQUEST, message)
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, RouteError> {
    serde_json::from_slice(body).map_err(|error| bad_request(error.to_string()))
}

/// Parses one value, or an array of them.
fn one_or_many<T: DeserializeOwned>(body: &Bytes) -> Result<Vec<T>, RouteError> {
    let all = match parse(body)? {
        Value::Array(items) => items,
        one => vec![one],
    };
    let parse_one = |one| serde_json::from_value(one).map_err(|error| bad_request(error.to_string()));
    all.into_iter().map(parse_one).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceRequest {
    advance_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedRequest {
    list: String,
    region: Option<String>,
    rows: Vec<Value>,
}

fn health(local: &Local) -> Value {
    let (requests, oldest) = local.journal.count_and_oldest();
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

/// The requests of the journal that match the query.
fn requests(local: &Local, query: &str) -> Result<Value, RouteError> {
    let mut requests = local.journal.requests();
    let mut limit = usize::MAX;
    for (name, value) in query_pairs(query) {
        let number = || {
            value.parse::<u64>().map_err(|_| bad_request(format!("{name} must be a number, not '{value}'")))
        };
        match name.as_str() {
            "operation" => requests.retain(|request| request.operation.as_ref() == Some(&value)),
            "after" => {
                let after = number()?;
                requests.retain(|request| request.id > after);
            }
            "limit" => limit = usize::try_from(number()?).unwrap_or(usize::MAX),
            _ => {
                return Err(bad_request(format!(
                    "requests can be filtered by operation, after, and limit, not by {name}"
                )));
            }
        }
    }
    let first = requests.len().saturating_sub(limit);
    Ok(json!({ "requests": requests[first..].iter().map(journal_entry).collect::<Vec<_>>() }))
}

fn add_faults(local: &Local, faults: Vec<Fault>) -> RouteResult {
    if faults.iter().any(Fault::refuses_all_connections) {
        let message =
            "refuse_connections needs 'times' here: without it, these routes could not be reached either";
        return Err(bad_request(message.to_owned()));
    }
    let ids = local.faults.add(faults).map_err(bad_request)?;
    let mut planned = local.faults.list();
    planned.retain(|planned| ids.contains(&planned.id));
    Ok(Success::Json(StatusCode::CREATED, json!({ "faults": planned })))
}
