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

pub use bound::{Full, Refresh};
pub use generated::*;
pub use manager::Manager;
pub use objects::Objects;
pub use page::Page;
pub use queryset::QuerySet;
pub use relation::Relation;
pub use rows::{Pages, Rows};
