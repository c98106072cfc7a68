//! Sends a request with cache points, and again without those that AWS refuses.

use bedrock_orm_core::{Result, sdk};
use bedrock_orm_models::ConverseRequest;
use tokio::time::Instant;

use super::accepted::{Accepted, AcceptedByModel};
use super::memory::{Memory, Prefixes};
use super::placement::place;
use super::point::CachePoint;
use super::policy::CachePolicy;
use super::report::{CacheMiss, Caching};
use crate::Target;

/// Sends the request with the policy's cache points. `call` sends a request once.
pub(crate) async fn send<T, F>(
    target: &Target,
    request: &ConverseRequest,
    policy: &CachePolicy,
    mut call: impl FnMut(ConverseRequest) -> F,
) -> Result<(T, Caching)>
where
    F: Future<Output = Result<T>>,
{
    let known = sdk::extension::<AcceptedByModel>(&target.session);
    let before = known.of(&target.model_id);
    let mut accepted = before;
    loop {
        let mut marked = request.clone();
        let points = place(&mut marked, policy, accepted);
        match call(marked).await {
            Ok(reply) => {
                if accepted != before {
                    known.keep(&target.model_id, accepted);
                }
                let expected = expected_miss(target, request, &points, accepted);
                return Ok((reply, Caching { points, expected }));
            }
            Err(error) => match accepted.after(&error, &points) {
                Some(fewer) => accepted = fewer,
                None => return Err(error),
            },
        }
    }
}

/// Returns why nothing is read, if that is the case.
fn expected_miss(
    target: &Target,
    request: &ConverseRequest,
    points: &[CachePoint],
    accepted: Accepted,
) -> CacheMiss {
    if points.is_empty() {
        return if accepted == Accepted::default() { CacheMiss::NoPlace } else { CacheMiss::Refused };
    }
    let prefixes = Prefixes::of(&target.model_id, request);
    let memory = sdk::extension::<Memory>(&target.session);
    memory.look_up_and_keep(&target.model_id, &prefixes, points, Instant::now())
}
