//! Models that are bound to a session.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::Arc;

use bedrock_orm_models::{Guardrail, GuardrailConfiguration, GuardrailSummary};
use serde_core::{Serialize, Serializer};

use crate::{Resource, Session};

/// A model together with its session. It derefs to the model, so its fields are accessible. The methods that send
/// requests (`refresh`, `converse` …) exist only on bound models.
///
/// Managers return bound models. Any other model, such as a deserialized one, is bound with [`UsingExt::using`].
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

    /// Attaches prefetched resources.
    #[must_use]
    pub fn with_related(mut self, related: Arc<Related>) -> Self {
        self.related = Some(related);
        self
    }

    /// Returns the prefetched resources, if there are any.
    pub fn related(&self) -> Option<&Arc<Related>> {
        self.related.as_ref()
    }

    /// Binds another model to the same session.
    pub fn bind<N>(&self, model: N) -> Bound<N> {
        Bound::new(model, self.session.clone())
    }

    /// Returns the session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the model without its session.
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

/// Bound models are equal if their models are equal. Their sessions are not compared.
impl<M: PartialEq> PartialEq for Bound<M> {
    fn eq(&self, other: &Self) -> bool {
        self.model == other.model
    }
}

/// A bound model serializes as its model, without the session.
impl<M: Serialize> Serialize for Bound<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.model.serialize(serializer)
    }
}

/// Refers to this version of the guardrail.
impl From<&Bound<Guardrail>> for GuardrailConfiguration {
    fn from(guardrail: &Bound<Guardrail>) -> Self {
        (&guardrail.model).into()
    }
}

/// Refers to this version of the guardrail.
impl From<&Bound<GuardrailSummary>> for GuardrailConfiguration {
    fn from(guardrail: &Bound<GuardrailSummary>) -> Self {
        (&guardrail.model).into()
    }
}

/// Prefetched resources of several types, by key. Rows that refer to the same resources share them.
#[derive(Default)]
pub struct Related {
    resources: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
}

impl Related {
    /// Adds resources of one type, by their keys.
    #[must_use]
    pub fn with<K, V>(mut self, resources: HashMap<K, V>) -> Self
    where
        K: Eq + Hash + Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        let existing = self
            .resources
            .entry(TypeId::of::<HashMap<K, V>>())
            .or_insert_with(|| Box::new(HashMap::<K, V>::new()));
        if let Some(existing) = existing.downcast_mut::<HashMap<K, V>>() {
            existing.extend(resources);
        }
        self
    }

    /// Returns the prefetched resource with this key, or `None` if it was not prefetched.
    pub fn get<K, V>(&self, key: &K) -> Option<&V>
    where
        K: Eq + Hash + 'static,
        V: 'static,
    {
        self.resources.get(&TypeId::of::<HashMap<K, V>>())?.downcast_ref::<HashMap<K, V>>()?.get(key)
    }
}

/// Shows the number of resource types.
impl fmt::Debug for Related {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Related({} types)", self.resources.len())
    }
}

/// Binds a model that does not come from a manager: `FoundationModel::with_id("…").using(&session)`.
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
    use bedrock_orm_models::{FoundationModel, GuardrailConfiguration, GuardrailSummary};
    use serde_json::{from_value, json};

    use super::UsingExt as _;
    use crate::Session;

    #[tokio::test]
    async fn a_bound_model_serialises_as_its_model() {
        let session = Session::local("http://127.0.0.1:9").unwrap();
        let model = FoundationModel::with_id("amazon.nova-lite-v1:0");
        let rows = [model.clone().using(&session)];
        assert_eq!(serde_json::to_value(&rows).unwrap(), json!([model]));
    }

    #[tokio::test]
    async fn a_row_of_a_guardrail_refers_to_its_version() {
        let session = Session::local("http://127.0.0.1:9").unwrap();
        let row: GuardrailSummary = from_value(json!({
            "id": "gr1", "arn": "arn:aws:bedrock:us-east-1:123456789012:guardrail/gr1", "version": "7",
            "name": "n", "status": "READY",
            "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
        }))
        .unwrap();
        let configuration = GuardrailConfiguration::from(&row.using(&session));
        assert_eq!(configuration, GuardrailConfiguration::new("gr1", "7"));
    }
}
