//! The prompt cache. The content before a cache point is written into the cache, and later requests read it.
//!
//! A cache point needs the model's minimum number of tokens before it. For Claude, a prefix of an earlier request can end at
//! any of the twenty blocks before a cache point, for other models only at a cache point. Source: AWS's page on prompt
//! caching.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::json::items;
use crate::model::prompt::Prompt;
use crate::model::tokens;
use crate::world::catalogue::FoundationModel;
use crate::world::clock::later;

/// How long a prefix is cached after its last use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lifetime {
    FiveMinutes,
    OneHour,
}

impl Lifetime {
    fn of_cache_point(point: &Value) -> Self {
        if point["ttl"] == "1h" { Self::OneHour } else { Self::FiveMinutes }
    }

    fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::FiveMinutes => 300,
            Self::OneHour => 3600,
        })
    }
}

/// The numbers of tokens that a prompt read from the cache and wrote into it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CacheUse {
    pub(crate) read: u64,
    pub(crate) written_for_five_minutes: u64,
    pub(crate) written_for_an_hour: u64,
    /// Whether the prompt has a cache point.
    pub(crate) has_cache_point: bool,
    /// Whether the model reports the lifetimes of cache writes.
    pub(crate) reports_lifetimes: bool,
}

impl CacheUse {
    /// Returns the number of cached tokens, read or written.
    pub(crate) fn tokens(&self) -> u64 {
        self.read + self.written()
    }

    /// Returns the number of tokens written.
    pub(crate) fn written(&self) -> u64 {
        self.written_for_five_minutes + self.written_for_an_hour
    }

    /// Sets all numbers of tokens to zero.
    pub(crate) fn without_cached_tokens(self) -> Self {
        Self { read: 0, written_for_five_minutes: 0, written_for_an_hour: 0, ..self }
    }

    /// Returns Converse's `cacheDetails`, or `None` if nothing was written.
    pub(crate) fn details(&self) -> Option<Value> {
        let written = [(self.written_for_an_hour, "1h"), (self.written_for_five_minutes, "5m")];
        let written = written.into_iter().filter(|(tokens, _)| *tokens > 0);
        let details: Vec<_> =
            written.map(|(tokens, ttl)| json!({ "inputTokens": tokens, "ttl": ttl })).collect();
        (self.reports_lifetimes && !details.is_empty()).then(|| json!(details))
    }
}

/// The cached prefixes of all regions.
#[derive(Debug, Default)]
pub(crate) struct PromptCaches(Mutex<BTreeMap<String, PromptCache>>);

impl PromptCaches {
    /// Looks up a prompt in the cache of a region, and caches it. Returns `None` for models that report no cache.
    pub(crate) fn look_up(
        &self,
        region: &str,
        now: Timestamp,
        model: &FoundationModel,
        prompt: &Prompt,
    ) -> Option<CacheUse> {
        let mut caches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look_up(caches.entry(region.to_owned()).or_default(), now, model, prompt)
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The cached prefixes of a region.
#[derive(Debug, Default)]
struct PromptCache(BTreeMap<u64, Entry>);

#[derive(Debug)]
struct Entry {
    lifetime: Lifetime,
    expires_at: Timestamp,
}

/// A position in a prompt, between two of its blocks.
#[derive(Clone, Copy)]
struct Position {
    /// The hash of the content before it.
    prefix_hash: u64,
    /// The number of tokens before it.
    tokens: u64,
    /// The lifetime of the cache point here, if there is one.
    cache_point: Option<Lifetime>,
}

/// Looks up a prompt and caches it. Returns `None` for models that report no cache.
fn look_up(
    cache: &mut PromptCache,
    now: Timestamp,
    model: &FoundationModel,
    prompt: &Prompt,
) -> Option<CacheUse> {
    let style = model.style;
    let minimum = style.cache_minimum?;
    if !blocks(prompt).any(|block| block["cachePoint"].is_object()) {
        let unused = CacheUse { reports_lifetimes: style.reports_cache_lifetimes, ..CacheUse::default() };
        return (model.provider() == "anthropic").then_some(unused);
    }
    let positions = positions(model, prompt);
    cache.0.retain(|_, entry| entry.expires_at > now);

    let points = positions.iter().enumerate().filter(|(_, position)| position.tokens >= minimum);
    let points: Vec<_> =
        points.filter_map(|(index, position)| Some((index, position.cache_point?))).collect();
    let candidates = points.iter().flat_map(|(point, _)| point.saturating_sub(style.cache_lookback)..=*point);
    let cached = candidates.filter(|position| cache.0.contains_key(&positions[*position].prefix_hash)).max();
    if let Some(entry) = cached.and_then(|cached| cache.0.get_mut(&positions[cached].prefix_hash)) {
        entry.expires_at = later(now, entry.lifetime.duration());
    }

    let read = cached.map_or(0, |cached| positions[cached].tokens);
    let mut used = CacheUse {
        read,
        has_cache_point: true,
        reports_lifetimes: style.reports_cache_lifetimes,
        ..CacheUse::default()
    };
    let mut before = read;
    for (point, lifetime) in points {
        let Position { prefix_hash, tokens, .. } = positions[point];
        let written = tokens.saturating_sub(before);
        match lifetime {
            Lifetime::FiveMinutes => used.written_for_five_minutes += written,
            Lifetime::OneHour => used.written_for_an_hour += written,
        }
        before = before.max(tokens);
        cache.0.insert(prefix_hash, Entry { lifetime, expires_at: later(now, lifetime.duration()) });
    }
    Some(used)
}

/// Returns the blocks of a prompt in the order in which models read it: tools, system, messages.
fn blocks(prompt: &Prompt) -> impl Iterator<Item = &Value> {
    let messages = prompt.messages.iter().flat_map(|message| items(&message["content"]));
    prompt.tools.iter().chain(&prompt.system).chain(messages)
}

/// Returns the positions of a prompt, in the order of its blocks. Consecutive cache points count as one.
fn positions(model: &FoundationModel, prompt: &Prompt) -> Vec<Position> {
    let mut hasher = DefaultHasher::new();
    model.model_id.hash(&mut hasher);
    let mut positions = vec![Position { prefix_hash: hasher.finish(), tokens: 0, cache_point: None }];
    for block in blocks(prompt) {
        let Some(last) = positions.last_mut() else { break };
        if block["cachePoint"].is_object() {
            last.cache_point = Some(Lifetime::of_cache_point(&block["cachePoint"]));
            continue;
        }
        block.to_string().hash(&mut hasher);
        let tokens = last.tokens + tokens::count_in_content(block);
        positions.push(Position { prefix_hash: hasher.finish(), tokens, cache_point: None });
    }
    positions
}
