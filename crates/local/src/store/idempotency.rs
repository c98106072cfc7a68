//! The responses of idempotency tokens.

use std::collections::VecDeque;

use serde_json::Value;

use crate::json::record::Record;

/// The most responses that are kept in a region. A client repeats a request within seconds, while a server that runs for days
/// would grow with every creation.
const MOST_RESPONSES: usize = 1000;

/// The responses to the last requests with an idempotency token, oldest first.
#[derive(Debug, Default)]
pub(crate) struct IdempotentResponses(VecDeque<IdempotentResponse>);

/// The first request with an idempotency token, and its response.
#[derive(Debug)]
pub(crate) struct IdempotentResponse {
    pub(crate) operation: String,
    pub(crate) token: String,
    pub(crate) input: Value,
    pub(crate) output: Record,
}

impl IdempotentResponses {
    pub(crate) fn find(&self, operation: &str, token: &str) -> Option<&IdempotentResponse> {
        self.0.iter().find(|kept| kept.token == token && kept.operation == operation)
    }

    /// Adds a response, in place of the oldest if there are too many.
    pub(crate) fn add(&mut self, response: IdempotentResponse) {
        self.0.push_back(response);
        if self.0.len() > MOST_RESPONSES {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_response_is_forgotten() {
        let mut responses = IdempotentResponses::default();
        for number in 0..=MOST_RESPONSES {
            responses.add(IdempotentResponse {
                operation: "CreateGuardrail".to_owned(),
                token: format!("token-{number}"),
                input: Value::from(number),
                output: Record::default(),
            });
        }
        let input = |operation, token: &str| responses.find(operation, token).map(|kept| kept.input.clone());
        assert_eq!(input("CreateGuardrail", "token-0"), None);
        assert_eq!(input("CreateGuardrail", "token-1"), Some(1.into()));
        assert_eq!(input("CreateGuardrail", &format!("token-{MOST_RESPONSES}")), Some(MOST_RESPONSES.into()));
        assert_eq!(input("CreateModelCopyJob", "token-1"), None, "each operation has its own tokens");
    }
}
