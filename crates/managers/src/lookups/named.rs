//! Fields by their names, for lookups that are written as strings.

use bedrock_orm_models::{EachField, Field};

/// A field that is found by its name.
pub trait NamedField<M>: Sync {
    /// Where it stands on AWS's wire: `modelLifecycle.status`.
    fn path(&self) -> &'static str;
}

macro_rules! named {
    ($($(#[$doc:meta])* $kind:ident),*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $kind<F>(pub F);

            impl<M, T> NamedField<M> for $kind<Field<M, T>> {
                fn path(&self) -> &'static str {
                    self.0.path()
                }
            }

            impl<M, T> NamedField<M> for $kind<EachField<M, T>> {
                fn path(&self) -> &'static str {
                    self.0.path()
                }
            }
        )*
    };
}

named! {
    /// A string, or one of AWS's names.
    Text,
    /// A number.
    Number,
    /// A time.
    Time,
    /// Yes or no.
    Flag,
    /// A list of strings or of AWS's names.
    TextList,
    /// A map.
    Map,
    /// What has no lookups but whether it is there.
    Opaque
}
