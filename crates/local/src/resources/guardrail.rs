//! Guardrails, their drafts and their versions.

use serde_json::{Map, Value, json};

use crate::guardrails::sensitive::is_valid_regex;
use crate::json::items;
use crate::json::record::Record;
use crate::resources::automated_reasoning_policy;
use crate::store::context::Context;
use crate::store::lifecycle::Step;
use crate::store::resource::{DRAFT, Members, OnDelete, Reference, Resource, Verb, version_key};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::ACCOUNT;

const MAX_GUARDRAILS: usize = 100;
const MAX_VERSIONS: usize = 20;

pub(crate) static RESOURCE: Resource = Resource {
    name: "Guardrail",
    operations: &[
        ("CreateGuardrail", Verb::Create),
        ("CreateGuardrailVersion", Verb::Custom(create_version)),
        ("GetGuardrail", Verb::Custom(get)),
        ("ListGuardrails", Verb::List),
        ("UpdateGuardrail", Verb::Update(update)),
        ("DeleteGuardrail", Verb::Custom(delete)),
    ],
    arn: Some("guardrail/{id}"),
    members: Members {
        arn: Some("guardrailArn"),
        id: Some("guardrailId"),
        name: Some("name"),
        created: "createdAt",
        updated: Some("updatedAt"),
        status: Some("status"),
        ..Members::NONE
    },
    statuses: &["READY"],
    row: &[("id", Some("guardrailId")), ("arn", Some("guardrailArn"))],
    unique_names: true,
    versions_of: Some("guardrailIdentifier"),
    not_found: "The guardrail identifier or version provided in the request does not exist.",
    name_taken: "Another guardrail in your account already has this name.",
    references: &[Reference {
        member: "/automatedReasoningPolicy/policies",
        version: None,
        to: &automated_reasoning_policy::RESOURCE,
        on_delete: OnDelete::Protect("A guardrail uses the policy."),
    }],
    on_create,
    ..Resource::DEFAULT
};

/// Returns a version of a guardrail, or its draft if no version is given.
pub(crate) fn version<'a>(cx: &'a Context<'_>, identifier: &str, number: &str) -> AwsResult<&'a Record> {
    match number {
        "" | DRAFT => cx.record(&RESOURCE, identifier),
        number => cx.record(&RESOURCE, &version_key(identifier, number)),
    }
}

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    if drafts(cx).count() >= MAX_GUARDRAILS {
        return Err(AwsError::quota(format!(
            "You have reached the quota of guardrails per account ({MAX_GUARDRAILS})."
        )));
    }
    record.set("version", DRAFT);
    write(cx, record)
}

fn drafts<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = &'a Record> {
    cx.store.records(&RESOURCE).filter(|record| record.text("version") == DRAFT)
}

fn update(cx: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Vec<Step>> {
    let mut written = verbs::received(cx, &RESOURCE, request);
    for kept in ["guardrailId", "guardrailArn", "version", "status", "createdAt"] {
        written.set(kept, record[kept].clone());
    }
    write(cx, &mut written)?;
    *record = written;
    Ok(Vec::new())
}

fn create_version(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let position = cx.find(&RESOURCE, request.text("guardrailIdentifier"))?;
    let id = cx.record(&RESOURCE, request.text("guardrailIdentifier"))?["guardrailId"].clone();
    if cx.store.records(&RESOURCE).filter(|record| record["guardrailId"] == id).count() > MAX_VERSIONS {
        return Err(AwsError::quota(format!(
            "You have reached the quota of versions per guardrail ({MAX_VERSIONS})."
        )));
    }
    let Some(draft) = cx.store.entry_mut(&RESOURCE, position) else { return Ok(Record::default()) };
    let mut version = draft.record.clone();
    for (member, value) in [("version", draft.next_version()), ("createdAt", cx.now.to_string())] {
        version.set(member, value);
    }
    version.set("updatedAt", cx.now.to_string());
    if let Some(description) = request.input.get("description") {
        version.set("description", description.clone());
    }
    let version = cx.add(&RESOURCE, version);
    Ok(verbs::output(request, &RESOURCE, &version))
}

fn get(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let (identifier, version_number) =
        (request.text("guardrailIdentifier"), request.text("guardrailVersion"));
    version(cx, identifier, version_number).map(|record| verbs::output(request, &RESOURCE, record))
}

fn delete(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let (identifier, version_number) =
        (request.text("guardrailIdentifier"), request.text("guardrailVersion"));
    let record = version(cx, identifier, version_number)?.clone();
    cx.refuse_deletion(&RESOURCE, &record)?;
    cx.store.remove_all(&RESOURCE, |other| {
        other["guardrailId"] == record["guardrailId"]
            && (version_number.is_empty() || other["version"] == record["version"])
    });
    Ok(Record::default())
}

/// Converts the members of CreateGuardrail and UpdateGuardrail to those of GetGuardrail: requests have `filtersConfig`,
/// responses `filters`.
fn write(cx: &Context<'_>, record: &mut Record) -> AwsResult<()> {
    check(cx, record)?;
    let members: Vec<_> = record.keys().filter(|member| member.ends_with("Config")).cloned().collect();
    for member in members {
        let config = record.remove(&member).unwrap_or_default();
        match member.trim_end_matches("Config") {
            "crossRegion" => record.set("crossRegionDetails", cross_region(&config, cx.region)),
            policy => record.set(policy, read_form(&config)),
        }
    }
    if let Some(key) = record.remove("kmsKeyId") {
        record.set("kmsKeyArn", cx.kms_arn(key.as_str().unwrap_or_default()));
    }
    // AWS reports a tier even if none was chosen.
    for policy in ["contentPolicy", "topicPolicy"] {
        if let Some(policy) = record.get_mut(policy).filter(|policy| policy["tier"].is_null()) {
            policy["tier"] = json!({ "tierName": "CLASSIC" });
        }
    }
    record.fill("statusReasons", json!([]));
    record.fill("failureRecommendations", json!([]));
    Ok(())
}

/// Checks the rules that the shapes do not express.
fn check(cx: &Context<'_>, input: &Record) -> AwsResult<()> {
    let config = |policy: &str, list: &str| {
        let list = input.get(policy).and_then(|policy| policy.get(list));
        list.map(items).unwrap_or_default().to_vec()
    };
    let filters = config("contentPolicyConfig", "filtersConfig");
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
    for regex in config("sensitiveInformationPolicyConfig", "regexesConfig") {
        let pattern = regex["pattern"].as_str().unwrap_or_default();
        if !is_valid_regex(pattern) {
            return Err(AwsError::validation(format!("The regex pattern {pattern} is invalid.")));
        }
    }
    for policy in config("automatedReasoningPolicyConfig", "policies") {
        cx.find(&automated_reasoning_policy::RESOURCE, policy.as_str().unwrap_or_default())?;
    }
    Ok(())
}

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
