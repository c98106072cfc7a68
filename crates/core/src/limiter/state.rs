//! The state of a limiter. It has no clock of its own: all times are given, and count from one start.

use std::time::Duration;

use bedrock_orm_models::Tokens;

use super::quota::TokenQuota;
use super::window::Window;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// AWS counts a request when it arrives there, which is later than it was admitted here. Its tokens leave this much later.
const TRAVEL: Duration = Duration::from_millis(500);

/// The pause after a refusal for which AWS names none.
const PAUSE: Duration = Duration::from_secs(5);

/// A whole, and the least share of the quota that a throttled limiter uses.
const WHOLE: u64 = 1_000;
const LEAST_SHARE: u64 = 100;

/// Tokens in a thousand characters, until replies say more.
const TOKENS_PER_THOUSAND: u64 = 250;
/// Prompts that are shorter say little about it.
const TELLING_LENGTH: u64 = 200;

/// What a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// The characters of the prompt.
    pub characters: u64,
    /// The most tokens of the reply, if the request sets it.
    pub max_tokens: Option<u64>,
}

/// Why a request has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Until this time, or until another request gives back tokens.
    Until(Duration),
    /// Until another request ends.
    ForEnd,
    /// The quota of the day is used up until this time.
    ForDay(Duration),
}

/// What an admitted request holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reservation {
    at: Duration,
    tokens: u64,
    characters: u64,
}

#[derive(Debug)]
pub(super) struct State {
    quota: TokenQuota,
    minute: Window,
    day: Option<Window>,
    in_flight: u32,
    /// The part of the quota that is used, in thousandths. It shrinks when AWS throttles.
    share: u64,
    paused_until: Duration,
    tokens_per_thousand: u64,
}

impl State {
    pub(super) fn new(quota: TokenQuota) -> Self {
        Self {
            quota,
            minute: Window::new(MINUTE + TRAVEL, 121, quota.per_minute),
            day: quota.per_day.map(|limit| Window::new(DAY, 288, limit)),
            in_flight: 0,
            share: WHOLE,
            paused_until: Duration::ZERO,
            tokens_per_thousand: TOKENS_PER_THOUSAND,
        }
    }

    /// Returns the tokens that AWS deducts when it admits the request: those of the prompt, estimated with a tenth more,
    /// and the most of the reply.
    fn estimate(&self, demand: Demand) -> u64 {
        let input = demand.characters.saturating_mul(self.tokens_per_thousand) / WHOLE;
        let output = demand.max_tokens.unwrap_or(self.quota.model_max_tokens);
        input.saturating_add(input / 10).saturating_add(1).saturating_add(output)
    }

    /// Admits a request, or says what it waits for. A request that asks for more than the whole quota is admitted alone.
    pub(super) fn admit(&mut self, now: Duration, demand: Demand) -> Result<Reservation, Wait> {
        if self.quota.concurrency.is_some_and(|most| self.in_flight >= most) {
            return Err(Wait::ForEnd);
        }
        if self.paused_until > now {
            return Err(Wait::Until(self.paused_until));
        }
        let estimate = self.estimate(demand);
        let used = self.minute.sum(now);
        let limit = (self.minute.limit().saturating_mul(self.share) / WHOLE).max(1);
        let tokens = estimate.min(limit);
        if used > limit - tokens {
            return Err(Wait::Until(self.minute.time_of(limit - tokens)));
        }
        if let Some(day) = &mut self.day {
            let (used, rest) = (day.sum(now), day.limit().saturating_sub(tokens));
            if used > rest || tokens > day.limit() {
                return Err(if self.in_flight > 0 { Wait::ForEnd } else { Wait::ForDay(day.time_of(rest)) });
            }
            day.add(now, tokens);
        }
        self.minute.add(now, tokens);
        self.in_flight += 1;
        Ok(Reservation { at: now, tokens, characters: demand.characters })
    }

    /// Ends a request that used these tokens.
    pub(super) fn settle(&mut self, now: Duration, held: Reservation, usage: &Tokens) {
        let counted = usage
            .uncached_input_tokens
            .saturating_add(usage.cache_write_tokens())
            .saturating_add(usage.output_tokens.saturating_mul(self.quota.burndown));
        for window in std::iter::once(&mut self.minute).chain(&mut self.day) {
            window.take_back(held.at, held.tokens.saturating_sub(counted));
            window.add(now, counted.saturating_sub(held.tokens));
        }
        if held.characters >= TELLING_LENGTH {
            let told = usage.input_tokens().saturating_mul(WHOLE) / held.characters;
            self.tokens_per_thousand = (self.tokens_per_thousand * 3 + told.clamp(1, 10 * WHOLE)) / 4;
        }
        self.share = WHOLE.min(self.share + 2);
        self.end();
    }

    /// Ends a request that AWS refused.
    pub(super) fn refuse(&mut self, held: Reservation) {
        for window in std::iter::once(&mut self.minute).chain(&mut self.day) {
            window.take_back(held.at, held.tokens);
        }
        self.end();
    }

    /// Ends a request of which nothing is known: what it reserved counts as used.
    pub(super) fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Slows down, because AWS throttled a request. Refusals during a pause have the same cause, so that they count once.
    pub(super) fn throttle(&mut self, now: Duration, pause: Option<Duration>) {
        if self.paused_until <= now {
            self.share = LEAST_SHARE.max(self.share * 9 / 10);
        }
        self.paused_until = self.paused_until.max(now.saturating_add(pause.unwrap_or(PAUSE)));
    }

