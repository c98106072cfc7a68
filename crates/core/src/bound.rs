//! Models that know their session.

use std::fmt;
use std::ops::Deref;

use crate::{Resource, Session};

/// A model together with the session that it came through. It derefs to the model, so that its fields are at hand;
/// what sends (`refresh`, `converse` …) is there for bound models alone.
///
/// What a manager returns is bound. A model from elsewhere, deserialised say, is bound by [`Using::using`].
#[derive(Clone)]
pub struct Bound<M> {
    model: M,
    session: Session,
}

impl<M> Bound<M> {
    /// Binds the model to the session. Sends nothing.
    pub fn new(model: M, session: Session) -> Self {
        Self { model, session }
    }

    /// The session that it came through.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The model alone.
    pub fn into_inner(self) -> M {
        self.model
    }
}

impl<M> Deref for Bound<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.model
    }
}

impl<M: fmt::Debug> fmt::Debug for Bound<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.fmt(formatter)
    }
}

/// Two bound models are equal when the models are, whatever sessions they came through.
impl<M: PartialEq> PartialEq for Bound<M> {
    fn eq(&self, other: &Self) -> bool {
        self.model == other.model
    }
}

/// Binds a model that did not come from a manager: `FoundationModel::with_id("…").using(&session)`.
pub trait Using: Sized {
    /// Binds the model to the session. Sends nothing.
    fn using(self, session: &Session) -> Bound<Self>;
}

impl<M: Resource> Using for M {
    fn using(self, session: &Session) -> Bound<Self> {
        Bound::new(self, session.clone())
    }
}
