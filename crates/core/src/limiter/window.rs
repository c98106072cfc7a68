//! The tokens of a moving window of time.

use std::collections::VecDeque;
use std::time::Duration;

/// Counts tokens over a span of time that moves along. It counts by slots, so that it stays small; tokens leave when the
/// whole of their slot is older than the span. All times count from one start.
#[derive(Clone, Debug)]
pub(super) struct Window {
    span: Duration,
    slot: Duration,
    limit: u64,
    /// The number of a slot, and its tokens.
    slots: VecDeque<(u64, u64)>,
    sum: u64,
}

impl Window {
    pub(super) fn new(span: Duration, slots: u32, limit: u64) -> Self {
        Self { span, slot: span / slots, limit, slots: VecDeque::new(), sum: 0 }
    }

    fn slot_at(&self, now: Duration) -> u64 {
        u64::try_from(now.as_nanos() / self.slot.as_nanos().max(1)).unwrap_or(u64::MAX)
    }

    /// When the tokens of a slot leave.
    fn end_of(&self, slot: u64) -> Duration {
        let slots = u32::try_from(slot.saturating_add(1)).unwrap_or(u32::MAX);
        self.slot.saturating_mul(slots).saturating_add(self.span)
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Returns the tokens in the window.
    pub(super) fn sum(&mut self, now: Duration) -> u64 {
        while let Some((slot, tokens)) = self.slots.front().copied() {
            if self.end_of(slot) > now {
                break;
            }
            self.slots.pop_front();
            self.sum -= tokens;
        }
        self.sum
    }

    /// Returns when at most this many tokens are in the window, if none are added.
    pub(super) fn time_of(&self, at_most: u64) -> Duration {
        let mut left = self.sum;
        for (slot, tokens) in &self.slots {
            left -= tokens;
            if left <= at_most {
                return self.end_of(*slot);
            }
        }
        Duration::ZERO
    }

    pub(super) fn add(&mut self, now: Duration, tokens: u64) {
        let slot = self.slot_at(now);
        let tokens = tokens.min(u64::MAX - self.sum);
        self.sum += tokens;
        match self.slots.back_mut() {
            Some((last, sum)) if *last >= slot => *sum += tokens,
            _ => self.slots.push_back((slot, tokens)),
        }
    }

    /// Takes back tokens that were added at that time, if they are still in the window.
    pub(super) fn take_back(&mut self, added: Duration, tokens: u64) {
        let slot = self.slot_at(added);
        if let Some((_, sum)) = self.slots.iter_mut().find(|(number, _)| *number == slot) {
            let tokens = tokens.min(*sum);
            *sum -= tokens;
            self.sum -= tokens;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn tokens_leave_after_the_span() {
        let mut window = Window::new(MINUTE, 60, 100);
        window.add(at(0), 60);
        window.add(at(10), 30);
        assert_eq!((window.sum(at(10)), window.sum(at(60))), (90, 90));
        assert_eq!((window.time_of(89), window.time_of(30), window.time_of(29)), (at(61), at(61), at(71)));
        assert_eq!(window.sum(at(61)), 30);
        window.take_back(at(10), 20);
        window.take_back(at(0), 60);
        assert_eq!((window.sum(at(61)), window.sum(at(71))), (10, 0));
    }

    proptest! {
        /// The window never counts less than what was added within the span, and nothing that is older than it and a slot.
        #[test]
        fn a_window_counts_what_was_added(steps in prop::collection::vec((0_u64..5_000, 0_u64..1_000), 1..80)) {
            let mut window = Window::new(MINUTE, 60, 0);
            let mut added: Vec<(Duration, u64)> = Vec::new();
            let mut now = Duration::ZERO;
            for (pause, tokens) in steps {
                now += Duration::from_millis(pause);
                window.add(now, tokens);
                added.push((now, tokens));
                let within = |span: Duration| -> u64 {
                    added.iter().filter(|(then, _)| *then + span > now).map(|(_, tokens)| tokens).sum()
                };
                let sum = window.sum(now);
                prop_assert!(sum >= within(MINUTE) && sum <= within(MINUTE + Duration::from_secs(1)));
                prop_assert!(window.time_of(0) <= now + MINUTE + Duration::from_secs(1));
            }
        }
    }
}
