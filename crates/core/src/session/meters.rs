//! What a session keeps to meter its calls.

use std::sync::{OnceLock, RwLock};

use crate::ledger::Ledger;
use crate::limiter::Limiter;

/// What meters the calls of a session.
#[derive(Default)]
pub(super) struct Meters {
    pub(super) ledger: OnceLock<Ledger>,
    /// Patterns of model IDs, and the limiters of their calls.
    pub(super) limiters: RwLock<Vec<(String, Limiter)>>,
}
