//! What the providers' types have in common.

use serde::{Deserialize, Deserializer, Serializer, de, ser};
use serde_json::{Map, Number, Value};

/// Declares a type of a provider's JSON: the members that are always written, and those that can be absent, by how they
/// are set. `additional` has all members that the type does not know.
macro_rules! data {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
        }
        $(floats { $($(#[$float_meta:meta])* $float:ident,)* })?
        $(values { $($(#[$value_meta:meta])* $value:ident: $value_type:ty,)* })?
        $(optional { $($(#[$option_meta:meta])* $option:ident: $option_type:ty,)* })?
        $(lists { $($(#[$list_meta:meta])* $list:ident: $list_type:ty,)* })?
    ) => {
        #[derive(Clone, Debug, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default)]
        #[non_exhaustive]
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            $($(
                $(#[$float_meta])*
                #[serde(skip_serializing_if = "Option::is_none", serialize_with = "crate::providers::data::finite")]
                pub $float: Option<f64>,
            )*)?
            $($(
                $(#[$value_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $value: Option<$value_type>,
            )*)?
            $($(
                $(#[$option_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $option: Option<$option_type>,
            )*)?
            $($(
                $(#[$list_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $list: Option<Vec<$list_type>>,
            )*)?
            /// The members that this version does not know.
            #[serde(flatten)]
            pub additional: ::serde_json::Map<String, ::serde_json::Value>,
        }

        impl $name {
            $($(
                #[doc = concat!("Sets `", stringify!($float), "`.")]
                #[must_use]
                pub fn $float(mut self, $float: f64) -> Self {
                    self.$float = Some($float);
                    self
                }
            )*)?

            $($(
                #[doc = concat!("Sets `", stringify!($value), "`.")]
                #[must_use]
                pub fn $value(mut self, $value: $value_type) -> Self {
                    self.$value = Some($value);
                    self
                }
            )*)?

            $($(
                #[doc = concat!("Sets `", stringify!($option), "`.")]
                #[must_use]
                pub fn $option(mut self, $option: impl Into<$option_type>) -> Self {
                    self.$option = Some($option.into());
                    self
                }
            )*)?

            $($(
                #[doc = concat!("Sets `", stringify!($list), "`.")]
                #[must_use]
                pub fn $list(mut self, $list: impl IntoIterator<Item = impl Into<$list_type>>) -> Self {
                    self.$list = Some($list.into_iter().map(Into::into).collect());
                    self
                }
            )*)?

            /// Sets a member that this version does not know.
            #[must_use]
            pub fn additional(mut self, name: impl Into<String>, value: impl Into<::serde_json::Value>) -> Self {
                self.additional.insert(name.into(), value.into());
                self
            }
        }
    };
}
pub(crate) use data;

/// Declares a union whose member `type` says which value it is. `Unknown` keeps any other object.
macro_rules! tagged {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident($type:ty),)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant($type),)*
            /// An object that this version does not know, as JSON.
            #[serde(untagged)]
            Unknown(::serde_json::Value),
        }

        $(
            impl From<$type> for $name {
                fn from(value: $type) -> Self {
                    Self::$variant(value)
                }
            }
        )*
    };
}
pub(crate) use tagged;

/// Declares an enum of strings. `Unknown` keeps any other string.
macro_rules! values {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($wire:literal => $variant:ident,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $wire, "`")] $variant,)*
            /// A value that this version does not know.
            Unknown(String),
        }

        crate::wire::wire_enum!($name { $($wire => $variant,)* });
    };
}
pub(crate) use values;

/// Serializes a number. JSON has no NaN and no infinity, so they are errors: as `null` they would be the default.
#[allow(clippy::ref_option)] // the signature that serde calls
pub(crate) fn finite<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) if !number.is_finite() => {
            Err(ser::Error::custom(format!("a setting is {number}: it must be a finite number")))
        }
        Some(number) => serializer.serialize_f64(*number),
        None => serializer.serialize_none(),
    }
}

/// The numbers of vectors.
pub(crate) trait Numbers {
    fn are_finite(&self) -> bool;
}

impl Numbers for f32 {
    fn are_finite(&self) -> bool {
        self.is_finite()
    }
}

impl<T: Numbers> Numbers for Vec<T> {
    fn are_finite(&self) -> bool {
        self.iter().all(T::are_finite)
    }
}

impl<T: Numbers> Numbers for Option<T> {
    fn are_finite(&self) -> bool {
        self.iter().all(T::are_finite)
    }
}

/// Deserializes vectors. A number that an `f32` cannot hold is an error: as infinity it would be written as `null`.
pub(crate) fn vectors<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Numbers,
{
    let vectors = T::deserialize(deserializer)?;
    if vectors.are_finite() { Ok(vectors) } else { Err(de::Error::custom("a number is too large")) }
}

/// Deserializes a count, which a guardrail writes with a decimal point: `28.0`.
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(deserializer)? else { return Ok(None) };
    let decimal = || number.as_f64().filter(|number| number.fract() == 0.0 && (0.0..9e15).contains(number));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked above
    match number.as_u64().or_else(|| decimal().map(|number| number as u64)) {
        Some(count) => Ok(Some(count)),
        None => Err(de::Error::custom("a count is not a whole number")),
    }
}

/// Returns a count as the type of [`Usage`](crate::Usage).
pub(crate) fn tokens(count: Option<u64>) -> Option<i64> {
    count.and_then(|count| i64::try_from(count).ok())
}

/// Adds the members of a chunk to those of the response. AWS's own members of a chunk do not belong to the response.
pub(crate) fn keep(response: &mut Map<String, Value>, chunk: &Map<String, Value>) {
    for (name, value) in chunk.iter().filter(|(name, _)| !name.starts_with("amazon-bedrock-")) {
        response.insert(name.clone(), value.clone());
    }
}

/// Replaces a value by a later one, if there is one.
pub(crate) fn replace<T: Clone>(value: &mut Option<T>, later: Option<&T>) {
    if later.is_some() {
        *value = later.cloned();
    }
}

/// Adds the parts of a chunk to those of the response at the same positions.
pub(crate) fn add_each<T: Clone>(all: &mut Vec<T>, parts: &[T], add: impl Fn(&mut T, &T)) {
    for (index, part) in parts.iter().enumerate() {
        match all.get_mut(index) {
            Some(whole) => add(whole, part),
            None => all.push(part.clone()),
        }
    }
}
