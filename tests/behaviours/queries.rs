//! Finding foundation models.

use bedrock_orm::models::{InferenceType, ModelModality};
use bedrock_orm::prelude::*;
use futures_util::TryStreamExt as _;

use crate::support::MODEL;

pub async fn a_model_is_got_by_its_id_and_by_its_arn(session: &Session) {
    let models = FoundationModel::objects().using(session);
    let model = models.get(MODEL).await.unwrap();
    assert_eq!(model.model_id, MODEL);
    assert_eq!(model.provider_name.as_deref(), Some("Amazon"));
    assert!(model.model_arn.starts_with("arn:aws"), "{}", model.model_arn);
    assert!(model.model_arn.ends_with(&format!("::foundation-model/{MODEL}")), "{}", model.model_arn);
    assert_eq!(models.get(model.model_arn.as_str()).await.unwrap(), model);
    assert_eq!(model.refresh().await.unwrap(), model);
}

pub async fn a_model_that_is_not_there_does_not_exist(session: &Session) {
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

pub async fn availability_tells_of_the_model_asked_for(session: &Session) {
    let availability = FoundationModel::objects().using(session).availability(MODEL).await.unwrap();
    assert_eq!(availability.model_id, MODEL);
    assert_eq!(availability.region_availability, "AVAILABLE");
}

pub async fn models_are_filtered_by_aws(session: &Session) {
    let models = FoundationModel::objects().using(session);
    let amazons = models.list().by_provider("amazon").await.unwrap();
    assert!(amazons.iter().any(|model| model.model_id == MODEL));
    assert!(amazons.iter().all(|model| model.provider_name.as_deref() == Some("Amazon")));
    let all = models.all().await.unwrap();
    assert!(all.len() > amazons.len(), "{} and {}", all.len(), amazons.len());

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
    let amazons = FoundationModel::objects().using(session).list().by_provider("Amazon");
    let all = amazons.clone().await.unwrap();
    assert_eq!(amazons.count().await.unwrap(), all.len());
    assert!(amazons.exists().await.unwrap());
    assert_eq!(amazons.first().await.unwrap().as_ref(), all.first());

    let nobody = FoundationModel::objects().using(session).list().by_provider("Nobody");
    assert_eq!(nobody.count().await.unwrap(), 0);
    assert!(!nobody.exists().await.unwrap());
    assert_eq!(nobody.first().await.unwrap(), None);
    assert_eq!(nobody.await.unwrap(), []);
}

pub async fn rows_can_be_streamed_and_limited(session: &Session) {
    let models = FoundationModel::objects().using(session).list();
    let all = models.clone().await.unwrap();
    let streamed: Vec<_> = models.stream().try_collect().await.unwrap();
    assert_eq!(streamed, all);
    assert_eq!(models.clone().limit(3).await.unwrap(), all[..3]);
    assert_eq!(models.clone().limit(3).limit(5).await.unwrap().len(), 3, "a limit is never widened");
    assert_eq!(models.limit(all.len() + 1).count().await.unwrap(), all.len());
}
