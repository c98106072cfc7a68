//! Everything that a running server knows.

use std::path::PathBuf;
use std::time::Duration;

use crate::auth::keys::Keys;
use crate::buckets::Buckets;
use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::description::Services;
use crate::ids::Ids;
use crate::journal::Journal;
use crate::reply::Replies;
use crate::routing::Router;
use crate::state::State;

/// The account that every ARN names.
pub(crate) const ACCOUNT: &str = "123456789012";

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) keys: Keys,
    pub(crate) default_region: String,
    pub(crate) job_duration: Duration,
    /// That of asynchronous invocations, where it is another.
    pub(crate) async_invoke_duration: Option<Duration>,
    /// The most that a page holds, whatever a client asks for.
    pub(crate) page_size: Option<usize>,
    /// Whether every page is preceded by one that holds nothing.
    pub(crate) empty_pages: bool,
    /// How many connections may be open at once.
    pub(crate) max_connections: usize,
    /// The folder that stands for S3.
    pub(crate) bucket_folder: Option<PathBuf>,
    /// The pause before each event of a stream.
    pub(crate) stream_pace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            default_region: "us-east-1".to_owned(),
            job_duration: Duration::from_secs(2),
            async_invoke_duration: None,
            page_size: None,
            empty_pages: false,
            max_connections: 512,
            bucket_folder: None,
            stream_pace: Duration::ZERO,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) services: &'static Services,
    pub(crate) router: Router,
    pub(crate) catalogue: Catalogue,
    /// Files go nowhere where there are none.
    pub(crate) buckets: Option<Buckets>,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) journal: Journal,
    pub(crate) replies: Replies,
    pub(crate) state: State,
}

impl Local {
    pub(crate) fn new(settings: Settings) -> std::io::Result<Self> {
        let services = Services::load()?;
        Ok(Self {
            services,
            router: Router::new(services),
            catalogue: Catalogue::load()?,
            buckets: settings.bucket_folder.as_deref().map(Buckets::at).transpose()?,
            settings,
            clock: Clock::default(),
            ids: Ids::default(),
            journal: Journal::default(),
            replies: Replies::default(),
            state: State::default(),
        })
    }
}
