//! Converse, and the part of it that ConverseStream shares.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::formats::converse::{additional_fields, parse, response_body};
use crate::guardrails::trace::Trace;
use crate::json::items;
use crate::json::{set, strings};
use crate::local::Local;
use crate::model::prompt::{message, text_block};
use crate::operations::turn::{GuardrailRequest, Resolved, Turn};
use crate::wire::error::AwsResult;
use crate::wire::output::Output;
use crate::wire::request::Request;
use crate::world::catalogue::FoundationModel;

pub(crate) async fn converse(local: &Local, request: &Request) -> AwsResult<Output> {
    let ConverseTurn { model, turn, requested_fields } = ConverseTurn::take(local, request).await?;
    let completion = turn.generation.whole().await?.into_unary()?;
    let fields = additional_fields(&requested_fields, &completion);
    let mut body = response_body(model, completion);
    set(&mut body, "additionalModelResponseFields", fields);
    set(&mut body, "trace", turn.guardrails.and_then(|guardrails| guardrails.converse_trace()));
    for repeated in ["performanceConfig", "serviceTier"] {
        set(&mut body, repeated, request.input.get(repeated).cloned());
    }
    Ok(Output::Json(body))
}

/// A turn, and the fields of the provider's own response that the request asks for.
#[derive(Debug)]
pub(crate) struct ConverseTurn {
    pub(crate) model: &'static FoundationModel,
    pub(crate) turn: Turn,
    /// JSON pointers.
    pub(crate) requested_fields: Vec<String>,
}

impl ConverseTurn {
    pub(crate) async fn take(local: &Local, request: &Request) -> AwsResult<Self> {
        let input = &*with_stored_prompt(&request.input);
        let config = &request.input["guardrailConfig"];
        let Resolved { model, guardrails } = Resolved::look_up(local, request, guardrail_request(config))?;
        let prompt = parse(model, input)?;
        let mut guardrails = guardrails?;
        if let Some(guardrails) = &mut guardrails {
            guardrails.set_asynchronous(config["streamProcessingMode"] == "async");
        }
        let turn = Turn::take(local, request, model, prompt, guardrails).await?;
        // If a guardrail blocks the prompt, there is no response of the provider.
        let requested_fields = match turn.model_replied() {
            true => strings(&input["additionalModelResponseFieldPaths"]),
            false => Vec::new(),
        };
        Ok(Self { model, turn, requested_fields })
    }
}

/// Adds the messages for a stored prompt (AWS's prompt management), which the request names by its ARN. The server does
/// not know the prompt, so it uses a message with the prompt's variables.
fn with_stored_prompt(input: &Value) -> Cow<'_, Value> {
    let is_stored = input["modelId"].as_str().is_some_and(|id| id.contains(":prompt/"));
    if !is_stored || !items(&input["messages"]).is_empty() {
        return Cow::Borrowed(input);
    }
    let variables = input["promptVariables"].as_object().into_iter().flatten();
    let values =
        variables.map(|(name, value)| format!("{name}: {}", value["text"].as_str().unwrap_or_default()));
    let text = format!("A stored prompt. {}", values.collect::<Vec<_>>().join(", "));
    let mut filled = input.clone();
    filled["messages"] = json!([message("user", vec![text_block(text.trim_end())])]);
    Cow::Owned(filled)
}

fn guardrail_request(config: &Value) -> GuardrailRequest<'_> {
    let text = |member: &str| config[member].as_str().unwrap_or_default();
    let trace = match text("trace") {
        "enabled" => Trace::On,
        "enabled_full" => Trace::Full,
        _ => Trace::Off,
    };
    GuardrailRequest { identifier: text("guardrailIdentifier"), version: text("guardrailVersion"), trace }
}
