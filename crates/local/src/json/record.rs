//! Records: the members of a resource or a request, under AWS's names.

use std::ops::{Deref, DerefMut, Index};

use jiff::Timestamp;
use serde_json::{Map, Value};

/// A JSON object in which a member that is absent is `null`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record(Map<String, Value>);

impl Record {
    /// Returns a string member, or an empty string if it is absent.
    pub(crate) fn text(&self, member: &str) -> &str {
        self[member].as_str().unwrap_or_default()
    }

    /// Returns a member that is a time, or `None` if it is absent or not a time.
    pub(crate) fn time(&self, member: &str) -> Option<Timestamp> {
        self[member].as_str()?.parse().ok()
    }

    /// Sets a member. `null` removes it. A member without a name is ignored.
    pub(crate) fn set(&mut self, member: &str, value: impl Into<Value>) {
        match value.into() {
            _ if member.is_empty() => {}
            Value::Null => {
                self.remove(member);
            }
            value => {
                self.insert(member.to_owned(), value);
            }
        }
    }

    /// Sets a member that is absent.
    pub(crate) fn fill(&mut self, member: &str, value: impl Into<Value>) {
        if !self.contains_key(member) {
            self.set(member, value);
        }
    }

    /// Copies members under other names. Each pair is the name in this record and the name in the new one.
    pub(crate) fn renamed(&self, members: &[(&str, &str)]) -> Self {
        let member = |(old, new): &(&str, &str)| Some(((*new).to_owned(), self.get(*old)?.clone()));
        members.iter().filter_map(member).collect()
    }
}

impl Index<&str> for Record {
    type Output = Value;

    fn index(&self, member: &str) -> &Value {
        self.0.get(member).unwrap_or(&Value::Null)
    }
}

impl Deref for Record {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Record {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl FromIterator<(String, Value)> for Record {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl From<Map<String, Value>> for Record {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl From<Record> for Value {
    fn from(record: Record) -> Self {
        Self::Object(record.0)
    }
}
