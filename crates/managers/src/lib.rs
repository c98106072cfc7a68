//! Gets, lists, creates, updates and deletes resources: `Guardrail::objects()`, its [`Manager`], and lazy
//! [`QuerySet`]s.
//!
//! Use this crate through `bedrock-orm`.

pub mod aggregates;
mod bound;
mod bulk;
mod calls;
#[doc(hidden)] // for the crates above
pub mod concurrency;
mod engine;
#[cfg(feature = "control-plane")]
mod follow;
#[allow(deprecated)] // what AWS deprecates is still on its wire
mod generated;
mod get_or_create;
pub mod lookups;
mod manager;
mod objects;

mod page;
mod page_tokens;
mod plan;
mod prefetch;
#[cfg(test)]
mod pushdown_tests;
mod queryset;
mod relation;
pub mod resources;
mod rows;
#[cfg(feature = "control-plane")]
mod tags;
#[cfg(test)]
mod testing;
mod wait;

pub use bound::{DeleteExt, FullExt, RefreshExt, StopExt, UpdateExt};
pub use bulk::{BulkItem, BulkReport};
pub use generated::extensions;
#[cfg(feature = "control-plane")]
pub use generated::relations;
#[doc(hidden)]
pub use generated::{extensions_prelude, resource_types};
pub use manager::Manager;
pub use objects::Objects;
pub use page::Page;
#[doc(hidden)]
pub use page_tokens::all_rows;
pub use plan::{Plan, Pushed};
pub use queryset::{FullSet, GroupBy, Groups, QuerySet, Values};
pub use relation::Relation;
pub use rows::{Pages, Rows};
#[cfg(feature = "control-plane")]
pub use tags::TagsExt;
pub use wait::{Wait, WaitExt, Watch};
