//! What AWS offers for each resource. Managers and querysets are built on these traits. You need them only to write
//! code over any resource.

#[cfg(feature = "control-plane")]
mod any_model;
mod async_invoke;
#[cfg(feature = "control-plane")]
mod guardrail;
pub(crate) mod key;
mod parameter;

use std::fmt;

use bedrock_orm_core::{Bound, Resource, Result, Session};
#[cfg(feature = "control-plane")]
use bedrock_orm_core::{Error, ErrorKind};
use futures_core::future::BoxFuture;

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

/// A resource with a Get operation.
pub trait Get: Objects {
    /// The key that identifies it.
    type Key: Key;

    /// Gets the resource with this key.
    fn get(session: &Session, key: Self::Key) -> BoxFuture<'_, Result<Self>>;
}

/// A resource with a List operation.
pub trait List: Objects {
    /// A row of its lists.
    type Row: Row;
}

/// A row of a list.
pub trait Row: Resource {
    /// AWS's own filters and orders for the list.
    type Parameters: Clone + Default + fmt::Debug + Send + Sync + 'static;

    /// AWS's List operation, such as `ListGuardrails`.
    const OPERATION: &'static str;

    /// The largest page that AWS returns. `None` if it returns the whole list in one response.
    const LARGEST_PAGE: Option<i32>;

    /// The fields, for lookups that are written as strings.
    const FIELDS: &'static [&'static dyn NamedField<Self>];

    /// AWS's filters and orders, without the parameters for paging.
    const PARAMETERS: &'static [Parameter<Self::Parameters>];

    /// The paths of the fields that AWS can order by, with AWS's names for them.
    const ORDERS: &'static [(&'static str, &'static str)] = &[];

    /// Returns what distinguishes it from the other rows of its list: an ARN, or an ID and a version.
    fn identity(&self) -> String;

    /// Lists one page.
    fn page<'a>(
        session: &'a Session,
        parameters: &'a Self::Parameters,
        page: PageRequest,
    ) -> BoxFuture<'a, Result<Page<Bound<Self>>>>;
}

/// A request for one page.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// The token of the page. `None` for the first page.
    pub token: Option<String>,
    /// The number of rows. `None` for AWS's default.
    pub size: Option<i32>,
}

/// A resource with a Create operation.
pub trait Create: Objects {
    /// AWS's request.
    type Request: Clone + Send + Sync + 'static;
    /// AWS's response.
    type Created: Resource;

    /// Creates a resource.
    fn create(session: &Session, request: Self::Request) -> BoxFuture<'_, Result<Self::Created>>;
}

/// A resource that is listed inside a parent.
pub trait ListOf: Objects {
    /// The key of the parent.
    type Parent: Send + 'static;
    /// A row of its lists.
    type Row: Row;

    /// Returns the parameters of the list inside this parent.
    fn within(parent: Self::Parent) -> <Self::Row as Row>::Parameters;
}

/// A resource with an Update operation.
pub trait Update: Get {
    /// AWS's request.
    type Request: Clone + Send + Sync + 'static;
    /// AWS's response. `()` if it is empty.
    type Updated: Send + 'static;

    /// Updates the resource with this key.
    fn update(
        session: &Session,
        key: Self::Key,
        request: Self::Request,
    ) -> BoxFuture<'_, Result<Self::Updated>>;
}

/// A resource with a Delete operation.
pub trait Delete: Get {
    /// Deletes the resource with this key.
    fn delete(session: &Session, key: Self::Key) -> BoxFuture<'_, Result<()>>;
}

/// A resource with a Stop operation.
pub trait Stop: Get {
    /// Stops the resource with this key.
    fn stop(session: &Session, key: Self::Key) -> BoxFuture<'_, Result<()>>;
}

/// A resource that can have tags.
pub trait Tagged: Resource {
    /// Returns the ARN that is tagged.
    fn arn(&self) -> &str;
}

/// A resource with a status, such as a job, a deployment or a guardrail, or a row of its lists.
pub trait HasStatus: Resource {
    /// Returns the status as AWS writes it. Empty if AWS omits it.
    fn status_text(&self) -> &str;
}

/// A resource that takes time to become ready, such as a job, a deployment or a guardrail.
pub trait Progress: Get + HasStatus + Keyed<Full = Self> {
    /// The statuses that mean success.
    const READY: &'static [&'static str];
    /// The statuses that mean failure.
    const FAILED: &'static [&'static str];

    /// Returns AWS's reasons for a failure.
    fn reasons(&self) -> Vec<String>;

    /// Returns whether it has succeeded.
    fn is_ready(&self) -> bool {
        Self::READY.contains(&self.status_text())
    }

    /// Returns whether it has failed.
    fn is_failed(&self) -> bool {
        Self::FAILED.contains(&self.status_text())
    }
}

/// A value with the key of a resource: the full resource, a row of its list, or the response to its creation.
pub trait Keyed: Resource {
    /// The full resource: `Guardrail` for a `GuardrailSummary`.
    type Full: Get;

    /// Returns the key of the full resource.
    fn key(&self) -> <Self::Full as Get>::Key;
}

/// Returns the resource in a response. If it is missing, that is an invalid response if AWS promises it; otherwise the
/// resource does not exist.
#[cfg(feature = "control-plane")]
pub(crate) fn held<S, T: From<S>>(operation: &'static str, held: Option<S>, is_promised: bool) -> Result<T> {
    let kind = if is_promised { ErrorKind::InvalidResponse } else { ErrorKind::DoesNotExist };
    held.map(Into::into)
        .ok_or_else(|| Error::new(kind, "the response of AWS is empty").with_operation(operation))
}
