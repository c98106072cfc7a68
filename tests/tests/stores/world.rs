//! A local Bedrock with a folder in place of S3.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bedrock_orm::object_store::ObjectStore;
use bedrock_orm::object_store::local::LocalFileSystem;
use bedrock_orm::prelude::*;
use bedrock_orm_local::{LocalBedrock, LocalBedrockBuilder};

/// The time between polls, and the duration of jobs.
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// A local Bedrock with the bucket `my-bucket` in a folder, which is deleted at the end.
pub(crate) struct World {
    pub(crate) folder: PathBuf,
    pub(crate) local: LocalBedrock,
    pub(crate) session: Session,
}

impl World {
    pub(crate) async fn new(name: &str, builder: LocalBedrockBuilder) -> Self {
        let folder = std::env::temp_dir().join(format!("bedrock-orm-stores-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("my-bucket")).unwrap();
        let local = builder.bucket_folder(&folder).job_duration(POLL).start().await.unwrap();
        let session = Session::local(local.url()).unwrap();
        Self { folder, local, session }
    }

    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::new(LocalFileSystem::new_with_prefix(self.folder.join("my-bucket")).unwrap())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
