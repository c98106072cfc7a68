//! Models that know their session.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::Arc;

use bedrock_orm_models::{Guardrail, GuardrailConfiguration, GuardrailSummary};
use serde::{Serialize, Serializer};

use crate::{Resource, Session};

/// A model together with the session that it came through. It derefs to the model, so that its fields are at hand;
/// what sends (`refresh`, `converse` …) is there for bound models alone.
///
/// What a manager returns is bound. A model from elsewhere, deserialised say, is bound by [`UsingExt::using`].
#[derive(Clone)]
pub struct Bound<M> {
    model: M,
    session: Session,
    related: Option<Arc<Related>>,
}

impl<M> Bound<M> {
    /// Binds the model to the session. Sends nothing.
    pub fn new(model: M, session: Session) -> Self {
        Self { model, session, related: None }
    }

    /// The same, with what was fetched beforehand of the things that it leads to.
    #[must_use]
    pub fn with_related(mut self, related: Arc<Related>) -> Self {
        self.related = Some(related);
        self
    }

    /// What was fetched beforehand of the things that it leads to.
    pub fn related(&self) -> Option<&Arc<Related>> {
        self.related.as_ref()
    }

    /// Another model, bound to the same session.
    pub fn bind<N>(&self, model: N) -> Bound<N> {
        Bound::new(model, self.session.clone())
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

/// A bound model serialises as the model; the session stays out.
impl<M: Serialize> Serialize for Bound<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.model.serialize(serializer)
    }
}

/// This version of the guardrail.
impl From<&Bound<Guardrail>> for GuardrailConfiguration {
    fn from(guardrail: &Bound<Guardrail>) -> Self {
        (&guardrail.model).into()
    }
}

/// This version of the guardrail.
impl From<&Bound<GuardrailSummary>> for GuardrailConfiguration {
    fn from(guardrail: &Bound<GuardrailSummary>) -> Self {
        (&guardrail.model).into()
    }
}

/// Things of several nouns, by their keys, fetched once for many rows that lead to them.
#[derive(Default)]
pub struct Related {
    nouns: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
}

impl Related {
    /// The same, with these things of one noun beside those that it has.
    #[must_use]
    pub fn with<K, N>(mut self, things: HashMap<K, N>) -> Self
    where
        K: Eq + Hash + Send + Sync + 'static,
        N: Send + Sync + 'static,
    {
        let known = self
            .nouns
            .entry(TypeId::of::<HashMap<K, N>>())
            .or_insert_with(|| Box::new(HashMap::<K, N>::new()));
        if let Some(known) = known.downcast_mut::<HashMap<K, N>>() {
            known.extend(things);
        }
        self
    }

    /// The thing of that key, where it was fetched.
    pub fn get<K, N>(&self, key: &K) -> Option<&N>
    where
        K: Eq + Hash + 'static,
        N: 'static,
    {
        self.nouns.get(&TypeId::of::<HashMap<K, N>>())?.downcast_ref::<HashMap<K, N>>()?.get(key)
    }
}

/// How many nouns there are things of.
impl fmt::Debug for Related {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Related({} nouns)", self.nouns.len())
    }
}

/// Binds a model that did not come from a manager: `FoundationModel::with_id("…").using(&session)`.
pub trait UsingExt: Sized {
    /// Binds the model to the session. Sends nothing.
    fn using(self, session: &Session) -> Bound<Self>;
}

impl<M: Resource> UsingExt for M {
    fn using(self, session: &Session) -> Bound<Self> {
        Bound::new(self, session.clone())
    }
}

#[cfg(test)]
mod tests {
    use bedrock_orm_models::FoundationModel;
    use serde_json::json;

    use super::UsingExt as _;
    use crate::Session;

    #[tokio::test]
    async fn a_bound_model_serialises_as_its_model() {
        let session = Session::local("http://127.0.0.1:9").unwrap();
        let model = FoundationModel::with_id("amazon.nova-lite-v1:0");
        let rows = [model.clone().using(&session)];
        assert_eq!(serde_json::to_value(&rows).unwrap(), json!([model]));
    }
}
