//! The descriptor of a resource: its operations, the names of its members, its statuses, and its own rules.

use std::time::Duration;

use serde_json::Value;

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::lifecycle::Step;
use crate::wire::error::AwsResult;
use crate::wire::request::Request;
use crate::world::WorldSettings;
use crate::world::ids::Ids;

/// The version of a resource that can still be changed.
pub(crate) const DRAFT: &str = "DRAFT";

#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) name: &'static str,
    pub(crate) operations: &'static [(&'static str, Verb)],
    /// The end of its ARN, or the whole ARN, with the placeholders `{region}`, `{account}`, `{id}`, `{name}` and
    /// `{base}`.
    pub(crate) arn: Option<&'static str>,
    pub(crate) new_id: fn(&Ids) -> String,
    pub(crate) members: Members,
    /// The statuses that it passes through, at equal intervals. The last one is success.
    pub(crate) statuses: &'static [&'static str],
    /// The duration until the last status, and of every other transition.
    pub(crate) duration: fn(&WorldSettings) -> Duration,
    /// The member, besides its name, that makes it fail if it contains `fail`.
    pub(crate) fails_by: Option<&'static str>,
    /// The status after a failure.
    pub(crate) failed: &'static str,
    /// The status while it stops, and the status after that.
    pub(crate) stopped: (&'static str, &'static str),
    /// Members of requests that have another name in records.
    pub(crate) renamed: &'static [(&'static str, &'static str)],
    /// Members of a list's rows that have another name in records, or `None` if the row omits them.
    pub(crate) row: &'static [(&'static str, Option<&'static str>)],
    /// List parameters, and the members that they filter by where the names differ.
    pub(crate) filters: &'static [(&'static str, &'static str)],
    /// The member of a request that holds its tags.
    pub(crate) tags: Option<&'static str>,
    /// Whether requests may identify it by its name.
    pub(crate) by_name: bool,
    pub(crate) unique_names: bool,
    /// The order of a list without `sortOrder`.
    pub(crate) newest_first: bool,
    /// The member of responses that holds all other members.
    pub(crate) wrapped_in: Option<&'static str>,
    /// The members of requests and records that hold the keys of its parents, outermost first.
    pub(crate) parents: &'static [(&'static str, &'static Resource)],
    /// Its members that hold the keys of other resources.
    pub(crate) references: &'static [Reference],
    /// The condition that prevents its deletion.
    pub(crate) protected: Option<Protection>,
    /// How a runtime operation can invoke it.
    pub(crate) invocable: Option<Invocable>,
    /// The list parameter that selects the versions of one resource. A list without it has the drafts.
    pub(crate) versions_of: Option<&'static str>,
    /// The message of the error for a name in use. `{name}` is the name.
    pub(crate) name_taken: &'static str,
    /// The message of the error for a key that does not exist.
    pub(crate) not_found: &'static str,
    /// Adds the members to a record that are derived from other members.
    pub(crate) derive: fn(&mut Record),
    /// Completes the record of a new resource, or refuses it.
    pub(crate) on_create: fn(&mut Context<'_>, &mut Record) -> AwsResult<()>,
    pub(crate) on_success: fn(&mut Context<'_>, &mut Record),
    pub(crate) on_failure: fn(&mut Context<'_>, &mut Record),
}

/// What an operation does to its resource.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    Create,
    Get,
    List,
    /// Changes a record. Returns the steps that follow.
    Update(fn(&mut Context<'_>, &Request, &mut Record) -> AwsResult<Vec<Step>>),
    Delete,
    Stop,
    /// Deletes several jobs. Holds the member of the response that lists them.
    BatchDelete(&'static str),
    /// An operation that only this resource has.
    Custom(fn(&mut Context<'_>, &Request) -> AwsResult<Record>),
}

/// The names of the members that most resources have.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) arn: Option<&'static str>,
    /// `None` if AWS shows the ID only as the last part of the ARN.
    pub(crate) id: Option<&'static str>,
    pub(crate) name: Option<&'static str>,
    pub(crate) created: &'static str,
    pub(crate) updated: Option<&'static str>,
    pub(crate) ended: Option<&'static str>,
    pub(crate) status: Option<&'static str>,
    /// The reason of a failure: a text, or a list of texts if the name is a plural.
    pub(crate) failure: &'static str,
}

/// A member that holds the key of another resource, as a foreign key does in Django.
#[derive(Debug)]
pub(crate) struct Reference {
    /// A JSON pointer to a key, or to a list of keys.
    pub(crate) member: &'static str,
    /// The member with the version, if the key alone does not hold it.
    pub(crate) version: Option<&'static str>,
    pub(crate) to: &'static Resource,
    pub(crate) on_delete: OnDelete,
}

/// What happens when the other resource is deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OnDelete {
    /// The deletion is refused with this message.
    Protect(&'static str),
    /// This resource is deleted too.
    Cascade,
}

/// A condition that prevents the deletion of a resource.
#[derive(Debug)]
pub(crate) enum Protection {
    /// A member has this value, because AWS defines the resource.
    BuiltIn { member: &'static str, value: &'static str, message: &'static str },
    /// The time in a member is in the future. `{time}` in the message is the time.
    Until { member: &'static str, message: &'static str },
}

/// How a runtime operation can invoke a resource.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Invocable {
    /// The beginning of the resource part of its ARN.
    pub(crate) arn_prefix: &'static str,
    /// The member that holds the ARN of the model behind it. `None` if the model is not known.
    pub(crate) model: Option<&'static str>,
}

impl Resource {
    pub(crate) const DEFAULT: Self = Self {
        name: "",
        operations: &[],
        arn: None,
        new_id: Ids::resource,
        members: Members::NONE,
        statuses: &[],
        duration: |settings| settings.job_duration,
        fails_by: None,
        failed: "Failed",
        stopped: ("Stopping", "Stopped"),
        renamed: &[],
        row: &[],
        filters: &[],
        tags: Some("tags"),
        by_name: false,
        unique_names: false,
        newest_first: false,
        wrapped_in: None,
        parents: &[],
        references: &[],
        protected: None,
        invocable: None,
        versions_of: None,
        name_taken: "The name {name} is already in use.",
        not_found: "The specified resource was not found.",
        derive: |_| {},
        on_create: |_, _| Ok(()),
        on_success: |_, _| {},
        on_failure: |_, _| {},
    };

    /// Returns the ARN of a record, or an empty text if it has none.
    pub(crate) fn arn_of<'a>(&self, record: &'a Record) -> &'a str {
        text(record, self.members.arn)
    }

    /// Returns the ID of a record, or an empty text if it has none.
    pub(crate) fn id_of<'a>(&self, record: &'a Record) -> &'a str {
        match text(record, self.members.id) {
            "" => self.arn_of(record).rsplit_once('/').map_or("", |(_, id)| id),
            id => id,
        }
    }

    /// Returns the name of a record, or an empty text if it has none.
    pub(crate) fn name_of<'a>(&self, record: &'a Record) -> &'a str {
        text(record, self.members.name)
    }

    /// Returns the status of a record, or an empty text if it has none.
    pub(crate) fn status_of<'a>(&self, record: &'a Record) -> &'a str {
        text(record, self.members.status)
    }

    pub(crate) fn set_status(&self, record: &mut Record, status: &str) {
        set(record, self.members.status, status);
    }

    pub(crate) fn set_updated(&self, record: &mut Record, time: &str) {
        set(record, self.members.updated, time);
    }

    pub(crate) fn set_ended(&self, record: &mut Record, time: &str) {
        set(record, self.members.ended, time);
    }

    /// Sets the status and the reason of a failure.
    pub(crate) fn set_failed(&self, record: &mut Record, reason: &str) {
        let reason = Value::from(reason);
        let is_list = self.members.failure.ends_with('s');
        record.set(self.members.failure, if is_list { Value::Array(vec![reason]) } else { reason });
        self.set_status(record, self.failed);
    }

    /// Returns whether a record has not reached its last status.
    pub(crate) fn is_in_progress(&self, record: &Record) -> bool {
        let status = self.status_of(record);
        self.statuses.split_last().is_some_and(|(_, before)| before.contains(&status))
    }

    /// Returns all keys by which requests may identify a record.
    pub(crate) fn keys(&self, record: &Record) -> Vec<String> {
        let id = self.id_of(record);
        if !self.parents.is_empty() {
            let parents = self.parents.iter().map(|(member, _)| record.text(member));
            return vec![parents.chain([id]).collect::<Vec<_>>().join("/")];
        }
        let arn = self.arn_of(record);
        let version = record.text("version");
        let mut keys = match self.is_version(record) {
            true => vec![version_key(arn, version), version_key(id, version)],
            false => vec![arn.to_owned(), id.to_owned()],
        };
        if self.by_name {
            keys.push(self.name_of(record).to_owned());
        }
        keys.retain(|key| !key.is_empty());
        keys
    }

    /// Returns whether a record is a numbered version of another.
    pub(crate) fn is_version(&self, record: &Record) -> bool {
        self.versions_of.is_some() && !matches!(record.text("version"), "" | DRAFT)
    }

    pub(crate) fn operation(&self, verb: impl Fn(&Verb) -> bool) -> Option<&'static str> {
        self.operations.iter().find(|(_, candidate)| verb(candidate)).map(|(operation, _)| *operation)
    }
}

