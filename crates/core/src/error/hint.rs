//! What to do about the failures whose message does not say.

use super::{ErrorKind, Inner};
use crate::Session;

/// The advice for this failure, where there is any that AWS's message does not give.
pub(super) fn hint(error: &Inner, model_id: Option<&str>, session: &Session) -> Option<String> {
    let region = session.region();
    let message = error.message.as_str();
    let hint = match error.kind {
        ErrorKind::Validation if message.contains("on-demand throughput") => on_demand(model_id, region),
        ErrorKind::Validation if message.contains("model identifier is invalid") => format!(
            "no model of that ID is known in {region}; `FoundationModel::objects().list()` shows those that are, \
             and an inference profile's prefix (`us.`, `eu.`, `global.` …) must fit the region"
        ),
        ErrorKind::AccessDenied if message.contains("access to the model") => format!(
            "ask for access to the model in {region} (console: Bedrock, Model access), or check with \
             `FoundationModel::objects().availability(…)`"
        ),
        ErrorKind::Credentials => credentials(message),
        ErrorKind::Throttled if message.contains("tokens") => {
            "the account's quota of tokens per minute is used up, the prompt is not too long; wait, or ask for a \
             larger quota, or go through a cross-region inference profile"
                .to_owned()
        }
        ErrorKind::DoesNotExist if message.contains("end of its life") => {
            "use a newer version; `FoundationModel::objects().list()` shows those that are active".to_owned()
        }
        ErrorKind::DoesNotExist => format!("the session looks in {region} alone, and in its own account"),
        ErrorKind::Transport => match session.sdk_config().endpoint_url() {
            Some(endpoint_url) => format!("is a server listening at {endpoint_url}?"),
            None => format!("is `{region}` a region that has Bedrock, and can this machine reach it?"),
        },
        _ => return None,
    };
    Some(hint)
}

fn on_demand(model_id: Option<&str>, region: &str) -> String {
    let profile = match (model_id.filter(|id| !id.starts_with("arn:")), geography(region)) {
        (Some(model_id), Some(geography)) => format!("such as `{geography}.{model_id}`"),
        _ => format!("of {region}"),
    };
    format!(
        "call the model through an inference profile {profile}: `FoundationModel::with_id(\"<profile>\").using(&session)`; \
         `aws bedrock list-inference-profiles --region {region}` lists the profiles and their models"
    )
}

/// The prefix of the inference profiles that AWS defines for a region's part of the world.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>
fn geography(region: &str) -> Option<&'static str> {
    [("us-gov-", "us-gov"), ("us-", "us"), ("eu-", "eu"), ("ap-", "apac")]
        .into_iter()
        .find_map(|(start, geography)| region.starts_with(start).then_some(geography))
}

fn credentials(message: &str) -> String {
    if message.contains("expired") {
        "the credentials have expired, or this machine's clock is wrong; sign in again (`aws sso login`)"
            .to_owned()
    } else {
        "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK (a Bedrock API \
         key), or sign in (`aws sso login`)"
            .to_owned()
    }
}
