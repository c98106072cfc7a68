//! Guardrails, their drafts and their versions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::error::{AwsError, AwsResult};
use crate::guardrails;
use crate::local::{ACCOUNT, Local};
use crate::model::prompt::items;
use crate::operations::pages::page;
use crate::request::Request;

const DRAFT: &str = "DRAFT";
const MOST_GUARDRAILS: usize = 100;
const MOST_VERSIONS: usize = 20;
const PAGE: usize = 100;
const MISSING: &str = "The guardrail identifier or version provided in the request does not exist.";

/// The guardrails of a region, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Guardrails {
    guardrails: Vec<Guardrail>,
    /// What was answered to each idempotency token.
    answered: BTreeMap<String, Value>,
}

#[derive(Debug)]
struct Guardrail {
    id: String,
    arn: String,
    /// As GetGuardrail gives it.
    draft: Value,
    versions: BTreeMap<u32, Value>,
    /// Numbers are not given twice.
    last_version: u32,
}

impl Guardrails {
    /// What GetGuardrail gives.
    pub(crate) fn details(&self, identifier: &str, version: Option<&str>) -> AwsResult<Value> {
        let guardrail = self.find(identifier)?;
        guardrail.at(version.filter(|version| !version.is_empty()).unwrap_or(DRAFT)).cloned()
    }

    fn find(&self, identifier: &str) -> AwsResult<&Guardrail> {
        let found = self.guardrails.iter().find(|guardrail| guardrail.is(identifier));
        found.ok_or_else(|| AwsError::not_found(MISSING))
    }

    fn find_mut(&mut self, identifier: &str) -> AwsResult<&mut Guardrail> {
        let found = self.guardrails.iter_mut().find(|guardrail| guardrail.is(identifier));
        found.ok_or_else(|| AwsError::not_found(MISSING))
    }

    fn refuse_name(&self, name: &str, but: Option<&str>) -> AwsResult<()> {
        let taken = self.guardrails.iter().any(|guardrail| {
            guardrail.draft["name"] == name && but.is_none_or(|identifier| !guardrail.is(identifier))
        });
        if taken {
            return Err(AwsError::conflict("Another guardrail in your account already has this name."));
        }
        Ok(())
    }

    /// Does something once for a token, and answers a repeated one as the first.
    fn once(&mut self, token: &str, work: impl FnOnce(&mut Self) -> AwsResult<Value>) -> AwsResult<Value> {
        if let Some(answer) = self.answered.get(token).filter(|_| !token.is_empty()) {
            return Ok(answer.clone());
        }
        let answer = work(self)?;
        if !token.is_empty() {
            self.answered.insert(token.to_owned(), answer.clone());
        }
        Ok(answer)
    }

    /// Whether this ARN is that of a guardrail.
    pub(crate) fn has(&self, arn: &str) -> bool {
        self.find(arn).is_ok()
    }
}

impl Guardrail {
    fn is(&self, identifier: &str) -> bool {
        identifier == self.id || identifier == self.arn
    }

    fn at(&self, version: &str) -> AwsResult<&Value> {
        if version == DRAFT {
            return Ok(&self.draft);
        }
        let version = version.parse().ok().and_then(|version: u32| self.versions.get(&version));
        version.ok_or_else(|| AwsError::not_found(MISSING))
    }
}

pub(crate) fn create(local: &Local, request: &Request) -> AwsResult<Answer> {
    check(&request.input)?;
    let region = &request.region;
    let answer = local.state.with(region, |state| {
        let answer = state.guardrails.once(request.text("clientRequestToken"), |guardrails| {
            guardrails.refuse_name(request.text("name"), None)?;
            if guardrails.guardrails.len() >= MOST_GUARDRAILS {
                return Err(quota(&format!("guardrails per account ({MOST_GUARDRAILS})")));
            }
            let now = local.clock.now();
            let id = local.ids.resource();
            let arn = format!("arn:aws:bedrock:{region}:{ACCOUNT}:guardrail/{id}");
            let draft = details(request, &id, &arn, now, now);
            let versions = BTreeMap::new();
            guardrails.guardrails.push(Guardrail {
                id: id.clone(),
                arn: arn.clone(),
                draft,
                versions,
                last_version: 0,
            });
            Ok(json!({
                "guardrailId": id, "guardrailArn": arn, "version": DRAFT, "createdAt": now.to_string(),
            }))
        })?;
        if let Some(arn) = answer["guardrailArn"].as_str() {
            state.tags.add(arn, items(&request.input["tags"]));
        }
        Ok(answer)
    })?;
    Ok(Answer::Json(answer))
}

