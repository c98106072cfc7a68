//! The foundation of bedrock-orm: the [`Session`] with its account and region, [`Bound`] models, and [`Error`].
//!
//! Use this crate through `bedrock-orm`.

mod bound;
mod call;
mod error;
mod generated;
mod resource;
pub mod sdk;
mod session;

pub use bound::{Bound, Related, UsingExt};
pub use error::{Error, ErrorKind, Partial, Result};
pub use resource::Resource;
pub use session::{Session, SessionBuilder, SessionChoice};
