//! Finds the operation and its labels by method and raw path.
//!
//! The path is split before it is percent-decoded, so that a label stays one segment even if it contains an encoded slash.

use percent_encoding::percent_decode_str;

use crate::wire::description::{Operation, Service, Services};

/// The routes of both services.
#[derive(Debug)]
pub(crate) struct Router {
    routes: Vec<Route>,
}

#[derive(Debug)]
struct Route {
    service: &'static Service,
    operation: &'static Operation,
    segments: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    Literal(&'static str),
    Label(&'static str),
}

/// The operation of a path, with its decoded labels.
#[derive(Debug)]
pub(crate) struct RouteMatch {
    pub(crate) service: &'static Service,
    pub(crate) operation: &'static Operation,
    pub(crate) labels: Vec<(&'static str, String)>,
}

impl RouteMatch {
    /// Returns the model ID or ARN in the path.
    pub(crate) fn model(&self) -> Option<&str> {
        let label = self.labels.iter().find(|(name, _)| matches!(*name, "modelId" | "modelIdentifier"));
        label.map(|(_, model)| model.as_str())
    }
}

impl Router {
    pub(crate) fn new(services: &'static Services) -> Self {
        let route = |service, operation: &'static Operation| Route {
            service,
            operation,
            segments: template(&operation.http.request_uri),
        };
        let routes = services
            .iter()
            .flat_map(|service| service.operations.values().map(move |operation| route(service, operation)));
        Self { routes: routes.collect() }
    }

    /// Finds the operation of a path. If several match, the one with the most literal segments wins.
    pub(crate) fn find(&self, method: &str, raw_path: &str) -> Option<RouteMatch> {
        let segments: Vec<_> = raw_path.trim_start_matches('/').split('/').collect();
        let candidates = || self.routes.iter().filter(|route| route.operation.http.method == method);
        let literals = |route: &&Route| {
            route.segments.iter().filter(|segment| matches!(segment, Segment::Literal(_))).count()
        };
        let exact = candidates().filter(|route| matches(&route.segments, &segments)).max_by_key(literals);
        if let Some(route) = exact {
            let split = segments.iter().map(|segment| (*segment).to_owned()).collect();
            return Some(route.with_labels(split));
        }
        let mut lenient =
            candidates().filter_map(|route| Some((route, split_leniently(&route.segments, &segments)?)));
        match (lenient.next(), lenient.next()) {
            (Some((route, split)), None) => Some(route.with_labels(split)),
            _ => None,
        }
    }
}

impl Route {
    fn with_labels(&self, split: Vec<String>) -> RouteMatch {
        let labels = self.segments.iter().zip(split).filter_map(|(segment, raw)| match segment {
            Segment::Label(name) => Some((*name, decode(&raw))),
            Segment::Literal(_) => None,
        });
        RouteMatch { service: self.service, operation: self.operation, labels: labels.collect() }
    }
}

/// Returns whether an identifier names the resource with this ID: it is the ID itself, or the ID of an inference profile or
/// an ARN that ends with the ID.
pub(crate) fn is_identifier_of(id: &str, identifier: &str) -> bool {
    let before = identifier.strip_suffix(id);
    before.is_some_and(|before| before.is_empty() || before.ends_with(['.', '/']))
}

/// Percent-decodes a text. Invalid UTF-8 is replaced.
pub(crate) fn decode(raw: &str) -> String {
    percent_decode_str(raw).decode_utf8_lossy().into_owned()
}

fn template(request_uri: &'static str) -> Vec<Segment> {
    let segment = |part: &'static str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(label) => Segment::Label(label),
        None => Segment::Literal(part),
    };
    request_uri.trim_matches('/').split('/').map(segment).collect()
}

fn matches(template: &[Segment], segments: &[&str]) -> bool {
    template.len() == segments.len()
        && template.iter().zip(segments).all(|(segment, part)| match segment {
            Segment::Literal(literal) => literal == part,
            Segment::Label(_) => !part.is_empty(),
        })
}

/// Splits a path whose ARNs have slashes that the client did not encode: a label that starts with `arn:` can span several
/// segments.
fn split_leniently(template: &[Segment], segments: &[&str]) -> Option<Vec<String>> {
    let Some((first, rest)) = template.split_first() else {
        return segments.is_empty().then(Vec::new);
    };
    let head = *segments.first()?;
    let longest = match first {
        Segment::Literal(literal) if *literal == head => 1,
        Segment::Literal(_) => return None,
        Segment::Label(_) if head.is_empty() => return None,
        Segment::Label(_) if decode(head).starts_with("arn:") => segments.len(),
        Segment::Label(_) => 1,
    };
    (1..=longest).find_map(|length| {
        let mut split = split_leniently(rest, &segments[length..])?;
        split.insert(0, segments[..length].join("/"));
        Some(split)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(method: &str, path: &str) -> Option<(String, Vec<String>)> {
        let found = Router::new(Services::load().unwrap()).find(method, path)?;
        let labels = found.labels.into_iter().map(|(_, label)| label).collect();
        Some((found.operation.name.clone(), labels))
    }

    #[test]
    fn colons_may_be_encoded_or_not() {
        for path in ["/model/a.b-v1:0/converse", "/model/a.b-v1%3A0/converse", "/model/a.b-v1%3a0/converse"] {
            assert_eq!(find("POST", path), Some(("Converse".into(), vec!["a.b-v1:0".into()])), "{path}");
        }
    }

    #[test]
    fn arns_keep_their_slashes() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.a.b-v1:0";
        let encoded = arn.replace(':', "%3A").replace('/', "%2F");
        for label in [arn, &encoded, &arn.replace('/', "%2F"), &arn.replace(':', "%3A")] {
            let path = format!("/model/{label}/converse-stream");
            assert_eq!(find("POST", &path), Some(("ConverseStream".into(), vec![arn.into()])), "{path}");
        }
        let guardrail = "arn:aws:bedrock:us-east-1:123456789012:guardrail/abc";
        let path = format!("/guardrail/{guardrail}/version/1/apply");
        assert_eq!(find("POST", &path), Some(("ApplyGuardrail".into(), vec![guardrail.into(), "1".into()])));
    }

    #[test]
    fn undescribed_paths_are_not_found() {
        assert_eq!(find("POST", "/model//converse"), None);
        assert_eq!(find("PATCH", "/guardrails"), None);
        assert_eq!(find("GET", "/"), None);
        assert_eq!(find("GET", "/../../etc/passwd"), None);
    }

    #[test]
    fn every_operation_is_found_by_its_own_template() {
        for service in Services::load().unwrap().iter() {
            for operation in service.operations.values() {
                let path = operation.http.request_uri.replace(['{', '}'], "");
                let (name, _) = find(&operation.http.method, &path).unwrap();
                assert_eq!(name, operation.name);
            }
        }
    }
}
