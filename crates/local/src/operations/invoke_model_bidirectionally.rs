//! InvokeModelWithBidirectionalStream: both sides talk at once.

use crate::answer::Answer;
use crate::error::{AwsError, AwsResult};
use crate::local::Local;
use crate::model::completion::Completion;
use crate::model::speech::Session;
use crate::nouns::models;
use crate::reply::Said;
use crate::request::Request;

pub(crate) fn invoke(local: &Local, request: &Request) -> AwsResult<Answer> {
    let model = models::invoked(local, &request.region, request.text("modelId"))?;
    if !model.speaks() {
        return Err(AwsError::validation("The model is unsupported for bidirectional streaming"));
    }
    let reply = local.repliers.queued().unwrap_or_default();
    let said = match reply.said {
        Said::Error(error) => return Err(error),
        Said::Content(content) => Some(Completion::whole(content).text()),
        Said::Default | Said::Live(_) | Said::Vectors(_) => None,
    };
    Ok(Answer::Duplex { session: Session::new(local, said), ending: reply.ending })
}
