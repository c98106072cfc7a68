//! Queries of foundation models.

use bedrock_orm::models::{InferenceType, ModelModality};
use bedrock_orm::prelude::*;
use futures_util::TryStreamExt as _;

use crate::support::MODEL;

pub async fn get_accepts_an_id_or_an_arn(session: &Session) {
    let models = FoundationModel::objects().using(session);
    let model = models.get(MODEL).await.unwrap();
    assert_eq!(model.model_id, MODEL);
    assert_eq!(model.provider_name.as_deref(), Some("Amazon"));
    assert!(model.model_arn.starts_with("arn:aws"), "{}", model.model_arn);
    assert!(model.model_arn.ends_with(&format!("::foundation-model/{MODEL}")), "{}", model.model_arn);
    assert_eq!(models.get(model.model_arn.as_str()).await.unwrap(), model);
    assert_eq!(model.refresh().await.unwrap(), model);
}

pub async fn a_missing_model_is_does_not_exist(session: &Session) {
    let models = FoundationModel::objects().using(session);
    let error = models.get("nobody.no-model-v1:0").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist, "{error}");
    assert!(error.is_does_not_exist());
    assert_eq!(error.operation(), Some("GetFoundationModel"));
    assert_eq!(error.code(), Some("ResourceNotFoundException"));
    assert_eq!(error.http_status(), Some(404));
    assert!(!error.message().is_empty());
    let request_id = error.request_id().unwrap();
    assert!(error.to_string().contains(request_id), "{error}");
    assert!(error.to_string().contains(error.message()), "{error}");
    assert_eq!(models.get_opt("nobody.no-model-v1:0").await.unwrap(), None);
    assert_eq!(models.get_opt(MODEL).await.unwrap().unwrap().model_id, MODEL);
}

pub async fn availability_returns_the_requested_model(session: &Session) {
    let availability = FoundationModel::objects().using(session).availability(MODEL).await.unwrap();
    assert_eq!(availability.model_id, MODEL);
    assert_eq!(availability.region_availability, "AVAILABLE");
}

pub async fn aws_filters_models(session: &Session) {
    let models = FoundationModel::objects().using(session);
    let by_amazon = models.list().by_provider("amazon").await.unwrap();
    assert!(by_amazon.iter().any(|model| model.model_id == MODEL));
    assert!(by_amazon.iter().all(|model| model.provider_name.as_deref() == Some("Amazon")));
    let all = models.all().await.unwrap();
    assert!(all.len() > by_amazon.len(), "{} and {}", all.len(), by_amazon.len());

    let embedding = models
        .list()
        .by_output_modality(ModelModality::Embedding)
        .by_inference_type(InferenceType::OnDemand)
        .await
        .unwrap();
    assert!(!embedding.is_empty() && embedding.len() < all.len());
    for model in &embedding {
        let modalities = model.output_modalities.as_deref().unwrap_or_default();
        assert!(modalities.contains(&ModelModality::Embedding), "{model:?}");
        let inference = model.inference_types_supported.as_deref().unwrap_or_default();
        assert!(inference.contains(&InferenceType::OnDemand), "{model:?}");
    }
}

pub async fn first_exists_and_count_agree_with_the_list(session: &Session) {
    let by_amazon = FoundationModel::objects().using(session).list().by_provider("Amazon");
    let all = by_amazon.clone().await.unwrap();
    assert_eq!(by_amazon.count().await.unwrap(), all.len());
    assert!(by_amazon.exists().await.unwrap());
    assert_eq!(by_amazon.first().await.unwrap().as_ref(), all.first());

    let by_nobody = FoundationModel::objects().using(session).list().by_provider("Nobody");
    assert_eq!(by_nobody.count().await.unwrap(), 0);
    assert!(!by_nobody.exists().await.unwrap());
    assert_eq!(by_nobody.first().await.unwrap(), None);
    assert_eq!(by_nobody.await.unwrap(), []);
}

pub async fn rows_can_be_streamed_and_limited(session: &Session) {
    let models = FoundationModel::objects().using(session).list();
    let all = models.clone().await.unwrap();
    let streamed: Vec<_> = models.stream().try_collect().await.unwrap();
    assert_eq!(streamed, all);
    assert_eq!(models.clone().limit(3).await.unwrap(), all[..3]);
    assert_eq!(
        models.clone().limit(3).limit(5).await.unwrap().len(),
        3,
        "a later limit does not increase an earlier one"
    );
    assert_eq!(models.limit(all.len() + 1).count().await.unwrap(), all.len());
}
