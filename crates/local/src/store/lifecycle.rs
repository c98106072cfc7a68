//! The lifecycle of resources: their steps are performed at times of the server's clock.
//!
//! Nothing runs in the background. Each request first performs all steps that are due, in order. Each step has the time
//! at which it was due.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::json::record::Record;
use crate::store::collections::Position;
use crate::store::context::Context;
use crate::store::resource::Resource;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::clock::later;

/// A resource whose name contains this text fails.
const FAIL: &str = "fail";

/// A step of a resource, which is performed when it is due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Status(&'static str),
    /// Ends with success, or with a failure if the resource has to fail.
    Finish,
    Stop,
    Change(fn(&mut Context<'_>, &mut Record)),
    Delete,
}

/// The pending steps, by time.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    pending: BTreeMap<(Timestamp, u64), PendingStep>,
    count: u64,
}

#[derive(Debug)]
struct PendingStep {
    resource: &'static Resource,
    position: Position,
    generation: u32,
    step: Step,
}

impl Schedule {
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.pending.first_key_value().is_some_and(|((due, _), _)| *due <= now)
    }

    fn next_due(&mut self, now: Timestamp) -> Option<(Timestamp, PendingStep)> {
        let entry = self.pending.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((due, _), pending) = entry.remove_entry();
        Some((due, pending))
    }
}

/// Returns the steps of a new resource after its first status.
pub(crate) fn initial_steps(resource: &Resource) -> Vec<Step> {
    let statuses = resource.statuses;
    let middle = statuses.iter().skip(1).take(statuses.len().saturating_sub(2));
    let mut steps: Vec<Step> = middle.map(|status| Step::Status(status)).collect();
    if statuses.len() > 1 {
        steps.push(Step::Finish);
    }
    steps
}

impl Context<'_> {
    /// Performs all steps that are due.
    pub(crate) fn perform_due_steps(&mut self) {
        let now = self.now;
        while let Some((due, pending)) = self.store.schedule.next_due(now) {
            self.now = due;
            self.perform_step(pending);
        }
        self.now = now;
    }

    /// Schedules the steps of a resource at equal intervals. They replace its pending steps.
    pub(crate) fn schedule(&mut self, resource: &'static Resource, position: Position, steps: Vec<Step>) {
        let Some(entry) = self.store.entry_mut(resource, position) else { return };
        entry.generation += 1;
        let generation = entry.generation;
        let duration = (resource.duration)(&self.world.settings);
        let count = u32::try_from(steps.len()).unwrap_or(u32::MAX).max(1);
        for (number, step) in (1..).zip(steps) {
            let schedule = &mut self.store.schedule;
            schedule.count += 1;
            let due = later(self.now, duration.saturating_mul(number) / count);
            let pending = PendingStep { resource, position, generation, step };
            schedule.pending.insert((due, schedule.count), pending);
        }
    }

    fn perform_step(&mut self, PendingStep { resource, position, generation, step }: PendingStep) {
        if self.store.entry(resource, position).is_none_or(|entry| entry.generation != generation) {
            return;
        }
        if matches!(step, Step::Delete) {
            self.store.remove(resource, position);
            return;
        }
        let Some(mut record) = self.store.take(resource, position) else { return };
        let now = self.now.to_string();
        match step {
            Step::Status(status) => resource.set_status(&mut record, status),
            Step::Finish => self.finish(resource, &mut record),
            Step::Stop => {
                resource.set_status(&mut record, resource.stopped.1);
                resource.set_ended(&mut record, &now);
            }
            Step::Change(change) => change(self, &mut record),
            Step::Delete => {}
        }
        resource.set_updated(&mut record, &now);
        self.store.put_back(resource, position, record);
    }

    fn finish(&mut self, resource: &Resource, record: &mut Record) {
        resource.set_ended(record, &self.now.to_string());
        match resource.statuses.last() {
            Some(success) if !must_fail(resource, record) => {
                resource.set_status(record, success);
                (resource.on_success)(self, record);
            }
            _ => {
                resource
                    .set_failed(record, &format!("The resource failed because its name contains “{FAIL}”."));
                (resource.on_failure)(self, record);
            }
        }
    }

    /// Stops a resource that is in progress.
    pub(crate) fn stop(&mut self, resource: &'static Resource, position: Position) -> AwsResult<()> {
        let (stopping, _) = resource.stopped;
        let now = self.now.to_string();
        let entry = self.store.entry_mut(resource, position);
        let Some(entry) = entry.filter(|entry| resource.is_in_progress(&entry.record)) else {
            return Err(AwsError::conflict(
                "The resource cannot be stopped because it is no longer in progress.",
            ));
        };
        resource.set_status(&mut entry.record, stopping);
        resource.set_updated(&mut entry.record, &now);
        self.schedule(resource, position, vec![Step::Stop]);
        Ok(())
    }
}

/// Returns whether a resource has to fail, because its name or the `fails_by` member contains `fail`.
fn must_fail(resource: &Resource, record: &Record) -> bool {
    let by_member = resource.fails_by.map_or("", |member| record.text(member));
    [by_member, resource.name_of(record)].iter().any(|text| text.to_lowercase().contains(FAIL))
}
