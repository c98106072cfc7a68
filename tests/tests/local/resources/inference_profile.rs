//! Inference profiles, which are created from a model or another profile.

use bedrock_orm::models::{CreateInferenceProfileRequest, InferenceProfileModelSource};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let profiles = InferenceProfile::objects().using(&fixture.session);
    let source = InferenceProfileModelSource::CopyFrom(NOVA_ARN.to_owned());
    let one = profiles.create(CreateInferenceProfileRequest::new("one", source)).await.unwrap();
    let input = json!({"inferenceProfileName": "one", "modelSource": {"copyFrom": NOVA_ARN}});
    fixture.assert_sent([("CreateInferenceProfile", input)]);
    let fetched = assert_get(fixture, &one).await;
    let first = &one.inference_profile_arn;
    assert_eq!(states(fixture, &one, 1).await, ["ACTIVE"]);

    let system = profiles.get("us.amazon.nova-lite-v1:0").await.unwrap();
    fixture.assert_sent([(
        "GetInferenceProfile",
        json!({"inferenceProfileIdentifier": "us.amazon.nova-lite-v1:0"}),
    )]);
    let two = assert_create::<InferenceProfile>(
        fixture,
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
    lists::assert_pushed_down(fixture, &profiles.list()).await;
    assert_lists!(fixture, of_account(), within json!({"typeEquals": "APPLICATION"}), {
        type_equals("APPLICATION") => [first, second],
        page_size(1) => [first, second],
    });
    let rows = of_account().await.unwrap();
    fixture.take_requests();

    let models = rows[0].models().await.unwrap();
    assert_eq!(models, fetched.models().await.unwrap());
    assert_eq!(models[0].model_id, NOVA);
    let get = ("GetFoundationModel", json!({"modelIdentifier": NOVA_ARN}));
    fixture.assert_sent([get.clone(), get]);
    let copied = two.full().await.unwrap();
    assert_eq!(copied.models, system.models);
    assert_eq!(copied.models().await.unwrap().len(), 3, "one a region");
    fixture.take_requests();

    assert_any_model::<InferenceProfile>(fixture, first).await;
    // An ID does not say whether it is that of a model or of a profile.
    let (models, id) = (AnyModel::objects().using(&fixture.session), "us.amazon.nova-lite-v1:0");
    let any = models.get(id).await.unwrap();
    assert!(matches!(&*any, AnyModel::InferenceProfile(profile) if profile.inference_profile_id == id));
    fixture.assert_sent([
        ("GetFoundationModel", json!({"modelIdentifier": id})),
        ("GetInferenceProfile", json!({"inferenceProfileIdentifier": id})),
    ]);
    assert_any_model::<FoundationModel>(fixture, NOVA).await;
    assert_converse(fixture, &fetched, first).await;
    assert_converse(fixture, &rows[1], second).await;
    assert_converse(fixture, &system, &system.inference_profile_arn).await;
    assert_tags(fixture, &copied, &[("team", "orm")]).await;
    assert!(system.delete().await.unwrap_err().is_validation(), "it is AWS's own");
    fixture.take_requests();
    assert_delete(fixture, &one).await;
    assert_delete(fixture, &rows[1]).await;
}
