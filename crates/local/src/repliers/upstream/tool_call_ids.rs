//! The IDs of tool calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

/// Gives tool calls IDs that AWS would accept.
#[derive(Clone, Debug, Default)]
pub(super) struct ToolCallIds(Arc<AtomicU64>);

impl ToolCallIds {
    /// The upstream's ID if AWS would accept it, or else a new one.
    pub(super) fn accept_or_create(&self, id: &Value) -> String {
        const LONGEST: usize = 64;
        let is_accepted = |id: &&str| {
            let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
            (1..=LONGEST).contains(&id.len()) && id.chars().all(letters)
        };
        match id.as_str().filter(is_accepted) {
            Some(id) => id.to_owned(),
            None => format!("tooluse_upstream_{}", self.0.fetch_add(1, Ordering::Relaxed)),
        }
    }
}
