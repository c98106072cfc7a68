//! The models that can be bound to a session.

use std::fmt;

/// A model that can be bound to a session: a resource such as `Guardrail`, a row of its list, or AWS's response to its
/// creation.
pub trait Resource: Clone + fmt::Debug + PartialEq + Send + Sync + Sized + 'static {
    /// The name of the resource in messages: `Guardrail`.
    const KIND: &'static str;
}

macro_rules! resources {
    ($($model:ident is $kind:literal),* $(,)?) => {
        $(impl $crate::Resource for $model {
            const KIND: &'static str = $kind;
        })*
    };
}

pub(crate) use resources;
