//! How you find and change things: `Guardrail::objects()`, its [`Manager`], and lazy [`QuerySet`]s.
//!
//! People use this crate through `bedrock-orm`.

pub mod aggregates;
mod bound;
mod engine;
pub mod lookups;
mod manager;
mod objects;
mod pace;
mod page;
mod plan;
mod prefetch;
mod queryset;
mod relation;
pub mod resources;
mod rows;
#[cfg(test)]
mod testing;

pub use bound::{Full, Refresh};
pub use manager::Manager;
pub use objects::Objects;
pub use page::Page;
pub use plan::Pushed;
pub use queryset::{GroupBy, QuerySet, Values};
pub use relation::Relation;
pub use rows::{Pages, Rows};
