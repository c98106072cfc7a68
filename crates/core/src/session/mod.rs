//! Sessions: an account, a region, and the clients for them.

mod builder;
mod direct;
mod extensions;
mod limits;
mod metering;
mod meters;
mod profile;
mod region;
mod registry;
mod resending;
mod retries;
mod user_agent;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
#[cfg(feature = "control-plane")]
use once_cell::sync::OnceCell;

use crate::ledger::Tags;
use crate::{Error, Result};

pub use builder::SessionBuilder;
pub(crate) use limits::{SessionLimits, StreamLimits, supported_timeout};
pub use registry::SessionChoice;
pub use retries::RetryPolicy;
pub(crate) use retries::with_own_pauses;
use user_agent::UserAgent;

/// Returns the SDK's behavior version, which determines its defaults for retries and timeouts. Raising it changes
/// behavior, so it belongs in the changelog.
fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// The source of a session's credentials, for hints in errors.
#[derive(Clone)]
pub(crate) enum CredentialSource {
    /// The builder's `access_key`.
    AccessKey,
    /// The builder's `profile`.
    Profile(String),
    /// `AWS_BEARER_TOKEN_BEDROCK`.
    BearerToken,
    /// The SDK's default chain of variables, profiles and roles.
    Environment,
    /// The `SdkConfig` that the session was built from.
    SdkConfig,
}

/// An account and a region, with the clients for them.
///
/// A session is cheap to clone. Clones share their clients, which are built on first use.
///
/// ```no_run
/// use bedrock_orm_core::Session;
///
/// # async fn example() -> bedrock_orm_core::Result<()> {
/// let from_environment = Session::from_env().await?;
/// let frankfurt = Session::builder().region("eu-central-1").profile("production").build().await?;
/// Session::register("frankfurt", frankfurt);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
    /// `None` if nothing was set: each row of a list has a session, so it is small.
    own: Option<Arc<OwnSettings>>,
}

/// The settings that a session does not share with its clones.
#[derive(Clone, Default)]
struct OwnSettings {
    /// The tags of its calls. `None` if there are none.
    tags: Option<Arc<Tags>>,
    /// The time limit of its calls, if it is set.
    operation_timeout: Option<Option<Duration>>,
    records_content: bool,
}

struct Inner {
    config: SdkConfig,
    region: String,
    settings: Settings,
    #[cfg(feature = "control-plane")]
    control_plane: OnceCell<aws_sdk_bedrock::Client>,
    runtime: Mutex<RuntimeClients>,
    regions: region::Regions,
    extensions: extensions::Extensions,
    /// Not set until a call has to be metered, so that other calls only look whether it is.
    meters: OnceLock<meters::Meters>,
}

/// The clients of the runtime API. Their limits and their retries differ.
#[derive(Default)]
struct RuntimeClients {
    /// For requests that are charged.
    charged: Option<aws_sdk_bedrockruntime::Client>,
    /// For requests that can be repeated free of charge.
    free: Option<aws_sdk_bedrockruntime::Client>,
}

/// The settings that are not part of the SDK's configuration.
#[derive(Clone)]
struct Settings {
    limits: SessionLimits,
    retries: Option<RetryPolicy>,
    credential_source: CredentialSource,
    is_local: bool,
}

impl Session {
    /// Builds a session from the environment: the SDK's default chain of variables, profiles, SSO, roles and instance
    /// metadata, including `AWS_BEARER_TOKEN_BEDROCK` and `AWS_ENDPOINT_URL*`.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if no region is set, because none is assumed, and if
    /// `AWS_PROFILE` names a profile that does not exist. Credentials are loaded when a request needs them.
    ///
    /// # Requests
    ///
    /// None to Bedrock. If neither variables nor a profile set a region, the instance metadata service is queried.
    pub async fn from_env() -> Result<Self> {
        Self::builder().build().await
    }

    /// Returns a builder. The environment provides the settings that are not set, as for [`from_env`](Self::from_env).
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// Returns a session for the local Bedrock at this URL, in region `us-east-1`. It reads neither the environment nor
    /// configuration files, connects without a proxy, and signs with placeholder keys: it never has real credentials.
    ///
    /// [`in_region`](Self::in_region) returns a session for another region, and [`SessionBuilder::local`] has further
    /// settings. The local Bedrock can run on another machine, such as another container.
    ///
    /// ```
    /// use bedrock_orm_core::Session;
    ///
    /// # fn main() -> bedrock_orm_core::Result<()> {
    /// let session = Session::local("http://127.0.0.1:8080")?; // or `local.url()` of a `LocalBedrock`
    /// assert_eq!(session.region(), "us-east-1");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if the URL is invalid.
    pub fn local(url: impl Into<String>) -> Result<Self> {
        Self::builder().local(url).build_local()
    }

