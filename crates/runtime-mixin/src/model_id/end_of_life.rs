//! Warns about models that AWS is about to retire.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bedrock_orm_core::{Session, sdk};
use bedrock_orm_models::FoundationModel;
use bedrock_orm_models::jiff::Timestamp;

/// How long before its end of life a model is reported: 90 days. AWS announces the end of life at least six months
/// before it.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-lifecycle.html>
pub(crate) const NEAR: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The models that a session has warned about.
#[derive(Default)]
struct Warned(Mutex<Vec<String>>);

/// Returns whether the model's end of life is in the past, or not further away than this. `false` if it is not known.
pub(crate) fn ends_within(model: &FoundationModel, within: Duration) -> bool {
    let end = model.model_lifecycle.as_ref().and_then(|lifecycle| lifecycle.end_of_life_time);
    end.is_some_and(|end| Timestamp::now().checked_add(within).is_ok_and(|limit| end <= limit))
}

/// Warns if the model's end of life is near, once for each model of a session. It uses what is known already, and sends
/// nothing.
pub(crate) fn warn_once(session: &Session, model: &FoundationModel) {
    // Most models have no end of life, so most calls end here.
    if let Some(lifecycle) = &model.model_lifecycle
        && let Some(end) = lifecycle.end_of_life_time
        && ends_within(model, NEAR)
    {
        let warned = sdk::extension::<Warned>(session);
        let is_new = {
            let mut warned = warned.0.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = !warned.contains(&model.model_id);
            if is_new {
                warned.push(model.model_id.clone());
            }
            is_new
        };
        if is_new {
            tracing::warn!(
                target: "bedrock_orm",
                model_id = model.model_id,
                region = session.region(),
                end_of_life = %end,
                "the model is near its end of life, or past it: use a newer one"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use bedrock_orm_models::FoundationModelLifecycle;

    use super::*;

    #[test]
    fn an_end_is_near_90_days_before_it_and_after_it() {
        const DAY: i64 = 24 * 60 * 60;
        let mut model = FoundationModel::with_id("acme.oracle-v1:0");
        assert!(!ends_within(&model, NEAR), "not known");
        for (days, is_near) in [(-1, true), (1, true), (89, true), (91, false)] {
            let end = Timestamp::from_second(Timestamp::now().as_second() + days * DAY).unwrap();
            let mut lifecycle = FoundationModelLifecycle::default();
            lifecycle.end_of_life_time = Some(end);
            model.model_lifecycle = Some(lifecycle);
            assert_eq!(ends_within(&model, NEAR), is_near, "in {days} days");
        }
    }
}
