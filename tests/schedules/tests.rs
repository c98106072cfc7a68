//! Runs each scenario under many schedules.
//!
//! A schedule that fails is printed, and `shuttle::replay` runs it again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use bedrock_orm_schedules::scenarios;

/// The number of random schedules, and of those that switch between tasks rarely but at the worst points.
const SCHEDULES: usize = 2_000;
/// The number of such points.
const DEPTH: usize = 3;

fn check(scenario: fn()) {
    shuttle::check_random(scenario, SCHEDULES);
    shuttle::check_pct(scenario, SCHEDULES, DEPTH);
}

#[test]
fn limiter_keeps_its_places() {
    check(scenarios::limiter_keeps_its_places);
}

#[test]
fn concurrency_limit_falls_and_recovers() {
    check(scenarios::concurrency_limit_falls_and_recovers);
}

#[test]
fn cells_fetch_once() {
    check(scenarios::cells_fetch_once);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_task_that_waits_forever_fails() {
    check(scenarios::deadlock);
}