    /// Builds a session from the SDK's own configuration. A time limit that it leaves open has the default of
    /// [`SessionBuilder`]; one that it disables is disabled. The SDK's protection against stalled uploads is always off.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if it has no region, or an invalid one.
    pub fn from_sdk_config(config: &SdkConfig) -> Result<Self> {
        Self::new(config.clone(), StreamLimits::default(), None, CredentialSource::SdkConfig, false)
    }

    fn new(
        config: SdkConfig,
        stream: StreamLimits,
        retries: Option<RetryPolicy>,
        credential_source: CredentialSource,
        is_local: bool,
    ) -> Result<Self> {
        let region = match config.region().map(AsRef::as_ref) {
            Some(region) if is_region(region) => region.to_owned(),
            Some(region) if !region.trim().is_empty() => return Err(invalid_region(region)),
            _ => return Err(missing_region()),
        };
        let config = match config.behavior_version() {
            Some(_) => config,
            // Without a behavior version, the SDK's clients panic.
            None => config.into_builder().behavior_version(behavior_version()).build(),
        };
        let limits = SessionLimits::new(&timeouts(&config), stream);
        let settings = Settings { limits, retries, credential_source, is_local };
        Ok(Self::with_regions(config, region, settings, region::Regions::default()))
    }

    fn with_regions(config: SdkConfig, region: String, settings: Settings, regions: region::Regions) -> Self {
        Self {
            inner: Arc::new(Inner {
                config,
                region,
                settings,
                #[cfg(feature = "control-plane")]
                control_plane: OnceCell::new(),
                runtime: Mutex::default(),
                regions,
                extensions: extensions::Extensions::default(),
                meters: OnceLock::new(),
            }),
            own: None,
        }
    }

    /// Returns a clone with other settings of its own.
    fn with_own(&self, change: impl FnOnce(&mut OwnSettings)) -> Self {
        let mut own = self.own.as_deref().cloned().unwrap_or_default();
        change(&mut own);
        Self { inner: self.inner.clone(), own: Some(Arc::new(own)) }
    }

    fn own_tags(&self) -> Option<&Arc<Tags>> {
        self.own.as_ref()?.tags.as_ref()
    }

    /// Returns the region, such as `eu-central-1`.
    pub fn region(&self) -> &str {
        &self.inner.region
    }

