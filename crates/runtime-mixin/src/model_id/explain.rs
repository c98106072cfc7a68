//! Names the inference profiles to use when AWS refuses a model that needs one.

use std::pin::Pin;
use std::time::Duration;

use bedrock_orm_core::{Error, Session, sdk};
use bedrock_orm_models::InferenceProfileSummary;

use super::arn::Arn;
use super::resolved::Routing;
use super::resolver::{self, Resolver};

/// How long the lookup may take. The error does not wait for a control plane that is slow.
const LIMIT: Duration = Duration::from_secs(2);

/// Adds the names of the profiles to the error, if AWS refuses the model for on-demand throughput. If they cannot be
/// looked up, the error keeps its own hint.
pub(crate) fn explain<'a>(
    session: &'a Session,
    model_id: &'a str,
    error: Error,
) -> Pin<Box<dyn Future<Output = Error> + Send + 'a>> {
    Box::pin(async move {
        if !sdk::is_on_demand_refusal(&error) {
            return error;
        }
        let Some(model_id) = Arn::model_id(model_id) else { return error };
        let resolver = Resolver::of(session);
        let lookup = Box::pin(resolver.profiles_of(session, model_id));
        match tokio::time::timeout(LIMIT, lookup).await {
            Ok(Ok(profiles)) => error.with_hint(hint(session, model_id, &profiles)),
            _ => error,
        }
    })
}

/// Returns what to call instead of the model.
pub(crate) fn hint(session: &Session, model_id: &str, profiles: &[InferenceProfileSummary]) -> String {
    let region = session.region();
    let name = |profile: &InferenceProfileSummary| {
        let id = &profile.inference_profile_id;
        match resolver::route(session, &profile.models) {
            (Routing::Global, _) => format!("`{id}` (any region)"),
            (_, regions) => format!("`{id}` ({})", regions.join(", ")),
        }
    };
    match profiles {
        [] => format!(
            "no inference profile of {region} leads to {model_id}: use another region or model, or provisioned \
             throughput"
        ),
        profiles => {
            let names: Vec<String> = profiles.iter().map(name).collect();
            format!(
                "use the ID of an inference profile of {region} that leads to the model: {}. `invocable()` on the \
                 model chooses one",
                names.join(", ")
            )
        }
    }
}
