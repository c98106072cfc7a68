//! The records of a region, in one collection for each resource.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::json::record::Record;
use crate::store::idempotency::IdempotentResponses;
use crate::store::lifecycle::Schedule;
use crate::store::resource::Resource;
use crate::store::tags::Tags;

/// The position of an entry in its collection: the time of its creation, then the order of arrival.
pub(crate) type Position = (Timestamp, u64);

/// The collections of a region.
#[derive(Debug, Default)]
pub(crate) struct Store {
    collections: HashMap<&'static str, Collection>,
    arrivals: u64,
    pub(crate) schedule: Schedule,
    pub(crate) tags: Tags,
    pub(crate) idempotent_responses: IdempotentResponses,
    /// The ARNs of the batch jobs whose records are due.
    pub(crate) due_batches: Vec<String>,
}

/// The entries of a resource.
#[derive(Debug)]
pub(crate) struct Collection {
    resource: &'static Resource,
    pub(crate) entries: BTreeMap<Position, Entry>,
    keys: HashMap<String, Position>,
}

#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) record: Record,
    /// Counts how often its steps were scheduled. Steps of an older schedule are skipped.
    pub(crate) generation: u32,
    /// Counts its versions, so that no number is used twice.
    versions: u32,
}

impl Entry {
    pub(crate) fn next_version(&mut self) -> String {
        self.versions += 1;
        self.versions.to_string()
    }
}

impl Store {
    pub(crate) fn collection(&self, resource: &Resource) -> Option<&Collection> {
        self.collections.get(resource.name)
    }

    /// Inserts a record. If another entry has one of its keys, that entry keeps the key.
    pub(crate) fn insert(&mut self, resource: &'static Resource, record: Record) -> Position {
        self.arrivals += 1;
        let created = record.time(resource.members.created).unwrap_or_default();
        let position = (created, self.arrivals);
        let new = || Collection { resource, entries: BTreeMap::new(), keys: HashMap::new() };
        let collection = self.collections.entry(resource.name).or_insert_with(new);
        collection.index_keys(resource, position, &record);
        collection.entries.insert(position, Entry { record, ..Entry::default() });
        position
    }

    pub(crate) fn find(&self, resource: &Resource, key: &str) -> Option<Position> {
        self.collection(resource)?.keys.get(key).copied()
    }

    /// Returns the position of the first record that passes a test.
    pub(crate) fn position_where(
        &self,
        resource: &Resource,
        test: impl Fn(&Record) -> bool,
    ) -> Option<Position> {
        let entries = &self.collection(resource)?.entries;
        entries.iter().find(|(_, entry)| test(&entry.record)).map(|(position, _)| *position)
    }

    pub(crate) fn entry(&self, resource: &Resource, position: Position) -> Option<&Entry> {
        self.collection(resource)?.entries.get(&position)
    }

    pub(crate) fn entry_mut(&mut self, resource: &Resource, position: Position) -> Option<&mut Entry> {
        self.collections.get_mut(resource.name)?.entries.get_mut(&position)
    }

    /// Returns the record with this key.
    pub(crate) fn record(&self, resource: &Resource, key: &str) -> Option<&Record> {
        self.entry(resource, self.find(resource, key)?).map(|entry| &entry.record)
    }

    /// Returns all records of a resource, oldest first.
    pub(crate) fn records(&self, resource: &Resource) -> impl Iterator<Item = &Record> {
        self.collection(resource)
            .into_iter()
            .flat_map(|collection| collection.entries.values().map(|entry| &entry.record))
    }

    /// Takes a record out to change it. [`put_back`](Self::put_back) puts it back under its new keys.
    pub(crate) fn take(&mut self, resource: &Resource, position: Position) -> Option<Record> {
        let collection = self.collections.get_mut(resource.name)?;
        let record = std::mem::take(&mut collection.entries.get_mut(&position)?.record);
        collection.unindex_keys(resource, position, &record);
        Some(record)
    }

    pub(crate) fn put_back(&mut self, resource: &Resource, position: Position, record: Record) {
        let Some(collection) = self.collections.get_mut(resource.name) else { return };
        collection.index_keys(resource, position, &record);
        if let Some(entry) = collection.entries.get_mut(&position) {
            entry.record = record;
        }
    }

    pub(crate) fn replace(&mut self, resource: &Resource, position: Position, record: Record) {
        self.take(resource, position);
        self.put_back(resource, position, record);
    }

    pub(crate) fn remove(&mut self, resource: &Resource, position: Position) -> Option<Record> {
        let collection = self.collections.get_mut(resource.name)?;
        let record = collection.entries.remove(&position)?.record;
        collection.unindex_keys(resource, position, &record);
        let arn = resource.arn_of(&record);
        if !self.has_arn(arn) {
            self.tags.remove_all(arn);
        }
        Some(record)
    }

    /// Removes all records of a resource that pass a test.
    pub(crate) fn remove_all(&mut self, resource: &Resource, test: impl Fn(&Record) -> bool) {
        let positions: Vec<_> = self.collection(resource).map_or_else(Vec::new, |collection| {
            collection
                .entries
                .iter()
                .filter(|(_, entry)| test(&entry.record))
                .map(|(position, _)| *position)
                .collect()
        });
        for position in positions {
            self.remove(resource, position);
        }
    }

    /// Returns whether any resource has this ARN.
    pub(crate) fn has_arn(&self, arn: &str) -> bool {
        let mut collections =
            self.collections.values().filter(|collection| collection.resource.members.arn.is_some());
        collections.any(|collection| arn.starts_with("arn:") && collection.keys.contains_key(arn))
    }
}

impl Collection {
    fn index_keys(&mut self, resource: &Resource, position: Position, record: &Record) {
        for key in resource.keys(record) {
            self.keys.entry(key).or_insert(position);
        }
    }

    fn unindex_keys(&mut self, resource: &Resource, position: Position, record: &Record) {
        for key in resource.keys(record) {
            if self.keys.get(&key) == Some(&position) {
                self.keys.remove(&key);
            }
        }
    }
}
