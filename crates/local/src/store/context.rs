//! The context for the rules of a resource: the resources of a region at one moment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::json::record::Record;
use crate::store::collections::{Position, Store};
use crate::store::idempotency::IdempotentResponse;
use crate::store::lifecycle::initial_steps;
use crate::store::resource::{OnDelete, Protection, Reference, Resource};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::catalogue::RegionalModels;
use crate::world::{ACCOUNT, World};

pub(crate) struct Context<'a> {
    pub(crate) world: &'a World,
    /// The descriptors of all resources.
    pub(crate) resources: &'static [&'static Resource],
    pub(crate) region: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) store: &'a mut Store,
    pub(crate) other_regions: &'a BTreeMap<String, Store>,
}

impl Context<'_> {
    /// Returns the foundation models of the region.
    pub(crate) fn models(&self) -> RegionalModels<'_> {
        self.world.catalogue.at(self.region, self.now)
    }

    /// Returns the position of the resource with this key.
    pub(crate) fn find(&self, resource: &Resource, key: &str) -> AwsResult<Position> {
        self.store.find(resource, key).ok_or_else(|| AwsError::not_found(resource.not_found))
    }

    /// Returns the record of the resource with this key.
    pub(crate) fn record(&self, resource: &Resource, key: &str) -> AwsResult<&Record> {
        self.store.record(resource, key).ok_or_else(|| AwsError::not_found(resource.not_found))
    }

    /// Inserts a new resource and schedules its steps. Returns its record.
    pub(crate) fn add(&mut self, resource: &'static Resource, mut record: Record) -> Record {
        (resource.derive)(&mut record);
        let tags = resource.tags.and_then(|member| record.remove(member));
        self.identify(resource, &mut record);
        let now = self.now.to_string();
        record.fill(resource.members.created, now.as_str());
        if let Some(updated) = resource.members.updated {
            record.fill(updated, now);
        }
        let has_status = resource.members.status.is_some_and(|status| record.contains_key(status));
        if let (Some(member), Some(first)) = (resource.members.status, resource.statuses.first()) {
            record.fill(member, *first);
        }
        if let Some(Value::Array(tags)) = tags {
            self.store.tags.add(resource.arn_of(&record), &tags);
        }
        let position = self.store.insert(resource, record.clone());
        if !has_status {
            self.schedule(resource, position, initial_steps(resource));
        }
        record
    }

    /// Sets the ID and the ARN of a record, unless it has them.
    fn identify(&self, resource: &Resource, record: &mut Record) {
        let id = match resource.id_of(record) {
            "" => (resource.new_id)(&self.world.ids),
            id => id.to_owned(),
        };
        if let Some(member) = resource.members.id {
            record.fill(member, id.as_str());
        }
        if let (Some(member), true) = (resource.members.arn, resource.arn.is_some()) {
            record.fill(member, self.arn(resource, record, &id));
        }
    }

    /// Refuses the key of a parent that does not exist.
    pub(crate) fn refuse_missing_parent(&self, resource: &Resource, request: &Request) -> AwsResult<()> {
        let mut key = Vec::new();
        resource.parents.iter().try_for_each(|(member, parent)| {
            key.push(request.text(member));
            self.find(parent, &key.join("/")).map(drop)
        })
    }

    /// Refuses to delete a resource that is protected, or that others refer to.
    pub(crate) fn refuse_deletion(&self, resource: &'static Resource, record: &Record) -> AwsResult<()> {
        match &resource.protected {
            Some(Protection::BuiltIn { member, value, message }) if record[*member] == *value => {
                return Err(AwsError::validation(*message));
            }
            Some(Protection::Until { member, message }) => {
                if let Some(time) = record.time(member).filter(|time| *time > self.now) {
                    return Err(AwsError::conflict(message.replace("{time}", &time.to_string())));
                }
            }
            _ => {}
        }
        let protects = |(_, reference): &(&Resource, &Reference)| match reference.on_delete {
            OnDelete::Protect(message) => Some(message),
            OnDelete::Cascade => None,
        };
        match self.referrers(resource, record).find_map(|referrer| protects(&referrer)) {
            Some(message) => Err(AwsError::conflict(message)),
            None => Ok(()),
        }
    }

    /// Returns whether any resource refers to a record.
    pub(crate) fn is_referred_to(&self, resource: &'static Resource, record: &Record) -> bool {
        self.referrers(resource, record).next().is_some()
    }

    /// Returns the resources that refer to a record, with the reference.
    fn referrers(
        &self,
        resource: &'static Resource,
        record: &Record,
    ) -> impl Iterator<Item = (&'static Resource, &'static Reference)> {
        references_to(self.resources, resource).filter(move |(referrer, reference)| {
            self.store.records(referrer).any(|other| reference.holds(other, record))
        })
    }

    /// Deletes a resource, and the resources whose references to it cascade.
    pub(crate) fn delete(&mut self, resource: &'static Resource, position: Position) -> Option<Record> {
        let record = self.store.remove(resource, position)?;
        for (referrer, reference) in references_to(self.resources, resource) {
            if matches!(reference.on_delete, OnDelete::Cascade) {
                self.store.remove_all(referrer, |other| reference.holds(other, &record));
            }
        }
        Some(record)
    }

    /// Refuses a name that another resource already has. `except` is the resource that is updated.
    pub(crate) fn refuse_taken_name(
        &self,
        resource: &Resource,
        name: &str,
        except: Option<Position>,
    ) -> AwsResult<()> {
        if !resource.unique_names || name.is_empty() {
            return Ok(());
        }
        let position = match resource.by_name {
            true => self.store.find(resource, name),
            // A version has the same name as its draft.
            false => self.store.position_where(resource, |record| {
                resource.name_of(record) == name && !resource.is_version(record)
            }),
        };
        match position.is_none() || position == except {
            true => Ok(()),
            false => Err(AwsError::conflict(resource.name_taken.replace("{name}", name))),
        }
    }

    /// Performs an operation once for an idempotency token. A repeated token gets the first response.
    pub(crate) fn once(
        &mut self,
        request: &Request,
        work: impl FnOnce(&mut Self) -> AwsResult<Record>,
    ) -> AwsResult<Record> {
        let token = ["clientRequestToken", "clientToken"].map(|member| request.text(member)).concat();
        if token.is_empty() {
            return work(self);
        }
        let operation = &request.operation.name;
        match self.store.idempotent_responses.find(operation, &token) {
            Some(first) if first.input == request.input => Ok(first.output.clone()),
            Some(_) => Err(AwsError::conflict(
                "The idempotency token was used before with a different request. Use another token and try again.",
            )),
            None => {
                let output = work(self)?;
                self.store.idempotent_responses.add(IdempotentResponse {
                    operation: operation.clone(),
                    token,
                    input: request.input.clone(),
                    output: output.clone(),
                });
                Ok(output)
            }
        }
    }

    /// Returns the ARN of a KMS key by its ARN or ID. All aliases name the same key.
    pub(crate) fn kms_arn(&self, key: &str) -> String {
        const ALIASED: &str = "00000000-0000-4000-8000-000000000000";
        let id = match key {
            arn if arn.starts_with("arn:") && arn.contains(":key/") => return arn.to_owned(),
            id if id.len() == 36 && !id.contains('/') => id,
            _ => ALIASED,
        };
        format!("arn:aws:kms:{}:{ACCOUNT}:key/{id}", self.region)
    }

    /// Returns the ARN of a resource with this ID.
    pub(crate) fn arn(&self, resource: &Resource, record: &Record, id: &str) -> String {
        let base = match record.text("customizationType") {
            "IMPORTED" => "imported",
            _ => {
                let base = record.text("foundationModelArn");
                base.rsplit_once('/').map_or(base, |(_, id)| id)
            }
        };
        let pattern = resource.arn.unwrap_or_default();
        let pattern = match pattern.starts_with("arn:") {
            true => pattern.to_owned(),
            false => format!("arn:aws:bedrock:{{region}}:{{account}}:{pattern}"),
        };
        pattern
            .replace("{region}", self.region)
            .replace("{account}", ACCOUNT)
            .replace("{id}", id)
            .replace("{name}", resource.name_of(record))
            .replace("{base}", base)
    }
}

/// Returns the references to a resource, with the resources that have them.
fn references_to(
    resources: &'static [&'static Resource],
    target: &'static Resource,
) -> impl Iterator<Item = (&'static Resource, &'static Reference)> {
    let all = resources.iter().flat_map(|resource| resource.references.iter().map(move |it| (*resource, it)));
    all.filter(move |(_, reference)| std::ptr::eq(reference.to, target))
}
