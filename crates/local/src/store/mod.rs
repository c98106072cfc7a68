//! What was created, whatever its noun: things on shelves, by region.
//!
//! A noun's static description (`noun.rs`, filled in by the files of `nouns`) says what its operations do and what its
//! members are called; AWS's own says what a request may hold and an answer must. Between the two, one engine serves
//! them all:
//!
//! - `verbs.rs` creates, gets, lists, changes, deletes and stops;
//! - `lists.rs` filters, sorts and pages;
//! - `lifecycle.rs` lets time pass: statuses, results, failures;
//! - `projection.rs` cuts an answer out of a record by the shape of the answer;
//! - `seed.rs` fills shelves for tests;
//! - `context.rs` is what an operation's rules work with.

pub(crate) mod context;
pub(crate) mod lifecycle;
pub(crate) mod lists;
pub(crate) mod projection;
pub(crate) mod regions;
pub(crate) mod resource;
pub(crate) mod tags;
pub(crate) mod verbs;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::Value;

use crate::json::record::Record;
use crate::store::lifecycle::Agenda;
use crate::store::resource::Noun;
use crate::store::tags::Tags;

/// Where a thing stands on its shelf: by the time of its creation, then by the order of arrival.
pub(crate) type Place = (Timestamp, u64);

/// All things of a region.
#[derive(Debug, Default)]
pub(crate) struct Store {
    shelves: HashMap<&'static str, Shelf>,
    arrivals: u64,
    pub(crate) agenda: Agenda,
    pub(crate) tags: Tags,
    /// What was answered to each operation's idempotency tokens, and to which request.
    pub(crate) answered: HashMap<(String, String), (Value, Record)>,
}

/// All things of a noun.
#[derive(Debug)]
pub(crate) struct Shelf {
    noun: &'static Noun,
    things: BTreeMap<Place, Thing>,
    keys: HashMap<String, Place>,
}

#[derive(Debug, Default)]
pub(crate) struct Thing {
    pub(crate) record: Record,
    /// Counts the plans that were made for it: steps of an older plan are not taken.
    pub(crate) plan: u32,
    /// How many versions were made of it: numbers are not given twice.
    versions: u32,
}

impl Thing {
    pub(crate) fn next_version(&mut self) -> String {
        self.versions += 1;
        self.versions.to_string()
    }
}

impl Store {
    pub(crate) fn shelf(&self, noun: &Noun) -> Option<&Shelf> {
        self.shelves.get(noun.name)
    }

    /// Puts a thing on its shelf. Where a key is taken, the older thing keeps it.
    pub(crate) fn put(&mut self, noun: &'static Noun, record: Record) -> Place {
        self.arrivals += 1;
        let created = record.time(noun.members.created).unwrap_or_default();
        let place = (created, self.arrivals);
        let new = || Shelf { noun, things: BTreeMap::new(), keys: HashMap::new() };
        let shelf = self.shelves.entry(noun.name).or_insert_with(new);
        shelf.learn_keys(noun, place, &record);
        shelf.things.insert(place, Thing { record, ..Thing::default() });
        place
    }

    pub(crate) fn find(&self, noun: &Noun, key: &str) -> Option<Place> {
        self.shelf(noun)?.keys.get(key).copied()
    }

    /// The first thing that passes a test.
    pub(crate) fn place(&self, noun: &Noun, test: impl Fn(&Record) -> bool) -> Option<Place> {
        let things = &self.shelf(noun)?.things;
        things.iter().find(|(_, thing)| test(&thing.record)).map(|(place, _)| *place)
    }

    pub(crate) fn thing(&self, noun: &Noun, place: Place) -> Option<&Thing> {
        self.shelf(noun)?.things.get(&place)
    }

    pub(crate) fn thing_mut(&mut self, noun: &Noun, place: Place) -> Option<&mut Thing> {
        self.shelves.get_mut(noun.name)?.things.get_mut(&place)
    }

    /// A thing's record by any of its keys.
    pub(crate) fn record(&self, noun: &Noun, key: &str) -> Option<&Record> {
        self.thing(noun, self.find(noun, key)?).map(|thing| &thing.record)
    }

    /// All records of a noun, oldest first.
    pub(crate) fn records(&self, noun: &Noun) -> impl Iterator<Item = &Record> {
        self.shelf(noun).into_iter().flat_map(|shelf| shelf.things.values().map(|thing| &thing.record))
    }

    /// Takes a record away for a change, its keys with it; `give_back` returns it.
    pub(crate) fn lend(&mut self, noun: &Noun, place: Place) -> Option<Record> {
        let shelf = self.shelves.get_mut(noun.name)?;
        let record = std::mem::take(&mut shelf.things.get_mut(&place)?.record);
        shelf.forget_keys(noun, place, &record);
        Some(record)
    }

    pub(crate) fn give_back(&mut self, noun: &Noun, place: Place, record: Record) {
        let Some(shelf) = self.shelves.get_mut(noun.name) else { return };
        shelf.learn_keys(noun, place, &record);
        if let Some(thing) = shelf.things.get_mut(&place) {
            thing.record = record;
        }
    }

    pub(crate) fn replace(&mut self, noun: &Noun, place: Place, record: Record) {
        self.lend(noun, place);
        self.give_back(noun, place, record);
    }

    pub(crate) fn remove(&mut self, noun: &Noun, place: Place) -> Option<Record> {
        let shelf = self.shelves.get_mut(noun.name)?;
        let record = shelf.things.remove(&place)?.record;
        shelf.forget_keys(noun, place, &record);
        let arn = record.text(noun.members.arn);
        if !self.has(arn) {
            self.tags.forget(arn);
        }
        Some(record)
    }

    /// Removes all things of a noun that pass a test.
    pub(crate) fn remove_all(&mut self, noun: &Noun, test: impl Fn(&Record) -> bool) {
        let places: Vec<_> = self.shelf(noun).map_or_else(Vec::new, |shelf| {
            shelf.things.iter().filter(|(_, thing)| test(&thing.record)).map(|(place, _)| *place).collect()
        });
        for place in places {
            self.remove(noun, place);
        }
    }

    /// Whether this is the ARN of a thing, of whatever noun.
    pub(crate) fn has(&self, arn: &str) -> bool {
        let mut shelves = self.shelves.values().filter(|shelf| !shelf.noun.members.arn.is_empty());
        shelves.any(|shelf| arn.starts_with("arn:") && shelf.keys.contains_key(arn))
    }
}

impl Shelf {
    fn learn_keys(&mut self, noun: &Noun, place: Place, record: &Record) {
        for key in noun.keys(record) {
            self.keys.entry(key).or_insert(place);
        }
    }

    fn forget_keys(&mut self, noun: &Noun, place: Place, record: &Record) {
        for key in noun.keys(record) {
            if self.keys.get(&key) == Some(&place) {
                self.keys.remove(&key);
            }
        }
    }
}