    /// Returns the tokens of the last minute, reservations included.
    pub(super) fn used_in_minute(&mut self, now: Duration) -> u64 {
        self.minute.sum(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn demand(max_tokens: u64) -> Demand {
        Demand { characters: 0, max_tokens: Some(max_tokens) }
    }

    fn used(input: u64, output: u64) -> Tokens {
        Tokens::default().uncached_input_tokens(input).output_tokens(output)
    }

    #[test]
    fn admission_takes_the_prompt_and_the_most_of_the_reply_and_the_end_settles() {
        let mut state = State::new(TokenQuota::per_minute(1_000).burndown(5));
        let held = state.admit(at(0), Demand { characters: 400, max_tokens: Some(600) }).unwrap();
        assert_eq!(state.used_in_minute(at(0)), 100 + 10 + 1 + 600);
        assert_eq!(state.admit(at(1), demand(600)), Err(Wait::Until(at(61))));
        // Reads from the cache do not count, replies count five times.
        state.settle(at(2), held, &used(20, 30).cache_read_tokens(70).cache_write("5m".into(), 10));
        assert_eq!(state.used_in_minute(at(2)), 20 + 10 + 150);
        let held = state.admit(at(2), demand(100)).unwrap();
        state.settle(at(3), held, &used(0, 100));
        assert_eq!(state.used_in_minute(at(3)), 180 + 500, "more than was reserved");
    }

    #[test]
    fn replies_correct_the_estimate() {
        let long = Demand { characters: 100_000, max_tokens: Some(0) };
        // Some scripts have more than one token for a character.
        for tokens in [80_000, 200_000] {
            let mut state = State::new(TokenQuota::per_minute(u64::MAX));
            let first = state.estimate(long);
            for second in 0..40 {
                let held = state.admit(at(second), long).unwrap();
                state.settle(at(second), held, &used(tokens, 0));
            }
            let learned = state.estimate(long);
            assert!(first < 30_000 && (tokens..tokens + tokens / 4).contains(&learned), "{first} {learned}");
        }
    }

    #[test]
    fn a_day_that_is_used_up_is_not_waited_for() {
        let mut state = State::new(TokenQuota::per_minute(100).per_day(150));
        let first = state.admit(at(0), demand(99)).unwrap();
        assert_eq!(state.admit(at(70), demand(99)), Err(Wait::ForEnd), "the first may give back");
        state.settle(at(71), first, &used(100, 0));
        assert!(matches!(state.admit(at(140), demand(99)), Err(Wait::ForDay(_))));
        assert!(state.admit(at(140), demand(40)).is_ok());
    }

    #[test]
    fn a_request_beyond_the_quota_is_admitted_alone() {
        let mut state = State::new(TokenQuota::per_minute(100));
        let held = state.admit(at(0), demand(1_000_000)).unwrap();
        assert!(matches!(state.admit(at(0), demand(0)), Err(Wait::Until(_))));
        state.refuse(held);
        assert!(state.admit(at(0), demand(0)).is_ok());
    }

    #[test]
    fn throttling_pauses_and_leaves_more_room_until_calls_succeed_again() {
        let mut state = State::new(TokenQuota::per_minute(1_000));
        state.throttle(at(0), Some(at(7)));
        state.throttle(at(1), None);
        assert_eq!(state.share, 900, "one cause");
        assert_eq!(state.admit(at(1), demand(0)), Err(Wait::Until(at(7))));
        let held = state.admit(at(7), demand(800)).unwrap();
        assert!(state.admit(at(7), demand(150)).is_err());
        state.settle(at(8), held, &used(0, 0));
        assert_eq!(state.share, 902);
        for second in 0..100 {
            state.throttle(at(100 * second + 100), None);
        }
        assert_eq!(state.share, LEAST_SHARE);
    }

    #[test]
    fn concurrency_is_limited() {
        let mut state = State::new(TokenQuota::per_minute(u64::MAX).concurrency(1));
        let held = state.admit(at(0), demand(0)).unwrap();
        assert_eq!(state.admit(at(0), demand(0)), Err(Wait::ForEnd));
        state.refuse(held);
        assert!(state.admit(at(0), demand(0)).is_ok());
    }

    proptest! {
        /// Whatever is asked for, given back and when: what is reserved in a minute never exceeds the quota, and a
        /// request that waits until the time that it is told is admitted.
        #[test]
        fn no_minute_exceeds_the_quota(
            steps in prop::collection::vec((0_u64..3_000, 0_u64..150, prop::option::of(0_u64..150)), 1..100),
        ) {
            let mut state = State::new(TokenQuota::per_minute(100));
            let mut now = Duration::ZERO;
            for (pause, most, reply) in steps {
                now += Duration::from_millis(pause);
                let held = match state.admit(now, demand(most)) {
                    Ok(held) => held,
                    Err(Wait::Until(until)) => {
                        prop_assert!(until > now);
                        now = until;
                        match state.admit(now, demand(most)) {
                            Ok(held) => held,
                            Err(wait) => return Err(TestCaseError::fail(format!("{wait:?}"))),
                        }
                    }
                    Err(wait) => return Err(TestCaseError::fail(format!("{wait:?}"))),
                };
                prop_assert!(state.used_in_minute(now) <= 100);
                match reply {
                    Some(reply) => state.settle(now, held, &used(0, reply.min(most.min(99)))),
                    None => state.end(),
                }
                prop_assert_eq!(state.in_flight, 0);
            }
        }
    }
}
