//! Building a session.

use std::env;
use std::time::Duration;

use aws_config::timeout::{TimeoutConfig, TimeoutConfigBuilder};
use aws_config::{ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_types::retry::RetryConfig;

use super::profile::Profile;
use super::{CredentialSource, Session, behavior_version};
use crate::{Error, Result};

/// The settings of a new [`Session`]. What is left out comes from the environment; what is given here comes before it,
/// as in boto3.
///
/// A limit on time takes a `Duration`, or `None` for no limit.
#[derive(Clone)]
pub struct SessionBuilder {
    region: Option<String>,
    profile: Option<String>,
    endpoint_url: Option<String>,
    access_key: Option<(String, String)>,
    session_token: Option<String>,
    max_attempts: Option<u32>,
    timeouts: TimeoutConfigBuilder,
    stream_silence_timeout: Option<Duration>,
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
            timeouts: TimeoutConfig::builder(),
            stream_silence_timeout: Some(Self::STREAM_SILENCE_TIMEOUT),
            is_local: false,
        }
    }
}

/// Ten years. The SDK and tokio fail with time limits that are much longer.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// More attempts than the SDK makes: its own quota of retries is used up long before. It counts through them.
const MOST_ATTEMPTS: u32 = 1000;

/// The region of a session for a local Bedrock, unless one is set.
const LOCAL_REGION: &str = "us-east-1";

/// What a session for a local Bedrock signs with, unless keys are set. A local Bedrock that was given no keys accepts
/// any; AWS accepts none of these.
const LOCAL_KEY: &str = "local";

/// The SDK's own limit for opening a connection, which its loader would set.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

/// The limit, where it is one: none that is longer than any program runs.
pub(crate) fn limit(timeout: Option<Duration>) -> Option<Duration> {
    timeout.filter(|timeout| *timeout <= LONGEST)
}

/// Sets one of the SDK's limits, or says that there is none.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $set:ident or $disable:ident;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, timeout: impl Into<Option<Duration>>) -> Self {
                self.timeouts = match limit(timeout.into()) {
                    Some(timeout) => self.timeouts.$set(timeout),
                    None => self.timeouts.$disable(),
                };
                self
            }
        )*
    };
}

impl SessionBuilder {
    /// How long a stream may be silent unless told otherwise: two minutes. Models that reason, or that read a long
    /// prompt, are silent for tens of seconds; a connection that died is so for ever.
    pub const STREAM_SILENCE_TIMEOUT: Duration = Duration::from_secs(120);

    /// The region, such as `eu-central-1`. Without it `AWS_REGION` names it, or else the profile.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The profile of AWS's configuration files. Its credentials are used, whatever keys or bearer token the
    /// environment's variables hold; it has to be there.
    #[must_use]
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Where requests go in place of AWS's own addresses: a VPC endpoint, a proxy, a local Bedrock.
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

    /// Fixed credentials in place of a profile's or the environment's: for tests and for a local Bedrock, which takes
    /// any. Temporary ones have a [`session_token`](Self::session_token) too.
    #[must_use]
    pub fn access_key(
        mut self,
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
    ) -> Self {
        self.access_key = Some((access_key_id.into(), secret_access_key.into()));
        self
    }

    /// The session token that goes with an [`access_key`](Self::access_key) that is temporary, as AWS STS gives it.
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

