//! Where every query begins.

use bedrock_orm_core::Resource;

use crate::Manager;

/// Gives a noun its manager: `Guardrail::objects()`.
pub trait Objects: Resource {
    /// The noun's manager, on the default session until [`Manager::using`] names another. Sends nothing.
    fn objects() -> Manager<Self> {
        Manager::new()
    }
}
