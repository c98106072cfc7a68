//! Cache points: what stands before the last one is written once, and read from then on.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::catalogue::FoundationModel;
use crate::clock::{Clock, later};
use crate::model::prompt::{Prompt, items};
use crate::model::tokens;

const FIVE_MINUTES: Duration = Duration::from_secs(300);
const ONE_HOUR: Duration = Duration::from_secs(3600);

/// What a prompt read from the cache and wrote into it, in tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CacheUse {
    pub(crate) read: u64,
    pub(crate) written: u64,
    pub(crate) ttl: &'static str,
}

impl CacheUse {
    pub(crate) fn tokens(&self) -> u64 {
        self.read + self.written
    }
}

/// The prefixes that are cached, with the time at which each is forgotten.
#[derive(Debug, Default)]
pub(crate) struct PromptCache {
    forgotten_at: BTreeMap<u64, Timestamp>,
}

/// What the cache does for a prompt; `None` for models without one.
pub(crate) fn of_prompt(
    cache: &mut PromptCache,
    clock: &Clock,
    model: &FoundationModel,
    prompt: &Prompt,
) -> Option<CacheUse> {
    if !model.prompt_caching {
        return None;
    }
    let pieces = pieces(prompt);
    let last = pieces.iter().rposition(|piece| piece["cachePoint"].is_object());
    let Some(last) = last else {
        // Anthropic's models count zeros, Amazon's keep silent.
        return (model.maker() == "anthropic").then_some(CacheUse { read: 0, written: 0, ttl: "5m" });
    };
    let (ttl, lifetime) = match pieces[last]["cachePoint"]["ttl"].as_str() {
        Some("1h") => ("1h", ONE_HOUR),
        _ => ("5m", FIVE_MINUTES),
    };
    let now = clock.now();
    cache.forgotten_at.retain(|_, forgotten_at| *forgotten_at > now);

    // The longest prefix that an earlier request left behind is read; what follows it is written.
    let points = (0..=last).rev().filter(|point| pieces[*point]["cachePoint"].is_object());
    let known =
        points.clone().find(|point| cache.forgotten_at.contains_key(&fingerprint(model, &pieces[..*point])));
    for point in points {
        cache.forgotten_at.insert(fingerprint(model, &pieces[..point]), later(now, lifetime));
    }
    let cost = |pieces: &[&Value]| pieces.iter().map(|piece| tokens::of_content(piece)).sum::<u64>();
    let read = known.map_or(0, |point| cost(&pieces[..point]));
    Some(CacheUse { read, written: cost(&pieces[..last]) - read, ttl })
}

/// Everything that is cached, in the order in which models read it: tools, system, messages.
fn pieces(prompt: &Prompt) -> Vec<&Value> {
    let messages = prompt.messages.iter().flat_map(|message| items(&message["content"]));
    prompt.tools.iter().chain(&prompt.system).chain(messages).collect()
}

fn fingerprint(model: &FoundationModel, pieces: &[&Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    model.model_id.hash(&mut hasher);
    for piece in pieces.iter().filter(|piece| !piece["cachePoint"].is_object()) {
        piece.to_string().hash(&mut hasher);
    }
    hasher.finish()
}
