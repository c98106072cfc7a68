//! What a query asks of a row's fields.

mod named;

pub use named::{Flag, Map, NamedField, Number, Opaque, Text, TextList, Time};
