//! How time passes: what is under way moves on when the server's clock says so.
//!
//! Nothing runs in the background. Whoever looks at a region's things first lets happen what was due by then, in its
//! order and with the time at which it was due.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use crate::json::record::Record;
use crate::store::Place;
use crate::store::context::Context;
use crate::store::resource::Noun;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::clock::later;

/// One that has this in its name fails in the end.
const OMEN: &str = "fail";

/// What is to come of a thing, at equal steps of time.
pub(crate) type Plan = Vec<Step>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Status(&'static str),
    /// The end of its life's way: success, or failure where that was asked for.
    Finish,
    /// The end of being stopped.
    Stop,
    Change(fn(&mut Context<'_>, &mut Record)),
    Vanish,
}

/// What is due when.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    entries: BTreeMap<(Timestamp, u64), Entry>,
    counted: u64,
}

#[derive(Debug)]
struct Entry {
    noun: &'static Noun,
    place: Place,
    plan: u32,
    step: Step,
}

impl Agenda {
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.entries.first_key_value().is_some_and(|((due, _), _)| *due <= now)
    }

    fn next(&mut self, now: Timestamp) -> Option<(Timestamp, Entry)> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((due, _), entry) = entry.remove_entry();
        Some((due, entry))
    }
}

/// What a new thing goes through after its first status.
pub(crate) fn life(noun: &Noun) -> Plan {
    let middle = noun.life.iter().skip(1).take(noun.life.len().saturating_sub(2));
    let mut plan: Plan = middle.map(|status| Step::Status(status)).collect();
    if noun.life.len() > 1 {
        plan.push(Step::Finish);
    }
    plan
}

/// Whether a thing is still on its life's way.
pub(crate) fn is_under_way(noun: &Noun, record: &Record) -> bool {
    let status = record.text(noun.members.status);
    noun.life.split_last().is_some_and(|(_, before)| before.contains(&status))
}

impl Context<'_> {
    /// Lets happen what is due.
    pub(crate) fn settle(&mut self) {
        let now = self.now;
        while let Some((due, entry)) = self.store.agenda.next(now) {
            self.now = due;
            self.take(entry);
        }
        self.now = now;
    }

    /// Makes a plan for a thing, in place of the one that it had.
    pub(crate) fn plan(&mut self, noun: &'static Noun, place: Place, plan: Plan) {
        let Some(thing) = self.store.thing_mut(noun, place) else { return };
        thing.plan += 1;
        let current = thing.plan;
        let whole = (noun.duration)(&self.world.settings);
        let steps = u32::try_from(plan.len()).unwrap_or(u32::MAX).max(1);
        for (nth, step) in (1..).zip(plan) {
            let agenda = &mut self.store.agenda;
            agenda.counted += 1;
            let due = later(self.now, whole.saturating_mul(nth) / steps);
            agenda.entries.insert((due, agenda.counted), Entry { noun, place, plan: current, step });
        }
    }

    fn take(&mut self, Entry { noun, place, plan, step }: Entry) {
        if self.store.thing(noun, place).is_none_or(|thing| thing.plan != plan) {
            return;
        }
        if matches!(step, Step::Vanish) {
            self.store.remove(noun, place);
            return;
        }
        let Some(mut record) = self.store.lend(noun, place) else { return };
        match step {
            Step::Status(status) => record.set(noun.members.status, status),
            Step::Finish => self.finish(noun, &mut record),
            Step::Stop => {
                record.set(noun.members.status, noun.stopped.1);
                record.set(noun.members.ended, self.now.to_string());
            }
            Step::Change(change) => change(self, &mut record),
            Step::Vanish => {}
        }
        record.set(noun.members.updated, self.now.to_string());
        self.store.give_back(noun, place, record);
    }

    fn finish(&mut self, noun: &Noun, record: &mut Record) {
        record.set(noun.members.ended, self.now.to_string());
        let failure = noun.members.failure;
        match noun.life.last() {
            Some(done) if !is_doomed(noun, record) => {
                record.set(noun.members.status, *done);
                (noun.finish)(self, record);
            }
            _ => {
                let why = format!("It was to fail: there is a “{OMEN}” in what it is called.");
                let is_list = failure.ends_with('s');
                record.set(failure, if is_list { json!([why]) } else { json!(why) });
                record.set(noun.members.status, noun.failed);
                (noun.fail)(self, record);
            }
        }
    }

    /// Stops what is under way.
    pub(crate) fn stop(&mut self, noun: &'static Noun, place: Place) -> AwsResult<()> {
        let (stopping, _) = noun.stopped;
        let now = self.now.to_string();
        let thing = self.store.thing_mut(noun, place);
        let Some(thing) = thing.filter(|thing| is_under_way(noun, &thing.record)) else {
            return Err(AwsError::conflict("It cannot be stopped: it is not in progress any more."));
        };
        thing.record.set(noun.members.status, stopping);
        thing.record.set(noun.members.updated, now);
        self.plan(noun, place, vec![Step::Stop]);
        Ok(())
    }
}

fn is_doomed(noun: &Noun, record: &Record) -> bool {
    record.text(noun.omen).to_lowercase().contains(OMEN)
        || record.text(noun.members.name).to_lowercase().contains(OMEN)
}
