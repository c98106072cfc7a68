//! The foundation of bedrock-orm: the [`Session`] with its account and region, [`Bound`] models, and [`Error`].
//!
//! Use this crate through `bedrock-orm`.

mod bound;
mod by_name;
mod call;
mod error;
mod generated;
mod ledger;
mod limiter;
mod pattern;
mod resource;
pub mod sdk;
mod session;
mod telemetry;

pub use bound::{Bound, Related, UsingExt};
pub use error::{Error, ErrorKind, Partial, Result};
pub use ledger::{Ledger, LedgerRow, LedgerSnapshot, Money, Price, Prices};
pub use limiter::{Limiter, TokenQuota};
pub use resource::Resource;
pub use session::{RetryPolicy, Session, SessionBuilder, SessionChoice};
