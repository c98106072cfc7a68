//! What a noun is, as far as it differs from the others.

use std::time::Duration;

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::lifecycle::Plan;
use crate::wire::error::AwsResult;
use crate::wire::request::Request;
use crate::world::WorldSettings;
use crate::world::ids::Ids;

/// A noun: its operations, the names of its members, its life, and its own rules.
#[derive(Debug)]
pub(crate) struct Noun {
    pub(crate) name: &'static str,
    pub(crate) operations: &'static [(&'static str, Verb)],
    /// The end of its ARN, or the whole of it: `{region}`, `{account}`, `{id}`, `{name}` and `{base}` are filled in.
    pub(crate) arn: &'static str,
    pub(crate) id: fn(&Ids) -> String,
    pub(crate) members: Members,
    /// The statuses that it passes through at equal steps; the last one is its success.
    pub(crate) life: &'static [&'static str],
    /// How long its life takes until then, and whatever else is waited for.
    pub(crate) duration: fn(&WorldSettings) -> Duration,
    /// The member, beside its name, that tells whether it is to fail.
    pub(crate) omen: &'static str,
    /// The status of one that fails.
    pub(crate) failed: &'static str,
    /// The statuses of one that is stopped: on its way, and done.
    pub(crate) stopped: (&'static str, &'static str),
    /// Members of requests that go by another name in records.
    pub(crate) renamed: &'static [(&'static str, &'static str)],
    /// Members of a list's rows that go by another name in records; those without one are left out.
    pub(crate) row: &'static [(&'static str, &'static str)],
    /// List parameters whose name does not tell the member that they filter by.
    pub(crate) filters: &'static [(&'static str, &'static str)],
    /// The member of a request that holds its tags.
    pub(crate) tags: &'static str,
    /// Whether requests may name it by its name.
    pub(crate) by_name: bool,
    /// Whether no two may have the same name.
    pub(crate) unique_names: bool,
    /// What a list without a sort order begins with.
    pub(crate) newest_first: bool,
    /// The member of answers that holds all the others.
    pub(crate) wrapped_in: &'static str,
    /// What a request for a second one of a name is told.
    pub(crate) taken: &'static str,
    /// What it stands in: members of its record and requests, and the nouns whose keys they are.
    pub(crate) within: &'static [(&'static str, &'static Noun)],
    /// A list shows the drafts, or the versions of the one that this parameter names by its id or ARN.
    pub(crate) versions_of: &'static str,
    /// What a request for one that is not there is told.
    pub(crate) missing: &'static str,
    /// Completes a record with what follows from the rest of it.
    pub(crate) derive: fn(&mut Record),
    /// Completes the record of a new one, or refuses it.
    pub(crate) begin: fn(&mut Context<'_>, &mut Record) -> AwsResult<()>,
    /// What its success brings.
    pub(crate) finish: fn(&mut Context<'_>, &mut Record),
    /// What its failure brings.
    pub(crate) fail: fn(&mut Context<'_>, &mut Record),
    /// Refuses a deletion.
    pub(crate) release: fn(&mut Context<'_>, &Record) -> AwsResult<()>,
}

/// What an operation does to its noun.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    Create,
    Get,
    List,
    /// Changes a record, and says what is to come of it.
    Update(fn(&mut Context<'_>, &Request, &mut Record) -> AwsResult<Plan>),
    Delete,
    Stop,
    /// Deletes many jobs; the member of the answer that lists them.
    BatchDelete(&'static str),
    /// What no other noun does.
    Own(fn(&mut Context<'_>, &Request) -> AwsResult<Record>),
}

/// The names of the members that most nouns have. Empty ones are not there.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) arn: &'static str,
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) created: &'static str,
    pub(crate) updated: &'static str,
    pub(crate) ended: &'static str,
    pub(crate) status: &'static str,
    /// Why one failed: a text, or a list of texts where the name is a plural.
    pub(crate) failure: &'static str,
}

/// Where a record keeps its id when AWS shows none.
pub(crate) const HIDDEN_ID: &str = "(id)";

impl Noun {
    pub(crate) const PLAIN: Self = Self {
        name: "",
        operations: &[],
        arn: "",
        id: Ids::resource,
        members: Members::NONE,
        life: &[],
        duration: |settings| settings.job_duration,
        omen: "",
        failed: "Failed",
        stopped: ("Stopping", "Stopped"),
        renamed: &[],
        row: &[],
        filters: &[],
        tags: "tags",
        by_name: false,
        unique_names: false,
        newest_first: false,
        wrapped_in: "",
        taken: "The name {name} is already in use.",
        within: &[],
        versions_of: "",
        missing: "The specified resource was not found.",
        derive: |_| {},
        begin: |_, _| Ok(()),
        finish: |_, _| {},
        fail: |_, _| {},
        release: |_, _| Ok(()),
    };

    /// All that requests may call it by.
    pub(crate) fn keys(&self, record: &Record) -> Vec<String> {
        let id = record.text(self.members.id);
        if !self.within.is_empty() {
            let outer = self.within.iter().map(|(member, _)| record.text(member));
            return vec![outer.chain([id]).collect::<Vec<_>>().join("/")];
        }
        let arn = record.text(self.members.arn);
        let version = record.text("version");
        let mut keys = match self.is_version(record) {
            true => vec![version_key(arn, version), version_key(id, version)],
            false => vec![arn.to_owned(), id.to_owned()],
        };
        if self.by_name {
            keys.push(record.text(self.members.name).to_owned());
        }
        keys.retain(|key| !key.is_empty());
        keys
    }

    /// Whether it is a numbered version of another.
    pub(crate) fn is_version(&self, record: &Record) -> bool {
        !self.versions_of.is_empty() && !matches!(record.text("version"), "" | DRAFT)
    }

    pub(crate) fn operation(&self, verb: impl Fn(&Verb) -> bool) -> Option<&'static str> {
        self.operations.iter().find(|(_, theirs)| verb(theirs)).map(|(operation, _)| *operation)
    }
}

/// The version of what can still be changed.
pub(crate) const DRAFT: &str = "DRAFT";

/// How a version is called by the key of its draft.
pub(crate) fn version_key(key: &str, version: &str) -> String {
    if key.ends_with(&format!(":{version}")) { key.to_owned() } else { format!("{key}:{version}") }
}

impl Members {
    pub(crate) const NONE: Self = Self {
        arn: "",
        id: HIDDEN_ID,
        name: "",
        created: "creationTime",
        updated: "",
        ended: "",
        status: "",
        failure: "failureMessage",
    };
}
