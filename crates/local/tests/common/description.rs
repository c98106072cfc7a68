//! AWS's API description as the tests use it: how to call an operation, and the shape of its response.

use std::sync::LazyLock;

use bedrock_orm_local::LocalBedrock;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{HttpResponse, send};

static SERVICES: LazyLock<[Value; 2]> = LazyLock::new(|| {
    [bedrock_orm_api::BEDROCK, bedrock_orm_api::BEDROCK_RUNTIME]
        .map(|text| serde_json::from_str(text).unwrap())
});

/// Values that AWS is recorded to send although its enums lack them.
const RECORDED_VALUES: [&str; 4] = ["AUDIO", "INFERENCE_PROFILE", "SPEECH", "VIDEO"];

/// Returns the names of all operations of both services.
pub fn operations() -> Vec<String> {
    SERVICES.iter().flat_map(|service| service["operations"].as_object().unwrap().keys().cloned()).collect()
}

fn described(operation: &str) -> (&'static Value, &'static Value) {
    let service = SERVICES.iter().find(|service| service["operations"][operation].is_object());
    let service = service.unwrap_or_else(|| panic!("there is no operation {operation}"));
    (service, &service["operations"][operation])
}

/// Calls an operation with a JSON input. Each member is sent in the location that the description specifies.
pub async fn call(local: &LocalBedrock, operation: &str, input: Value) -> HttpResponse {
    call_in(local, "us-east-1", operation, input).await
}

/// Like [`call`], signed for a region.
pub async fn call_in(local: &LocalBedrock, region: &str, operation: &str, input: Value) -> HttpResponse {
    let (service, described) = described(operation);
    let shape = &service["shapes"][described["input"]["shape"].as_str().unwrap_or_default()];
    let mut path = described["http"]["requestUri"].as_str().unwrap().to_owned();
    let (mut query, mut body) = (Vec::new(), Map::new());
    let signature = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20250101/{region}/bedrock/aws4_request, SignedHeaders=host, Signature=0"
    );
    let mut headers = vec![("authorization".to_owned(), signature)];
    for (name, value) in input.as_object().unwrap() {
        let member = &shape["members"][name];
        let key = member["locationName"].as_str().unwrap_or(name);
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
        match member["location"].as_str() {
            Some("uri") => path = path.replace(&format!("{{{key}}}"), &encoded),
            Some("querystring") => query.push(format!("{key}={encoded}")),
            Some("header") => headers.push((key.to_owned(), text)),
            _ => drop(body.insert(name.clone(), value.clone())),
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let method = described["http"]["method"].as_str().unwrap();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // A payload member is the whole body.
    let body =
        shape["payload"].as_str().and_then(|payload| body.remove(payload)).unwrap_or(Value::Object(body));
    let is_empty = body.as_object().is_some_and(Map::is_empty);
    let body = if is_empty { Vec::new() } else { body.to_string().into_bytes() };
    send(local, method, &path, &headers, &body).await
}

/// Calls an operation that must succeed, and asserts the described status and shape of its response.
pub async fn ok(local: &LocalBedrock, operation: &str, input: Value) -> Value {
    ok_in(local, "us-east-1", operation, input).await
}

/// Like [`ok`], signed for a region.
pub async fn ok_in(local: &LocalBedrock, region: &str, operation: &str, input: Value) -> Value {
    let response = call_in(local, region, operation, input.clone()).await;
    let (service, described) = described(operation);
    let body = String::from_utf8_lossy(&response.body);
    assert_eq!(u64::from(response.status), described["http"]["responseCode"], "{operation} {input}: {body}");
    let response = response.json();
    let Some(shape) = described["output"]["shape"].as_str() else { return response };
    let response = match service["shapes"][shape]["payload"].as_str() {
        Some(payload) => json!({ payload: response }),
        None => response,
    };
    check(service, shape, &response, operation);
    response
}

/// Calls an operation that must fail, and asserts that the description lists the error with its status. Returns its
/// code.
pub async fn error(local: &LocalBedrock, operation: &str, input: Value) -> String {
    let response = call(local, operation, input.clone()).await;
    let (service, described) = described(operation);
    assert!(response.status >= 400, "{operation} {input} was not refused: {:?}", response.body);
    let (status, code, message) = response.error();
    let mut errors = described["errors"].as_array().unwrap().iter();
    assert!(errors.any(|error| error["shape"] == code), "{operation} answers with no {code}: {message}");
    assert_eq!(service["shapes"][&code]["error"]["httpStatusCode"], u64::from(status), "{operation} {code}");
    code
}

/// Members that AWS returns although its description lacks them.
const BEYOND_DESCRIPTION: &[(&str, &str)] = &[("ApplyGuardrailResponse", "output")];

/// Asserts that a value conforms to its shape: types, required members, and no undescribed members.
fn check(service: &Value, name: &str, value: &Value, path: &str) {
    let shape = &service["shapes"][name];
    if shape["document"] == true {
        return;
    }
    let inner = |member: &str| shape[member]["shape"].as_str().unwrap();
    match shape["type"].as_str().unwrap() {
        "structure" => {
            let members = value.as_object().unwrap_or_else(|| panic!("{path} is no {name}: {value}"));
            for required in shape["required"].as_array().into_iter().flatten() {
                assert!(
                    members.contains_key(required.as_str().unwrap()),
                    "{path} has no {required}: {value}"
                );
            }
            // As on AWS, some responses have `null` for missing members and members that are not described.
            let present_members = members.iter().filter(|(member, value)| {
                !value.is_null() && !BEYOND_DESCRIPTION.contains(&(name, member.as_str()))
            });
            for (member, value) in present_members {
                let described = shape["members"][member]["shape"].as_str();
                let described = described.unwrap_or_else(|| panic!("{path} must not have a {member}"));
                check(service, described, value, &format!("{path}.{member}"));
            }
            assert!(shape["union"] != true || members.len() == 1, "{path} is a union: {value}");
        }
        "list" => {
            for (index, item) in value.as_array().unwrap().iter().enumerate() {
                check(service, inner("member"), item, &format!("{path}.{index}"));
            }
        }
        "map" => {
            for (key, value) in value.as_object().unwrap() {
                check(service, inner("value"), value, &format!("{path}.{key}"));
            }
        }
        "boolean" => assert!(value.is_boolean(), "{path}: {value}"),
        "integer" | "long" => assert!(value.is_i64() || value.is_u64(), "{path}: {value}"),
        "float" | "double" => assert!(value.is_number(), "{path}: {value}"),
        _ => {
            assert!(value.is_string(), "{path}: {value}");
            let values = shape["enum"].as_array();
            let is_recorded = RECORDED_VALUES.iter().any(|recorded| value == recorded);
            let is_described = values.is_none_or(|values| values.contains(value));
            assert!(is_described || is_recorded, "{path} has no {value}");
        }
    }
}
