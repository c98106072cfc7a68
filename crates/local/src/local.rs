//! Everything that a running server knows.

use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::description::Services;
use crate::ids::Ids;
use crate::journal::Journal;
use crate::repliers::playback::Playback;
use crate::repliers::{Chain, Repliers};
use crate::routing::Router;
use crate::state::State;

/// The account that every ARN names.
pub(crate) const ACCOUNT: &str = "123456789012";

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) default_region: String,
    pub(crate) job_duration: Duration,
    /// That of asynchronous invocations, where it is another.
    pub(crate) async_invoke_duration: Option<Duration>,
    /// The most that a page holds, whatever a client asks for.
    pub(crate) page_size: Option<usize>,
    /// Whether every page is preceded by one that holds nothing.
    pub(crate) empty_pages: bool,
    /// The pause before each event of a stream.
    pub(crate) stream_pace: Duration,
    /// Who says what a model replies where nothing is queued.
    pub(crate) repliers: Chain,
    pub(crate) playback: Option<Arc<Playback>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_region: "us-east-1".to_owned(),
            job_duration: Duration::from_secs(2),
            async_invoke_duration: None,
            page_size: None,
            empty_pages: false,
            stream_pace: Duration::ZERO,
            repliers: Chain::default(),
            playback: None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) services: &'static Services,
    pub(crate) router: Router,
    pub(crate) catalogue: &'static Catalogue,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) journal: Journal,
    pub(crate) repliers: Repliers,
    pub(crate) state: State,
}

impl Local {
    pub(crate) fn new(settings: Settings) -> std::io::Result<Self> {
        let services = Services::load()?;
        Ok(Self {
            services,
            router: Router::new(services),
            catalogue: Catalogue::load()?,
            clock: Clock::default(),
            ids: Ids::default(),
            journal: Journal::default(),
            repliers: Repliers::new(settings.repliers.clone()),
            settings,
            state: State::default(),
        })
    }
}