    /// Returns the SDK's own configuration, for clients of other AWS services.
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.inner.config
    }

    /// Returns how long a stream can be silent before it fails as interrupted, or `None` if there is no limit.
    pub fn stream_silence_timeout(&self) -> Option<Duration> {
        self.limits().stream.silence
    }

    /// Returns a clone of this session whose calls have this time limit, with all attempts, and for a stream until its end.
    /// `None` means no limit. A call that has an `operation_timeout` of its own keeps that.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let hasty = session.with_operation_timeout(Duration::from_secs(5));
    /// let guardrails = Guardrail::objects().using(&hasty).list().await?;
    /// # let _ = guardrails;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_operation_timeout(&self, timeout: impl Into<Option<Duration>>) -> Self {
        self.with_own(|own| own.operation_timeout = Some(supported_timeout(timeout.into())))
    }

    /// Returns a clone of this session that records **the content of prompts and replies** in the spans of `converse` and
    /// `converse_stream`, for whoever collects the spans: system prompts, messages, reasoning, tool inputs and results.
    /// Bytes, such as those of images, are left out. Other sessions record no content.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let recorded = session.with_content_in_spans();
    /// FoundationModel::with_id("amazon.nova-lite-v1:0").using(&recorded).converse("Hello").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_content_in_spans(&self) -> Self {
        self.with_own(|own| own.records_content = true)
    }

    pub(crate) fn records_content(&self) -> bool {
        self.own.as_ref().is_some_and(|own| own.records_content)
    }

    pub(crate) fn limits(&self) -> SessionLimits {
        let limits = self.inner.settings.limits;
        match self.own.as_ref().and_then(|own| own.operation_timeout) {
            Some(timeout) => SessionLimits { operation: timeout, reply: timeout, ..limits },
            None => limits,
        }
    }

    pub(crate) fn credential_source(&self) -> &CredentialSource {
        &self.inner.settings.credential_source
    }

    /// Returns the session's value of this type, for the crates above. The first use creates it.
    pub(crate) fn extension<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.inner.extensions.get()
    }

    /// Closes the runtime clients and their connections. The next call opens new ones. Calls and streams in progress
    /// continue.
    pub fn close(&self) {
        *self.runtime_clients() = RuntimeClients::default();
    }

    /// Returns the client for the control plane.
    #[cfg(feature = "control-plane")]
    pub(crate) fn control_plane(&self) -> &aws_sdk_bedrock::Client {
        self.inner.control_plane.get_or_init(|| {
            let mut config = aws_sdk_bedrock::config::Builder::from(&self.inner.config)
                .retry_classifier(retries::OwnPauses)
                .timeout_config(limits::of_requests(&timeouts(&self.inner.config)))
                .stalled_stream_protection(limits::of_stalls(&self.inner.config));
            config.push_interceptor(UserAgent::of_client());
            config.set_http_client(self.http_client());
            aws_sdk_bedrock::Client::from_conf(config.build())
        })
    }

    /// Returns the client of the runtime API for requests that can be repeated free of charge.
    pub(crate) fn runtime(&self) -> aws_sdk_bedrockruntime::Client {
        let new = || {
            let config =
                self.runtime_config().timeout_config(limits::of_requests(&timeouts(&self.inner.config)));
            aws_sdk_bedrockruntime::Client::from_conf(config.build())
        };
        self.runtime_clients().free.get_or_insert_with(new).clone()
    }

    /// Returns the client of the runtime API for requests that are charged.
    pub(crate) fn charged_runtime(&self) -> aws_sdk_bedrockruntime::Client {
        let new = || {
            let config =
                self.runtime_config().timeout_config(limits::of_replies(&timeouts(&self.inner.config)));
            aws_sdk_bedrockruntime::Client::from_conf(
                config.retry_classifier(resending::NoSecondCharge).build(),
            )
        };
        self.runtime_clients().charged.get_or_insert_with(new).clone()
    }

    fn runtime_config(&self) -> aws_sdk_bedrockruntime::config::Builder {
        let policy = self.inner.settings.retries;
        let mut config = aws_sdk_bedrockruntime::config::Builder::from(&self.inner.config)
            .retry_classifier(retries::Pauses::new(policy))
            .stalled_stream_protection(limits::of_stalls(&self.inner.config));
        config.push_interceptor(UserAgent::of_client());
        config.set_http_client(self.http_client());
        if let Some(partition) = policy.and_then(RetryPolicy::partition) {
            config.set_retry_partition(Some(partition));
        }
        config
    }

    /// Returns the HTTP client for one client of the SDK. A local session has a new one for each, which closes its connections
    /// with it. `None` for the SDK's own.
    fn http_client(&self) -> Option<SharedHttpClient> {
        let config = &self.inner.config;
        if self.inner.settings.is_local { Some(direct::client(config)) } else { config.http_client() }
    }

    fn runtime_clients(&self) -> std::sync::MutexGuard<'_, RuntimeClients> {
        self.inner.runtime.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the time limits of the SDK's configuration.
fn timeouts(config: &SdkConfig) -> TimeoutConfig {
    config.timeout_config().cloned().unwrap_or_else(|| TimeoutConfig::builder().build())
}

/// Sessions are equal if they are clones of each other, with the same tags. Their time limits and what they record are
/// not compared.
impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) && self.own_tags() == other.own_tags()
    }
}

/// Shows the region and the endpoint, but no credentials.
impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Session");
        debug.field("region", &self.inner.region);
        if let Some(endpoint_url) = self.inner.config.endpoint_url() {
            debug.field("endpoint_url", &endpoint_url);
        }
        debug.finish_non_exhaustive()
    }
}

/// Returns whether the name can be a region. It becomes part of a host name.
fn is_region(region: &str) -> bool {
    !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn invalid_region(region: &str) -> Error {
    Error::configuration(format!("`{region}` is not the name of a region"))
        .with_hint("a region name consists of letters, digits and hyphens, such as `eu-central-1`")
}

fn missing_region() -> Error {
    Error::configuration("no AWS region is set").with_hint(
        "set AWS_REGION, or `region = …` in the AWS profile, or call `Session::builder().region(\"…\")`; \
         no region is assumed, because models and guardrails belong to a region",
    )
}
