//! The builder of sessions.

use std::env;
use std::time::Duration;

use aws_config::timeout::{TimeoutConfig, TimeoutConfigBuilder};
use aws_config::{ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_types::retry::RetryConfig;

use super::limits::{self, StreamLimits, supported_timeout};
use super::profile::Profile;
use super::retries::{self, RetryPolicy};
use super::{CredentialSource, Session, behavior_version};
use crate::{Error, Result};

/// Builds a [`Session`]. Settings that are not set here are read from the environment. As in boto3, settings in code
/// take precedence.
///
/// A time limit is a `Duration`, or `None` for no limit.
#[derive(Clone)]
pub struct SessionBuilder {
    region: Option<String>,
    profile: Option<String>,
    endpoint_url: Option<String>,
    access_key: Option<(String, String)>,
    session_token: Option<String>,
    max_attempts: Option<u32>,
    retries: Option<RetryPolicy>,
    timeouts: TimeoutConfigBuilder,
    stream: StreamLimits,
    is_local: bool,
}

impl Default for SessionBuilder {
    fn default() -> Self {
        Self {
            region: None,
            profile: None,
            endpoint_url: None,
            access_key: None,
            session_token: None,
            max_attempts: None,
            retries: None,
            timeouts: TimeoutConfig::builder(),
            stream: StreamLimits::default(),
            is_local: false,
        }
    }
}

/// The region of a session for a local Bedrock, unless one is set.
const LOCAL_REGION: &str = "us-east-1";

/// The access key ID and the secret of a session for a local Bedrock, unless they are set. A local Bedrock without
/// configured keys accepts any; AWS rejects this one.
const LOCAL_KEY: &str = "local";

/// The SDK's default timeout for opening a connection. The SDK's loader sets it, but a local session does not use the
/// loader.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

/// Defines setters of the SDK's timeouts. `None` disables a timeout.
macro_rules! timeouts {
    ($($(#[$doc:meta])* $name:ident: $set:ident or $disable:ident;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, timeout: impl Into<Option<Duration>>) -> Self {
                self.timeouts = match supported_timeout(timeout.into()) {
                    Some(timeout) => self.timeouts.$set(timeout),
                    None => self.timeouts.$disable(),
                };
                self
            }
        )*
    };
}

impl SessionBuilder {
    /// The default [`operation_timeout`](Self::operation_timeout) of calls that invoke no model: four minutes, which is
    /// enough for three attempts that end at the [`READ_TIMEOUT`](Self::READ_TIMEOUT).
    pub const OPERATION_TIMEOUT: Duration = limits::OPERATION_TIMEOUT;

    /// The default [`operation_timeout`](Self::operation_timeout) of a model's reply: one hour, which is how long AWS
    /// lets a model reason. A shorter limit would give up replies that AWS completes and charges.
    ///
    /// Source: <https://docs.aws.amazon.com/nova/latest/nova2-userguide/important-timeout-configuration.html>
    pub const REPLY_TIMEOUT: Duration = limits::REPLY_TIMEOUT;

    /// The default [`read_timeout`](Self::read_timeout) of calls that are not charged: one minute, as in boto3.
    pub const READ_TIMEOUT: Duration = limits::READ_TIMEOUT;

    /// The default [`stream_silence_timeout`](Self::stream_silence_timeout): five minutes. A model that reads a long
    /// prompt, or reasons without showing it, is silent for minutes; a broken connection is silent forever.
    pub const STREAM_SILENCE_TIMEOUT: Duration = limits::STREAM_SILENCE_TIMEOUT;

    /// Sets the region, such as `eu-central-1`. By default, it is that of `AWS_REGION` or of the profile.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the profile of AWS's configuration files, which has to exist. Its credentials take precedence over access
    /// keys and bearer tokens in environment variables.
    #[must_use]
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Sends requests to this URL instead of AWS's endpoints: a VPC endpoint, a proxy, a local Bedrock.
    #[must_use]
    pub fn endpoint_url(mut self, endpoint_url: impl Into<String>) -> Self {
        self.endpoint_url = Some(endpoint_url.into());
        self
    }

    /// Sends requests to the local Bedrock at this URL, as [`Session::local`] does. Neither the environment nor
    /// configuration files are read. The region is `us-east-1` and the keys are placeholders, unless they are set.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use bedrock_orm_core::Session;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> bedrock_orm_core::Result<()> {
    /// let session = Session::builder()
    ///     .local("http://127.0.0.1:8080")
    ///     .region("eu-central-1")
    ///     .read_timeout(Duration::from_secs(5))
    ///     .build()
    ///     .await?;
    /// # assert_eq!(session.region(), "eu-central-1");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn local(mut self, url: impl Into<String>) -> Self {
        self.endpoint_url = Some(url.into());
        self.is_local = true;
        self
    }

    /// Sets the access key, instead of the credentials of a profile or the environment. Temporary credentials also need
    /// a [`session_token`](Self::session_token).
    #[must_use]
    pub fn access_key(
        mut self,
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
    ) -> Self {
        self.access_key = Some((access_key_id.into(), secret_access_key.into()));
        self
    }

    /// Sets the session token of a temporary [`access_key`](Self::access_key), as AWS STS returns it.
    ///
    /// ```
    /// use bedrock_orm_core::Session;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> bedrock_orm_core::Result<()> {
    /// # let (id, secret, token) = ("ASIAEXAMPLE", "secret", "token");
    /// let session = Session::builder().region("us-east-1").access_key(id, secret).session_token(token).build().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn session_token(mut self, session_token: impl Into<String>) -> Self {
        self.session_token = Some(session_token.into());
        self
    }

    /// Sets how often a request is attempted, including the first attempt. 1 means no retries. The SDK's default is 3.
    /// Streams are retried only before their first event.
    ///
    /// `u32::MAX` leaves only the SDK's own limit, which stops retries if many requests of the session had to be
    /// retried.
    #[must_use]
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = Some(max_attempts);
        self
    }

    /// Sets how requests are sent again: quickly, patiently, or not at all. [`max_attempts`](Self::max_attempts) sets
    /// another number of attempts for the same policy.
    #[must_use]
    pub fn retries(mut self, retries: RetryPolicy) -> Self {
        self.retries = Some(retries);
        self
    }

    timeouts! {
        /// Sets the time limit for opening a connection. The SDK's default is 3.1 s.
        connect_timeout: connect_timeout or disable_connect_timeout;
        /// Sets the time limit for the first byte of a response, in each attempt. The default is [one
        /// minute](Self::READ_TIMEOUT) for calls that are not charged, which are repeated after it. Calls that are
        /// charged (of models and of guardrails) have only the `operation_timeout` by default, because the response to a
        /// long `converse` starts when the model has finished. They are not repeated after it: AWS may have charged them.
        read_timeout: read_timeout or disable_read_timeout;
        /// Sets the time limit for one attempt of a request, until the last byte of its response. There is none by
        /// default besides the `operation_timeout`. For a stream, it covers only the opening. Calls that are charged are
        /// not repeated after it.
        attempt_timeout: operation_attempt_timeout or disable_operation_attempt_timeout;
        /// Sets the time limit for a call with all of its attempts, and for a stream until its end. The default is [one
        /// hour](Self::REPLY_TIMEOUT) for the reply of a model, and [four minutes](Self::OPERATION_TIMEOUT) for all
        /// other calls. The builders of calls set another for one call, and
        /// [`Session::with_operation_timeout`] for a clone of the session.
        operation_timeout: operation_timeout or disable_operation_timeout;
    }

    /// Sets how long a stream can be silent, counted from sending, before it fails as interrupted. The default is [five
    /// minutes](Self::STREAM_SILENCE_TIMEOUT). `None` means no limit.
    #[must_use]
    pub fn stream_silence_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.stream.silence = supported_timeout(timeout.into());
        self
    }

    /// Sets how long a stream can be silent before its first event, counted from sending. The default, `None`, is the
    /// [`stream_silence_timeout`](Self::stream_silence_timeout).
    #[must_use]
    pub fn stream_first_event_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.stream.first_event = supported_timeout(timeout.into());
        self
    }

    /// Builds the session.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if no region is set here or in the environment; if a setting
    /// is invalid, such as a blank key, a time limit of zero or an endpoint that is not a URL; or if the profile does
    /// not exist. The error lists the existing profiles.
    ///
    /// # Requests
    ///
    /// None to Bedrock; see [`Session::from_env`].
    pub async fn build(self) -> Result<Session> {
        if self.is_local {
            return self.build_local();
        }
        self.check()?;
        let (stream, retries) = (self.stream, self.retries);
        let profile = self.named_profile().await?;
        let is_set_in_code = self.profile.is_some();
        let has_keys = self.access_key.is_some();
        let mut loader = self.loader();
        let source = match profile.filter(|_| is_set_in_code) {
            _ if has_keys => CredentialSource::AccessKey,
            None if has_bearer_token() => CredentialSource::BearerToken,
            None => CredentialSource::Environment,
            Some(profile) => {
                loader = loader
                    .auth_scheme_preference(profile.auth_schemes())
                    .token_provider(profile.token_provider());
                let config = loader.load().await;
                let credentials = profile.credentials_provider(&config);
                let config = config.into_builder().credentials_provider(credentials).build();
                return Session::new(
                    config,
                    stream,
                    retries,
                    CredentialSource::Profile(profile.into_name()),
                    false,
                );
            }
        };
        Session::new(loader.load().await, stream, retries, source, false)
    }

    /// Builds a session for a local Bedrock. It is not async, because it reads neither files nor the network.
    pub(super) fn build_local(self) -> Result<Session> {
        self.check()?;
        if self.profile.is_some() {
            let message = "a session for a local Bedrock cannot have a profile";
            let hint = "it reads no configuration files; set `access_key` if the local Bedrock checks keys";
            return Err(Error::configuration(message).with_hint(hint));
        }
        let (id, secret) = self.access_key.unwrap_or_else(|| (LOCAL_KEY.to_owned(), LOCAL_KEY.to_owned()));
        let defaults = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT);
        let config = SdkConfig::builder()
            .behavior_version(behavior_version())
            .region(Region::new(self.region.unwrap_or_else(|| LOCAL_REGION.to_owned())))
            .endpoint_url(self.endpoint_url.unwrap_or_default())
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                id,
                secret,
                self.session_token,
                None,
                "local",
            )))
            .auth_scheme_preference([AuthSchemeId::new("sigv4")])
            .retry_config(
                retries::config(self.retries, self.max_attempts).unwrap_or_else(RetryConfig::standard),
            )
            .timeout_config(self.timeouts.take_unset_from(defaults).build())
            .build();
        Session::new(config, self.stream, self.retries, CredentialSource::AccessKey, true)
    }

    /// Checks the settings.
    fn check(&self) -> Result<()> {
        let invalid = |message: String, hint: &str| Err(Error::configuration(message).with_hint(hint));
        if self.max_attempts == Some(0) {
            let hint = "1 sends each request once, without retries";
            return invalid("max_attempts is 0: no request would be sent".to_owned(), hint);
        }
        let timeouts = self.timeouts.clone().build();
        let limits = [
            ("connect_timeout", timeouts.connect_timeout()),
            ("read_timeout", timeouts.read_timeout()),
            ("attempt_timeout", timeouts.operation_attempt_timeout()),
            ("operation_timeout", timeouts.operation_timeout()),
            ("stream_silence_timeout", self.stream.silence),
            ("stream_first_event_timeout", self.stream.first_event),
        ];
        if let Some((name, _)) = limits.iter().find(|(_, limit)| limit.is_some_and(|limit| limit.is_zero())) {
            let hint = "`None` sets no limit";
            return invalid(format!("{name} is zero: every request would time out"), hint);
        }
        if let Some(url) = self.endpoint_url.as_deref()
            && !is_url(url)
        {
            return invalid(
                format!("the endpoint `{url}` is not a URL"),
                "use a URL such as `https://host` or `http://host:port`",
            );
        }
        let profile = self.profile.as_deref().map(|name| ("profile", name));
        let key = self.access_key.as_ref();
        let texts = [
            profile,
            key.map(|(id, _)| ("access key ID", id.as_str())),
            key.map(|(_, secret)| ("secret access key", secret.as_str())),
            self.session_token.as_deref().map(|token| ("session token", token)),
        ];
        if let Some((name, _)) = texts.into_iter().flatten().find(|(_, text)| text.trim().is_empty()) {
            return invalid(format!("the {name} is blank"), "omit it to use the one from the environment");
        }
        if self.session_token.is_some() && self.access_key.is_none() {
            let hint = "set the temporary keys with `access_key`, or omit `session_token`";
            return invalid("a session token is set without an access key".to_owned(), hint);
        }
        Ok(())
    }

    /// Loads the profile that is set in code, or else by `AWS_PROFILE`. `None` if neither is set.
    async fn named_profile(&self) -> Result<Option<Profile>> {
        let variable = env::var("AWS_PROFILE").ok().filter(|name| !name.trim().is_empty());
        match (&self.profile, variable) {
            (Some(name), _) => Profile::load(name, "in code").await.map(Some),
            (None, Some(name)) if self.access_key.is_none() => {
                Profile::load(&name, "by AWS_PROFILE").await.map(Some)
            }
            (None, _) => Ok(None),
        }
    }

    fn loader(self) -> ConfigLoader {
        let mut loader = aws_config::defaults(behavior_version()).timeout_config(self.timeouts.build());
        if let Some(region) = self.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(profile) = self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(endpoint_url) = self.endpoint_url {
            loader = loader.endpoint_url(endpoint_url);
        }
        if let Some((id, secret)) = self.access_key {
            loader = loader
                .credentials_provider(Credentials::new(id, secret, self.session_token, None, "access_key"))
                // Otherwise a bearer token in the environment would be sent to this endpoint.
                .auth_scheme_preference([AuthSchemeId::new("sigv4")]);
        }
        if let Some(retries) = retries::config(self.retries, self.max_attempts) {
            loader = loader.retry_config(retries);
        }
        loader
    }
}

fn has_bearer_token() -> bool {
    env::var_os("AWS_BEARER_TOKEN_BEDROCK").is_some_and(|token| !token.is_empty())
}

fn is_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with(['/', ':']) && !rest.contains(char::is_whitespace)
    })
}
