//! The wire form of a struct: an object with a member for each field.

use std::fmt;
use std::marker::PhantomData;

use serde_core::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor,
};
use serde_core::ser::{Serialize, SerializeStruct, Serializer};

/// A struct whose members are read by their index.
#[doc(hidden)]
pub trait Members: Default {
    /// The name of the struct, for error messages.
    const STRUCT: &'static str;
    /// The names of the members on the wire, at most 64.
    const NAMES: &'static [&'static str];
    /// A bit for each member that must be there.
    const REQUIRED: u64;

    /// Reads the value of the member with this index.
    fn read_member<'de, A: MapAccess<'de>>(&mut self, index: usize, members: &mut A) -> Result<(), A::Error>;
}

/// Deserializes a struct. It ignores members that it does not know.
pub fn read<'de, T: Members, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    const { assert!(T::NAMES.len() <= 64, "a member has no bit in `REQUIRED`") };
    deserializer.deserialize_struct(T::STRUCT, T::NAMES, ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Members> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "struct {}", T::STRUCT)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let mut value = T::default();
        let mut missing = T::REQUIRED;
        let mut seen = 0;
        while let Some(index) = members.next_key_seed(MemberName(T::NAMES))? {
            let Some(index) = index else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let member = 1 << index;
            if seen & member != 0 {
                return Err(A::Error::duplicate_field(T::NAMES[index]));
            }
            seen |= member;
            missing &= !member;
            value.read_member(index, &mut members)?;
        }
        if missing != 0 {
            return Err(A::Error::missing_field(T::NAMES[missing.trailing_zeros() as usize]));
        }
        Ok(value)
    }
}

/// Reads the name of a member as its index. `None` if the struct has no such member.
struct MemberName(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for MemberName {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for MemberName {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a member")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|known| *known == name))
    }

    fn visit_bytes<E: de::Error>(self, name: &[u8]) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|known| known.as_bytes() == name))
    }
}

/// Reads a member.
pub fn read_value<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    members: &mut A,
    field: &mut T,
) -> Result<(), A::Error> {
    *field = members.next_value()?;
    Ok(())
}

/// Reads a required list or map. AWS sometimes sends `null` for an empty one.
pub fn null_as_empty<'de, T, A>(members: &mut A, field: &mut T) -> Result<(), A::Error>
where
    T: Default + Deserialize<'de>,
    A: MapAccess<'de>,
{
    *field = members.next_value::<Option<T>>()?.unwrap_or_default();
    Ok(())
}

/// Reads an optional `f32`. A number that it cannot hold is an error: as infinity it would be written as `null`.
pub fn finite<'de, A: MapAccess<'de>>(members: &mut A, field: &mut Option<f32>) -> Result<(), A::Error> {
    match members.next_value::<Option<f32>>()? {
        Some(number) if !number.is_finite() => Err(A::Error::custom("a number is too large")),
        number => {
            *field = number;
            Ok(())
        }
    }
}

/// Writes the members of a struct. It keeps the first error until the end, so that the code for each member is one call.
pub struct MemberWriter<S: SerializeStruct> {
    members: S,
    result: Result<(), S::Error>,
}

impl<S: SerializeStruct> MemberWriter<S> {
    /// Begins the struct. `written` says of each member whether it is written.
    pub fn new<R>(serializer: R, name: &'static str, written: &[bool]) -> Result<Self, R::Error>
    where
        R: Serializer<SerializeStruct = S, Ok = S::Ok, Error = S::Error>,
    {
        let count = written.iter().filter(|is_written| **is_written).count();
        Ok(Self { members: serializer.serialize_struct(name, count)?, result: Ok(()) })
    }

    /// Writes a member.
    pub fn write<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        if self.result.is_ok() {
            self.result = self.members.serialize_field(name, value);
        }
    }

    /// Writes a member, unless it is `None`.
    pub fn write_optional<T: Serialize>(&mut self, name: &'static str, value: Option<&T>) {
        match value {
            Some(value) => self.write(name, value),
            None if self.result.is_ok() => self.result = self.members.skip_field(name),
            None => {}
        }
    }

    /// Ends the struct.
    pub fn end(self) -> Result<S::Ok, S::Error> {
        self.result?;
        self.members.end()
    }
}

/// An `f32` that is written as its shortest decimal: `0.7`. Widening it would write `0.699999988079071`.
pub struct Shortest(pub f32);

impl Serialize for Shortest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.to_string().parse().unwrap_or_else(|_| f64::from(self.0)))
    }
}

/// Implements the wire form of a struct, from the index, name, field and kind of each member:
///
/// - `required`: always sent.
/// - `defaulted`: in responses; AWS sometimes omits a required member.
/// - `optional`: not written if it is `None`.
/// - `collection`: a required list or map, which can be missing or null.
/// - `filled`: a map that can be missing, and is not written if it is empty.
/// - `decimal`: an optional `f32`.
#[doc(hidden)]
#[macro_export]
macro_rules! wire_struct {
    ($name:ident { $($index:literal $wire:literal $field:ident $kind:ident,)* }) => {
        impl $crate::wire::Members for $name {
            const STRUCT: &'static str = stringify!($name);
            const NAMES: &'static [&'static str] = &[$($wire),*];
            const REQUIRED: u64 = 0 $(| $crate::wire::wire_struct!(@bit $kind $index))*;

            #[allow(unused_variables)] // AWS has structs without members
            fn read_member<'de, A: ::serde_core::de::MapAccess<'de>>(
                &mut self,
                index: usize,
                members: &mut A,
            ) -> Result<(), A::Error> {
                match index {
                    $($index => $crate::wire::wire_struct!(@read $kind members &mut self.$field),)*
                    _ => Ok(()),
                }
            }
        }

        impl<'de> ::serde_core::Deserialize<'de> for $name {
            fn deserialize<D: ::serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::read(deserializer)
            }
        }

        impl ::serde_core::Serialize for $name {
            #[allow(unused_mut)] // AWS has structs without members
            fn serialize<S: ::serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let written = [$($crate::wire::wire_struct!(@written $kind self.$field)),*];
                let mut members = $crate::wire::MemberWriter::new(serializer, stringify!($name), &written)?;
                $($crate::wire::wire_struct!(@write $kind members $wire self.$field);)*
                members.end()
            }
        }
    };

    (@bit required $index:literal) => { 1 << $index };
    (@bit $kind:ident $index:literal) => { 0 };

    (@read collection $members:ident $field:expr) => { $crate::wire::null_as_empty($members, $field) };
    (@read decimal $members:ident $field:expr) => { $crate::wire::finite($members, $field) };
    (@read $kind:ident $members:ident $field:expr) => { $crate::wire::read_value($members, $field) };

    (@written optional $value:expr) => { $value.is_some() };
    (@written decimal $value:expr) => { $value.is_some() };
    (@written filled $value:expr) => { !$value.is_empty() };
    (@written $kind:ident $value:expr) => { true };

    (@write optional $members:ident $wire:literal $value:expr) => {
        $members.write_optional($wire, $value.as_ref())
    };
    (@write filled $members:ident $wire:literal $value:expr) => {
        $members.write_optional($wire, Some(&$value).filter(|map| !map.is_empty()))
    };
    (@write decimal $members:ident $wire:literal $value:expr) => {
        $members.write_optional($wire, $value.map($crate::wire::Shortest).as_ref())
    };
    (@write $kind:ident $members:ident $wire:literal $value:expr) => { $members.write($wire, &$value) };
}
pub use wire_struct;
