//! How you find and change things: `Guardrail::objects()`, its [`Manager`], and lazy [`QuerySet`]s.
//!
//! People use this crate through `bedrock-orm`.

mod bound;
#[allow(deprecated)] // what AWS deprecates is still on its wire
mod generated;
pub mod lookups;
mod manager;
mod objects;
mod page;
mod queryset;
mod relation;
pub mod resources;
mod rows;
#[cfg(feature = "control-plane")]
mod tags;
mod wait;

pub use bound::{DeleteExt, Full, Refresh, StopExt, UpdateExt};
pub use generated::{extensions, relations};
pub use manager::Manager;
pub use objects::Objects;
pub use page::Page;
pub use queryset::QuerySet;
pub use relation::Relation;
pub use rows::{Pages, Rows};
#[cfg(feature = "control-plane")]
pub use tags::TagsExt;
pub use wait::{Wait, WaitExt, Watch};
