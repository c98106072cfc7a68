//! What is left of a quota, by the server's clock.

use std::collections::VecDeque;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::Value;

use crate::model::tokens::count_in_content;
use crate::wire::output::{Event, Output};
use crate::world::clock::later;

/// The costs within a window that moves with the clock.
#[derive(Debug, Default)]
pub(super) struct Quota {
    spent: VecDeque<Spent>,
    last_id: u64,
}

#[derive(Debug)]
struct Spent {
    id: u64,
    at: Timestamp,
    cost: u64,
}

impl Quota {
    /// Takes a cost, and returns its ID. The error is the time until it fits.
    pub(super) fn admit(
        &mut self,
        now: Timestamp,
        limit: u64,
        window: Duration,
        cost: u64,
    ) -> Result<u64, Duration> {
        while self.spent.front().is_some_and(|spent| later(spent.at, window) <= now) {
            self.spent.pop_front();
        }
        let fits = |sum: u64| sum.checked_add(cost).is_some_and(|sum| sum <= limit);
        let mut sum: u64 = self.spent.iter().map(|spent| spent.cost).sum();
        if fits(sum) {
            return Ok(self.spend(now, cost));
        }
        for spent in &self.spent {
            sum -= spent.cost;
            if fits(sum) {
                let wait = later(spent.at, window).duration_since(now);
                return Err(Duration::try_from(wait).unwrap_or_default());
            }
        }
        // The quota is smaller than the cost.
        Err(window)
    }

    fn spend(&mut self, at: Timestamp, cost: u64) -> u64 {
        self.last_id += 1;
        self.spent.push_back(Spent { id: self.last_id, at, cost });
        self.last_id
    }

    /// Replaces a cost that was taken. More than was taken counts from now on.
    pub(super) fn settle(&mut self, id: u64, now: Timestamp, cost: u64) {
        let Some(spent) = self.spent.iter_mut().find(|spent| spent.id == id) else { return };
        let more = cost.saturating_sub(spent.cost);
        spent.cost = spent.cost.min(cost);
        if more > 0 {
            self.spend(now, more);
        }
    }
}

/// What a request takes of a quota before it is performed: the tokens of its prompt, and the most of its reply.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>
pub(super) fn tokens_of_request(body: &[u8], model_max_tokens: impl FnOnce() -> Option<u64>) -> u64 {
    const MOST: [&str; 6] = [
        "max_tokens",
        "max_completion_tokens",
        "max_tokens_to_sample",
        "max_gen_len",
        "maxTokens",
        "maxTokenCount",
    ];
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let most_in = |object: &Value| MOST.iter().find_map(|name| object[*name].as_u64());
    let most = most_in(&body)
        .or_else(|| most_in(&body["inferenceConfig"]))
        .or_else(|| most_in(&body["textGenerationConfig"]))
        .or_else(model_max_tokens);
    count_in_content(&body).saturating_add(most.unwrap_or_default())
}

/// The tokens that a response reports, as quotas count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reported {
    /// The tokens of the prompt that were not read from the cache.
    pub(super) input: u64,
    pub(super) output: u64,
}

/// The tokens that an output reports. Streams report theirs in an event.
pub(super) fn tokens_of_output(output: &Output) -> Reported {
    match output {
        Output::Json(value) => of_usage(&value["usage"]).unwrap_or_default(),
        Output::Bytes { headers, .. } => {
            let count = |name: &str| {
                let header = headers.iter().find(|(header, _)| header.ends_with(name));
                header.and_then(|(_, count)| count.parse::<u64>().ok()).unwrap_or_default()
            };
            let input = count("bedrock-input-token-count") + count("cache-write-input-token-count");
            Reported { input, output: count("output-token-count") }
        }
        Output::Events { .. } | Output::Recorded { .. } | Output::Duplex { .. } => Reported::default(),
    }
}

/// The tokens that an event reports. Most events report none.
pub(super) fn tokens_of_event(event: &Event) -> Option<Reported> {
    of_usage(&event.payload["usage"]).or_else(|| {
        let bytes = BASE64.decode(event.payload["bytes"].as_str()?).ok()?;
        let chunk: Value = serde_json::from_slice(&bytes).ok()?;
        let metrics = chunk.get("amazon-bedrock-invocationMetrics")?;
        let count = |name: &str| metrics[name].as_u64().unwrap_or_default();
        let input = count("inputTokenCount") + count("cacheWriteInputTokenCount");
        Some(Reported { input, output: count("outputTokenCount") })
    })
}

fn of_usage(usage: &Value) -> Option<Reported> {
    let count = |name: &str| usage[name].as_u64();
    let input = count("inputTokens")? + count("cacheWriteInputTokens").unwrap_or_default();
    Some(Reported { input, output: count("outputTokens").unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_quota_recovers_with_time() {
        let (start, window) = (Timestamp::UNIX_EPOCH, Duration::from_secs(60));
        let at = |seconds| later(start, Duration::from_secs(seconds));
        let mut quota = Quota::default();
        let first = quota.admit(at(0), 100, window, 60).unwrap();
        quota.admit(at(10), 100, window, 40).unwrap();
        assert_eq!(quota.admit(at(20), 100, window, 1), Err(Duration::from_secs(40)));
        assert_eq!(quota.admit(at(20), 100, window, 61), Err(Duration::from_secs(50)));
        assert_eq!(quota.admit(at(20), 100, window, 101), Err(window), "it never fits");
        quota.settle(first, at(20), 10);
        assert!(quota.admit(at(20), 100, window, 50).is_ok());
        assert!(quota.admit(at(61), 100, window, 10).is_ok());
        assert_eq!(quota.admit(at(61), 0, window, 1), Err(window));
        assert!(quota.admit(at(200), 100, window, 100).is_ok());
    }

    #[test]
    fn more_than_was_taken_counts_from_the_end() {
        let (start, window) = (Timestamp::UNIX_EPOCH, Duration::from_secs(60));
        let at = |seconds| later(start, Duration::from_secs(seconds));
        let mut quota = Quota::default();
        let first = quota.admit(at(0), 100, window, 10).unwrap();
        quota.settle(first, at(30), 90);
        assert_eq!(quota.admit(at(30), 100, window, 20), Err(Duration::from_secs(30)));
        assert_eq!(quota.admit(at(60), 100, window, 20).map(drop), Ok(()));
        assert_eq!(quota.admit(at(60), 100, window, 1), Err(Duration::from_secs(30)));
    }

    #[test]
    fn a_request_takes_its_prompt_and_its_longest_reply() {
        let turn = json!({"messages": [{"role": "user", "content": [{"text": "Hello, world!"}]}]});
        assert_eq!(tokens_of_request(turn.to_string().as_bytes(), || None), 4);
        assert_eq!(tokens_of_request(turn.to_string().as_bytes(), || Some(100)), 104);
        let mut limited = turn;
        limited["inferenceConfig"] = json!({"maxTokens": 7});
        assert_eq!(tokens_of_request(limited.to_string().as_bytes(), || Some(100)), 11);
        assert_eq!(tokens_of_request(br#"{"prompt": "Hello", "max_gen_len": 7}"#, || None), 8);
    }
}
