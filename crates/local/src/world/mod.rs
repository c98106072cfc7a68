//! The state that all parts of the server share: the catalogue, the clock, IDs, buckets, and their settings.

pub(crate) mod buckets;
pub(crate) mod catalogue;
pub(crate) mod clock;
pub(crate) mod ids;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::wire::description::Services;
use crate::world::buckets::Buckets;
use crate::world::catalogue::{Catalogue, Declaration, RegionalModels};
use crate::world::clock::Clock;
use crate::world::ids::Ids;

/// The account in every ARN.
pub(crate) const ACCOUNT: &str = "123456789012";

/// Settings of the resources and models.
#[derive(Clone, Debug)]
pub(crate) struct WorldSettings {
    pub(crate) job_duration: Duration,
    /// The duration of asynchronous invocations. `None` is `job_duration`.
    pub(crate) async_invoke_duration: Option<Duration>,
    /// The upper limit of a page's rows, whatever a client asks for.
    pub(crate) page_size: Option<usize>,
    /// Whether an empty page precedes every page.
    pub(crate) empty_pages: bool,
    /// The folder whose subfolders are S3 buckets.
    pub(crate) bucket_folder: Option<PathBuf>,
    /// Models that the data files lack.
    pub(crate) models: Vec<Declaration>,
    /// Whether models can be invoked after their end of life.
    pub(crate) keeps_retired_models: bool,
}

impl Default for WorldSettings {
    fn default() -> Self {
        Self {
            job_duration: Duration::from_secs(2),
            async_invoke_duration: None,
            page_size: None,
            empty_pages: false,
            bucket_folder: None,
            models: Vec::new(),
            keeps_retired_models: false,
        }
    }
}

/// The catalogue, the clock, IDs and buckets of a server.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) services: &'static Services,
    pub(crate) catalogue: Catalogue,
    /// `None` if no folder is set: nothing is read or written then.
    pub(crate) buckets: Option<Buckets>,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) settings: WorldSettings,
}

impl World {
    pub(crate) fn new(settings: WorldSettings) -> io::Result<Self> {
        Ok(Self {
            services: Services::load()?,
            catalogue: Catalogue::new(settings.keeps_retired_models, &settings.models)?,
            buckets: settings.bucket_folder.as_deref().map(Buckets::open).transpose()?,
            clock: Clock::default(),
            ids: Ids::default(),
            settings,
        })
    }

    /// Returns the models of a region at the current time of the clock.
    pub(crate) fn models<'a>(&'a self, region: &'a str) -> RegionalModels<'a> {
        self.catalogue.at(region, self.clock.now())
    }

    /// Restores the state at the start of the server.
    pub(crate) fn reset(&self) {
        if let Err(error) = self.catalogue.reset(&self.settings.models) {
            tracing::error!(error, "cannot declare the models of the start again");
        }
        self.clock.reset();
        self.ids.reset();
    }
}

/// Creates the error of a setting or an argument that the server cannot accept.
pub(crate) fn invalid_input(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
