//! Which fault strikes which request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::faults::fault::{Effect, Fault, When};
use crate::faults::quota::{Quota, tokens, tokens_of_event};
use crate::wire::description::{Operation, Service, Services};
use crate::wire::error::AwsError;
use crate::wire::output::Output;
use crate::wire::request::Request;
use crate::wire::routing::is_identifier_of;
use crate::world::World;
use crate::world::ids::mix;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A fault that is planned, and what it has done so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlannedFault {
    /// Its number, by which it can be taken out of the plan again.
    pub id: u64,
    /// The fault as it was told.
    #[serde(flatten)]
    pub fault: Fault,
    /// How many requests have fitted it.
    pub seen: u64,
    /// How many of them it has struck.
    pub struck: u64,
}

#[derive(Debug)]
pub(crate) struct Faults {
    services: &'static Services,
    plan: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    planned: Vec<Planned>,
    last_id: u64,
}

#[derive(Debug)]
struct Planned {
    told: PlannedFault,
    quota: Quota,
}

/// What a fault can know of a request.
pub(crate) struct Target<'a> {
    pub(crate) service: &'a Service,
    pub(crate) operation: &'a Operation,
    /// The model that the request's path names.
    pub(crate) in_path: Option<&'a str>,
    pub(crate) body: &'a [u8],
    pub(crate) now: Timestamp,
}

impl Target<'_> {
    /// The model that is meant. Some operations name it in the body, which is read for no fault but one of a model.
    fn model(&self) -> Option<String> {
        let in_body =
            || serde_json::from_slice::<Value>(self.body).ok()?["modelId"].as_str().map(str::to_owned);
        self.in_path.map(str::to_owned).or_else(in_body)
    }
}

/// What strikes one request.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    /// All that strike it, pauses included.
    pub(crate) faults: Vec<Fault>,
    /// How long its answer is held back.
    pub(crate) pause: Duration,
    /// The error that it gets, without being performed.
    pub(crate) refusal: Option<Refusal>,
    /// What spoils its answer.
    pub(super) effect: Option<Effect>,
    /// How often that has struck, so that it can differ from time to time.
    nonce: u64,
    /// The quotas that its tokens are taken from.
    metered: Vec<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) error: AwsError,
    pub(crate) status: Option<u16>,
    pub(crate) retry_after: Option<Duration>,
}

impl Faults {
    pub(crate) fn new(services: &'static Services) -> Self {
        Self { services, plan: Mutex::default() }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans faults and gives them their numbers. An error says why one of them could not strike; none is planned then.
    pub(crate) fn add(&self, faults: Vec<Fault>) -> Result<Vec<u64>, String> {
        faults.iter().try_for_each(|fault| fault.check(self.services))?;
        let mut plan = self.plan();
        let add = |fault| {
            plan.last_id += 1;
            let told = PlannedFault { id: plan.last_id, fault, seen: 0, struck: 0 };
            plan.planned.push(Planned { told, quota: Quota::default() });
            plan.last_id
        };
        Ok(faults.into_iter().map(add).collect())
    }

    /// Whether there was such a fault.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut plan = self.plan();
        let before = plan.planned.len();
        plan.planned.retain(|planned| planned.told.id != id);
        plan.planned.len() < before
    }

    pub(crate) fn clear(&self) {
        self.plan().planned.clear();
    }

    /// Plans as at the beginning.
    pub(crate) fn reset(&self, faults: &[Fault]) -> Result<(), String> {
        *self.plan() = Plan::default();
        self.add(faults.to_vec()).map(drop)
    }

    pub(crate) fn list(&self) -> Vec<PlannedFault> {
        self.plan().planned.iter().map(|planned| planned.told.clone()).collect()
    }

    /// Whether the connection that was just accepted is closed at once.
    pub(crate) fn refuse_connection(&self) -> bool {
        let mut plan = self.plan();
        let refusing = plan.planned.iter_mut();
        let mut refusing =
            refusing.filter(|planned| matches!(planned.told.fault.effect, Effect::RefuseConnections {}));
        refusing.any(|planned| {
            let due = planned.is_due();
            planned.told.struck += u64::from(due);
            due
        })
    }

    /// What strikes a request. Every fault that fits it counts it.
    pub(crate) fn strike(&self, target: &Target<'_>) -> Strike {
        let mut strike = Strike::default();
        for planned in &mut self.plan().planned {
            if planned.fits(target) && planned.is_due() && !strike.is_decided() {
                planned.strike(target.now, &mut strike);
            }
        }
        strike
    }

    /// Takes what an answer cost from the quotas that let its request pass.
    fn spend(&self, quotas: &[u64], now: Timestamp, cost: u64) {
        if cost == 0 {
            return;
        }
        for planned in &mut self.plan().planned {
            if quotas.contains(&planned.told.id) {
                planned.quota.spend(now, cost);
            }
        }
    }
}

impl Planned {
    fn fits(&self, target: &Target<'_>) -> bool {
        let Fault { effect, when } = &self.told.fault;
        when.operation.as_deref().is_none_or(|operation| operation == target.operation.name)
            && when
                .model
                .as_deref()
                .is_none_or(|model| target.model().is_some_and(|called| is_identifier_of(model, &called)))
            && effect.fits(target.service, target.operation)
    }

