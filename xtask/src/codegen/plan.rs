//! The plan: which types there are, what they are called, and in which module each lives.

use std::collections::{BTreeMap, HashMap};

use super::description::Service;
use super::table::Module;

/// What is to be written.
pub(crate) struct Plan {
    pub(crate) modules: Vec<Module>,
    /// By module and name; a name may stand in two modules.
    pub(crate) types: Vec<Type>,
    /// Types not re-exported at the crate's root, by module.
    pub(crate) not_at_root: BTreeMap<String, Vec<String>>,
    /// An enum to the values that AWS sends and its description lacks.
    pub(crate) also_sent: BTreeMap<String, Vec<String>>,
    /// The type of each shape that has one.
    pub(super) homes: HashMap<(Service, String), TypeName>,
}

impl Plan {
    /// The type that a shape became, where it became one.
    pub(crate) fn home(&self, service: Service, shape_name: &str) -> Option<&TypeName> {
        self.homes.get(&(service, shape_name.to_owned()))
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

/// A type, told apart from its namesakes by its module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TypeName {
    pub(crate) module: String,
    pub(crate) name: String,
}

pub(crate) struct Type {
    pub(crate) name: TypeName,
    pub(crate) doc: String,
    pub(crate) kind: Kind,
    /// What it stands for in AWS's services; every one has the same members.
    pub(crate) sources: Vec<Source>,
    /// Whether a request is made of it, so that people build it.
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
    pub(crate) what: What,
    pub(crate) required: bool,
    pub(crate) in_sdk: BTreeMap<Service, InSdk>,
    pub(crate) doc: String,
}

/// How the SDK keeps a member of a type that is not an operation's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum InSdk {
    /// Bare, and its builder wants it.
    Bare,
    /// Bare, filled with a default where AWS leaves it out.
    Defaulted,
    Optional,
}

pub(crate) struct Member {
    pub(crate) wire: String,
    pub(crate) name: String,
    pub(crate) what: What,
    pub(crate) doc: String,
}

pub(crate) struct Value {
    pub(crate) wire: String,
    pub(crate) name: String,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
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
    List(Box<What>),
    Map(Box<What>),
}

#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) service: Service,
    pub(crate) form: Form,
    /// Whether a request to this service holds it.
    pub(crate) is_sent: bool,
}

/// Where the SDK keeps it.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// In its `types`, under this name.
    Nested(String),
    /// As the input of this operation.
    Input(String),
    /// As the output of this operation.
    Output(String),
}
