//! One turn of a model: guardrails check the prompt, the model replies, guardrails check the reply. Converse and
//! InvokeModel share it.

use crate::guardrails::Scope;
use crate::guardrails::applied::AppliedGuardrails;
use crate::guardrails::guard::Guard;
use crate::guardrails::trace::Trace;
use crate::local::Local;
use crate::model::prompt::Prompt;
use crate::operations::generation::Generation;
use crate::repliers::conversation::Conversation;
use crate::resources::{enforced_guardrail_configuration as enforced, guardrail, models};
use crate::store::context::Context;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::catalogue::FoundationModel;

/// The guardrail that a request names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuardrailRequest<'a> {
    pub(crate) identifier: &'a str,
    pub(crate) version: &'a str,
    pub(crate) trace: Trace,
}

/// The model and the guardrails that a request names, as they are in the region at one moment.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) model: &'static FoundationModel,
    /// An error is returned only after the prompt was found valid, as AWS does.
    pub(crate) guardrails: AwsResult<Option<AppliedGuardrails>>,
}

impl Resolved {
    /// Looks up the model and the guardrails of a request, in one lock.
    pub(crate) fn look_up(
        local: &Local,
        request: &Request,
        requested: GuardrailRequest<'_>,
    ) -> AwsResult<Self> {
        local.with_region(&request.region, |cx| {
            let model = models::invoked(cx, request.text("modelId"))?;
            Ok(Self { model, guardrails: guardrails(cx, model, requested) })
        })
    }
}

/// Finds the guardrails of a turn: the one that the account enforces, and the one that the request names.
fn guardrails(
    cx: &Context<'_>,
    model: &FoundationModel,
    requested: GuardrailRequest<'_>,
) -> AwsResult<Option<AppliedGuardrails>> {
    let mut guards = Vec::new();
    if let Some(config) = enforced::for_model(cx, &model.model_id) {
        let guardrail = guardrail::version(cx, config.text("guardrailId"), config.text("guardrailVersion"))?;
        let whole = |part: &str| config["selectiveContentGuarding"][part] != "SELECTIVE";
        let scope = Scope { whole_system: whole("system"), whole_messages: whole("messages") };
        guards.push(Guard::enforced(guardrail.clone().into(), scope));
    }
    match (requested.identifier, requested.version) {
        ("", "") => {}
        ("", _) | (_, "") => {
            return Err(AwsError::validation(
                "The guardrail identifier and the guardrail version must be provided together.",
            ));
        }
        (identifier, version) => {
            let guardrail = guardrail::version(cx, identifier, version);
            let guardrail =
                guardrail.map_err(|missing| AwsError::validation(missing.message))?.clone().into();
            match guards.iter_mut().find(|guard| guard.is(&guardrail)) {
                Some(guard) => guard.also_requested(),
                None => guards.push(Guard::requested(guardrail)),
            }
        }
    }
    Ok(AppliedGuardrails::new(guards, requested.trace))
}

/// A reply, before it is converted to a response or a stream.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) generation: Generation,
    pub(crate) guardrails: Option<AppliedGuardrails>,
    is_blocked: bool,
}

impl Turn {
    /// Returns whether the model replied. It does not if a guardrail blocks the prompt.
    pub(crate) fn model_replied(&self) -> bool {
        !self.is_blocked
    }

    /// Checks the prompt with the guardrails, generates the reply, and checks the reply with the guardrails.
    pub(crate) async fn take(
        local: &Local,
        request: &Request,
        model: &'static FoundationModel,
        mut prompt: Prompt,
        mut guardrails: Option<AppliedGuardrails>,
    ) -> AwsResult<Self> {
        if let Some(blocked) = guardrails.as_mut().and_then(|guardrails| guardrails.check_input(&mut prompt))
        {
            return Ok(Self { generation: blocked.into(), guardrails, is_blocked: true });
        }
        let conversation = Conversation::new(request, model, prompt);
        let mut generation = Generation::of(local, &request.region, &conversation).await?;
        if let Some(guardrails) = &mut guardrails {
            // A guardrail assesses the whole reply before any of it is sent.
            let mut completion = generation.whole().await?;
            guardrails.check_output(&mut completion);
            generation = completion.into();
        }
        Ok(Self { generation, guardrails, is_blocked: false })
    }
}
