//! Where requests go: an account, a region, and the clients for them.

mod builder;
mod region;
mod registry;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
#[cfg(feature = "control-plane")]
use once_cell::sync::OnceCell;

use crate::{Error, Result};

pub use builder::SessionBuilder;
pub use registry::SessionChoice;

/// The SDK's defaults of this release: another set of retries and time-outs is a change that we announce.
fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// An account and a region to talk to, with the clients for it.
///
/// It is cheap to clone, and its clones share their clients, which are built once, when they are first needed.
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
}

struct Inner {
    config: SdkConfig,
    region: String,
    stream_silence_timeout: Option<Duration>,
    #[cfg(feature = "control-plane")]
    control_plane: OnceCell<aws_sdk_bedrock::Client>,
    runtime: Mutex<Option<aws_sdk_bedrockruntime::Client>>,
    regions: region::Regions,
}

impl Session {
    /// A session as the environment says: the SDK's default chain of variables, profiles, SSO, roles and instance
    /// metadata, `AWS_BEARER_TOKEN_BEDROCK` and `AWS_ENDPOINT_URL*` included.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) where nothing names a region: none is ever assumed.
    /// Credentials are looked for when a request needs them.
    ///
    /// # Requests
    ///
    /// None to Bedrock. Where neither variables nor a profile name a region, the instance metadata service is asked.
    pub async fn from_env() -> Result<Self> {
        Self::builder().build().await
    }

    /// A session with some of its settings given here, the others as [`from_env`](Self::from_env) finds them.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// A session from the SDK's own configuration.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) where it has no region.
    pub fn from_sdk_config(config: &SdkConfig) -> Result<Self> {
        Self::new(config.clone(), Some(SessionBuilder::STREAM_SILENCE_TIMEOUT))
    }

    fn new(config: SdkConfig, stream_silence_timeout: Option<Duration>) -> Result<Self> {
        let region = match config.region().map(|region| region.as_ref().trim()) {
            Some(region) if !region.is_empty() => region.to_owned(),
            _ => return Err(no_region()),
        };
        let config = match config.behavior_version() {
            Some(_) => config,
            // Without one the SDK's clients panic.
            None => config.into_builder().behavior_version(behavior_version()).build(),
        };
        Ok(Self::with_regions(config, region, stream_silence_timeout, region::Regions::default()))
    }

    fn with_regions(
        config: SdkConfig,
        region: String,
        stream_silence_timeout: Option<Duration>,
        regions: region::Regions,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                config,
                region,
                stream_silence_timeout,
                #[cfg(feature = "control-plane")]
                control_plane: OnceCell::new(),
                runtime: Mutex::new(None),
                regions,
            }),
        }
    }

    /// The region, such as `eu-central-1`.
    pub fn region(&self) -> &str {
        &self.inner.region
    }

    /// The SDK's own configuration, for clients of other AWS services.
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.inner.config
    }

    /// How long a stream may be silent before it counts as interrupted; `None` for ever.
    pub fn stream_silence_timeout(&self) -> Option<Duration> {
        self.inner.stream_silence_timeout
    }

    /// Lets go of the runtime client and of its connections; the next call opens it again. Calls and streams under way
    /// go on to their end.
    pub fn close(&self) {
        self.runtime_slot().take();
    }

    /// The client of the resources' API.
    #[cfg(feature = "control-plane")]
    pub(crate) fn control_plane(&self) -> aws_sdk_bedrock::Client {
        self.inner.control_plane.get_or_init(|| aws_sdk_bedrock::Client::new(&self.inner.config)).clone()
    }

    /// The client of the runtime API.
    pub(crate) fn runtime(&self) -> aws_sdk_bedrockruntime::Client {
        self.runtime_slot()
            .get_or_insert_with(|| aws_sdk_bedrockruntime::Client::new(&self.inner.config))
            .clone()
    }

    fn runtime_slot(&self) -> std::sync::MutexGuard<'_, Option<aws_sdk_bedrockruntime::Client>> {
        self.inner.runtime.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two sessions are equal when they are clones of one.
impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

/// Region and endpoint; never a credential.
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

fn no_region() -> Error {
    Error::configuration("no AWS region is set").with_hint(
        "set AWS_REGION, or `region = …` in the AWS profile, or call `Session::builder().region(\"…\")`; \
         none is assumed, since models and guardrails live in one",
    )
}
