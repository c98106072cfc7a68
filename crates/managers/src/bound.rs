//! What a bound model can do with its session: fetch itself.

use bedrock_orm_core::{Bound, Result};

use crate::resources::{Get, Keyed};

/// Fetches a thing anew.
pub trait Refresh: Sized {
    /// The thing as it is now.
    ///
    /// # Errors
    ///
    /// As [`Manager::get`](crate::Manager::get).
    ///
    /// # Requests
    ///
    /// One of the noun's Get operation.
    fn refresh(&self) -> impl Future<Output = Result<Self>> + Send;
}

impl<M: Get + Keyed<Noun = M>> Refresh for Bound<M> {
    async fn refresh(&self) -> Result<Self> {
        self.full().await
    }
}

/// Fetches the whole of which a list's row, or the answer to a creation, is a part.
pub trait Full {
    /// The whole: `Guardrail` for a `GuardrailSummary`.
    type Noun;

    /// The whole, through the same session.
    ///
    /// # Errors
    ///
    /// As [`Manager::get`](crate::Manager::get).
    ///
    /// # Requests
    ///
    /// One of the noun's Get operation.
    fn full(&self) -> impl Future<Output = Result<Bound<Self::Noun>>> + Send;
}

impl<M: Keyed> Full for Bound<M> {
    type Noun = M::Noun;

    async fn full(&self) -> Result<Bound<M::Noun>> {
        let session = self.session();
        let noun = M::Noun::fetch(session, self.key()).await?;
        Ok(Bound::new(noun, session.clone()))
    }
}
