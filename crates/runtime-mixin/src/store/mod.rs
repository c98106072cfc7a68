//! Files in S3, or in an object store in its place.

pub(crate) mod folder;
pub(crate) mod lines;
