//! Fields: where a value stands in a row of a list, and how it is read.

use std::fmt;

/// A field of a list's rows: its path on AWS's wire, and how it is read. Querysets filter, sort and project by them.
///
/// The fields of a noun's rows stand on the noun: `Guardrail::NAME` reads a `GuardrailSummary`.
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
    /// A field at that path, its parts joined by dots: `modelLifecycle.status`.
    pub const fn new(path: &'static str, read: for<'a> fn(&'a M) -> Option<&'a T>) -> Self {
        Self { path, read }
    }

    /// Where it stands on AWS's wire.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Its value in that row; none where AWS left it out.
    pub fn read<'a>(&self, row: &'a M) -> Option<&'a T> {
        (self.read)(row)
    }
}

/// A field inside a list, such as the ARN of each of an inference profile's models. What is asked of it is true when
/// it is true of any.
pub struct EachField<M, T> {
    path: &'static str,
    read: for<'a> fn(&'a M) -> Vec<&'a T>,
}

impl<M, T> EachField<M, T> {
    /// A field at that path, its parts joined by dots: `models.modelArn`.
    pub const fn new(path: &'static str, read: for<'a> fn(&'a M) -> Vec<&'a T>) -> Self {
        Self { path, read }
    }

    /// Where it stands on AWS's wire.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Its values in that row.
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
