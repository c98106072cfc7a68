//! A request as its operation sees it: one JSON object of all members, checked against its shape.

use bytes::Bytes;
use hyper::header::HeaderMap;
use serde_json::{Map, Number, Value};

use crate::json::record::Record;
use crate::wire::constraints::check_request;
use crate::wire::description::{Kind, Location, Operation, Service, Shape, ShapeRef};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::routing::{RouteMatch, decode};

/// A request to an operation.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) service: &'static Service,
    pub(crate) operation: &'static Operation,
    pub(crate) region: String,
    /// All members, from the path, the query, the headers and the body, without a payload of bytes.
    pub(crate) input: Value,
    /// The raw body: the payload of InvokeModel.
    pub(crate) body: Bytes,
}

impl Request {
    /// Creates a request without members.
    pub(crate) fn without_input(route: &RouteMatch, body: Bytes, region: String) -> Self {
        let RouteMatch { service, operation, .. } = *route;
        Self { service, operation, region, input: Value::Object(Map::new()), body }
    }

    /// Parses a request and checks it against its shape.
    pub(crate) fn parse(
        route: RouteMatch,
        query: &str,
        headers: &HeaderMap,
        body: Bytes,
        region: String,
    ) -> AwsResult<Self> {
        let request = Self::parse_unchecked(route, query, headers, body, region)?;
        if let Some(input) = &request.operation.input {
            check_request(request.service, &input.shape, &request.input)?;
        }
        Ok(request)
    }

    /// Parses a request. Labels come from the path, other members from the query, the headers and the body.
    pub(crate) fn parse_unchecked(
        route: RouteMatch,
        query: &str,
        headers: &HeaderMap,
        body: Bytes,
        region: String,
    ) -> AwsResult<Self> {
        let mut request = Self::without_input(&route, body, region);
        let RouteMatch { service, operation, labels } = route;
        let Some(input) = &operation.input else { return Ok(request) };
        let Some(shape) = service.shape_of(&input.shape) else { return Ok(request) };

        let mut members = request.body_members(shape)?;
        for (name, label) in labels {
            let by_label = shape.members.iter().find(|(_, member)| {
                member.location == Some(Location::Uri) && member.location_name.as_deref() == Some(name)
            });
            if let Some((member, _)) = by_label {
                members.insert(member.clone(), Value::String(label));
            }
        }
        let pairs = query_pairs(query);
        for (name, member) in &shape.members {
            let key = member.location_name.as_deref().unwrap_or(name);
            let text = match member.location {
                Some(Location::Querystring) => pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()),
                Some(Location::Header) => {
                    headers.get(key).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                }
                Some(Location::Uri) | None => None,
            };
            if let Some(text) = text {
                let kind = service.shape_of(&member.shape).map_or(Kind::String, |inner| inner.kind);
                members.insert(name.clone(), parse_text(kind, text)?);
            }
        }
        request.input = Value::Object(members);
        Ok(request)
    }

    fn body_members(&self, shape: &Shape) -> AwsResult<Map<String, Value>> {
        let has_body_members = shape.members.iter().any(|(_, member)| member.location.is_none());
        if self.body.is_empty() || !has_body_members {
            return Ok(Map::new());
        }
        if let Some(payload) = &shape.payload {
            let member = shape.member(payload).and_then(|member| self.service.shape_of(&member.shape));
            let is_bytes = member.is_some_and(|inner| inner.kind == Kind::Blob || inner.eventstream);
            let limit = member.and_then(|inner| inner.max).filter(|max| self.body.len() as f64 > *max);
            let inside = || {
                let mut inside = parse_json(&self.body)?;
                if let Some(member) = member {
                    remove_undescribed(self.service, member, &mut inside);
                }
                Ok(Map::from_iter([(payload.clone(), inside)]))
            };
            return match (is_bytes, limit) {
                (true, Some(max)) => Err(AwsError::validation(format!(
                    "1 validation error detected: Value at '{payload}' failed to satisfy constraint: Member must have \
                     length less than or equal to {max}"
                ))),
                (true, None) => Ok(Map::new()),
                (false, _) => inside(),
            };
        }
        let mut body = parse_json(&self.body)?;
        remove_undescribed(self.service, shape, &mut body);
        let Value::Object(mut members) = body else {
            return Err(AwsError::serialization("Unexpected field type"));
        };
        // Members of the path, the query and the headers are not read from the body.
        members.retain(|name, _| shape.member(name).is_some_and(|member| member.location.is_none()));
        Ok(members)
    }

    /// Returns the members as a record.
    pub(crate) fn record(&self) -> Record {
        self.input.as_object().cloned().unwrap_or_default().into()
    }

    /// Returns a string member, or an empty string if it is absent.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.input[member].as_str().unwrap_or_default()
    }
}

/// Removes members that AWS does not describe, and members that are `null`: AWS ignores both.
fn remove_undescribed(service: &Service, shape: &Shape, value: &mut Value) {
    if shape.document {
        return;
    }
    let inner = |shape: &Option<ShapeRef>| shape.as_ref().and_then(|shape| service.shape_of(&shape.shape));
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(members)) => {
            members.retain(|name, value| shape.member(name).is_some() && !value.is_null());
            for (name, value) in members {
                if let Some(shape) = shape.member(name).and_then(|member| service.shape_of(&member.shape)) {
                    remove_undescribed(service, shape, value);
                }
            }
        }
        (Kind::List, Value::Array(items)) => {
            if let Some(shape) = inner(&shape.member) {
                items.iter_mut().for_each(|item| remove_undescribed(service, shape, item));
            }
        }
        (Kind::Map, Value::Object(entries)) => {
            if let Some(shape) = inner(&shape.value) {
                entries.values_mut().for_each(|value| remove_undescribed(service, shape, value));
            }
        }
        _ => {}
    }
}

fn parse_json(body: &Bytes) -> AwsResult<Value> {
    serde_json::from_slice(body).map_err(|error| {
        AwsError::serialization(format!("The request body could not be parsed as JSON: {error}"))
    })
}

/// Parses a value from the query or a header.
fn parse_text(kind: Kind, text: String) -> AwsResult<Value> {
    let wrong = |kind: &str| AwsError::serialization(format!("'{text}' can not be converted to {kind}"));
    match kind {
        Kind::Integer | Kind::Long => text.parse::<i64>().map(Value::from).map_err(|_| wrong("Integer")),
        Kind::Float | Kind::Double => {
            let number = text.parse::<f64>().ok().and_then(Number::from_f64);
            number.map(Value::Number).ok_or_else(|| wrong("Double"))
        }
        Kind::Boolean => match text.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(wrong("Boolean")),
        },
        _ => Ok(Value::String(text)),
    }
}

/// Returns the decoded names and values of a query.
pub(crate) fn query_pairs(query: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(key), decode(&value.replace('+', "%20")))
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_split_before_they_are_decoded() {
        let pairs = query_pairs("a=1%262&b&c=x+y&=z&&");
        let expected = [("a", "1&2"), ("b", ""), ("c", "x y"), ("", "z")];
        assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
