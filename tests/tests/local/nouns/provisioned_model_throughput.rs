//! Provisioned throughput: bought, talked to, moved to another model, given up.

use bedrock_orm::models::{CreateProvisionedModelThroughputRequest, UpdateProvisionedModelThroughputRequest};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn life(stage: &Stage) {
    let model = stage.custom_model("the-model").await;
    let throughputs = ProvisionedModelThroughput::objects().using(&stage.session);
    let request = CreateProvisionedModelThroughputRequest::new(1, "one", NOVA);
    let one = throughputs.create(request).await.unwrap();
    stage.sent([(
        "CreateProvisionedModelThroughput",
        json!({"modelUnits": 1, "provisionedModelName": "one", "modelId": NOVA}),
    )]);
    let there = gets(stage, &one).await;
    assert_eq!(states(stage, &one, 1).await, ["Creating", "InService"]);
    let two = creates::<ProvisionedModelThroughput>(
        stage,
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
    lists!(stage, throughputs.list(), {
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
    stage.take();
    for found in [row.model().await.unwrap().unwrap(), there.model().await.unwrap().unwrap()] {
        is_foundation_model(&found, NOVA_ARN);
    }
    assert_eq!(row.foundation_model().await.unwrap().unwrap().model_id, NOVA);
    assert_eq!(there.foundation_model().await.unwrap().unwrap().model_id, NOVA);
    let get = ("GetFoundationModel", json!({"modelIdentifier": NOVA_ARN}));
    stage.sent([get.clone(), get.clone(), get.clone(), get]);
    leads_to::<ProvisionedModelThroughput>(stage, first).await;
    talks(stage, &there, first).await;
    talks(stage, &row, first).await;
    tags(stage, &two.full().await.unwrap(), &[("team", "orm")]).await;
    fails(stage, &two).await;

    let mut input = json!({"desiredProvisionedModelName": "renamed", "desiredModelId": model.model_arn});
    let mut change: UpdateProvisionedModelThroughputRequest =
        whole("UpdateProvisionedModelThroughput", &input);
    throughputs.update(first, change.clone()).await.unwrap();
    input["provisionedModelId"] = json!(first);
    stage.sent([("UpdateProvisionedModelThroughput", input)]);
    assert_eq!(states(stage, &one, 1).await, ["Updating", "InService"]);
    let moved = row.full().await.unwrap();
    assert_eq!((moved.provisioned_model_name.as_str(), &moved.model_arn), ("renamed", &model.model_arn));
    assert!(
        matches!(&*moved.model().await.unwrap().unwrap(), AnyModel::CustomModel(found) if *found == *model)
    );
    change = UpdateProvisionedModelThroughputRequest::default().desired_provisioned_model_name("again");
    row.update(change).await.unwrap();
    assert_eq!(row.full().await.unwrap().provisioned_model_name, "again");
    stage.take();

    // What was committed to is kept to its end.
    assert_eq!(two.delete().await.unwrap_err().kind(), ErrorKind::Conflict);
    stage.take();
    deletes(stage, &row).await;
}
