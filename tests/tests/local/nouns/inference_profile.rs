//! Inference profiles: copied from a model or another profile, talked to, deleted.

use bedrock_orm::models::{CreateInferenceProfileRequest, InferenceProfileModelSource};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn life(stage: &Stage) {
    let profiles = InferenceProfile::objects().using(&stage.session);
    let source = InferenceProfileModelSource::CopyFrom(NOVA_ARN.to_owned());
    let one = profiles.create(CreateInferenceProfileRequest::new("one", source)).await.unwrap();
    let input = json!({"inferenceProfileName": "one", "modelSource": {"copyFrom": NOVA_ARN}});
    stage.sent([("CreateInferenceProfile", input)]);
    let there = gets(stage, &one).await;
    let first = &one.inference_profile_arn;
    assert_eq!(states(stage, &one, 1).await, ["ACTIVE"]);

    let system = profiles.get("us.amazon.nova-lite-v1:0").await.unwrap();
    stage.sent([("GetInferenceProfile", json!({"inferenceProfileIdentifier": "us.amazon.nova-lite-v1:0"}))]);
    let two = creates::<InferenceProfile>(
        stage,
        json!({
            "inferenceProfileName": "two",
            "description": "three regions",
            "clientRequestToken": "token-1",
            "modelSource": {"copyFrom": system.inference_profile_arn},
            "tags": [{"key": "team", "value": "orm"}],
        }),
    )
    .await;
    let second = &two.inference_profile_arn;
    let of_account = || profiles.list().type_equals("APPLICATION");
    lists::pushes(stage, &profiles.list()).await;
    lists!(stage, of_account(), within json!({"typeEquals": "APPLICATION"}), {
        type_equals("APPLICATION") => [first, second],
        page_size(1) => [first, second],
    });
    let rows = of_account().await.unwrap();
    stage.take();

    let models = rows[0].models().await.unwrap();
    assert_eq!(models, there.models().await.unwrap());
    assert_eq!(models[0].model_id, NOVA);
    let get = ("GetFoundationModel", json!({"modelIdentifier": NOVA_ARN}));
    stage.sent([get.clone(), get]);
    let copied = two.full().await.unwrap();
    assert_eq!(copied.models, system.models);
    assert_eq!(copied.models().await.unwrap().len(), 3, "one a region");
    stage.take();

    leads_to::<InferenceProfile>(stage, first).await;
    leads_to::<InferenceProfile>(stage, "us.amazon.nova-lite-v1:0").await;
    leads_to::<FoundationModel>(stage, NOVA).await;
    talks(stage, &there, first).await;
    talks(stage, &rows[1], second).await;
    talks(stage, &system, &system.inference_profile_arn).await;
    tags(stage, &copied, &[("team", "orm")]).await;
    assert!(system.delete().await.unwrap_err().is_validation(), "it is AWS's own");
    stage.take();
    deletes(stage, &one).await;
    deletes(stage, &rows[1]).await;
}
