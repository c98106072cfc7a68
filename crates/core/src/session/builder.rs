//! Building a session.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{ConfigLoader, Region};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_types::retry::RetryConfig;

use super::{Session, behavior_version};
use crate::{Error, Result};

/// The settings of a new [`Session`]. What is left out comes from the environment.
#[derive(Clone)]
pub struct SessionBuilder {
    region: Option<String>,
    profile: Option<String>,
    endpoint_url: Option<String>,
    credentials: Option<(String, String)>,
    max_attempts: Option<u32>,
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    operation_timeout: Option<Duration>,
    stream_silence_timeout: Option<Duration>,
}

impl Default for SessionBuilder {
    fn default() -> Self {
        Self {
            region: None,
            profile: None,
            endpoint_url: None,
            credentials: None,
            max_attempts: None,
            connect_timeout: None,
            read_timeout: None,
            attempt_timeout: None,
            operation_timeout: None,
            stream_silence_timeout: Some(Self::STREAM_SILENCE_TIMEOUT),
        }
    }
}

impl SessionBuilder {
    /// How long a stream may be silent unless told otherwise: two minutes. Models that reason, or that read a long
    /// prompt, are silent for tens of seconds; a connection that died is so for ever.
    pub const STREAM_SILENCE_TIMEOUT: Duration = Duration::from_secs(120);

    /// The region, such as `eu-central-1`.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The profile of AWS's configuration files.
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

    /// Fixed credentials in place of the default chain: for tests and for a local Bedrock, which takes any.
    #[must_use]
    pub fn access_key(
        mut self,
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
    ) -> Self {
        self.credentials = Some((access_key_id.into(), secret_access_key.into()));
        self
    }

    /// How often a request is tried at most, the first time included; 1 for never again. The SDK's standard is 3.
    /// Streams are tried again only before their first event.
    #[must_use]
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = Some(max_attempts);
        self
    }

    /// The time to open a connection; the SDK's standard is 3.1 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// The time until the first byte of an answer. A long `converse` answers late: there is no limit unless set.
    #[must_use]
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = Some(timeout);
        self
    }

    /// The time for one attempt of a request.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// The time for a request with all of its attempts. A stream's events are not counted, only its start.
    #[must_use]
    pub fn operation_timeout(mut self, timeout: Duration) -> Self {
        self.operation_timeout = Some(timeout);
        self
    }

    /// How long a stream may be silent before it fails as interrupted
    /// ([two minutes](Self::STREAM_SILENCE_TIMEOUT) unless set); `None` lets it be silent for ever.
    #[must_use]
    pub fn stream_silence_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.stream_silence_timeout = timeout.into();
        self
    }

    /// The session.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) where no region is set here or in the environment, or where
    /// `max_attempts` is 0 or the endpoint is no URL.
    ///
    /// # Requests
    ///
    /// None to Bedrock; see [`Session::from_env`].
    pub async fn build(self) -> Result<Session> {
        if self.max_attempts == Some(0) {
            return Err(Error::configuration("max_attempts is 0: no request would be sent")
                .with_hint("1 sends each request once, without retries"));
        }
        let stream_silence_timeout = self.stream_silence_timeout;
        if let Some(url) = self.endpoint_url.as_deref()
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(Error::configuration(format!("the endpoint `{url}` is no URL"))
                .with_hint("it starts with http:// or https://"));
        }
        Session::new(self.loader().load().await, stream_silence_timeout)
    }

    fn loader(self) -> ConfigLoader {
        let mut loader = aws_config::defaults(behavior_version());
        if let Some(region) = self.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(profile) = self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(endpoint_url) = self.endpoint_url {
            loader = loader.endpoint_url(endpoint_url);
        }
        if let Some((id, secret)) = self.credentials {
            loader = loader
                .credentials_provider(Credentials::new(id, secret, None, None, "access_key"))
                // Else a bearer key of the environment's would be used, and shown to whatever endpoint was meant.
                .auth_scheme_preference([AuthSchemeId::new("sigv4")]);
        }
        if let Some(max_attempts) = self.max_attempts {
            loader = loader.retry_config(RetryConfig::standard().with_max_attempts(max_attempts));
        }
        let mut timeouts = TimeoutConfig::builder();
        timeouts
            .set_connect_timeout(self.connect_timeout)
            .set_read_timeout(self.read_timeout)
            .set_operation_attempt_timeout(self.attempt_timeout)
            .set_operation_timeout(self.operation_timeout);
        let timeouts = timeouts.build();
        if timeouts.has_timeouts() { loader.timeout_config(timeouts) } else { loader }
    }
}
