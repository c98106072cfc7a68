//! How you find and change things: `Guardrail::objects()`, its [`Manager`], and lazy [`QuerySet`]s.
//!
//! People use this crate through `bedrock-orm`.

mod bound;
mod manager;
mod objects;
mod page;
mod queryset;
pub mod resources;
mod rows;

pub use bound::{Full, Refresh};
pub use manager::Manager;
pub use objects::Objects;
pub use page::Page;
pub use queryset::QuerySet;
pub use rows::{Pages, Rows};
