//! The wire form of a union: an object with one member.

/// Implements the wire form of a union: an object with one member. `Unknown` keeps any other object.
macro_rules! wire_union {
    ($name:ident { $($wire:literal => $variant:ident),* $(,)? }) => {
        impl Default for $name {
            /// No member, for a required union that AWS omits.
            fn default() -> Self {
                Self::Unknown(::serde_json::Value::Null)
            }
        }

        impl ::serde_core::Serialize for $name {
            fn serialize<S: ::serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde_core::ser::SerializeMap;
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

        impl<'de> ::serde_core::Deserialize<'de> for $name {
            fn deserialize<D: ::serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl<'de> ::serde_core::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        formatter.write_str(concat!("a ", stringify!($name), ", an object with one member"))
                    }

                    fn visit_map<A: ::serde_core::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
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
                                    return Err(::serde_core::de::Error::custom(concat!(
                                        stringify!($name), ": more than one member is set"
                                    )));
                                }
                                known = Some(member);
                            }
                        }
                        Ok(known.or(null).unwrap_or_else(|| $name::Unknown(unknown.into())))
                    }

                    fn visit_unit<E: ::serde_core::de::Error>(self) -> Result<$name, E> {
                        Ok($name::default())
                    }
                }

                deserializer.deserialize_any(Visitor)
            }
        }
    };
}
pub(crate) use wire_union;
