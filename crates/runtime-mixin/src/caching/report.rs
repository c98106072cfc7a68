//! What a prompt cache did for a reply, and why it did nothing.

use std::fmt;
use std::time::Duration;

use bedrock_orm_models::{CacheUsage, ConverseResponse, StopReason};

use super::point::{CacheLocation, CachePoint};

/// What the prompt cache read and wrote for a reply, with the cache points that were sent, and why nothing was read.
/// `Display` shows it in one line.
///
/// ```
/// use bedrock_orm::prelude::*;
/// use bedrock_orm::{CacheMiss, CachePolicy};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// let claude = FoundationModel::with_id("us.anthropic.claude-sonnet-4-5-20250929-v1:0").using(&session);
/// let reply = claude.converse("Hello").cache(CachePolicy::auto()).await?;
/// assert_eq!(reply.cache().miss, Some(CacheMiss::TooShort));
/// assert!(reply.cache().to_string().starts_with("read 0, wrote 0, fresh 1"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CacheReport {
    /// The input tokens that were read, written, and neither.
    pub usage: CacheUsage,
    /// The cache points that were sent, in order, if the call had a [`CachePolicy`](crate::CachePolicy).
    pub points: Vec<CachePoint>,
    /// Why nothing was read. `None` if something was read.
    pub miss: Option<CacheMiss>,
}

/// `read 3200, wrote 120 (5m), fresh 12`, and why nothing was read.
impl fmt::Display for CacheReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CacheUsage { read, written, written_by_ttl, fresh, .. } = &self.usage;
        write!(formatter, "read {read}, wrote {written}")?;
        if !written_by_ttl.is_empty() {
            let parts: Vec<String> = match written_by_ttl.as_slice() {
                [(ttl, _)] => vec![ttl.to_string()],
                several => several.iter().map(|(ttl, tokens)| format!("{tokens} for {ttl}")).collect(),
            };
            write!(formatter, " ({})", parts.join(", "))?;
        }
        write!(formatter, ", fresh {fresh}")?;
        match &self.miss {
            Some(miss) => write!(formatter, ": {miss}"),
            None => Ok(()),
        }
    }
}

/// Why nothing was read from the prompt cache.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum CacheMiss {
    /// The call has no [`CachePolicy`](crate::CachePolicy).
    NoPolicy,
    /// The request has no place for a cache point: no system prompt, no tools, and no message without reasoning.
    NoPlace,
    /// AWS refuses cache points for the model.
    Refused,
    /// A guardrail blocked the prompt, so that neither the model nor its cache was used.
    Blocked,
    /// Nothing was written either: what is before the cache points is shorter than the model's minimum, or the model does not
    /// cache.
    TooShort,
    /// No request with cache points was sent to the model in this session before.
    FirstCall,
    /// No earlier request of the session has the same prefix. This part is the first that differs from the last request.
    Changed(CacheLocation),
    /// The prefix was sent before, longer ago than it is kept.
    Expired {
        /// The time since it was last sent.
        idle: Duration,
        /// The time for which it is kept.
        ttl: Duration,
    },
    /// The prefix was sent before and not too long ago, but AWS had none cached: the first request was still being
    /// answered, or an inference profile led to another region.
    NotFound {
        /// The time since it was last sent.
        idle: Duration,
    },
}

impl fmt::Display for CacheMiss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPolicy => formatter.write_str(
                "the call has no cache policy; `.cache(CachePolicy::auto())` places cache points",
            ),
            Self::NoPlace => formatter.write_str(
                "the request has no place for a cache point: no system prompt, no tools, and no message without \
                 reasoning",
            ),
            Self::Refused => formatter.write_str("AWS refuses cache points for this model"),
            Self::Blocked => {
                formatter.write_str("a guardrail blocked the prompt, so the model and its cache were not used")
            }
            Self::TooShort => formatter.write_str(
                "nothing to cache: the prompt before the cache points is shorter than the model's minimum (often 1,024 \
                 tokens), or the model does not cache",
            ),
            Self::FirstCall => formatter.write_str("the first call with cache points in this session"),
            Self::Changed(CacheLocation::Message(index)) => write!(
                formatter,
                "messages[{index}] and the ones after it are not those of an earlier request"
            ),
            Self::Changed(location) => {
                write!(formatter, "the {location} changed, and with it everything after it")
            }
            Self::Expired { idle, ttl } => write!(
                formatter,
                "the cached prefix expired: it was last sent {} s ago, and is kept for {} s",
                idle.as_secs(),
                ttl.as_secs()
            ),
            Self::NotFound { idle } => write!(
                formatter,
                "AWS had no cached prefix, though it was sent {} s ago: it may have been in another region, or not \
                 written yet",
                idle.as_secs()
            ),
        }
    }
}

/// The cache points of a request, and why it may read nothing.
#[derive(Clone, Debug)]
pub(crate) struct Caching {
    pub(crate) points: Vec<CachePoint>,
    /// The reason if nothing is read.
    pub(crate) expected: CacheMiss,
}

/// Returns the report for a response.
pub(crate) fn report(response: &ConverseResponse, caching: Option<&Caching>) -> CacheReport {
    let usage = response.usage.cache();
    let points = caching.map(|caching| caching.points.clone()).unwrap_or_default();
    let is_blocked = response.stop_reason == StopReason::GuardrailIntervened && usage.input() == 0;
    let miss = match caching {
        _ if usage.read > 0 => None,
        None => Some(CacheMiss::NoPolicy),
        Some(_) if is_blocked => Some(CacheMiss::Blocked),
        Some(caching) if usage.written == 0 && !points.is_empty() => match caching.expected {
            CacheMiss::Refused => Some(CacheMiss::Refused),
            _ => Some(CacheMiss::TooShort),
        },
        Some(caching) => Some(caching.expected),
    };
    CacheReport { usage, points, miss }
}
