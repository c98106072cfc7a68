//! The state of a batch that all of its handles share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bedrock_orm_core::{Error, ErrorKind, Result, Session};

use crate::Target;
use crate::batch::manifest::{MANIFEST, Manifest};
use crate::store::folder::StoreFolder;

pub(crate) struct BatchState {
    pub(crate) session: Session,
    pub(crate) folder: StoreFolder,
    manifest: Mutex<Manifest>,
    /// Held by whoever writes files, starts jobs, or notes their ends.
    pub(crate) driver: tokio::sync::Mutex<()>,
}

impl BatchState {
    pub(crate) fn new(session: Session, folder: StoreFolder, manifest: Manifest) -> Self {
        Self { session, folder, manifest: Mutex::new(manifest), driver: tokio::sync::Mutex::default() }
    }

    /// Loads the batch in this folder. `None` if it has none.
    pub(crate) async fn load(session: Session, folder: StoreFolder) -> Result<Option<Self>> {
        let Some(content) = folder.read(MANIFEST).await? else { return Ok(None) };
        let manifest = serde_json::from_slice(&content).map_err(|error| {
            let message = format!("{} is not the state of a batch: {error}", folder.uri_of(MANIFEST));
            Error::new(ErrorKind::InvalidResponse, message)
        })?;
        Ok(Some(Self::new(session, folder, manifest)))
    }

    fn lock(&self) -> MutexGuard<'_, Manifest> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read<R>(&self, read: impl FnOnce(&Manifest) -> R) -> R {
        read(&self.lock())
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Manifest) -> R) -> R {
        change(&mut self.lock())
    }

    /// Writes the manifest into the folder.
    pub(crate) async fn save(&self) -> Result<()> {
        let content = self.read(serde_json::to_vec_pretty).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, format!("the batch cannot be written as JSON: {error}"))
        })?;
        self.folder.write(MANIFEST, content).await
    }

    /// Returns the target of the records that are run directly. They wait for a limiter as long as it takes.
    pub(crate) fn target(&self) -> Target {
        let target = Target::new(&self.session, self.read(|manifest| manifest.model_id.clone()));
        Target { waits_for_room: true, ..target }
    }

    /// Returns why the batch is not finished, if it is not.
    pub(crate) fn unfinished(&self) -> Option<Error> {
        self.read(|manifest| {
            let invalid = |message: String| Error::new(ErrorKind::InvalidInput, message);
            if let Some((number, _)) =
                manifest.attempts.iter().enumerate().find(|(_, attempt)| !attempt.is_complete)
            {
                let hint = match number {
                    0 => "call `Batch::map` with the same inputs again: it continues where it stopped",
                    _ => "call `retry_failed` again: it continues where it stopped",
                };
                return Some(invalid("not all inputs of the batch are written".to_owned()).with_hint(hint));
            }
            let open = manifest.parts().filter(|(_, part)| !part.has_ended()).count();
            let message =
                format!("{open} of {} files of the batch are not finished", manifest.parts().count());
            (open > 0).then(|| invalid(message).with_hint("`wait` waits for them"))
        })
    }
}