pub(crate) fn update(local: &Local, request: &Request) -> AwsResult<Answer> {
    check(&request.input)?;
    let identifier = request.text("guardrailIdentifier");
    local.state.with(&request.region, |state| {
        state.guardrails.find(identifier)?;
        state.guardrails.refuse_name(request.text("name"), Some(identifier))?;
        let guardrail = state.guardrails.find_mut(identifier)?;
        let now = local.clock.now();
        let created = guardrail.draft["createdAt"].as_str().and_then(|time| time.parse().ok()).unwrap_or(now);
        guardrail.draft = details(request, &guardrail.id, &guardrail.arn, created, now);
        Ok(Answer::Json(json!({
            "guardrailId": guardrail.id,
            "guardrailArn": guardrail.arn,
            "version": DRAFT,
            "updatedAt": now.to_string(),
        })))
    })
}

pub(crate) fn create_version(local: &Local, request: &Request) -> AwsResult<Answer> {
    let answer = local.state.with(&request.region, |state| {
        state.guardrails.once(request.text("clientRequestToken"), |guardrails| {
            let guardrail = guardrails.find_mut(request.text("guardrailIdentifier"))?;
            if guardrail.versions.len() >= MOST_VERSIONS {
                return Err(quota(&format!("versions per guardrail ({MOST_VERSIONS})")));
            }
            guardrail.last_version += 1;
            let number = guardrail.last_version.to_string();
            let mut version = guardrail.draft.clone();
            let now = local.clock.now().to_string();
            version["version"] = json!(number);
            version["createdAt"] = json!(now);
            version["updatedAt"] = json!(now);
            if let Some(description) = request.input.get("description") {
                version["description"] = description.clone();
            }
            guardrail.versions.insert(guardrail.last_version, version);
            Ok(json!({ "guardrailId": guardrail.id, "version": number }))
        })
    })?;
    Ok(Answer::Json(answer))
}

pub(crate) fn get(local: &Local, request: &Request) -> AwsResult<Answer> {
    let (identifier, version) =
        (request.text("guardrailIdentifier"), request.input["guardrailVersion"].as_str());
    local.state.with(&request.region, |state| state.guardrails.details(identifier, version)).map(Answer::Json)
}

pub(crate) fn list(local: &Local, request: &Request) -> AwsResult<Answer> {
    let identifier = request.text("guardrailIdentifier");
    let summaries: Vec<_> = local.state.with(&request.region, |state| {
        if identifier.is_empty() {
            return Ok(state
                .guardrails
                .guardrails
                .iter()
                .map(|guardrail| summary(&guardrail.draft))
                .collect());
        }
        let guardrail = state.guardrails.find(identifier)?;
        Ok(std::iter::once(&guardrail.draft).chain(guardrail.versions.values()).map(summary).collect())
    })?;
    let page = page(local, request, summaries, PAGE)?;
    let mut answer = json!({ "guardrails": page.items });
    page.set_token(&mut answer);
    Ok(Answer::Json(answer))
}

pub(crate) fn delete(local: &Local, request: &Request) -> AwsResult<Answer> {
    let identifier = request.text("guardrailIdentifier");
    local.state.with(&request.region, |state| match request.text("guardrailVersion") {
        "" => {
            let arn = state.guardrails.find(identifier)?.arn.clone();
            state.guardrails.guardrails.retain(|guardrail| !guardrail.is(identifier));
            state.tags.forget(&arn);
            Ok(())
        }
        version => {
            let guardrail = state.guardrails.find_mut(identifier)?;
            guardrail.at(version)?;
            guardrail.versions.retain(|number, _| number.to_string() != version);
            Ok(())
        }
    })?;
    Ok(Answer::Json(json!({})))
}

