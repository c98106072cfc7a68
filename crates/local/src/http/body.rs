//! Bodies of requests and responses.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;

use crate::wire::error::{AwsError, AwsResult};

/// AWS accepts 25 MB in InvokeModel. In Converse the same bytes are base64, which is a third longer.
const BODY_LIMIT: usize = 36 << 20;
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// The body of a response.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A body that is sent at once.
pub(crate) fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Reads the body of a request.
pub(crate) async fn read_body(body: Incoming) -> AwsResult<Bytes> {
    let whole = Limited::new(body, BODY_LIMIT).collect();
    let Ok(body) = tokio::time::timeout(BODY_TIMEOUT, whole).await else {
        return Err(AwsError::new("RequestTimeoutException", "The request body did not arrive in time."));
    };
    match body {
        // The journal keeps the body. Without a copy it would keep the connection's whole buffer, which is much larger.
        Ok(body) => Ok(Bytes::from(body.to_bytes().to_vec())),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(AwsError::new("RequestEntityTooLargeException", "The request body is too large."))
        }
        Err(error) => Err(AwsError::serialization(format!("The request body could not be read: {error}"))),
    }
}
