//! Lists given out page by page.

use serde_json::Value;

use crate::error::{AwsError, AwsResult};
use crate::local::Local;
use crate::request::Request;

/// A page and the token of the next.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next_token: Option<String>,
}

/// The page that a request asks for. A token says where the next page starts, and is not to be read by clients.
pub(crate) fn page<T>(local: &Local, request: &Request, items: Vec<T>, default: usize) -> AwsResult<Page<T>> {
    let asked =
        request.input["maxResults"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(default);
    let most = local.settings.page_size.map_or(asked, |cap| asked.min(cap)).max(1);
    let start = match request.input["nextToken"].as_str() {
        Some(token) => {
            read(token).ok_or_else(|| AwsError::validation("The provided nextToken is invalid."))?
        }
        None => 0,
    };
    let total = items.len();
    let items: Vec<_> = items.into_iter().skip(start).take(most).collect();
    let end = start.saturating_add(items.len());
    Ok(Page { next_token: (end < total).then(|| write(end)), items })
}

impl<T> Page<T> {
    pub(crate) fn set_token(&self, answer: &mut Value) {
        if let Some(token) = &self.next_token {
            answer["nextToken"] = Value::from(token.as_str());
        }
    }
}

const PREFIX: &str = "page-";

fn write(start: usize) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("{PREFIX}{start}"))
}

fn read(token: &str) -> Option<usize> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(bytes).ok()?.strip_prefix(PREFIX)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_back_and_others_refused() {
        assert_eq!(read(&write(17)), Some(17));
        for token in ["", "17", "cGFnZS0", "💥"] {
            assert_eq!(read(token), None, "{token}");
        }
    }
}
