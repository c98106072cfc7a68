//! Asynchronous invocations, as far as they need no bucket.

use bedrock_orm::prelude::*;
use futures_util::TryStreamExt as _;

use crate::support::REEL;

pub async fn a_job_that_is_not_there_is_a_validation_error(session: &Session) {
    let arn = format!("arn:aws:bedrock:{}:123456789012:async-invoke/abcdefghijkl", session.region());
    let error = AsyncInvoke::objects().using(session).get(arn).await.unwrap_err();
    let refused = matches!(error.kind(), ErrorKind::Validation | ErrorKind::AccessDenied);
    assert!(refused && error.operation() == Some("GetAsyncInvoke"), "AWS knows no other answer: {error}");
}

pub async fn jobs_are_listed_for_one_model_and_for_all(session: &Session) {
    let model = FoundationModel::objects().using(session).get(REEL).await.unwrap();
    let own: Vec<_> = model.list_async_invokes().stream().try_collect().await.unwrap();
    assert!(own.iter().all(|job| job.model_arn == model.model_arn));
    let all = AsyncInvoke::objects().using(session).list().await.unwrap();
    assert!(all.len() >= own.len());
    let page = model.list_async_invokes().max_results(1).await.unwrap();
    assert!(page.items.len() <= 1);
}
