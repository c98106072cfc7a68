//! A folder in a bucket of S3, through the object store of that bucket.

use std::sync::Arc;

use bedrock_orm_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};

use crate::store::lines::Lines;

/// The size of the pieces of an upload: S3's minimum.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const PIECE: usize = 5 << 20;

/// How many pieces of an upload are sent at once. With the piece that is being filled, they are all that is in memory.
const PIECES_AT_ONCE: usize = 2;

/// A folder in a bucket of S3.
#[derive(Clone, Debug)]
pub(crate) struct StoreFolder {
    store: Arc<dyn ObjectStore>,
    /// `s3://bucket/prefix`, without a slash at the end.
    uri: String,
    /// The prefix, as a path in the store of the bucket.
    path: Path,
}

impl StoreFolder {
    /// Opens a folder by its URI, `s3://bucket/prefix`. The store is the bucket's.
    pub(crate) fn new(store: Arc<dyn ObjectStore>, uri: &str) -> Result<Self> {
        let uri = uri.trim_end_matches('/');
        let key = uri.strip_prefix("s3://").filter(|key| !key.is_empty()).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, format!("`{uri}` is not the URI of a folder in S3"))
                .with_hint("a folder is `s3://bucket/prefix`")
        })?;
        let prefix = key.split_once('/').map_or("", |(_, prefix)| prefix);
        let path = Path::parse(prefix)
            .map_err(|error| Error::new(ErrorKind::InvalidInput, format!("`{uri}`: {error}")))?;
        Ok(Self { store, uri: uri.to_owned(), path })
    }

    /// Returns the URI of the folder.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// Returns the URI of a file in the folder.
    pub(crate) fn uri_of(&self, name: &str) -> String {
        format!("{}/{name}", self.uri)
    }

    fn path_of(&self, name: &str) -> Path {
        name.split('/').fold(self.path.clone(), |path, part| path.join(part))
    }

    /// Reads a file, or returns `None` if it does not exist.
    pub(crate) async fn read(&self, name: &str) -> Result<Option<Bytes>> {
        match self.store.get(&self.path_of(name)).await {
            Ok(file) => file.bytes().await.map(Some).map_err(|error| self.error(name, &error)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.error(name, &error)),
        }
    }

    /// Streams a file, or returns `None` if it does not exist.
    pub(crate) async fn stream(&self, name: &str) -> Result<Option<BoxStream<'static, Result<Bytes>>>> {
        let chunks = match self.store.get(&self.path_of(name)).await {
            Ok(file) => file.into_stream(),
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.error(name, &error)),
        };
        let (folder, name) = (self.clone(), name.to_owned());
        Ok(Some(chunks.map(move |chunk| chunk.map_err(|error| folder.error(&name, &error))).boxed()))
    }

    /// Reads a file line by line, or returns `None` if it does not exist.
    pub(crate) async fn lines(&self, name: &str) -> Result<Option<Lines>> {
        Ok(self.stream(name).await?.map(Lines::new))
    }

    /// Writes a whole file. It replaces an earlier one.
    pub(crate) async fn write(&self, name: &str, content: Vec<u8>) -> Result<()> {
        let written = self.store.put(&self.path_of(name), content.into()).await;
        written.map(|_| ()).map_err(|error| self.error(name, &error))
    }

    /// Opens a file that is written piece by piece.
    pub(crate) async fn upload(&self, name: &str) -> Result<Upload> {
        let upload = self.store.put_multipart(&self.path_of(name)).await;
        let upload = upload.map_err(|error| self.error(name, &error))?;
        Ok(Upload {
            folder: self.clone(),
            name: name.to_owned(),
            pieces: WriteMultipart::new_with_chunk_size(upload, PIECE),
        })
    }

    /// Lists the files in the folder and below: the name in the folder, and the size in bytes.
    pub(crate) async fn list(&self) -> Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        let mut found = self.store.list(Some(&self.path));
        while let Some(file) = found.next().await {
            let file = file.map_err(|error| self.error("", &error))?;
            let name = file.location.as_ref().strip_prefix(self.path.as_ref()).unwrap_or_default();
            files.push((name.trim_start_matches('/').to_owned(), file.size));
        }
        files.sort();
        Ok(files)
    }

    fn error(&self, name: &str, error: &object_store::Error) -> Error {
        use object_store::Error as E;
        let kind = match error {
            E::NotFound { .. } => ErrorKind::DoesNotExist,
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => ErrorKind::AccessDenied,
            E::InvalidPath { .. } | E::NotSupported { .. } | E::NotImplemented { .. } => {
                ErrorKind::InvalidInput
            }
            _ => ErrorKind::Transport,
        };
        Error::new(kind, format!("{}: {error}", self.uri_of(name)))
    }
}

/// A file that is written piece by piece. It exists when it is finished.
pub(crate) struct Upload {
    folder: StoreFolder,
    name: String,
    pieces: WriteMultipart,
}

impl Upload {
    /// Adds to the file. Waits while too much of it has not been sent.
    pub(crate) async fn write(&mut self, content: &[u8]) -> Result<()> {
        let ready = self.pieces.wait_for_capacity(PIECES_AT_ONCE).await;
        ready.map_err(|error| self.folder.error(&self.name, &error))?;
        self.pieces.write(content);
        Ok(())
    }

    /// Sends the rest and creates the file.
    pub(crate) async fn finish(self) -> Result<()> {
        let finished = self.pieces.finish().await;
        finished.map(|_| ()).map_err(|error| self.folder.error(&self.name, &error))
    }

    /// Removes the pieces that were sent, after an error.
    pub(crate) async fn abort(self) {
        if let Err(error) = self.pieces.abort().await {
            tracing::warn!(target: "bedrock_orm", %error, "cannot remove the pieces of an unfinished upload");
        }
    }
}
