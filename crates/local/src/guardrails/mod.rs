//! Guardrails: assess texts by simple, documented rules that always give the same result.
//!
//! Each policy has a file: `content.rs`, `grounding.rs`, `sensitive.rs` (with the patterns in `pii.rs`), `topics.rs`,
//! `words.rs`. `assessment.rs` applies all policies of a guardrail to texts; `applied.rs` applies guardrails to a
//! model's turn.

pub(crate) mod applied;
pub(crate) mod assessment;
pub(crate) mod checks;
mod content;
mod direction;
mod findings;
pub(crate) mod grounding;
pub(crate) mod guard;
mod guarded_texts;
mod pii;
pub(crate) mod sensitive;
mod text;
mod topics;
pub(crate) mod trace;
mod words;

pub(crate) use direction::Direction;
pub(crate) use guarded_texts::Scope;
