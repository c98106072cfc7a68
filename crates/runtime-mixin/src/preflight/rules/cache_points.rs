//! Cache points.

use bedrock_orm_models::{CachePointBlock, CacheTtl, ContentBlock, SystemContentBlock, Tool};

use crate::preflight::draft::{Draft, tools};
use crate::preflight::facts::{ModelFacts, ModelFeature};
use crate::preflight::finding::{Place, Report};
use crate::preflight::rule::Rule;

/// Some models take no cache points.
pub(super) const CACHE_POINTS: Rule = Rule { name: "cache-points", mend: remove_all };

/// A cache point does not follow reasoning. Some models take none in a history after reasoning.
pub(super) const AFTER_REASONING: Rule = Rule { name: "cache-point-after-reasoning", mend: mend_reasoning };

/// A request has at most four cache points.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>
pub(super) const COUNT: Rule = Rule { name: "cache-point-count", mend: mend_count };

/// The times to live do not grow along tools, system prompt and messages.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>, and AWS's error message.
pub(super) const TTL: Rule = Rule { name: "cache-point-ttl", mend: mend_ttl };

const MAX: usize = 4;
const REMOVED: &str = "the cache point is removed";

/// Returns the cache points in the order in which AWS reads them.
fn points(draft: &mut Draft) -> Vec<(Place, &mut CachePointBlock)> {
    let mut points = Vec::new();
    for (index, tool) in tools(&mut draft.request).iter_mut().enumerate() {
        if let Tool::CachePoint(point) = tool {
            points.push((Place::Tool(index), point));
        }
    }
    for (place, block) in &mut draft.system {
        if let SystemContentBlock::CachePoint(point) = block {
            points.push((*place, point));
        }
    }
    for turn in &mut draft.turns {
        for block in &mut turn.blocks {
            if let ContentBlock::CachePoint(point) = &mut block.content {
                points.push((block.place, point));
            }
        }
    }
    points
}

fn places(draft: &mut Draft) -> Vec<Place> {
    points(draft).into_iter().map(|(place, _)| place).collect()
}

/// Removes the cache points at these places.
fn remove(draft: &mut Draft, places: &[Place]) {
    if let Some(config) = &mut draft.request.tool_config {
        let mut index = 0;
        config.tools.retain(|_| {
            index += 1;
            !places.contains(&Place::Tool(index - 1))
        });
    }
    draft.system.retain(|(place, _)| !places.contains(place));
    for turn in &mut draft.turns {
        turn.blocks.retain(|block| !(block.is_cache_point() && places.contains(&block.place)));
    }
}

fn remove_all(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    if facts.refuse(ModelFeature::CachePoints) {
        let places = places(draft);
        for place in &places {
            report.refused(*place, "the model takes no cache points", REMOVED);
        }
        remove(draft, &places);
    }
}

fn mend_reasoning(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    let in_history = facts.refuse(ModelFeature::CachePointAfterReasoning);
    let mut places = Vec::new();
    let mut has_reasoning = false;
    for turn in &draft.turns {
        let mut is_after = false;
        for block in &turn.blocks {
            if block.is_cache_point() && (is_after || (in_history && has_reasoning)) {
                report.refused(block.place, "a cache point is after reasoning", REMOVED);
                places.push(block.place);
                continue;
            }
            is_after = block.is_reasoning();
            has_reasoning |= is_after;
        }
    }
    remove(draft, &places);
}

/// Removes the earliest cache points of the messages: the later ones cache more, and those of tools and system prompt serve
/// other conversations.
fn mend_count(draft: &mut Draft, _: &ModelFacts, report: &mut Report) {
    let places = places(draft);
    let is_in_message = |place: &Place| matches!(place, Place::Block { .. } | Place::Added);
    let (messages, prefix): (Vec<Place>, Vec<Place>) = places.iter().partition(|place| is_in_message(place));
    let surplus = places.len().saturating_sub(MAX);
    let removed: Vec<_> = messages.into_iter().chain(prefix).take(surplus).collect();
    for place in &removed {
        report.refused(*place, "the request has more than four cache points", REMOVED);
    }
    remove(draft, &removed);
}

fn mend_ttl(draft: &mut Draft, _: &ModelFacts, report: &mut Report) {
    let mut is_short = false;
    for (place, point) in points(draft) {
        let is_long = point.ttl == Some(CacheTtl::OneHour);
        if is_long && is_short {
            report.refused(
                place,
                "the cache point lives longer than one before it",
                "it lives for five minutes",
            );
            point.ttl = None;
        }
        is_short |= !is_long;
    }
}
