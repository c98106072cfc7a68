//! What AWS offers for each noun, one noun a file. Managers and querysets are built on these traits; they are for
//! writing code over every noun, and not needed to query one.

mod async_invoke;
#[cfg(feature = "control-plane")]
mod foundation_model;
#[cfg(feature = "control-plane")]
mod guardrail;
mod parameter;

use std::fmt;
use std::hash::Hash;

use bedrock_orm_core::{Resource, Result, Session};

use crate::lookups::NamedField;
use crate::{Objects, Page};

#[cfg(feature = "control-plane")]
pub use guardrail::GuardrailKey;
pub use parameter::{Parameter, PushedLookup, Pushes, Set};

/// A noun that AWS can get by a key.
pub trait Get: Objects {
    /// What one of it is found by.
    type Key: Clone + Eq + Hash + fmt::Debug + Send + Sync + 'static;

    /// The one of that key.
    fn fetch(session: &Session, key: Self::Key) -> impl Future<Output = Result<Self>> + Send;
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
    type Request: Send + 'static;
    /// What AWS answers.
    type Created: Resource;

    /// Makes one.
    fn make(session: &Session, request: Self::Request) -> impl Future<Output = Result<Self::Created>> + Send;
}

/// A noun that AWS can change.
pub trait Update: Objects {
    /// What the one to change is found by.
    type UpdateKey: Send + 'static;
    /// What it becomes.
    type Change: Send + 'static;
    /// What AWS answers.
    type Updated: Resource;

    /// Changes one.
    fn change(
        session: &Session,
        key: Self::UpdateKey,
        request: Self::Change,
    ) -> impl Future<Output = Result<Self::Updated>> + Send;
}

/// A noun that AWS can delete.
pub trait Delete: Get {
    /// Deletes the one of that key.
    fn remove(session: &Session, key: Self::Key) -> impl Future<Output = Result<()>> + Send;
}

/// What holds the key of a noun: the noun itself, a row of its list, AWS's answer to its creation.
pub trait Keyed: Resource {
    /// The noun.
    type Noun: Get;

    /// Its key.
    fn key(&self) -> <Self::Noun as Get>::Key;
}
