//! The wire form of a union: an object with one member.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde_core::de::{DeserializeOwned, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// A union whose member is read by its name.
pub(crate) trait Union: Default {
    /// The name of the union, for error messages.
    const UNION: &'static str;

    /// Reads the value of the member with this name. `None` if the union has no such member: its value is not read.
    fn read_member<'de, A: MapAccess<'de>>(
        name: &str,
        members: &mut A,
    ) -> Result<Option<Member<Self>>, A::Error>;

    /// Returns the union with members that this version does not know.
    fn unknown(members: Value) -> Self;
}

/// A member of a union.
pub(crate) enum Member<U> {
    Set(U),
    /// With the union whose member is null, if null is a value of the member's type.
    Null(Option<U>),
}

/// Reads a member.
pub(crate) fn read_member<'de, T: DeserializeOwned, U, A: MapAccess<'de>>(
    members: &mut A,
    variant: fn(T) -> U,
) -> Result<Option<Member<U>>, A::Error> {
    Ok(Some(match members.next_value::<Option<T>>()? {
        Some(value) => Member::Set(variant(value)),
        None => Member::Null(serde_json::from_value(Value::Null).ok().map(variant)),
    }))
}

/// Deserializes a union.
pub(crate) fn read_union<'de, U: Union, D: Deserializer<'de>>(deserializer: D) -> Result<U, D::Error> {
    deserializer.deserialize_any(UnionVisitor(PhantomData))
}

struct UnionVisitor<U>(PhantomData<U>);

impl<'de, U: Union> Visitor<'de> for UnionVisitor<U> {
    type Value = U;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a {}, an object with one member", U::UNION)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<U, A::Error> {
        let mut known = None;
        // For a member that can have any value, null is a value: it counts if no other member does.
        let mut null = None;
        let mut unknown = Map::new();
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            match U::read_member(&name, &mut members)? {
                Some(Member::Set(_)) if known.is_some() => {
                    return Err(A::Error::custom(format_args!("{}: more than one member is set", U::UNION)));
                }
                Some(Member::Set(union)) => known = Some(union),
                Some(Member::Null(union)) => null = union,
                None => {
                    unknown.insert(name.into_owned(), members.next_value()?);
                }
            }
        }
        Ok(known.or(null).unwrap_or_else(|| U::unknown(unknown.into())))
    }

    fn visit_unit<E: Error>(self) -> Result<U, E> {
        Ok(U::default())
    }
}

/// Implements the wire form of a union. `Unknown` keeps any other object.
macro_rules! wire_union {
    ($name:ident { $($wire:literal => $variant:ident),* $(,)? }) => {
        impl $crate::wire::Union for $name {
            const UNION: &'static str = stringify!($name);

            fn read_member<'de, A: ::serde_core::de::MapAccess<'de>>(
                name: &str,
                members: &mut A,
            ) -> Result<Option<$crate::wire::Member<Self>>, A::Error> {
                match name {
                    $($wire => $crate::wire::read_member(members, Self::$variant),)*
                    _ => Ok(None),
                }
            }

            #[inline]
            fn unknown(members: ::serde_json::Value) -> Self {
                Self::Unknown(members)
            }
        }

        impl Default for $name {
            /// No member, for a required union that AWS omits.
            #[inline]
            fn default() -> Self {
                Self::Unknown(::serde_json::Value::Null)
            }
        }

        impl<'de> ::serde_core::Deserialize<'de> for $name {
            fn deserialize<D: ::serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::read_union(deserializer)
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
    };
}
pub(crate) use wire_union;
