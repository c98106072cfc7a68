//! Asks for a typed reply: in the form that the model takes, and again if the reply does not fit.

use bedrock_orm_core::{Error, ErrorKind, Result, sdk};
use bedrock_orm_models::{ConverseRequest, Message, ToolResultBlock};
use schemars::JsonSchema;
use serde_core::de::DeserializeOwned;

use super::form::{FormsByModel, TOOL, TypedForm, is_about_model};
use super::misfit::Misfit;
use super::reading::{check_whole, error, read};
use super::reply::Typed;
use super::schema::TypedSchema;
use crate::{Reply, Target};

/// Asks for a typed reply. `call` sends a request once.
pub(crate) async fn send<T, F>(
    target: &Target,
    mut request: ConverseRequest,
    given: Option<TypedForm>,
    operation: &'static str,
    call: impl Fn(ConverseRequest) -> F,
) -> Result<Typed<T>>
where
    T: DeserializeOwned + JsonSchema,
    F: Future<Output = Result<Reply>>,
{
    let schema = TypedSchema::of::<T>();
    let form = first_form(target, given, &schema, operation)?;
    let (first, form) = send_in_form(target, &request, form, given.is_none(), &schema, &call).await?;
    let misfit = match checked(&first, &schema, operation)? {
        Ok(value) => return Ok(Typed::new(value, first, None)),
        Err(misfit) => misfit,
    };
    add_correction(&mut request, &first, &misfit);
    form.apply(&mut request, &schema);
    let second = call(request).await?;
    match checked(&second, &schema, operation)? {
        Ok(value) => Ok(Typed::new(value, second, Some(first))),
        Err(misfit) => {
            let message =
                format!("the reply does not fit the type, also when asked again: {}", misfit.reason);
            Err(error(ErrorKind::ReplyMisfit, message, &second, operation)
                .with_hint("`partial_message()` has the reply"))
        }
    }
}

/// Returns the form to begin with: the given one, the one that the session knows, or the native one if the type allows it.
fn first_form(
    target: &Target,
    given: Option<TypedForm>,
    schema: &TypedSchema,
    operation: &'static str,
) -> Result<TypedForm> {
    let is_expressible = schema.native().is_some();
    if given == Some(TypedForm::Native) && !is_expressible {
        return Err(Error::invalid_input(
            operation,
            "the type has maps with free keys, any JSON, tuples, or refers to itself, which `outputConfig` does not take",
        )
        .with_hint("use `TypedForm::ForcedTool`, or leave the form open"));
    }
    let known = given.or_else(|| sdk::extension::<FormsByModel>(&target.session).of(&target.model_id));
    Ok(known.unwrap_or(if is_expressible { TypedForm::Native } else { TypedForm::ForcedTool }))
}

/// Sends the request in this form or, if the model refuses it, in the next one. Returns the form that it took.
async fn send_in_form<F: Future<Output = Result<Reply>>>(
    target: &Target,
    request: &ConverseRequest,
    mut form: TypedForm,
    is_open: bool,
    schema: &TypedSchema,
    call: &impl Fn(ConverseRequest) -> F,
) -> Result<(Reply, TypedForm)> {
    let mut is_lasting = false;
    loop {
        let mut formed = request.clone();
        form.apply(&mut formed, schema);
        let refusal = match call(formed).await {
            Ok(reply) => {
                if is_lasting {
                    sdk::extension::<FormsByModel>(&target.session).keep(&target.model_id, form);
                }
                return Ok((reply, form));
            }
            Err(refusal) => refusal,
        };
        match form.after(&refusal) {
            Some(next) if is_open => {
                is_lasting = is_about_model(&refusal);
                form = next;
            }
            _ => return Err(refusal),
        }
    }
}

/// Reads a reply. The outer error is one that asking again does not mend.
fn checked<T: DeserializeOwned>(
    reply: &Reply,
    schema: &TypedSchema,
    operation: &'static str,
) -> Result<Result<T, Misfit>> {
    check_whole(reply, operation)?;
    let called: Vec<&str> = reply.tool_uses().map(|call| call.name.as_str()).collect();
    if !called.is_empty() && !called.contains(&TOOL) {
        let message =
            format!("the model called the tool `{}` in place of a typed reply", called.join("`, `"));
        return Err(error(ErrorKind::ReplyMisfit, message, reply, operation)
            .with_hint("a chat runs tools: `model.chat()`"));
    }
    Ok(read(reply, schema))
}

/// Adds the reply that does not fit, and what is wrong with it.
fn add_correction(request: &mut ConverseRequest, reply: &Reply, misfit: &Misfit) {
    // A reply without content cannot be sent back: then the question is asked again.
    let Some(message) = reply.sendable_message() else { return };
    let correction = format!(
        "This does not fit the required form. {}. Give the whole reply again, in the required form.",
        misfit.for_model
    );
    let results: Vec<ToolResultBlock> =
        message.tool_uses().map(|call| call.error(correction.as_str())).collect();
    let correction = if results.is_empty() { Message::user(correction) } else { Message::user(results) };
    request.messages.get_or_insert_default().extend([message, correction]);
}
