//! The faults of a server, and which of them apply to a request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::faults::applied::{AppliedFaults, InjectedError, Taken, injected_error};
use crate::faults::effect::Effect;
use crate::faults::fault::{Fault, RequestFilter};
use crate::faults::quota::{Quota, Reported, tokens_of_event, tokens_of_output, tokens_of_request};
use crate::wire::description::{Operation, Service, Services};
use crate::wire::error::AwsError;
use crate::wire::output::Output;
use crate::wire::routing::is_identifier_of;
use crate::world::World;
use crate::world::ids::mix;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A fault of a server, and how often it has applied.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlannedFault {
    /// Its ID, for [`LocalBedrock::remove_fault`](crate::LocalBedrock::remove_fault).
    pub id: u64,
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// How many requests have matched it.
    pub seen: u64,
    /// How many of them it has applied to.
    pub applied: u64,
}

/// The faults of a server.
#[derive(Debug)]
pub(crate) struct Faults {
    services: &'static Services,
    plan: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    entries: Vec<PlanEntry>,
    last_id: u64,
}

#[derive(Debug)]
struct PlanEntry {
    planned: PlannedFault,
    quota: Quota,
}

/// What decides whether a fault matches a request.
pub(crate) struct FaultTarget<'a> {
    pub(crate) service: &'a Service,
    pub(crate) operation: &'a Operation,
    /// The model ID in the request's path.
    pub(crate) model_in_path: Option<&'a str>,
    pub(crate) body: &'a [u8],
    /// Returns the most tokens that the model replies with, if it is known.
    pub(crate) model_max_tokens: &'a dyn Fn() -> Option<u64>,
    pub(crate) now: Timestamp,
}

impl FaultTarget<'_> {
    /// The request's model ID. Some operations have it in the body, which is parsed only for faults that are limited to
    /// a model.
    fn model_id(&self) -> Option<String> {
        let in_body =
            || serde_json::from_slice::<Value>(self.body).ok()?["modelId"].as_str().map(str::to_owned);
        self.model_in_path.map(str::to_owned).or_else(in_body)
    }
}

impl Faults {
    pub(crate) fn new(services: &'static Services) -> Self {
        Self { services, plan: Mutex::default() }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds faults and returns their IDs. If one of them can never apply, none is added, and the error says why.
    pub(crate) fn add(&self, faults: Vec<Fault>) -> Result<Vec<u64>, String> {
        faults.iter().try_for_each(|fault| fault.check(self.services))?;
        let mut plan = self.plan();
        let add = |fault| {
            plan.last_id += 1;
            let planned = PlannedFault { id: plan.last_id, fault, seen: 0, applied: 0 };
            plan.entries.push(PlanEntry { planned, quota: Quota::default() });
            plan.last_id
        };
        Ok(faults.into_iter().map(add).collect())
    }

    /// Removes a fault. Returns whether there was one with this ID.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut plan = self.plan();
        let before = plan.entries.len();
        plan.entries.retain(|entry| entry.planned.id != id);
        plan.entries.len() < before
    }

    pub(crate) fn clear(&self) {
        self.plan().entries.clear();
    }

    /// Restores the faults of the server's start.
    pub(crate) fn reset(&self, faults: &[Fault]) -> Result<(), String> {
        *self.plan() = Plan::default();
        self.add(faults.to_vec()).map(drop)
    }

    pub(crate) fn list(&self) -> Vec<PlannedFault> {
        self.plan().entries.iter().map(|entry| entry.planned.clone()).collect()
    }

    /// Whether a fault resets the connection that was just accepted.
    pub(crate) fn refuse_connection(&self) -> bool {
        let mut plan = self.plan();
        let mut refusing = plan
            .entries
            .iter_mut()
            .filter(|entry| matches!(entry.planned.fault.effect, Effect::RefuseConnections {}));
        refusing.any(|entry| {
            let applies = entry.count_match();
            entry.planned.applied += u64::from(applies);
            applies
        })
    }

    /// Returns the faults that apply to a request. Every fault that matches the request counts it.
    pub(crate) fn for_request(&self, target: &FaultTarget<'_>) -> AppliedFaults {
        let mut applied = AppliedFaults::default();
        for entry in &mut self.plan().entries {
            if entry.matches(target) && entry.count_match() && !applied.is_final() {
                entry.apply(target, &mut applied);
            }
        }
        applied
    }

    /// Settles what a request has taken of quotas with what its output reports. A stream's is settled when an event
    /// reports it.
    pub(crate) fn count_tokens(
        self: &Arc<Self>,
        applied: &AppliedFaults,
        world: &Arc<World>,
        output: Output,
    ) -> Output {
        if applied.taken.is_empty() {
            return output;
        }
        match output {
            Output::Events { events, headers, ending } => {
                let (faults, world) = (Arc::clone(self), Arc::clone(world));
                let taken = applied.taken.clone();
                let events = events.inspect(move |event| {
                    if let Some(reported) = event.as_ref().ok().and_then(tokens_of_event) {
                        faults.settle(&taken, world.clock.now(), reported);
                    }
                });
                Output::Events { events: events.boxed(), headers, ending }
            }
            output => {
                self.settle(&applied.taken, world.clock.now(), tokens_of_output(&output));
                output
            }
        }
    }