/// What the shapes leave open.
fn check(input: &Value) -> AwsResult<()> {
    let filters = items(&input["contentPolicyConfig"]["filtersConfig"]);
    if filters.iter().any(|filter| filter["type"] == "PROMPT_ATTACK" && filter["outputStrength"] != "NONE") {
        return Err(AwsError::validation(
            "The PROMPT_ATTACK content filter must have an output strength of NONE.",
        ));
    }
    let mut types: Vec<_> = filters.iter().filter_map(|filter| filter["type"].as_str()).collect();
    types.sort_unstable();
    if types.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(AwsError::validation("A content filter type must not be used more than once."));
    }
    for regex in items(&input["sensitiveInformationPolicyConfig"]["regexesConfig"]) {
        let pattern = regex["pattern"].as_str().unwrap_or_default();
        if guardrails::is_no_pattern(pattern) {
            return Err(AwsError::validation(format!("The regex pattern {pattern} is invalid.")));
        }
    }
    Ok(())
}

fn quota(what: &str) -> AwsError {
    AwsError::new("ServiceQuotaExceededException", format!("You have reached the quota of {what}."))
}

/// What GetGuardrail gives, from what CreateGuardrail or UpdateGuardrail was given.
fn details(request: &Request, id: &str, arn: &str, created: Timestamp, updated: Timestamp) -> Value {
    let mut details = json!({
        "guardrailId": id,
        "guardrailArn": arn,
        "version": DRAFT,
        "status": "READY",
        "createdAt": created.to_string(),
        "updatedAt": updated.to_string(),
        "statusReasons": [],
        "failureRecommendations": [],
    });
    for (member, value) in request.input.as_object().into_iter().flatten() {
        match member.as_str() {
            "name" | "description" | "blockedInputMessaging" | "blockedOutputsMessaging" => {
                details[member] = value.clone();
            }
            "crossRegionConfig" => details["crossRegionDetails"] = cross_region(value, &request.region),
            "kmsKeyId" => {
                details["kmsKeyArn"] = json!(kms_arn(value.as_str().unwrap_or_default(), &request.region));
            }
            policy_config => {
                if let Some(policy) = policy_config.strip_suffix("Config") {
                    details[policy] = read_form(value);
                }
            }
        }
    }
    // A tier is told even when none was chosen.
    for policy in ["contentPolicy", "topicPolicy"] {
        if details[policy].is_object() && details[policy]["tier"].is_null() {
            details[policy]["tier"] = json!({ "tierName": "CLASSIC" });
        }
    }
    details
}

/// Writes send `filtersConfig`, reads give `filters`.
fn read_form(policy_config: &Value) -> Value {
    let members = policy_config.as_object().into_iter().flatten();
    let renamed = members
        .map(|(member, value)| (member.strip_suffix("Config").unwrap_or(member).to_owned(), value.clone()));
    Value::Object(renamed.collect::<Map<_, _>>())
}

fn cross_region(config: &Value, region: &str) -> Value {
    let identifier = config["guardrailProfileIdentifier"].as_str().unwrap_or_default();
    let id = identifier.rsplit('/').next().unwrap_or(identifier);
    json!({
        "guardrailProfileId": id,
        "guardrailProfileArn": format!("arn:aws:bedrock:{region}:{ACCOUNT}:guardrail-profile/{id}"),
    })
}

/// A key's ARN from its ARN or its id. An alias stands for a key that is always the same.
fn kms_arn(key: &str, region: &str) -> String {
    const ALIASED: &str = "00000000-0000-4000-8000-000000000000";
    match key {
        arn if arn.starts_with("arn:") && arn.contains(":key/") => arn.to_owned(),
        id if id.len() == 36 && !id.contains('/') => format!("arn:aws:kms:{region}:{ACCOUNT}:key/{id}"),
        _ => format!("arn:aws:kms:{region}:{ACCOUNT}:key/{ALIASED}"),
    }
}

fn summary(details: &Value) -> Value {
    let mut summary = json!({
        "id": details["guardrailId"],
        "arn": details["guardrailArn"],
        "status": details["status"],
        "name": details["name"],
        "version": details["version"],
        "createdAt": details["createdAt"],
        "updatedAt": details["updatedAt"],
    });
    for optional in ["description", "crossRegionDetails"] {
        if let Some(value) = details.get(optional) {
            summary[optional] = value.clone();
        }
    }
    summary
}
