//! The checks of cache points, in the order in which models read them: tools, system, messages.

use serde_json::Value;

use crate::json::items;
use crate::model::prompt::Prompt;
use crate::rules::refusal::{CheckResult, refuse, relay};

const MAX_CACHE_POINTS: usize = 4;

/// Checks the cache points of a prompt.
pub(super) fn check(prompt: &Prompt) -> CheckResult {
    check_reasoning(prompt)?;
    let points = points(prompt);
    if points.len() > MAX_CACHE_POINTS {
        return relay(format!(
            "A maximum of {MAX_CACHE_POINTS} blocks with cache_control may be provided. Found {}.",
            points.len()
        ));
    }
    check_lifetimes(&points)
}

/// Checks that no cache point follows reasoning directly.
fn check_reasoning(prompt: &Prompt) -> CheckResult {
    for message in &prompt.messages {
        let blocks = items(&message["content"]);
        let follows =
            |pair: &[Value]| pair[0]["reasoningContent"].is_object() && pair[1]["cachePoint"].is_object();
        if blocks.windows(2).any(follows) {
            let message = "Cache point cannot be inserted after reasoning block. Please remove the invalid cache point and try again.";
            return refuse(message, message);
        }
    }
    Ok(())
}

/// Checks that no cache point lives longer than one before it.
fn check_lifetimes(points: &[(String, &Value)]) -> CheckResult {
    let is_long = |point: &Value| point["cachePoint"]["ttl"] == "1h";
    let short = points.iter().position(|(_, point)| !is_long(point)).unwrap_or(points.len());
    match points[short..].iter().find(|(_, point)| is_long(point)) {
        Some((path, _)) => relay(format!(
            "{path}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. \
             Note that blocks are processed in the following order: `tools`, `system`, `messages`."
        )),
        None => Ok(()),
    }
}

/// Returns the cache points with the paths of the blocks before them.
fn points(prompt: &Prompt) -> Vec<(String, &Value)> {
    let messages = prompt.messages.iter().enumerate();
    let messages =
        messages.map(|(index, message)| (format!("messages.{index}.content"), items(&message["content"])));
    let lists = [("tools".to_owned(), &prompt.tools[..]), ("system".to_owned(), &prompt.system[..])];
    lists.into_iter().chain(messages).flat_map(|(path, blocks)| points_of(&path, blocks)).collect()
}

fn points_of<'a>(path: &str, blocks: &'a [Value]) -> Vec<(String, &'a Value)> {
    let mut before: usize = 0;
    let mut points = Vec::new();
    for block in blocks {
        if block["cachePoint"].is_object() {
            points.push((format!("{path}.{}", before.saturating_sub(1)), block));
        } else {
            before += 1;
        }
    }
    points
}
