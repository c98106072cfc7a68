//! The keys that identify resources.

use std::fmt;
use std::hash::Hash;

use bedrock_orm_core::{Error, Result};

/// A key that identifies a resource: an ID, a name or an ARN, or several of them.
pub trait Key: Clone + Eq + Hash + fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// Returns the key if no part of it is blank. A blank part would lead to a different request.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](bedrock_orm_core::ErrorKind::InvalidInput) if a part is blank.
    fn checked(self, operation: &'static str) -> Result<Self>;

    /// Returns the region of the ARN in the key. `None` if there is no ARN, or if it has no region.
    fn region(&self) -> Option<&str> {
        None
    }

    /// Returns the key of everything that is deleted with this key: deleting a guardrail's draft deletes all versions.
    #[must_use]
    fn deleted(self) -> Self {
        self
    }

    /// Returns the key of the whole that this key is a part of: the guardrail of a guardrail version.
    fn whole(&self) -> Option<Self> {
        None
    }
}

impl Key for String {
    /// Global inference profiles refer to a model by an ARN without a region, which no Get operation accepts. Its ID is
    /// used instead.
    fn checked(self, operation: &'static str) -> Result<Self> {
        not_blank(operation, "the key", &self)?;
        match self.split_once(":bedrock:::foundation-model/") {
            Some((partition, id)) if partition.starts_with("arn:") => Ok(id.to_owned()),
            _ => Ok(self),
        }
    }

    fn region(&self) -> Option<&str> {
        region_of(self)
    }
}

/// Returns the region of an ARN.
pub(crate) fn region_of(text: &str) -> Option<&str> {
    let region = text.strip_prefix("arn:")?.split(':').nth(2)?;
    let is_region = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    (!region.is_empty() && region.chars().all(is_region)).then_some(region)
}

pub(crate) fn not_blank(operation: &'static str, what: &str, value: &str) -> Result<()> {
    if value.trim().is_empty() {
        return Err(Error::invalid_input(operation, format!("{what} is blank"))
            .with_hint("give an ID, a name or an ARN, as AWS's documentation of the operation says"));
    }
    // In a URL path they mean the folder and its parent.
    if matches!(value, "." | "..") {
        return Err(Error::invalid_input(operation, format!("{what} is `{value}`, which nothing has")));
    }
    Ok(())
}

/// A key with several required parts.
#[cfg(feature = "control-plane")]
macro_rules! key_of_parts {
    ($(#[$doc:meta])* $name:ident { $($part:ident: $generic:ident),* } in the region of $arn:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // the fields' names say what they are
        pub struct $name {
            $(pub $part: String,)*
        }

        impl<$($generic: Into<String>),*> From<($($generic),*)> for $name {
            fn from(($($part),*): ($($generic),*)) -> Self {
                Self { $($part: $part.into()),* }
            }
        }

        /// The parts, separated by slashes.
        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&[$(self.$part.as_str()),*].join("/"))
            }
        }

        impl $crate::resources::Key for $name {
            fn checked(self, operation: &'static str) -> bedrock_orm_core::Result<Self> {
                $($crate::resources::key::not_blank(operation, &stringify!($part).replace('_', " "), &self.$part)?;)*
                Ok(self)
            }

            fn region(&self) -> Option<&str> {
                $crate::resources::key::region_of(&self.$arn)
            }
        }
    };
}

#[cfg(feature = "control-plane")]
pub(crate) use key_of_parts;

#[cfg(test)]
mod tests {
    use super::Key as _;

    #[test]
    fn a_models_arn_without_a_region_is_its_id() {
        let checked = |key: &str| key.to_owned().checked("GetFoundationModel").unwrap();
        assert_eq!(
            checked("arn:aws:bedrock:::foundation-model/amazon.nova-2-lite-v1:0"),
            "amazon.nova-2-lite-v1:0"
        );
        let regional = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-lite-v1:0";
        assert_eq!(checked(regional), regional);
        for nothing in ["", " ", "\t\n", ".", ".."] {
            assert!(nothing.to_owned().checked("GetFoundationModel").is_err(), "{nothing:?}");
        }
    }

    #[test]
    fn an_arn_names_its_region() {
        let region = |key: &str| key.to_owned().region().map(str::to_owned);
        let model =
            |region: &str| format!("arn:aws:bedrock:{region}::foundation-model/amazon.nova-lite-v1:0");
        assert_eq!(region(&model("us-west-2")).as_deref(), Some("us-west-2"));
        assert_eq!(
            region("arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:guardrail/a").as_deref(),
            Some("us-gov-west-1")
        );
        for none in [&model(""), &model("***"), "amazon.nova-lite-v1:0", "arn:aws", ""] {
            assert_eq!(region(none), None, "{none}");
        }
    }
}
