//! Cache points: what stands before one is written into the cache, and read from then on.
//!
//! A point counts where at least the model's minimum of tokens stands before it. Claude finds what an earlier request
//! wrote at any of the twenty blocks before a point, others at the points alone. Source: AWS's page on prompt caching.

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

/// How long a prefix is kept after it was last used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lifetime {
    FiveMinutes,
    OneHour,
}

impl Lifetime {
    fn of_point(point: &Value) -> Self {
        if point["ttl"] == "1h" { Self::OneHour } else { Self::FiveMinutes }
    }

    fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::FiveMinutes => 300,
            Self::OneHour => 3600,
        })
    }
}

/// What a prompt read from the cache and wrote into it, in tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CacheUse {
    pub(crate) read: u64,
    pub(crate) written_for_five_minutes: u64,
    pub(crate) written_for_an_hour: u64,
    /// Whether the prompt has a cache point.
    pub(crate) is_asked: bool,
    /// Whether the model tells the lifetimes of what it wrote.
    pub(crate) tells_lifetimes: bool,
}

impl CacheUse {
    pub(crate) fn tokens(&self) -> u64 {
        self.read + self.written()
    }

    pub(crate) fn written(&self) -> u64 {
        self.written_for_five_minutes + self.written_for_an_hour
    }

    /// The same, as if nothing had been cached.
    pub(crate) fn unused(self) -> Self {
        Self { read: 0, written_for_five_minutes: 0, written_for_an_hour: 0, ..self }
    }

    /// Converse's `cacheDetails`; none where nothing was written.
    pub(crate) fn details(&self) -> Option<Value> {
        let written = [(self.written_for_an_hour, "1h"), (self.written_for_five_minutes, "5m")];
        let written = written.into_iter().filter(|(tokens, _)| *tokens > 0);
        let details: Vec<_> =
            written.map(|(tokens, ttl)| json!({ "inputTokens": tokens, "ttl": ttl })).collect();
        (self.tells_lifetimes && !details.is_empty()).then(|| json!(details))
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
        of_prompt(caches.entry(region.to_owned()).or_default(), now, model, prompt)
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
    forgotten_at: Timestamp,
}

/// A place in a prompt, between two of its blocks.
#[derive(Clone, Copy)]
struct Place {
    /// What stands for all before it.
    fingerprint: u64,
    /// How many tokens stand before it.
    tokens: u64,
    /// The lifetime that a cache point here asks for.
    point: Option<Lifetime>,
}

/// What the cache does for a prompt; `None` for models that tell nothing of it.
fn of_prompt(
    cache: &mut PromptCache,
    now: Timestamp,
    model: &FoundationModel,
    prompt: &Prompt,
) -> Option<CacheUse> {
    let style = model.style;
    let minimum = style.cache_minimum?;
    let places = places(model, prompt);
    let is_asked = places.iter().any(|place| place.point.is_some());
    if !is_asked && model.provider() != "anthropic" {
        return None;
    }
    cache.0.retain(|_, entry| entry.forgotten_at > now);

    let points = places.iter().enumerate().filter(|(_, place)| place.tokens >= minimum);
    let points: Vec<_> = points.filter_map(|(index, place)| Some((index, place.point?))).collect();
    let looked_at = points.iter().flat_map(|(point, _)| point.saturating_sub(style.cache_lookback)..=*point);
    let known = looked_at.filter(|place| cache.0.contains_key(&places[*place].fingerprint)).max();
    if let Some(entry) = known.and_then(|known| cache.0.get_mut(&places[known].fingerprint)) {
        entry.forgotten_at = later(now, entry.lifetime.duration());
    }

    let read = known.map_or(0, |known| places[known].tokens);
    let mut used =
        CacheUse { read, is_asked, tells_lifetimes: style.reports_cache_lifetimes, ..CacheUse::default() };
    let mut before = read;
    for (point, lifetime) in points {
        let Place { fingerprint, tokens, .. } = places[point];
        let written = tokens.saturating_sub(before);
        match lifetime {
            Lifetime::FiveMinutes => used.written_for_five_minutes += written,
            Lifetime::OneHour => used.written_for_an_hour += written,
        }
        before = before.max(tokens);
        cache.0.insert(fingerprint, Entry { lifetime, forgotten_at: later(now, lifetime.duration()) });
    }
    Some(used)
}

/// The places of a prompt in the order in which models read it: tools, system, messages. Consecutive points are one.
fn places(model: &FoundationModel, prompt: &Prompt) -> Vec<Place> {
    let messages = prompt.messages.iter().flat_map(|message| items(&message["content"]));
    let blocks = prompt.tools.iter().chain(&prompt.system).chain(messages);
    let mut hasher = DefaultHasher::new();
    model.model_id.hash(&mut hasher);
    let mut places = vec![Place { fingerprint: hasher.finish(), tokens: 0, point: None }];
    for block in blocks {
        let Some(last) = places.last_mut() else { break };
        if block["cachePoint"].is_object() {
            last.point = Some(Lifetime::of_point(&block["cachePoint"]));
            continue;
        }
        block.to_string().hash(&mut hasher);
        let tokens = last.tokens + tokens::of_content(block);
        places.push(Place { fingerprint: hasher.finish(), tokens, point: None });
    }
    places
}
