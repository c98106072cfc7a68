//! The output location of an asynchronous invocation.

use crate::{AsyncInvokeOutputDataConfig, AsyncInvokeS3OutputDataConfig};

/// A location in S3, as `s3://bucket/prefix`.
impl From<&str> for AsyncInvokeOutputDataConfig {
    fn from(s3_uri: &str) -> Self {
        AsyncInvokeS3OutputDataConfig::new(s3_uri).into()
    }
}

/// A location in S3, as `s3://bucket/prefix`.
impl From<String> for AsyncInvokeOutputDataConfig {
    fn from(s3_uri: String) -> Self {
        AsyncInvokeS3OutputDataConfig::new(s3_uri).into()
    }
}

impl From<AsyncInvokeS3OutputDataConfig> for AsyncInvokeOutputDataConfig {
    fn from(s3: AsyncInvokeS3OutputDataConfig) -> Self {
        Self::S3OutputDataConfig(s3)
    }
}
