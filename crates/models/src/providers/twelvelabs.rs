//! The media of TwelveLabs' models.

use super::data::data;
use crate::Blob;

data! {
    /// A video, audio or an image. One of the members is set.
    #[serde(rename_all = "camelCase")]
    pub struct TwelveLabsMedia {
    }
    optional {
        /// The file. A request has at most 25 MB.
        base64_string: Blob,
        /// Where the file is.
        s3_location: TwelveLabsS3Location,
    }
}

impl TwelveLabsMedia {
    /// Creates it from the bytes of a file.
    pub fn bytes(bytes: impl Into<Blob>) -> Self {
        Self::default().base64_string(bytes)
    }

    /// Creates it from a file in S3, with the account ID of the bucket's owner.
    pub fn s3(uri: impl Into<String>, bucket_owner: impl Into<String>) -> Self {
        let location = TwelveLabsS3Location { uri: uri.into(), ..TwelveLabsS3Location::default() };
        Self::default().s3_location(location.bucket_owner(bucket_owner))
    }
}

data! {
    /// A file in S3.
    #[serde(rename_all = "camelCase")]
    pub struct TwelveLabsS3Location {
        /// Its URI.
        uri: String,
    }
    optional {
        /// The account ID of the bucket's owner.
        bucket_owner: String,
    }
}
