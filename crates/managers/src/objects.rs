//! `objects()`, where every query starts.

use bedrock_orm_core::Resource;

use crate::Manager;

/// A resource that has a manager: `Guardrail::objects()`.
pub trait Objects: Resource {
    /// Returns the manager of the resource, on the default session unless [`Manager::using`] sets another. Sends nothing.
    fn objects() -> Manager<Self> {
        Manager::new()
    }
}
