//! Provisioned throughput.

use bedrock_orm::models::{CreateProvisionedModelThroughputRequest, UpdateProvisionedModelThroughputRequest};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let model = fixture.custom_model("the-model").await;
    let throughputs = ProvisionedModelThroughput::objects().using(&fixture.session);
    let request = CreateProvisionedModelThroughputRequest::new(1, "one", NOVA);
    let one = throughputs.create(request).await.unwrap();
    fixture.assert_sent([(
        "CreateProvisionedModelThroughput",
        json!({"modelUnits": 1, "provisionedModelName": "one", "modelId": NOVA}),
    )]);
    let fetched = assert_get(fixture, &one).await;
    assert_eq!(states(fixture, &one, 1).await, ["Creating", "InService"]);
    let two = assert_create::<ProvisionedModelThroughput>(
        fixture,
        json!({
            "clientRequestToken": "token-1",
            "modelUnits": 2,
            "provisionedModelName": "will-fail",
            "modelId": NOVA,
            "commitmentDuration": "OneMonth",
            "tags": [{"key": "team", "value": "orm"}],
        }),
    )
    .await;

    let (first, second) = (&one.provisioned_model_arn, &two.provisioned_model_arn);
    assert_lists!(fixture, throughputs.list(), {
        creation_time_after(time(FAR_AHEAD)) => [],
        creation_time_before(time(LONG_AGO)) => [],
        status_equals("InService") => [first],
        model_arn_equals(OTHER_ARN) => [],
        name_contains("on") => [first],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });
    let row = throughputs.list().status_equals("InService").first().await.unwrap().unwrap();
    fixture.take_requests();
    for found in [row.model().await.unwrap().unwrap(), fetched.model().await.unwrap().unwrap()] {
        assert_foundation_model(&found, NOVA_ARN);
    }
    assert_eq!(row.foundation_model().await.unwrap().unwrap().model_id, NOVA);
    assert_eq!(fetched.foundation_model().await.unwrap().unwrap().model_id, NOVA);
    let get = ("GetFoundationModel", json!({"modelIdentifier": NOVA_ARN}));
    fixture.assert_sent([get.clone(), get.clone(), get.clone(), get]);
    assert_any_model::<ProvisionedModelThroughput>(fixture, first).await;
    assert_converse(fixture, &fetched, first).await;
    assert_converse(fixture, &row, first).await;
    assert_tags(fixture, &two.full().await.unwrap(), &[("team", "orm")]).await;
    wait_for_failure(fixture, &two).await;

    let mut input = json!({"desiredProvisionedModelName": "renamed", "desiredModelId": model.model_arn});
    let mut change: UpdateProvisionedModelThroughputRequest =
        request_with_all_members("UpdateProvisionedModelThroughput", &input);
    throughputs.update(first, change.clone()).await.unwrap();
    input["provisionedModelId"] = json!(first);
    fixture.assert_sent([("UpdateProvisionedModelThroughput", input)]);
    assert_eq!(states(fixture, &one, 1).await, ["Updating", "InService"]);
    let moved = row.full().await.unwrap();
    assert_eq!((moved.provisioned_model_name.as_str(), &moved.model_arn), ("renamed", &model.model_arn));
    assert!(
        matches!(&*moved.model().await.unwrap().unwrap(), AnyModel::CustomModel(found) if *found == *model)
    );
    change = UpdateProvisionedModelThroughputRequest::default().desired_provisioned_model_name("again");
    row.update(change).await.unwrap();
    assert_eq!(row.full().await.unwrap().provisioned_model_name, "again");
    fixture.take_requests();

    // Throughput with a commitment cannot be deleted before its end.
    assert_eq!(two.delete().await.unwrap_err().kind(), ErrorKind::Conflict);
    fixture.take_requests();
    assert_delete(fixture, &row).await;
}
