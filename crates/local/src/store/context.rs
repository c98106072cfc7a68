//! What the rules of nouns work with: a region's things, at a moment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::json::record::Record;
use crate::store::lifecycle::life;
use crate::store::resource::Noun;
use crate::store::{Place, Store};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::catalogue::RegionalModels;
use crate::world::{ACCOUNT, World};

pub(crate) struct Context<'a> {
    pub(crate) world: &'a World,
    pub(crate) region: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) store: &'a mut Store,
    /// The stores of the other regions.
    pub(crate) other_regions: &'a BTreeMap<String, Store>,
}

impl Context<'_> {
    /// The foundation models of the region.
    pub(crate) fn models(&self) -> RegionalModels<'_> {
        self.world.catalogue.at(self.region, self.now)
    }

    /// The thing that a key names.
    pub(crate) fn find(&self, noun: &Noun, key: &str) -> AwsResult<Place> {
        self.store.find(noun, key).ok_or_else(|| AwsError::not_found(noun.missing))
    }

    /// The record of the thing that a key names.
    pub(crate) fn record(&self, noun: &Noun, key: &str) -> AwsResult<&Record> {
        self.store.record(noun, key).ok_or_else(|| AwsError::not_found(noun.missing))
    }

    /// Puts a new thing on its shelf and starts its life. Gives what is known of it.
    pub(crate) fn add(&mut self, noun: &'static Noun, mut record: Record) -> Record {
        (noun.derive)(&mut record);
        let tags = record.remove(noun.tags);
        if !record.contains_key(noun.members.id) {
            let own = record.text(noun.members.arn).rsplit_once('/').map(|(_, id)| id.to_owned());
            record.set(noun.members.id, own.unwrap_or_else(|| (noun.id)(&self.world.ids)));
        }
        if !noun.arn.is_empty() && !record.contains_key(noun.members.arn) {
            let arn = self.arn(noun, &record);
            record.set(noun.members.arn, arn);
        }
        let now = self.now.to_string();
        record.fill(noun.members.created, now.as_str());
        record.fill(noun.members.updated, now);
        let lives = !record.contains_key(noun.members.status);
        if let Some(first) = noun.life.first() {
            record.fill(noun.members.status, *first);
        }
        if let Some(Value::Array(tags)) = tags {
            self.store.tags.add(record.text(noun.members.arn), &tags);
        }
        let place = self.store.put(noun, record.clone());
        if lives {
            self.plan(noun, place, life(noun));
        }
        record
    }

    /// Refuses a name that another thing has.
    pub(crate) fn refuse_taken_name(&self, noun: &Noun, name: &str, but: Option<Place>) -> AwsResult<()> {
        if !noun.unique_names || name.is_empty() {
            return Ok(());
        }
        let place = match noun.by_name {
            true => self.store.find(noun, name),
            // What a version was called is its draft's affair.
            false => self
                .store
                .place(noun, |record| record.text(noun.members.name) == name && !noun.is_version(record)),
        };
        match place.is_none() || place == but {
            true => Ok(()),
            false => Err(AwsError::conflict(noun.taken.replace("{name}", name))),
        }
    }

    /// Does something once for an idempotency token, and answers a repeated one as the first time.
    pub(crate) fn once(
        &mut self,
        request: &Request,
        work: impl FnOnce(&mut Self) -> AwsResult<Record>,
    ) -> AwsResult<Record> {
        let token = ["clientRequestToken", "clientToken"].map(|member| request.text(member)).concat();
        if token.is_empty() {
            return work(self);
        }
        let key = (request.operation.name.clone(), token);
        match self.store.answered.get(&key) {
            Some((input, answer)) if *input == request.input => Ok(answer.clone()),
            Some(_) => Err(AwsError::conflict(
                "The idempotency token was used before with a different request. Use another token and try again.",
            )),
            None => {
                let answer = work(self)?;
                self.store.answered.insert(key, (request.input.clone(), answer.clone()));
                Ok(answer)
            }
        }
    }

    /// A key's ARN from its ARN or its id. An alias stands for a key that is always the same.
    pub(crate) fn kms_arn(&self, key: &str) -> String {
        const ALIASED: &str = "00000000-0000-4000-8000-000000000000";
        let id = match key {
            arn if arn.starts_with("arn:") && arn.contains(":key/") => return arn.to_owned(),
            id if id.len() == 36 && !id.contains('/') => id,
            _ => ALIASED,
        };
        format!("arn:aws:kms:{}:{ACCOUNT}:key/{id}", self.region)
    }

    /// The ARN of a thing that has an id.
    pub(crate) fn arn(&self, noun: &Noun, record: &Record) -> String {
        let base = match record.text("customizationType") {
            "IMPORTED" => "imported",
            _ => {
                let base = record.text("foundationModelArn");
                base.rsplit_once('/').map_or(base, |(_, id)| id)
            }
        };
        let whole = match noun.arn.starts_with("arn:") {
            true => noun.arn.to_owned(),
            false => format!("arn:aws:bedrock:{{region}}:{{account}}:{}", noun.arn),
        };
        whole
            .replace("{region}", self.region)
            .replace("{account}", ACCOUNT)
            .replace("{id}", record.text(noun.members.id))
            .replace("{name}", record.text(noun.members.name))
            .replace("{base}", base)
    }
}
