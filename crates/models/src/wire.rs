//! The parts of AWS's JSON form that serde's derives do not produce.

use serde::{Deserialize, Deserializer, Serializer, de};

/// Deserializes a required list or map that AWS omits or sends as `null`.
pub(crate) fn null_as_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Serializes an `f32` as its shortest decimal: `0.7`. Widening it would write `0.699999988079071`.
#[allow(clippy::trivially_copy_pass_by_ref)] // the signature that serde calls
pub(crate) fn shortest_f32<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(value.to_string().parse().unwrap_or_else(|_| f64::from(*value)))
}

/// Serializes an optional `f32` in the same way.
#[allow(clippy::ref_option)] // the signature that serde calls
pub(crate) fn shortest_optional_f32<S: Serializer>(
    value: &Option<f32>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => shortest_f32(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// Deserializes an optional `f32`. A number that it cannot hold is an error: as infinity it would be written as `null`.
pub(crate) fn finite_optional_f32<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<f32>, D::Error> {
    match Option::<f32>::deserialize(deserializer)? {
        Some(number) if !number.is_finite() => Err(de::Error::custom("a number is too large")),
        number => Ok(number),
    }
}

/// Implements the wire strings of an enum. `Unknown` keeps any other string.
macro_rules! wire_enum {
    ($name:ident { $($wire:literal => $variant:ident),* $(,)? } $(also sent [$($also:literal),*])?) => {
        impl crate::TextValue for $name {
            const KNOWN: &'static [&'static str] = &[$($wire,)* $($($also),*)?];
        }

        impl $name {
            /// The values that this version knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the value as AWS writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Unknown(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($wire => Self::$variant,)*
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                match value.as_str() {
                    $($wire => Self::$variant,)*
                    _ => Self::Unknown(value),
                }
            }
        }

        impl Default for $name {
            /// An empty value, for a required member that AWS omits.
            fn default() -> Self {
                Self::Unknown(String::new())
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <::std::borrow::Cow<'de, str>>::deserialize(deserializer).map(|value| value.as_ref().into())
            }
        }
    };
}
pub(crate) use wire_enum;

/// Implements the wire form of a union: an object with one member. `Unknown` keeps any other object.
macro_rules! wire_union {
    ($name:ident { $($wire:literal => $variant:ident),* $(,)? }) => {
        impl Default for $name {
            /// No member, for a required union that AWS omits.
            fn default() -> Self {
                Self::Unknown(::serde_json::Value::Null)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap;
                if let Self::Unknown(value) = self {
                    return value.serialize(serializer);
                }
                let mut map = serializer.serialize_map(Some(1))?;
                match self {
                    $(Self::$variant(value) => map.serialize_entry($wire, value)?,)*
                    Self::Unknown(_) => {}
                }
                map.end()
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl<'de> ::serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        formatter.write_str(concat!("a ", stringify!($name), ", an object with one member"))
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut known: Option<$name> = None;
                        // For a member that can have any value, null is a value: it counts if no other member does.
                        let mut null: Option<$name> = None;
                        let mut unknown = ::serde_json::Map::new();
                        while let Some(key) = map.next_key::<::std::borrow::Cow<'de, str>>()? {
                            let member = match key.as_ref() {
                                $($wire => {
                                    let value = map.next_value::<Option<_>>()?.map($name::$variant);
                                    if value.is_none() {
                                        null = ::serde_json::from_value(::serde_json::Value::Null).ok().map($name::$variant);
                                    }
                                    value
                                })*
                                other => {
                                    unknown.insert(other.to_owned(), map.next_value()?);
                                    None
                                }
                            };
                            if let Some(member) = member {
                                if known.is_some() {
                                    return Err(::serde::de::Error::custom(concat!(
                                        stringify!($name), ": more than one member is set"
                                    )));
                                }
                                known = Some(member);
                            }
                        }
                        Ok(known.or(null).unwrap_or_else(|| $name::Unknown(unknown.into())))
                    }

                    fn visit_unit<E: ::serde::de::Error>(self) -> Result<$name, E> {
                        Ok($name::default())
                    }
                }

                deserializer.deserialize_any(Visitor)
            }
        }
    };
}
pub(crate) use wire_union;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{CacheTtl, ContentBlock, InferenceConfiguration, StopReason, ToolResultContentBlock};

    #[test]
    fn an_enum_keeps_a_value_that_it_does_not_know() {
        let reason: StopReason = serde_json::from_value(json!("bored")).unwrap();
        assert_eq!(reason, StopReason::Unknown("bored".to_owned()));
        assert_eq!(reason, "bored");
        assert_eq!(serde_json::to_value(&reason).unwrap(), json!("bored"));
        assert_eq!(CacheTtl::FiveMinutes.as_str(), "5m");
    }

    #[test]
    fn a_union_keeps_a_member_that_it_does_not_know() {
        let wire = json!({"hologram": {"depth": 3}});
        let block: ContentBlock = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(block, ContentBlock::Unknown(wire.clone()));
        assert_eq!(serde_json::to_value(&block).unwrap(), wire);
    }

    #[test]
    fn a_union_with_a_bad_member_is_an_error_and_not_an_unknown() {
        let error = serde_json::from_value::<ContentBlock>(json!({"toolUse": {"name": "t"}})).unwrap_err();
        assert!(error.to_string().contains("toolUseId"), "{error}");
        let error = serde_json::from_value::<ContentBlock>(
            json!({"text": "a", "image": {"format": "png", "source": {"bytes": ""}}}),
        );
        assert!(error.unwrap_err().to_string().contains("more than one member"));
    }

    #[test]
    fn nulls_beside_the_member_do_not_count() {
        let block: ToolResultContentBlock =
            serde_json::from_value(json!({"text": "40", "json": null})).unwrap();
        assert_eq!(block, ToolResultContentBlock::Text("40".to_owned()));
        let block: ToolResultContentBlock = serde_json::from_value(json!({"json": null})).unwrap();
        assert_eq!(block, ToolResultContentBlock::Json(json!(null)));
    }

    #[test]
    fn a_number_that_is_too_large_is_an_error() {
        for number in [json!(1e300), json!(-1e39)] {
            let wire = json!({ "temperature": number });
            assert!(serde_json::from_str::<InferenceConfiguration>(&wire.to_string()).is_err());
            let error = serde_json::from_value::<InferenceConfiguration>(wire).unwrap_err();
            assert!(error.to_string().contains("too large"), "{error}");
        }
        let largest: InferenceConfiguration = serde_json::from_value(json!({"temperature": 3.4e38})).unwrap();
        assert_eq!(largest.temperature, Some(3.4e38));
    }

    #[test]
    fn a_temperature_keeps_its_decimals() {
        let inference = InferenceConfiguration::default().temperature(0.7).top_p(0.9).max_tokens(64);
        assert_eq!(
            serde_json::to_value(&inference).unwrap(),
            json!({"temperature": 0.7, "topP": 0.9, "maxTokens": 64})
        );
    }
}
