//! What all of bedrock-orm shares: the [`Session`] that knows account and region, [`Bound`] models that know their
//! session, and the one [`Error`].
//!
//! People use this crate through `bedrock-orm`.

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
