//! Letting go of the runtime client.

use bedrock_orm_core::Bound;

use crate::Invokable;

/// `close` on a bound model.
pub trait CloseExt {
    /// Lets go of the session's runtime client and of its connections, for all models of the session; the next call
    /// opens it again. Calls and streams under way go on to their end. Sends nothing.
    fn close(&self);
}

impl<M: Invokable> CloseExt for Bound<M> {
    fn close(&self) {
        self.session().close();
    }
}
