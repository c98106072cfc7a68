//! The plan: the types with their names and modules.

use std::collections::{BTreeMap, HashMap};

use super::description::Service;
use super::table::Module;

/// The types to write.
pub(crate) struct Plan {
    pub(crate) modules: Vec<Module>,
    /// Ordered by module and name. Two modules can have the same name.
    pub(crate) types: Vec<Type>,
    /// Types not re-exported at the crate's root, by module.
    pub(crate) not_at_root: BTreeMap<String, Vec<String>>,
    /// For an enum, the values that AWS sends although its description lacks them.
    pub(crate) also_sent: BTreeMap<String, Vec<String>>,
    /// The type of each shape that became one.
    pub(super) type_names: HashMap<(Service, String), TypeName>,
}

impl Plan {
    /// The type that a shape became, if it did.
    pub(crate) fn type_of(&self, service: Service, shape_name: &str) -> Option<&TypeName> {
        self.type_names.get(&(service, shape_name.to_owned()))
    }

    pub(crate) fn find(&self, name: &TypeName) -> Option<&Type> {
        self.types.iter().find(|a_type| a_type.name == *name)
    }

    /// The fields of a structure.
    pub(crate) fn fields(&self, name: &TypeName) -> &[Field] {
        match self.find(name).map(|a_type| &a_type.kind) {
            Some(Kind::Struct(fields)) => fields,
            _ => &[],
        }
    }
}

/// A type's name with its module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TypeName {
    pub(crate) module: String,
    pub(crate) name: String,
}

pub(crate) struct Type {
    pub(crate) name: TypeName,
    pub(crate) doc: String,
    pub(crate) kind: Kind,
    /// AWS's shapes for this type, which all have the same members.
    pub(crate) sources: Vec<Source>,
    /// Whether requests contain it, so that users create it.
    pub(crate) is_built: bool,
}

pub(crate) enum Kind {
    Struct(Vec<Field>),
    Union(Vec<Member>),
    Enum(Vec<Value>),
}

pub(crate) struct Field {
    pub(crate) wire: String,
    pub(crate) name: String,
    pub(crate) field_type: FieldType,
    pub(crate) required: bool,
    pub(crate) in_sdk: BTreeMap<Service, InSdk>,
    pub(crate) doc: String,
}

/// How the SDK stores a member of a type that is not an operation's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum InSdk {
    /// Without `Option`; its builder requires it.
    Bare,
    /// Without `Option`, with a default if AWS omits it.
    Defaulted,
    Optional,
}

pub(crate) struct Member {
    pub(crate) wire: String,
    pub(crate) name: String,
    pub(crate) field_type: FieldType,
    pub(crate) doc: String,
}

pub(crate) struct Value {
    pub(crate) wire: String,
    pub(crate) name: String,
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldType {
    String,
    Bool,
    I32,
    I64,
    F32,
    F64,
    Timestamp,
    Blob,
    Document,
    Type { name: TypeName, is_enum: bool },
    List(Box<FieldType>),
    Map(Box<FieldType>),
}

#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) service: Service,
    pub(crate) form: Form,
    /// Whether a request to this service contains it.
    pub(crate) is_sent: bool,
}

/// Where the SDK has it.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// In its `types`, under this name.
    Nested(String),
    /// As the input of this operation.
    Input(String),
    /// As the output of this operation.
    Output(String),
}
