//! Profiles of AWS's configuration files.

use std::borrow::Cow;
use std::env;

use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileTokenProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;

use super::behavior_version;
use crate::{Error, Result};

/// The settings that provide a profile's credentials.
///
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
const CREDENTIALS: [&str; 12] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "credential_process",
    "credential_source",
    "login_session",
    "role_arn",
    "source_profile",
    "sso_account_id",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];

/// A profile of the configuration files. It exists, and so do the profiles that it refers to.
pub(super) struct Profile {
    name: String,
    files: ProfileSet,
}

impl Profile {
    /// Loads the profile with this name. `set_by` says in errors where the name is set.
    ///
    /// # Errors
    ///
    /// `Configuration` if it does not exist, or refers to one that does not exist.
    pub(super) async fn load(name: &str, set_by: &str) -> Result<Self> {
        // By default, the SDK's loader reads the real files and variables.
        let files = aws_config::profile::load(
            &Default::default(),
            &Default::default(),
            &Default::default(),
            Some(Cow::Owned(name.to_owned())),
        )
        .await
        .map_err(|error| unreadable(&error))?;
        let mut seen: Vec<&str> = Vec::new();
        let mut next = (name, set_by.to_owned());
        loop {
            let (current, set_by) = next;
            let Some(profile) = files.get_profile(current) else {
                return Err(missing(current, &set_by, &files));
            };
            seen.push(current);
            match profile.get("source_profile") {
                Some(source) if !seen.contains(&source) => {
                    next = (source, format!("as `source_profile` of the profile `{current}`"));
                }
                _ => break,
            }
        }
        Ok(Self { name: name.to_owned(), files })
    }

    pub(super) fn into_name(self) -> String {
        self.name
    }

    fn get(&self, setting: &str) -> Option<&str> {
        self.files.get_profile(&self.name)?.get(setting)
    }

    /// Returns the authentication schemes in the profile's order of preference, by default only signatures (`sigv4`). A
    /// bearer token in the environment never takes precedence over the profile.
    pub(super) fn auth_schemes(&self) -> Vec<AuthSchemeId> {
        let schemes = self.get("auth_scheme_preference").unwrap_or("sigv4");
        schemes.split(',').map(|scheme| Cow::<'static, str>::Owned(scheme.trim().to_owned()).into()).collect()
    }

    /// Returns the provider of the profile's bearer token, for a profile that signs in for one.
    pub(super) fn token_provider(&self) -> ProfileFileTokenProvider {
        ProfileFileTokenProvider::builder().profile_name(self.name.as_str()).build()
    }

    /// Returns the provider of the profile's credentials. Environment variables are used only for the profile's
    /// `credential_source`. A profile without credentials uses the role of the machine, as in boto3.
    pub(super) fn credentials_provider(&self, config: &SdkConfig) -> SharedCredentialsProvider {
        let mut settings = ProviderConfig::without_region()
            .with_region(config.region().cloned())
            .with_behavior_version(Some(behavior_version()));
        if let Some(retries) = config.retry_config() {
            settings = settings.with_retry_config(retries.clone());
        }
        if let Some(timeouts) = config.timeout_config() {
            settings = settings.with_timeout_config(timeouts.clone());
        }
        let own = ProfileFileCredentialsProvider::builder()
            .configure(&settings)
            .profile_name(self.name.as_str())
            .build();
        if CREDENTIALS.iter().any(|setting| self.get(setting).is_some()) {
            return SharedCredentialsProvider::new(own);
        }
        SharedCredentialsProvider::new(
            CredentialsProviderChain::first_try("Profile", own)
                .or_else("EcsContainer", EcsCredentialsProvider::builder().configure(&settings).build())
                .or_else(
                    "Ec2InstanceMetadata",
                    ImdsCredentialsProvider::builder().configure(&settings).build(),
                ),
        )
    }
}

fn missing(name: &str, set_by: &str, files: &ProfileSet) -> Error {
    let mut names: Vec<&str> = files.profiles().collect();
    names.sort_unstable();
    let existing = if names.is_empty() {
        "there are no profiles".to_owned()
    } else {
        format!("existing profiles: {}", names.join(", "))
    };
    let message = format!("the profile `{name}`, set {set_by}, does not exist; {existing}");
    let hint = format!("profiles are read from {} and {}", paths()[0], paths()[1]);
    Error::configuration(message).with_hint(hint)
}

fn unreadable(error: &dyn std::error::Error) -> Error {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    Error::configuration(format!("AWS's configuration files cannot be read: {error}{cause}"))
        .with_hint(format!("the files are {} and {}", paths()[0], paths()[1]))
}

/// Returns the paths of the configuration files.
///
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html>
fn paths() -> [String; 2] {
    [("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")]
        .map(|(variable, default)| env::var(variable).unwrap_or_else(|_| default.to_owned()))
}
