//! Asynchronous invocations that need no S3 bucket.

use bedrock_orm::prelude::*;
use futures_util::TryStreamExt as _;

use crate::support::VIDEO_MODEL;

pub async fn a_missing_job_is_a_validation_error(session: &Session) {
    let arn = format!("arn:aws:bedrock:{}:123456789012:async-invoke/abcdefghijkl", session.region());
    let error = AsyncInvoke::objects().using(session).get(arn).await.unwrap_err();
    let is_expected = matches!(error.kind(), ErrorKind::Validation | ErrorKind::AccessDenied);
    assert!(
        is_expected && error.operation() == Some("GetAsyncInvoke"),
        "expected a validation or an access error:  {error}"
    );
}

pub async fn jobs_can_be_listed_for_one_model_or_all_models(session: &Session) {
    let model = FoundationModel::objects().using(session).get(VIDEO_MODEL).await.unwrap();
    let own: Vec<_> = model.list_async_invokes().stream().try_collect().await.unwrap();
    assert!(own.iter().all(|job| job.model_arn == model.model_arn));
    let all = AsyncInvoke::objects().using(session).list().await.unwrap();
    assert!(all.len() >= own.len());
    let page = model.list_async_invokes().max_results(1).await.unwrap();
    assert!(page.items.len() <= 1);
}