    /// Counts a request that fits, and tells whether it is one to strike.
    fn is_due(&mut self) -> bool {
        let When { after, times, probability, seed, .. } = self.told.fault.when;
        self.told.seen += 1;
        self.told.seen > after
            && times.is_none_or(|times| self.told.struck < times)
            && probability.is_none_or(|probability| draw(seed, self.told.seen) < probability)
    }

    fn strike(&mut self, now: Timestamp, strike: &mut Strike) {
        match &self.told.fault.effect {
            Effect::Latency { ms } => {
                strike.pause = strike.pause.saturating_add(Duration::from_millis(*ms));
            }
            Effect::Error { code, message, status, retry_after_ms } => {
                strike.refusal = Some(Refusal {
                    error: error(code, message.as_deref()),
                    status: *status,
                    retry_after: retry_after_ms.map(Duration::from_millis),
                });
            }
            Effect::RequestsPerSecond { limit } => match self.quota.admit(now, *limit, SECOND) {
                Ok(()) => return self.quota.spend(now, 1),
                Err(wait) => strike.refusal = Some(throttled("requests", wait)),
            },
            Effect::TokensPerMinute { limit } => match self.quota.admit(now, *limit, MINUTE) {
                Ok(()) => return strike.metered.push(self.told.id),
                Err(wait) => strike.refusal = Some(throttled("tokens", wait)),
            },
            effect => (strike.effect, strike.nonce) = (Some(effect.clone()), self.told.struck),
        }
        self.told.struck += 1;
        strike.faults.push(self.told.fault.clone());
    }
}

impl Strike {
    /// Takes what an answer costs from the quotas; of a stream, once that is told.
    pub(crate) fn metered(&self, faults: &Arc<Faults>, world: &Arc<World>, answer: Output) -> Output {
        if self.metered.is_empty() {
            return answer;
        }
        match answer {
            Output::Events { events, headers, ending } => {
                let (faults, world, quotas) = (Arc::clone(faults), Arc::clone(world), self.metered.clone());
                let events = events.inspect(move |event| {
                    let cost = event.as_ref().map_or(0, tokens_of_event);
                    faults.spend(&quotas, world.clock.now(), cost);
                });
                Output::Events { events: events.boxed(), headers, ending }
            }
            answer => {
                faults.spend(&self.metered, world.clock.now(), tokens(&answer));
                answer
            }
        }
    }

    /// Spoils what an operation has answered, before it becomes HTTP.
    pub(crate) fn spoil(&self, request: &Request, answer: Output) -> Output {
        let Some(effect) = &self.effect else { return answer };
        let mut answer = effect.estranged(request.service, request.operation, answer);
        effect.spoil_page(request, self.nonce, &mut answer);
        answer
    }

    fn is_decided(&self) -> bool {
        self.refusal.is_some() || self.effect.is_some()
    }
}

/// A number from 0 to 1, the same for the same request of the same seed.
fn draw(seed: u64, request: u64) -> f64 {
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    let drawn = mix(mix(seed).wrapping_add(request.wrapping_mul(STEP)));
    (drawn >> 11) as f64 / (1_u64 << 53) as f64
}

fn throttled(of_what: &str, wait: Duration) -> Refusal {
    let message = format!("Too many {of_what}, please wait before trying again.");
    let error = AwsError::new("ThrottlingException", message);
    Refusal { error, status: None, retry_after: Some(wait) }
}

/// An error that says what AWS says, unless it is told what to say.
pub(super) fn error(code: &str, message: Option<&str>) -> AwsError {
    let usual = || match code.to_ascii_lowercase().trim_end_matches("exception") {
        "throttling" => "Too many requests, please wait before trying again.",
        "accessdenied" => "You don't have access to the model with the specified model ID.",
        "internalserver" => {
            "The system encountered an unexpected error during processing. Try your request again."
        }
        "serviceunavailable" => "Bedrock is unable to process your request.",
        "modeltimeout" => "Model has timed out in processing the request. Try your request again.",
        "modelnotready" => "Model is not ready for inference. Wait and try your request again.",
        "modelstreamerror" => {
            "The system encountered an error while streaming the model's output. Try your request again."
        }
        _ => "bedrock-local was told to fail this request.",
    };
    AwsError::new(code, message.unwrap_or_else(usual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_any_name() {
        let model = "anthropic.claude-3-haiku-20240307-v1:0";
        let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{model}");
        for called in
            [model, &format!("us.{model}"), &arn, &format!("arn:aws:x:inference-profile/eu.{model}")]
        {
            assert!(is_identifier_of(model, called), "{called}");
        }
        assert!(!is_identifier_of(model, "anthropic.claude-3-haiku-20240307-v1:0-x"));
        assert!(!is_identifier_of("v1:0", model));
    }

    #[test]
    fn a_seed_draws_the_same_again_and_a_part_as_large_as_told() {
        let struck = |seed| (0..10_000).filter(|n| draw(seed, *n) < 0.25).collect::<Vec<_>>();
        assert_eq!(struck(7), struck(7));
        assert_ne!(struck(7), struck(8));
        assert!((2300..2700).contains(&struck(7).len()), "{}", struck(7).len());
    }
}
