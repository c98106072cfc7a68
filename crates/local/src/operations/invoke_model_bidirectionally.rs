//! InvokeModelWithBidirectionalStream: client and server send at the same time.

use crate::local::Local;
use crate::model::completion::Completion;
use crate::model::reply::ReplyContent;
use crate::model::speech::SpeechSession;
use crate::resources::models;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::output::Output;
use crate::wire::request::Request;

pub(crate) fn invoke(local: &Local, request: &Request) -> AwsResult<Output> {
    let model = local.with_region(&request.region, |cx| models::invoked(cx, request.text("modelId")))?;
    if !model.is_speech_model() {
        return Err(AwsError::validation("The model is unsupported for bidirectional streaming"));
    }
    let reply = local.repliers.queued().unwrap_or_default();
    let content = match reply.content {
        ReplyContent::Error(error) => return Err(error),
        ReplyContent::Blocks(content) => Some(Completion::whole(content)),
        ReplyContent::Default | ReplyContent::Stream(_) | ReplyContent::Vectors(_) => None,
    };
    Ok(Output::Duplex {
        session: Box::new(SpeechSession::new(&local.world.ids, content)),
        ending: reply.ending,
    })
}