    /// How often a request is tried at most, the first time included; 1 for never again. The SDK's standard is 3.
    /// Streams are tried again only before their first event.
    ///
    /// `u32::MAX` sets no limit but the SDK's own: it stops where many requests of the session had to be sent again.
    #[must_use]
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = Some(max_attempts);
        self
    }

    limits! {
        /// The time to open a connection; the SDK's standard is 3.1 s.
        connect_timeout: connect_timeout or disable_connect_timeout;
        /// The time until the first byte of an answer. A long `converse` answers late: there is no limit unless set.
        read_timeout: read_timeout or disable_read_timeout;
        /// The time for one attempt of a request. There is no limit unless set.
        attempt_timeout: operation_attempt_timeout or disable_operation_attempt_timeout;
        /// The time for a request with all of its attempts. A stream's events are not counted, only its start. There
        /// is no limit unless set.
        operation_timeout: operation_timeout or disable_operation_timeout;
    }

    /// How long a stream may be silent, from its sending on, before it fails as interrupted
    /// ([two minutes](Self::STREAM_SILENCE_TIMEOUT) unless set); `None` lets it be silent for ever.
    #[must_use]
    pub fn stream_silence_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.stream_silence_timeout = limit(timeout.into());
        self
    }

    /// The session.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) where no region is set here or in the environment, where a
    /// setting cannot be meant (a blank key, a time limit of zero, an endpoint that is no URL …), and where there is no
    /// such profile: it says which there are.
    ///
    /// # Requests
    ///
    /// None to Bedrock; see [`Session::from_env`].
    pub async fn build(self) -> Result<Session> {
        if self.is_local {
            return self.build_local();
        }
        self.check()?;
        let stream_silence_timeout = self.stream_silence_timeout;
        let profile = self.named_profile().await?;
        let in_code = self.profile.is_some();
        let has_keys = self.access_key.is_some();
        let mut loader = self.loader();
        let source = match profile.filter(|_| in_code) {
            _ if has_keys => CredentialSource::InCode,
            None if has_bearer_token() => CredentialSource::BearerToken,
            None => CredentialSource::Environment,
            Some(profile) => {
                loader =
                    loader.auth_scheme_preference(profile.auth_schemes()).token_provider(profile.tokens());
                let config = loader.load().await;
                let credentials = profile.credentials(&config);
                let config = config.into_builder().credentials_provider(credentials).build();
                return Session::new(
                    config,
                    stream_silence_timeout,
                    CredentialSource::Profile(profile.into_name()),
                );
            }
        };
        Session::new(loader.load().await, stream_silence_timeout, source)
    }

    /// Builds a session for a local Bedrock. It reads nothing, so it does not have to wait.
    pub(super) fn build_local(self) -> Result<Session> {
        self.check()?;
        if self.profile.is_some() {
            return Err(Error::configuration("a session for a local Bedrock has no profile").with_hint(
                "it reads no configuration files; set `access_key` if the local Bedrock checks keys",
            ));
        }
        let (id, secret) = self.access_key.unwrap_or_else(|| (LOCAL_KEY.to_owned(), LOCAL_KEY.to_owned()));
        let standard = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT);
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
            .retry_config(retries(self.max_attempts))
            .timeout_config(self.timeouts.take_unset_from(standard).build())
            .build();
        Session::new(config, self.stream_silence_timeout, CredentialSource::InCode)
    }

    /// That what is set can be meant.
    fn check(&self) -> Result<()> {
        let refused = |message: String, hint: &str| Err(Error::configuration(message).with_hint(hint));
        if self.max_attempts == Some(0) {
            let hint = "1 sends each request once, without retries";
            return refused("max_attempts is 0: no request would be sent".to_owned(), hint);
        }
        let timeouts = self.timeouts.clone().build();
        let limits = [
            ("connect_timeout", timeouts.connect_timeout()),
            ("read_timeout", timeouts.read_timeout()),
            ("attempt_timeout", timeouts.operation_attempt_timeout()),
            ("operation_timeout", timeouts.operation_timeout()),
            ("stream_silence_timeout", self.stream_silence_timeout),
        ];
        if let Some((name, _)) = limits.iter().find(|(_, limit)| limit.is_some_and(|limit| limit.is_zero())) {
            let hint = "`None` sets no limit";
            return refused(format!("{name} is zero: nothing would ever come in time"), hint);
        }
        if let Some(url) = self.endpoint_url.as_deref()
            && !is_url(url)
        {
            return refused(
                format!("the endpoint `{url}` is no URL"),
                "such as `https://host` or `http://host:port`",
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
            return refused(format!("the {name} is blank"), "leave it out to take the environment's");
        }
        if self.session_token.is_some() && self.access_key.is_none() {
            let hint = "a session token goes with an `access_key`";
            return refused("a session token is given without an access key".to_owned(), hint);
        }
        Ok(())
    }

    /// The profile that the code names, or else `AWS_PROFILE`; none where neither does.
    async fn named_profile(&self) -> Result<Option<Profile>> {
        let variable = env::var("AWS_PROFILE").ok().filter(|name| !name.trim().is_empty());
        match (&self.profile, variable) {
            (Some(name), _) => Profile::load(name, "the code").await.map(Some),
            (None, Some(name)) if self.access_key.is_none() => {
                Profile::load(&name, "the variable AWS_PROFILE").await.map(Some)
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
                // Else a bearer key of the environment's would be used, and shown to whatever endpoint was meant.
                .auth_scheme_preference([AuthSchemeId::new("sigv4")]);
        }
        if self.max_attempts.is_some() {
            loader = loader.retry_config(retries(self.max_attempts));
        }
        loader
    }
}

/// The SDK's standard retries, with that many attempts.
fn retries(max_attempts: Option<u32>) -> RetryConfig {
    let retries = RetryConfig::standard();
    match max_attempts {
        Some(max_attempts) => retries.with_max_attempts(max_attempts.min(MOST_ATTEMPTS)),
        None => retries,
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
