//! Everything that a running server knows.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::auth::keys::Keys;
use crate::buckets::Buckets;
use crate::catalogue::{Catalogue, Declaration, RegionalModels};
use crate::clock::Clock;
use crate::description::Services;
use crate::faults::{Fault, Faults};
use crate::hosts::Hosts;
use crate::ids::Ids;
use crate::journal::Journal;
use crate::nouns::inference_profile;
use crate::repliers::playback::Playback;
use crate::repliers::{Chain, Repliers};
use crate::routing::Router;
use crate::state::State;
use crate::store::seed::Bed;

/// The account that every ARN names.
pub(crate) const ACCOUNT: &str = "123456789012";

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) keys: Keys,
    /// Host names that it answers to, beside its own.
    pub(crate) allowed_hosts: Vec<String>,
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
    /// The fault plan that it starts with.
    pub(crate) faults: Vec<Fault>,
    /// Who says what a model replies where nothing is queued.
    pub(crate) repliers: Chain,
    pub(crate) playback: Option<Arc<Playback>>,
    /// Models that the catalogue's data do not know.
    pub(crate) models: Vec<Declaration>,
    /// Whether models that have ended can still be called.
    pub(crate) keeps_retired_models: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            allowed_hosts: Vec::new(),
            default_region: "us-east-1".to_owned(),
            job_duration: Duration::from_secs(2),
            async_invoke_duration: None,
            page_size: None,
            empty_pages: false,
            max_connections: 512,
            bucket_folder: None,
            stream_pace: Duration::ZERO,
            faults: Vec::new(),
            repliers: Chain::default(),
            playback: None,
            models: Vec::new(),
            keeps_retired_models: false,
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
    pub(crate) hosts: Hosts,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) repliers: Repliers,
    pub(crate) state: State,
}

impl Local {
    pub(crate) fn new(settings: Settings) -> io::Result<Self> {
        let services = Services::load()?;
        let faults = Faults::new(services);
        faults.reset(&settings.faults).map_err(invalid)?;
        Ok(Self {
            services,
            router: Router::new(services),
            catalogue: Catalogue::new(settings.keeps_retired_models, &settings.models)?,
            buckets: settings.bucket_folder.as_deref().map(Buckets::at).transpose()?,
            hosts: Hosts::new(&settings.allowed_hosts)?,
            clock: Clock::default(),
            ids: Ids::default(),
            journal: Journal::default(),
            faults,
            repliers: Repliers::new(settings.repliers.clone()),
            settings,
            state: State::default(),
        })
    }

    /// Puts rows where a list finds them. An error says which could not be there; none is then.
    pub(crate) fn seed(
        &self,
        region: &str,
        noun: &str,
        rows: impl IntoIterator<Item = Value>,
    ) -> Result<(), String> {
        let bed = Bed::named(self.services, noun)?;
        let records = rows.into_iter().map(|row| bed.record(row)).collect::<Result<_, _>>()?;
        self.state.with(self, region, |cx| bed.sow(cx, records));
        Ok(())
    }

    /// The models that there are in a region now.
    pub(crate) fn models<'a>(&'a self, region: &'a str) -> RegionalModels<'a> {
        self.catalogue.at(region, self.clock.now())
    }

    /// Adds a model to all regions.
    pub(crate) fn declare_model(&self, declaration: &Declaration) -> Result<(), String> {
        let model = self.catalogue.declare(declaration)?;
        self.state.everywhere(self, |cx| inference_profile::define_all(cx, model));
        Ok(())
    }

    /// Moves the clock, and lets all happen that is due by then.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.state.with(self, &self.settings.default_region, |_| ());
    }

    /// Makes everything as it was when the server started.
    pub(crate) fn reset(&self) {
        self.journal.clear();
        self.repliers.reset();
        if let Some(playback) = &self.settings.playback {
            playback.reset();
        }
        self.state.clear();
        if let Err(error) = self.catalogue.reset(&self.settings.models) {
            tracing::error!(error, "the first declared models cannot be declared again");
        }
        self.clock.reset();
        self.ids.reset();
        if let Err(error) = self.faults.reset(&self.settings.faults) {
            tracing::error!(error, "the first fault plan cannot be planned again");
        }
    }
}

/// An error of whoever told the server something that cannot be.
pub(crate) fn invalid(told: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, told)
}
