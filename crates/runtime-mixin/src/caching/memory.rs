//! The prefixes that a session sent, by their hash, to explain why the cache had nothing.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bedrock_orm_models::{ContentBlock, ConverseRequest, SystemContentBlock, Tool};
use serde_core::Serialize;
use tokio::time::Instant;

use super::point::{CacheLocation, CachePoint, seconds};
use super::report::CacheMiss;

/// The prefixes that are remembered for a session. Older ones are forgotten.
const MOST_PREFIXES: usize = 512;

/// The hashes of a request's prefixes: up to the end of its tools, of its system prompt, and of each message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Prefixes(Vec<(CacheLocation, u64)>);

impl Prefixes {
    /// Hashes a request. Cache points are no part of the content.
    pub(super) fn of(model_id: &str, request: &ConverseRequest) -> Self {
        let mut hash = ContentHash(DefaultHasher::new());
        hash.0.write(model_id.as_bytes());
        let mut prefixes = Vec::new();
        let tools = request.tool_config.iter().flat_map(|config| &config.tools);
        tools.filter(|tool| !matches!(tool, Tool::CachePoint(_))).for_each(|tool| hash.add(tool));
        prefixes.push((CacheLocation::Tools, hash.0.finish()));
        let system = request.system.iter().flatten();
        let is_point = |block: &SystemContentBlock| matches!(block, SystemContentBlock::CachePoint(_));
        system.filter(|block| !is_point(block)).for_each(|block| hash.add(block));
        prefixes.push((CacheLocation::System, hash.0.finish()));
        for (index, message) in request.messages.iter().flatten().enumerate() {
            hash.add(&message.role);
            let is_point = |block: &ContentBlock| matches!(block, ContentBlock::CachePoint(_));
            message.content.iter().filter(|block| !is_point(block)).for_each(|block| hash.add(block));
            prefixes.push((CacheLocation::Message(index), hash.0.finish()));
        }
        Self(prefixes)
    }

    fn at(&self, location: CacheLocation) -> Option<u64> {
        self.0.iter().find(|(other, _)| *other == location).map(|(_, hash)| *hash)
    }

    /// Returns the first part that is different in another request.
    fn first_difference(&self, earlier: &Self) -> CacheLocation {
        let pairs = self.0.iter().zip(&earlier.0);
        let equal = pairs.take_while(|(this, that)| this == that).count();
        self.0.get(equal).or(self.0.last()).map_or(CacheLocation::Tools, |(location, _)| *location)
    }
}

/// Hashes the JSON of parts.
struct ContentHash(DefaultHasher);

impl ContentHash {
    fn add(&mut self, part: &impl Serialize) {
        // Parts of requests are JSON. They are written to memory first: a writer of its own would compile the wire form of
        // all parts a second time.
        let json = serde_json::to_vec(part).unwrap_or_default();
        self.0.write(&json);
    }
}

/// The prefixes that a session sent with cache points.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Sent>);

#[derive(Debug, Default)]
struct Sent {
    /// When a prefix was last sent, and how long AWS keeps it.
    prefixes: HashMap<u64, (Instant, Duration)>,
    /// The last request to each model.
    last: HashMap<String, Prefixes>,
}

impl Memory {
    /// Returns why a request that is sent now may find nothing in the cache, and remembers the request.
    pub(super) fn look_up_and_keep(
        &self,
        model_id: &str,
        prefixes: &Prefixes,
        points: &[CachePoint],
        now: Instant,
    ) -> CacheMiss {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What was cached at the end of an earlier turn can be in the middle of this request.
        let known = prefixes.0.iter().rev().find_map(|(location, hash)| {
            let (at, ttl) = sent.prefixes.get(hash)?;
            Some((*location, now.saturating_duration_since(*at), *ttl))
        });
        let miss = match (known, sent.last.get(model_id)) {
            (Some((_, idle, ttl)), _) if idle > ttl => CacheMiss::Expired { idle, ttl },
            (Some((CacheLocation::Message(_), idle, _)), _) => CacheMiss::NotFound { idle },
            // The tools and the system prompt alone can be too short to be cached.
            (_, Some(last)) => CacheMiss::Changed(prefixes.first_difference(last)),
            (_, None) => CacheMiss::FirstCall,
        };
        for point in points {
            let Some(hash) = prefixes.at(point.location) else { continue };
            let ttl = Duration::from_secs(seconds(&point.ttl).unwrap_or_default());
            sent.prefixes.insert(hash, (now, ttl));
        }
        sent.forget_oldest();
        sent.last.insert(model_id.to_owned(), prefixes.clone());
        miss
    }
}

