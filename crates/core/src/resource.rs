//! The models that a session can be bound to.

use std::fmt;

/// A thing of Bedrock's that a session can be bound to: a noun such as `Guardrail`, a row of its list, or AWS's answer
/// to its creation.
pub trait Resource: Clone + fmt::Debug + PartialEq + Send + Sync + Sized + 'static {
    /// What it is called in messages: `Guardrail`.
    const KIND: &'static str;
}

macro_rules! resources {
    ($($model:ident is $noun:literal),* $(,)?) => {
        $(impl $crate::Resource for $model {
            const KIND: &'static str = $noun;
        })*
    };
}

pub(crate) use resources;
