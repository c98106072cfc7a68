//! Hints for failures whose message does not say what to do.

use super::{ErrorKind, Inner};
use crate::Session;
use crate::session::CredentialSource;

/// Returns a hint for the failure, if AWS's message has none.
pub(super) fn hint(error: &Inner, model_id: Option<&str>, session: &Session) -> Option<String> {
    let region = session.region();
    let message = error.message.as_str();
    let hint = match error.kind {
        _ if error.is_on_demand_refusal() => on_demand(model_id, region),
        ErrorKind::AccessDenied if message.contains("access to the model") => format!(
            "request access to the model in {region} (console: Bedrock, Model access), or check with \
             `FoundationModel::objects().availability(…)`"
        ),
        ErrorKind::AccessDenied if message.contains("API Key") => credentials(message, session),
        ErrorKind::Credentials => credentials(message, session),
        ErrorKind::Throttled if message.contains("tokens per day") => {
            "the account's quota of tokens per day is used up; the prompt is not too long. Waiting a few minutes does \
             not help: request a larger quota, or use another model"
                .to_owned()
        }
        ErrorKind::Throttled if message.contains("tokens") => {
            "the account's quota of tokens per minute is used up; the prompt is not too long. Wait, request a larger \
             quota, or use a cross-region inference profile"
                .to_owned()
        }
        ErrorKind::DoesNotExist if message.contains("end of its life") => {
            "use a newer version; `FoundationModel::objects().list()` lists the active models".to_owned()
        }
        ErrorKind::DoesNotExist if message.contains("marked by provider as Legacy") => {
            "AWS keeps a legacy model only for accounts that use it: use a newer version; \
             `FoundationModel::objects().list()` shows each model's lifecycle"
                .to_owned()
        }
        ErrorKind::DoesNotExist if is_unknown_model(message) => format!(
            "`FoundationModel::objects().list()` lists the models of {region}, and \
             `InferenceProfile::objects().list()` lists its inference profiles; the models of other regions are not \
             available there"
        ),
        ErrorKind::DoesNotExist => format!("the session finds only resources of its own account in {region}"),
        ErrorKind::Transport => match session.sdk_config().endpoint_url() {
            Some(endpoint_url) => format!("is a server listening at {endpoint_url}?"),
            None => format!("is `{region}` a region that has Bedrock, and can this machine reach it?"),
        },
        _ if error.http_status.is_some_and(|status| status >= 400) && error.code.is_none() => {
            "the response has no AWS error code: it may come from a proxy or a gateway, or from an endpoint that is \
             not Bedrock"
                .to_owned()
        }
        _ => return None,
    };
    Some(hint)
}

/// Returns a query for the inference profiles of a model. Their IDs follow no rule, so only AWS knows them.
fn on_demand(model_id: Option<&str>, region: &str) -> String {
    let name = model_id.and_then(|id| id.rsplit('/').next()).filter(|name| !name.is_empty());
    let filter = match name {
        Some(name) => format!(".filter(InferenceProfile::MODELS_MODEL_ARN.endswith(\"/{name}\"))"),
        None => ".list()".to_owned(),
    };
    format!(
        "invoke the model through an inference profile: `InferenceProfile::objects(){filter}` lists its \
         profiles in {region}, which are invoked like a model"
    )
}

/// Returns a hint about the credentials, depending on their source.
fn credentials(message: &str, session: &Session) -> String {
    let expired = message.contains("expired");
    match session.credential_source() {
        CredentialSource::AccessKey if expired => {
            "the keys set with `access_key` have expired, or this machine's clock is wrong; build the session with \
             new keys"
                .to_owned()
        }
        CredentialSource::AccessKey => {
            "check the keys set with `access_key`; temporary keys also need their `session_token`".to_owned()
        }
        CredentialSource::Profile(name) if expired => format!(
            "the credentials of the profile `{name}` have expired, or this machine's clock is wrong; sign in again \
             (`aws sso login --profile {name}`)"
        ),
        CredentialSource::Profile(name) => format!(
            "the profile `{name}`, which is set in code, has no credentials that AWS accepts; those of the environment \
             are not used. Complete the profile, sign in (`aws sso login --profile {name}`), or remove `profile`"
        ),
        CredentialSource::BearerToken => {
            "the session uses the Bedrock API key in AWS_BEARER_TOKEN_BEDROCK, which may be wrong or expired; create a \
             new one, or unset the variable to use other credentials"
                .to_owned()
        }
        CredentialSource::SdkConfig => "check the credentials provider of the `SdkConfig` of the session".to_owned(),
        CredentialSource::Environment if expired => {
            "the credentials have expired, or this machine's clock is wrong; renew them at their source: the \
             environment variables, or the profile (`aws sso login`)"
                .to_owned()
        }
        CredentialSource::Environment => {
            "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK (a Bedrock \
             API key), or sign in (`aws sso login`)"
                .to_owned()
        }
    }
}

/// Returns whether AWS's message says that the model's ID is unknown.
///
/// Source: recorded responses.
pub(super) fn is_unknown_model(message: &str) -> bool {
    message.contains("model identifier is invalid")
        || message.contains("Could not resolve the foundation model")
}