impl Sent {
    fn forget_oldest(&mut self) {
        if self.prefixes.len() <= MOST_PREFIXES {
            return;
        }
        let mut times: Vec<Instant> = self.prefixes.values().map(|(at, _)| *at).collect();
        times.sort_unstable();
        let Some(oldest_kept) = times.get(times.len() / 2).copied() else { return };
        self.prefixes.retain(|_, (at, _)| *at > oldest_kept);
    }
}

#[cfg(test)]
mod tests {
    use bedrock_orm_models::{CacheTtl, Message};

    use super::*;

    const MODEL: &str = "model";

    fn point(location: CacheLocation) -> CachePoint {
        CachePoint { location, ttl: CacheTtl::FiveMinutes, is_placed: true }
    }

    fn request(system: &str, texts: &[&str]) -> ConverseRequest {
        let messages: Vec<Message> = texts.iter().map(|text| Message::user(*text)).collect();
        ConverseRequest::from(messages).system([system])
    }

    #[test]
    fn the_reason_follows_from_what_was_sent() {
        let (memory, start) = (Memory::default(), Instant::now());
        let send = |request: &ConverseRequest, seconds: u64| {
            let last = CacheLocation::Message(request.messages.as_ref().unwrap().len() - 1);
            let points = [point(CacheLocation::System), point(last)];
            let now = start + Duration::from_secs(seconds);
            memory.look_up_and_keep(MODEL, &Prefixes::of(MODEL, request), &points, now)
        };
        assert_eq!(send(&request("a", &["1"]), 0), CacheMiss::FirstCall);
        let idle = Duration::from_secs(10);
        assert_eq!(send(&request("a", &["1", "2"]), 10), CacheMiss::NotFound { idle });
        assert_eq!(send(&request("a", &["1", "3"]), 20), CacheMiss::NotFound { idle: idle * 2 });
        assert_eq!(send(&request("a", &["9"]), 20), CacheMiss::Changed(CacheLocation::Message(0)));
        assert_eq!(send(&request("b", &["9"]), 20), CacheMiss::Changed(CacheLocation::System));
        let (idle, ttl) = (Duration::from_secs(301), Duration::from_secs(300));
        assert_eq!(send(&request("b", &["9"]), 321), CacheMiss::Expired { idle, ttl });
    }

    #[test]
    fn cache_points_are_no_part_of_a_prefix_and_models_have_their_own() {
        let plain = request("a", &["1"]);
        let mut marked = plain.clone();
        marked.system.as_mut().unwrap().push(SystemContentBlock::cache_point());
        assert_eq!(Prefixes::of(MODEL, &plain), Prefixes::of(MODEL, &marked));
        assert_ne!(Prefixes::of(MODEL, &plain), Prefixes::of("other", &plain));
    }

    #[test]
    fn old_prefixes_are_forgotten() {
        let (memory, start) = (Memory::default(), Instant::now());
        for index in 0..3 * MOST_PREFIXES {
            let request = request("a", &[&index.to_string()]);
            let now = start + Duration::from_secs(index as u64);
            let points = [point(CacheLocation::Message(0))];
            memory.look_up_and_keep(MODEL, &Prefixes::of(MODEL, &request), &points, now);
        }
        assert!(memory.0.lock().unwrap().prefixes.len() <= MOST_PREFIXES);
    }
}
