//! Files in S3, or in an object store in its place.
#![cfg_attr(not(feature = "control-plane"), expect(dead_code))] // batches write and read lines

pub(crate) mod folder;
pub(crate) mod lines;
