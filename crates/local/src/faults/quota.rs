//! What is left of a quota, by the server's clock.

use std::collections::VecDeque;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::Value;

use crate::wire::output::{Event, Output};
use crate::world::clock::later;

/// The costs within a window that moves with the clock.
#[derive(Debug, Default)]
pub(super) struct Quota {
    spent: VecDeque<(Timestamp, u64)>,
}

impl Quota {
    /// Checks that something is left. The error is the time until something is.
    pub(super) fn admit(&mut self, now: Timestamp, limit: u64, window: Duration) -> Result<(), Duration> {
        while self.spent.front().is_some_and(|(then, _)| later(*then, window) <= now) {
            self.spent.pop_front();
        }
        let mut spent: u64 = self.spent.iter().map(|(_, cost)| cost).sum();
        if spent < limit {
            return Ok(());
        }
        for (then, cost) in &self.spent {
            spent -= cost;
            if spent < limit {
                let wait = later(*then, window).duration_since(now);
                return Err(Duration::try_from(wait).unwrap_or_default());
            }
        }
        // A quota of zero never has anything left.
        Err(window)
    }

    pub(super) fn spend(&mut self, now: Timestamp, cost: u64) {
        self.spent.push_back((now, cost));
    }
}

/// The tokens that an output reports. Streams report theirs in an event.
pub(super) fn tokens_of_output(output: &Output) -> u64 {
    match output {
        Output::Json(value) => value["usage"]["totalTokens"].as_u64().unwrap_or_default(),
        Output::Bytes { headers, .. } => {
            let counts = headers.iter().filter(|(name, _)| name.ends_with("put-token-count"));
            counts.filter_map(|(_, count)| count.parse::<u64>().ok()).sum()
        }
        Output::Events { .. } | Output::Recorded { .. } | Output::Duplex { .. } => 0,
    }
}

/// The tokens that an event reports. Most events report none.
pub(super) fn tokens_of_event(event: &Event) -> u64 {
    let usage = event.payload["usage"]["totalTokens"].as_u64();
    let bytes = event.payload["bytes"].as_str().and_then(|bytes| BASE64.decode(bytes).ok());
    let chunk: Value = bytes.and_then(|chunk| serde_json::from_slice(&chunk).ok()).unwrap_or_default();
    let metrics = &chunk["amazon-bedrock-invocationMetrics"];
    let counts = ["inputTokenCount", "outputTokenCount"].map(|count| metrics[count].as_u64());
    usage.into_iter().chain(counts.into_iter().flatten()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_recovers_with_time() {
        let (start, window) = (Timestamp::UNIX_EPOCH, Duration::from_secs(60));
        let at = |seconds| later(start, Duration::from_secs(seconds));
        let mut quota = Quota::default();
        assert_eq!(quota.admit(at(0), 100, window), Ok(()));
        quota.spend(at(0), 60);
        quota.spend(at(10), 60);
        assert_eq!(quota.admit(at(20), 100, window), Err(Duration::from_secs(40)));
        assert_eq!(quota.admit(at(20), 60, window), Err(Duration::from_secs(50)));
        assert_eq!(quota.admit(at(60), 100, window), Ok(()));
        assert_eq!(quota.admit(at(60), 0, window), Err(window));
        assert_eq!(quota.admit(at(70), 1, window), Ok(()));
    }
}
