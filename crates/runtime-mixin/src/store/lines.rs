//! The lines of a file, read as they are needed.

use bedrock_orm_core::Result;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, Fuse};

/// The lines of a file. Only the current chunk and the current line are in memory.
pub(crate) struct Lines {
    chunks: Fuse<BoxStream<'static, Result<Bytes>>>,
    /// What was read and not yet returned.
    rest: BytesMut,
    /// How much of the rest is known to have no line end.
    searched: usize,
}

impl Lines {
    pub(crate) fn new(chunks: BoxStream<'static, Result<Bytes>>) -> Self {
        Self { chunks: chunks.fuse(), rest: BytesMut::new(), searched: 0 }
    }

    /// Returns the next line that is not blank, without its end. `None` after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let line = match self.rest[self.searched..].iter().position(|byte| *byte == b'\n') {
                Some(end) => self.rest.split_to(self.searched + end + 1),
                None => {
                    self.searched = self.rest.len();
                    match self.chunks.next().await {
                        Some(chunk) => {
                            self.rest.extend_from_slice(&chunk?);
                            continue;
                        }
                        None if self.rest.is_empty() => return Ok(None),
                        None => self.rest.split(),
                    }
                }
            };
            self.searched = 0;
            let line = line.freeze();
            let content = line.trim_ascii();
            if !content.is_empty() {
                return Ok(Some(line.slice_ref(content)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn lines_do_not_depend_on_the_chunks() {
        let text = "one\r\n\ntwo two\n   \nthree";
        for size in 1..=text.len() {
            let chunks: Vec<_> =
                text.as_bytes().chunks(size).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
            let mut lines = Lines::new(stream::iter(chunks).boxed());
            let mut read = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                read.push(String::from_utf8(line.to_vec()).unwrap());
            }
            assert_eq!(read, ["one", "two two", "three"], "chunks of {size}");
        }
    }
}
