//! The whole state of a running server.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::auth::hosts::Hosts;
use crate::auth::keys::Keys;
use crate::faults::{Fault, Faults};
use crate::formats::batch::Tally;
use crate::journal::Journal;
use crate::model::cache::PromptCaches;
use crate::repliers::chain::{ReplierChain, Repliers};
use crate::repliers::playback::Playback;
use crate::resources::inference_profile;
use crate::resources::seed::Seed;
use crate::resources::{self, RESOURCES};
use crate::store::context::Context;
use crate::store::regions::Regions;
use crate::wire::routing::Router;
use crate::world::buckets::FileLines;
use crate::world::catalogue::{Declaration, FoundationModel};
use crate::world::{World, WorldSettings, invalid_input};

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) world: WorldSettings,
    pub(crate) keys: Keys,
    /// Host names that the server answers to, beside its own.
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) default_region: String,
    /// The upper limit of open connections.
    pub(crate) max_connections: usize,
    /// The pause before each event of a stream.
    pub(crate) stream_pace: Duration,
    /// The faults at the start.
    pub(crate) faults: Vec<Fault>,
    /// The repliers, in the order in which they are asked.
    pub(crate) repliers: ReplierChain,
    pub(crate) playback: Option<Arc<Playback>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            world: WorldSettings::default(),
            keys: Keys::default(),
            allowed_hosts: Vec::new(),
            default_region: "us-east-1".to_owned(),
            max_connections: 512,
            stream_pace: Duration::ZERO,
            faults: Vec::new(),
            repliers: ReplierChain::default(),
            playback: None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) world: Arc<World>,
    pub(crate) router: Router,
    pub(crate) hosts: Hosts,
    pub(crate) settings: Settings,
    pub(crate) journal: Journal,
    pub(crate) faults: Arc<Faults>,
    pub(crate) repliers: Repliers,
    pub(crate) regions: Regions,
    pub(crate) prompt_caches: PromptCaches,
    /// The batch jobs whose records get their replies, oldest first. A request that continues them holds the lock.
    pub(crate) open_batches: tokio::sync::Mutex<Vec<OpenBatch>>,
}

/// A batch job whose records get their replies.
#[derive(Debug)]
pub(crate) struct OpenBatch {
    pub(crate) region: String,
    pub(crate) arn: String,
    pub(crate) model_id: String,
    pub(crate) model: &'static FoundationModel,
    pub(crate) is_converse: bool,
    /// The folder of the output files.
    pub(crate) output: String,
    /// The files that are not yet open, last first.
    pub(crate) files: Vec<String>,
    /// The file that is read, and the URI of its output.
    pub(crate) open_file: Option<(FileLines, String)>,
    /// Lines that are read, and not yet written with their replies.
    pub(crate) lines: Vec<String>,
    pub(crate) tally: Tally,
}

impl Local {
    pub(crate) fn new(settings: Settings) -> io::Result<Self> {
        let world = World::new(settings.world.clone())?;
        let faults = Faults::new(world.services);
        faults.reset(&settings.faults).map_err(invalid_input)?;
        Ok(Self {
            router: Router::new(world.services),
            world: Arc::new(world),
            hosts: Hosts::new(&settings.allowed_hosts)?,
            journal: Journal::default(),
            faults: Arc::new(faults),
            repliers: Repliers::new(settings.repliers.clone()),
            regions: Regions::new(RESOURCES, resources::create_built_ins),
            prompt_caches: PromptCaches::default(),
            open_batches: tokio::sync::Mutex::default(),
            settings,
        })
    }

    /// Runs `work` on the resources of a region, in one lock and at one moment.
    pub(crate) fn with_region<R>(&self, region: &str, work: impl FnOnce(&mut Context<'_>) -> R) -> R {
        self.regions.with(&self.world, region, work)
    }

    /// Inserts the rows of a list as resources. An error names the row that is not valid; then none is inserted.
    pub(crate) fn seed(
        &self,
        region: &str,
        list: &str,
        rows: impl IntoIterator<Item = Value>,
    ) -> Result<(), String> {
        let seed = Seed::named(self.world.services, RESOURCES, list)?;
        let records = rows.into_iter().map(|row| seed.record(row)).collect::<Result<_, _>>()?;
        self.with_region(region, |cx| seed.insert(cx, records));
        Ok(())
    }

    /// Adds a model to all regions.
    pub(crate) fn declare_model(&self, declaration: &Declaration) -> Result<(), String> {
        let model = self.world.catalogue.declare(declaration)?;
        self.regions.with_each(&self.world, |cx| inference_profile::define_all(cx, model));
        Ok(())
    }

    /// Moves the clock forward and performs what is due by then.
    pub(crate) fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
        self.with_region(&self.settings.default_region, |_| ());
    }

    /// Restores the state at the start of the server.
    pub(crate) fn reset(&self) {
        self.journal.clear();
        self.repliers.reset();
        if let Some(playback) = &self.settings.playback {
            playback.reset();
        }
        self.regions.clear();
        self.prompt_caches.clear();
        self.world.reset();
        if let Err(error) = self.faults.reset(&self.settings.faults) {
            tracing::error!(error, "the faults of the start cannot be planned again");
        }
    }
}