impl Members {
    pub(crate) const NONE: Self = Self {
        arn: None,
        id: None,
        name: None,
        created: "creationTime",
        updated: None,
        ended: None,
        status: None,
        failure: "failureMessage",
    };

    /// The members of most jobs.
    pub(crate) const JOB: Self = Self {
        arn: Some("jobArn"),
        name: Some("jobName"),
        updated: Some("lastModifiedTime"),
        ended: Some("endTime"),
        status: Some("status"),
        ..Self::NONE
    };
}

impl Reference {
    /// Returns whether a record refers to a record of the other resource. A reference to any version
    /// is also a reference to the draft.
    pub(crate) fn holds(&self, record: &Record, target: &Record) -> bool {
        let keys = self.to.keys(target);
        let is_draft = !self.to.is_version(target);
        let version = self.version.map(|member| record.text(member));
        let refers = |key: &str| match version {
            Some(version) if !is_draft => keys.contains(&version_key(key, version)),
            _ => keys.iter().any(|known| known == key),
        };
        match pointer(record, self.member) {
            Some(Value::Array(listed)) => listed.iter().filter_map(Value::as_str).any(refers),
            Some(Value::String(key)) => refers(key),
            _ => false,
        }
    }
}

/// Returns the key of a version of a resource.
pub(crate) fn version_key(key: &str, version: &str) -> String {
    if key.ends_with(&format!(":{version}")) { key.to_owned() } else { format!("{key}:{version}") }
}

fn text<'a>(record: &'a Record, member: Option<&str>) -> &'a str {
    member.map_or("", |member| record.text(member))
}

fn set(record: &mut Record, member: Option<&str>, value: &str) {
    if let Some(member) = member {
        record.set(member, value);
    }
}

/// Follows a JSON pointer such as `/policy/name`.
fn pointer<'a>(record: &'a Record, pointer: &str) -> Option<&'a Value> {
    let (member, rest) = match pointer[1..].split_once('/') {
        Some((member, _)) => (member, &pointer[1 + member.len()..]),
        None => (&pointer[1..], ""),
    };
    record.get(member)?.pointer(rest)
}
