//! The output files of an asynchronous invocation.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bedrock_orm_core::{Bound, Error, ErrorKind, Result};
use bedrock_orm_models::{AsyncInvoke, AsyncInvokeOutputDataConfig, AsyncInvokeStatus};
use bytes::Bytes;
use futures_core::Stream;
use object_store::ObjectStore;

use crate::store::folder::StoreFolder;

/// `output` on an asynchronous invocation.
pub trait AsyncInvokeOutputExt {
    /// Lists the files that the job has written. The store is that of the job's bucket.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// use bedrock_orm::object_store::local::LocalFileSystem;
    /// use bedrock_orm::prelude::*;
    /// use serde_json::json;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = std::env::temp_dir().join(format!("bedrock-orm-output-{}", std::process::id()));
    /// # let local = bedrock_orm_local::LocalBedrock::builder()
    /// #     .bucket_folder(&folder).job_duration(Duration::from_millis(50)).start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("luma.ray-v2:0").await?;
    /// let input = json!({"prompt": "A satellite above Earth."});
    /// let started = model.start_async_invoke(input, "s3://videos/satellites/").await?;
    /// let job = started.wait().interval(Duration::from_millis(20)).await?;
    ///
    /// // On AWS: `AmazonS3Builder::from_env().with_bucket_name("videos").build()?`
    /// let store = Arc::new(LocalFileSystem::new_with_prefix(folder.join("videos"))?);
    /// for file in job.output(store).await? {
    ///     println!("{}: {} bytes", file.name(), file.size());
    /// }
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the job is in progress; errors of the store.
    ///
    /// # Requests
    ///
    /// None to Bedrock. The store lists the folder (`s3:ListBucket`).
    fn output(
        &self,
        store: Arc<dyn ObjectStore>,
    ) -> impl Future<Output = Result<Vec<OutputFile>>> + Send + 'static;
}

impl AsyncInvokeOutputExt for Bound<AsyncInvoke> {
    fn output(
        &self,
        store: Arc<dyn ObjectStore>,
    ) -> impl Future<Output = Result<Vec<OutputFile>>> + Send + 'static {
        let folder = folder(self, store);
        async move {
            let folder = folder?;
            let files = folder.list().await?;
            let file = |(name, size)| OutputFile { folder: folder.clone(), name, size };
            Ok(files.into_iter().map(file).collect())
        }
    }
}

fn folder(job: &AsyncInvoke, store: Arc<dyn ObjectStore>) -> Result<StoreFolder> {
    let invalid = |message: String| Error::new(ErrorKind::InvalidInput, message);
    if job.status == AsyncInvokeStatus::InProgress {
        return Err(
            invalid(format!("{} is in progress", job.invocation_arn)).with_hint("`wait` waits for it")
        );
    }
    let AsyncInvokeOutputDataConfig::S3OutputDataConfig(s3) = &job.output_data_config else {
        return Err(invalid(format!("the output of {} is not in S3", job.invocation_arn)));
    };
    StoreFolder::new(store, &s3.s3_uri)
}

/// A file that an asynchronous invocation has written.
#[derive(Clone)]
pub struct OutputFile {
    folder: StoreFolder,
    name: String,
    size: u64,
}

impl OutputFile {
    /// Returns the name in the job's folder, such as `output.mp4`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the URI, `s3://bucket/key`.
    pub fn uri(&self) -> String {
        self.folder.uri_of(&self.name)
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads the whole file.
    ///
    /// # Errors
    ///
    /// `DoesNotExist` if the file was deleted; errors of the store.
    ///
    /// # Requests
    ///
    /// None to Bedrock. The store reads the file (`s3:GetObject`).
    pub fn bytes(&self) -> impl Future<Output = Result<Bytes>> + Send + 'static {
        let file = self.clone();
        async move { file.folder.read(&file.name).await?.ok_or_else(|| file.missing()) }
    }

    /// Reads the file in pieces, for example to copy a video to a disk.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes), also in the stream.
    ///
    /// # Requests
    ///
    /// As [`bytes`](Self::bytes).
    pub fn stream(
        &self,
    ) -> impl Future<Output = Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>>> + Send + 'static
    {
        let file = self.clone();
        async move { file.folder.stream(&file.name).await?.ok_or_else(|| file.missing()) }
    }

    fn missing(&self) -> Error {
        Error::new(ErrorKind::DoesNotExist, format!("{} does not exist", self.uri()))
    }
}

impl fmt::Debug for OutputFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OutputFile").field("uri", &self.uri()).field("size", &self.size).finish()
    }
}
