//! What to do about the failures whose message does not say.

use super::{ErrorKind, Inner};
use crate::Session;
use crate::session::CredentialSource;

/// The advice for this failure, where there is any that AWS's message does not give.
pub(super) fn hint(error: &Inner, model_id: Option<&str>, session: &Session) -> Option<String> {
    let region = session.region();
    let message = error.message.as_str();
    let hint = match error.kind {
        ErrorKind::Validation if message.contains("on-demand throughput") => on_demand(model_id, region),
        ErrorKind::AccessDenied if message.contains("access to the model") => format!(
            "ask for access to the model in {region} (console: Bedrock, Model access), or check with \
             `FoundationModel::objects().availability(…)`"
        ),
        ErrorKind::AccessDenied if message.contains("API Key") => credentials(message, session),
        ErrorKind::Credentials => credentials(message, session),
        ErrorKind::Throttled if message.contains("tokens per day") => {
            "the account's quota of tokens per day is used up, the prompt is not too long; waiting for minutes does \
             not help: ask for a larger quota, or use another model"
                .to_owned()
        }
        ErrorKind::Throttled if message.contains("tokens") => {
            "the account's quota of tokens per minute is used up, the prompt is not too long; wait, or ask for a \
             larger quota, or go through a cross-region inference profile"
                .to_owned()
        }
        ErrorKind::DoesNotExist if message.contains("end of its life") => {
            "use a newer version; `FoundationModel::objects().list()` shows those that are active".to_owned()
        }
        ErrorKind::DoesNotExist if is_unknown_model(message) => format!(
            "`FoundationModel::objects().list()` shows the models of {region}, and \
             `InferenceProfile::objects().list()` its inference profiles; those of another region are not known here"
        ),
        ErrorKind::DoesNotExist => format!("the session looks in {region} alone, and in its own account"),
        ErrorKind::Transport => match session.sdk_config().endpoint_url() {
            Some(endpoint_url) => format!("is a server listening at {endpoint_url}?"),
            None => format!("is `{region}` a region that has Bedrock, and can this machine reach it?"),
        },
        _ if error.http_status.is_some_and(|status| status >= 400) && error.code.is_none() => {
            "the answer has no error code of AWS's: it may come from a proxy or a gateway on the way, or from an \
             endpoint that is not Bedrock's"
                .to_owned()
        }
        _ => return None,
    };
    Some(hint)
}

/// Which profiles a region has for a model is AWS's to say: its IDs follow no rule.
fn on_demand(model_id: Option<&str>, region: &str) -> String {
    let name = model_id.and_then(|id| id.rsplit('/').next()).filter(|name| !name.is_empty());
    let filter = match name {
        Some(name) => format!(".filter(InferenceProfile::MODELS_MODEL_ARN.endswith(\"/{name}\"))"),
        None => ".list()".to_owned(),
    };
    format!(
        "call the model through an inference profile: `InferenceProfile::objects(){filter}` shows those of {region} \
         that lead to it, and what it gives can be talked to as a model can"
    )
}

/// What to do about credentials, by where the session has them from.
fn credentials(message: &str, session: &Session) -> String {
    let expired = message.contains("expired");
    match session.credential_source() {
        CredentialSource::InCode if expired => {
            "the keys given by `access_key` have expired, or this machine's clock is wrong; build the session with \
             new ones"
                .to_owned()
        }
        CredentialSource::InCode => {
            "check the keys given by `access_key`; temporary ones need their `session_token` too".to_owned()
        }
        CredentialSource::Profile(name) if expired => format!(
            "the credentials of the profile `{name}` have expired, or this machine's clock is wrong; sign in again \
             (`aws sso login --profile {name}`)"
        ),
        CredentialSource::Profile(name) => format!(
            "the profile `{name}`, named in the code, gives no credentials that AWS takes; the environment's are not \
             used beside it. Complete the profile, sign in (`aws sso login --profile {name}`), or leave `profile` out"
        ),
        CredentialSource::BearerToken => {
            "AWS_BEARER_TOKEN_BEDROCK holds the Bedrock API key that is used; it may be wrong or have expired: make \
             a new one, or unset the variable to use other credentials"
                .to_owned()
        }
        CredentialSource::Given => "check the credentials provider of the `SdkConfig` that the session is made of".to_owned(),
        CredentialSource::Environment if expired => {
            "the credentials have expired, or this machine's clock is wrong; renew them where they come from: \
             the environment's variables, or the profile (`aws sso login`)"
                .to_owned()
        }
        CredentialSource::Environment => {
            "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK (a Bedrock \
             API key), or sign in (`aws sso login`)"
                .to_owned()
        }
    }
}

/// Source: recorded answers.
pub(super) fn is_unknown_model(message: &str) -> bool {
    message.contains("model identifier is invalid")
        || message.contains("Could not resolve the foundation model")
}
