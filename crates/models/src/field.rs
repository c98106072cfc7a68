//! Fields: the path of a value in a row, and how to read it.

use std::fmt;

/// A field of a list's rows: its path on AWS's wire, and how to read it. Querysets filter, sort and select by fields.
///
/// The constants for a resource's fields belong to the full resource: `Guardrail::NAME` reads a `GuardrailSummary`.
///
/// ```
/// use bedrock_orm_models::FoundationModel;
///
/// let model = FoundationModel::with_id("amazon.nova-lite-v1:0");
/// assert_eq!(FoundationModel::MODEL_ID.path(), "modelId");
/// assert_eq!(FoundationModel::MODEL_ID.read(&model).unwrap(), "amazon.nova-lite-v1:0");
/// assert_eq!(FoundationModel::PROVIDER_NAME.read(&model), None);
/// ```
pub struct Field<M, T> {
    path: &'static str,
    read: for<'a> fn(&'a M) -> Option<&'a T>,
}

impl<M, T> Field<M, T> {
    /// Creates a field at this path, with its parts joined by dots: `modelLifecycle.status`.
    pub const fn new(path: &'static str, read: for<'a> fn(&'a M) -> Option<&'a T>) -> Self {
        Self { path, read }
    }

    /// Returns the path on AWS's wire.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Returns the value in the row. `None` if AWS omitted it.
    pub fn read<'a>(&self, row: &'a M) -> Option<&'a T> {
        (self.read)(row)
    }
}

/// A field of the elements of a list, such as the ARN of each model of an inference profile. A lookup holds if it holds
/// for any of its values.
pub struct EachField<M, T> {
    path: &'static str,
    read: for<'a> fn(&'a M) -> Vec<&'a T>,
}

impl<M, T> EachField<M, T> {
    /// Creates a field at this path, with its parts joined by dots: `models.modelArn`.
    pub const fn new(path: &'static str, read: for<'a> fn(&'a M) -> Vec<&'a T>) -> Self {
        Self { path, read }
    }

    /// Returns the path on AWS's wire.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Returns the values in the row.
    pub fn read<'a>(&self, row: &'a M) -> Vec<&'a T> {
        (self.read)(row)
    }
}

macro_rules! plain_copies {
    ($($field:ident),*) => {
        $(
            impl<M, T> Clone for $field<M, T> {
                fn clone(&self) -> Self {
                    *self
                }
            }

            impl<M, T> Copy for $field<M, T> {}

            impl<M, T> fmt::Debug for $field<M, T> {
                fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.debug_tuple(stringify!($field)).field(&self.path).finish()
                }
            }
        )*
    };
}

plain_copies!(Field, EachField);
