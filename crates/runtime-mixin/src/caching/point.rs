//! A cache point of a request.

use std::fmt;

use bedrock_orm_models::{CachePointBlock, CacheTtl};

/// A cache point that was sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CachePoint {
    /// Where it was.
    pub location: CacheLocation,
    /// How long AWS keeps what is before it.
    pub ttl: CacheTtl,
    /// Whether the policy placed it. The other points were in the request already.
    pub is_placed: bool,
}

impl CachePoint {
    pub(super) fn given(location: CacheLocation, block: &CachePointBlock) -> Self {
        let ttl = block.ttl.clone().unwrap_or(CacheTtl::FiveMinutes);
        Self { location, ttl, is_placed: false }
    }
}

/// A part of a request that can have cache points, in the order in which models read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CacheLocation {
    /// The tools.
    Tools,
    /// The system prompt.
    System,
    /// The message with this index.
    Message(usize),
}

impl fmt::Display for CacheLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tools => formatter.write_str("tools"),
            Self::System => formatter.write_str("system"),
            Self::Message(index) => write!(formatter, "messages[{index}]"),
        }
    }
}

/// Returns a TTL in seconds. `None` if its form is unknown.
pub(super) fn seconds(ttl: &CacheTtl) -> Option<u64> {
    let text = ttl.as_str();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}
