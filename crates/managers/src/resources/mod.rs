//! What AWS offers for each noun, one noun a file. Managers and querysets are built on these traits; they are for
//! writing code over every noun, and not needed to query one.

#[cfg(feature = "control-plane")]
mod any_model;
mod async_invoke;
#[cfg(feature = "control-plane")]
mod guardrail;
pub(crate) mod key;
mod parameter;

use std::fmt;

#[cfg(feature = "control-plane")]
use bedrock_orm_core::{Error, ErrorKind};
use bedrock_orm_core::{Resource, Result, Session};

use crate::lookups::NamedField;
use crate::{Objects, Page};

#[cfg(feature = "control-plane")]
pub use crate::generated::keys::*;
#[cfg(feature = "control-plane")]
pub use any_model::AnyModel;
#[cfg(feature = "control-plane")]
pub use guardrail::GuardrailKey;
pub use key::Key;
pub use parameter::{Parameter, PushedLookup, Pushes, Set};

/// A noun that AWS can get by a key.
pub trait Get: Objects {
    /// What one of it is found by.
    type Key: Key;

    /// The one of that key.
    fn get(session: &Session, key: Self::Key) -> impl Future<Output = Result<Self>> + Send;
}

/// A noun that AWS can list.
pub trait List: Objects {
    /// What a list of it is made of.
    type Row: Row;
}

/// A row of a list.
pub trait Row: Resource {
    /// What AWS can be asked to list: its filters and orders.
    type Parameters: Clone + Default + fmt::Debug + Send + Sync + 'static;

    /// AWS's List operation, such as `ListGuardrails`.
    const OPERATION: &'static str;

    /// The largest page that AWS sends; none where it sends all in one.
    const LARGEST_PAGE: Option<i32>;

    /// The fields, for those who name them in strings.
    const FIELDS: &'static [&'static dyn NamedField<Self>];

    /// AWS's filters and orders, but for what pages the list.
    const PARAMETERS: &'static [Parameter<Self::Parameters>];

    /// The paths of the fields that AWS can order by, with AWS's names for them.
    const ORDERS: &'static [(&'static str, &'static str)] = &[];

    /// What tells it from the other rows of its list: an ARN, an ID and a version.
    fn identity(&self) -> String;

    /// One page of the list.
    fn page(
        session: &Session,
        parameters: &Self::Parameters,
        page: PageRequest,
    ) -> impl Future<Output = Result<Page<Self>>> + Send;
}

/// Which page to list.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// The one of this token; the first where there is none.
    pub token: Option<String>,
    /// Of how many rows; as AWS likes where there is none.
    pub size: Option<i32>,
}

/// A noun that AWS can make.
pub trait Create: Objects {
    /// What one is made from.
    type Request: Clone + Send + Sync + 'static;
    /// What AWS answers.
    type Created: Resource;

    /// Makes one.
    fn create(
        session: &Session,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Created>> + Send;
}

/// A noun whose lists lie inside another noun.
pub trait ListOf: Objects {
    /// What the other is found by.
    type Parent: Send + 'static;
    /// What a list is made of.
    type Row: Row;

    /// The parameters of the list inside that one.
    fn within(parent: Self::Parent) -> <Self::Row as Row>::Parameters;
}

/// A noun that AWS can change.
pub trait Update: Get {
    /// AWS's request.
    type Request: Clone + Send + Sync + 'static;
    /// What AWS answers; nothing, for some nouns.
    type Updated: Send + 'static;

    /// Changes the one of that key.
    fn update(
        session: &Session,
        key: Self::Key,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Updated>> + Send;
}

/// A noun that AWS can delete.
pub trait Delete: Get {
    /// Deletes the one of that key.
    fn delete(session: &Session, key: Self::Key) -> impl Future<Output = Result<()>> + Send;
}

/// A noun that AWS can stop.
pub trait Stop: Get {
    /// Stops the one of that key.
    fn stop(session: &Session, key: Self::Key) -> impl Future<Output = Result<()>> + Send;
}

/// A noun that can have tags.
pub trait Tagged: Resource {
    /// The ARN that they hang on.
    fn arn(&self) -> &str;
}

/// What has a status: a job, a deployment, a guardrail, and a row of a list of them.
pub trait HasStatus: Resource {
    /// Its status, as AWS writes it; empty where AWS left it out.
    fn status_text(&self) -> &str;
}

/// A noun that takes time: a job, a deployment, a guardrail.
pub trait Progress: Get + HasStatus + Keyed<Full = Self> {
    /// The states in which it has come to a good end.
    const READY: &'static [&'static str];
    /// The states in which it has come to a bad end.
    const FAILED: &'static [&'static str];

    /// Why it failed, in AWS's words.
    fn reasons(&self) -> Vec<String>;

    /// Whether it has come to a good end.
    fn is_ready(&self) -> bool {
        Self::READY.contains(&self.status_text())
    }

    /// Whether it has come to a bad end.
    fn is_failed(&self) -> bool {
        Self::FAILED.contains(&self.status_text())
    }
}

/// What holds the key of a noun: the noun itself, a row of its list, AWS's answer to its creation.
pub trait Keyed: Resource {
    /// The full resource: `Guardrail` for a `GuardrailSummary`.
    type Full: Get;

    /// The key of the full resource.
    fn key(&self) -> <Self::Full as Get>::Key;
}

/// What an answer holds; where AWS promises it and it is missing, the answer is none, else there is no such thing.
#[cfg(feature = "control-plane")]
pub(crate) fn held<S, T: From<S>>(operation: &'static str, held: Option<S>, is_promised: bool) -> Result<T> {
    let kind = if is_promised { ErrorKind::InvalidResponse } else { ErrorKind::DoesNotExist };
    held.map(Into::into)
        .ok_or_else(|| Error::new(kind, "AWS answered, and there is nothing in it").with_operation(operation))
}