    /// Gives back what a request has taken of quotas, because no model replied.
    pub(crate) fn give_back(&self, applied: &AppliedFaults, now: Timestamp) {
        self.settle(&applied.taken, now, Reported::default());
    }

    fn settle(&self, taken: &[Taken], now: Timestamp, reported: Reported) {
        if taken.is_empty() {
            return;
        }
        for entry in &mut self.plan().entries {
            let Effect::TokensPerMinute { burndown, .. } = entry.planned.fault.effect else { continue };
            for taken in taken.iter().filter(|taken| taken.fault == entry.planned.id) {
                let cost = reported.input.saturating_add(reported.output.saturating_mul(burndown));
                entry.quota.settle(taken.id, now, cost);
            }
        }
    }
}

impl PlanEntry {
    fn matches(&self, target: &FaultTarget<'_>) -> bool {
        let Fault { effect, filter } = &self.planned.fault;
        filter.operation.as_deref().is_none_or(|operation| operation == target.operation.name)
            && filter.model.as_deref().is_none_or(|model| {
                target.model_id().is_some_and(|model_id| is_identifier_of(model, &model_id))
            })
            && effect.matches(target.service, target.operation)
    }

    /// Counts a request that matches. Returns whether the fault applies to it.
    fn count_match(&mut self) -> bool {
        let RequestFilter { after, times, probability, seed, .. } = self.planned.fault.filter;
        self.planned.seen += 1;
        self.planned.seen > after
            && times.is_none_or(|times| self.planned.applied < times)
            && probability.is_none_or(|probability| draw_share(seed, self.planned.seen) < probability)
    }

    fn apply(&mut self, target: &FaultTarget<'_>, applied: &mut AppliedFaults) {
        let now = target.now;
        match &self.planned.fault.effect {
            Effect::Latency { ms } => {
                applied.pause = applied.pause.saturating_add(Duration::from_millis(*ms));
            }
            Effect::Error { code, message, status, retry_after_ms } => {
                applied.error = Some(InjectedError {
                    error: injected_error(code, message.as_deref()),
                    status: *status,
                    retry_after: retry_after_ms.map(Duration::from_millis),
                });
            }
            Effect::RequestsPerSecond { limit } => match self.quota.admit(now, *limit, SECOND, 1) {
                Ok(_) => return,
                Err(wait) => applied.error = Some(throttled("requests", wait)),
            },
            Effect::TokensPerMinute { limit, .. } => {
                let cost = tokens_of_request(target.body, target.model_max_tokens);
                match self.quota.admit(now, *limit, MINUTE, cost) {
                    Ok(id) => return applied.taken.push(Taken { fault: self.planned.id, id }),
                    Err(wait) => applied.error = Some(throttled("tokens", wait)),
                }
            }
            effect => (applied.effect, applied.nonce) = (Some(effect.clone()), self.planned.applied),
        }
        self.planned.applied += 1;
        applied.faults.push(self.planned.fault.clone());
    }
}

/// Draws a number from 0 to 1 that depends only on the seed and the request's number.
fn draw_share(seed: u64, request: u64) -> f64 {
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    let drawn = mix(mix(seed).wrapping_add(request.wrapping_mul(STEP)));
    (drawn >> 11) as f64 / (1_u64 << 53) as f64
}

fn throttled(of_what: &str, wait: Duration) -> InjectedError {
    let message = format!("Too many {of_what}, please wait before trying again.");
    let error = AwsError::new("ThrottlingException", message);
    InjectedError { error, status: None, retry_after: Some(wait) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_matches_by_any_of_its_names() {
        let model = "anthropic.claude-3-haiku-20240307-v1:0";
        let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{model}");
        for model_id in
            [model, &format!("us.{model}"), &arn, &format!("arn:aws:x:inference-profile/eu.{model}")]
        {
            assert!(is_identifier_of(model, model_id), "{model_id}");
        }
        assert!(!is_identifier_of(model, "anthropic.claude-3-haiku-20240307-v1:0-x"));
        assert!(!is_identifier_of("v1:0", model));
    }

    #[test]
    fn a_seed_draws_the_same_requests_again_and_the_right_share() {
        let drawn = |seed| (0..10_000).filter(|n| draw_share(seed, *n) < 0.25).collect::<Vec<_>>();
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        assert!((2300..2700).contains(&drawn(7).len()), "{}", drawn(7).len());
    }
}
