//! Endpoints of Marketplace models.

use bedrock_orm::models::{
    CreateMarketplaceModelEndpointRequest, EndpointConfig, SageMakerEndpoint,
    UpdateMarketplaceModelEndpointRequest,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

const SOURCE: &str = "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/some-model";
const OTHER: &str = "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/other-model";

fn config(instances: i32) -> EndpointConfig {
    EndpointConfig::SageMaker(SageMakerEndpoint::new(instances, "ml.g5.2xlarge", ROLE))
}

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let endpoints = MarketplaceModelEndpoint::objects().using(&fixture.session);
    let request = CreateMarketplaceModelEndpointRequest::new(SOURCE, config(1), "one");
    let one = endpoints.create(request).await.unwrap();
    let sage_maker = |instances: i32| json!({"initialInstanceCount": instances, "instanceType": "ml.g5.2xlarge", "executionRole": ROLE});
    fixture.assert_sent([(
        "CreateMarketplaceModelEndpoint",
        json!({"modelSourceIdentifier": SOURCE, "endpointConfig": {"sageMaker": sage_maker(1)}, "endpointName": "one"}),
    )]);
    let fetched = assert_get(fixture, &one).await;
    assert_eq!(fetched, one, "AWS returns the full resource");
    assert_eq!(states(fixture, &one, 1).await, ["Creating", "InService"]);
    let two = assert_create::<MarketplaceModelEndpoint>(
        fixture,
        json!({
            "modelSourceIdentifier": OTHER,
            "endpointConfig": {"sageMaker": {
                "initialInstanceCount": 2, "instanceType": "ml.g5.2xlarge", "executionRole": ROLE,
                "kmsEncryptionKey": KEY,
                "vpc": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
            }},
            "acceptEula": true,
            "endpointName": "will-fail",
            "clientRequestToken": "token-1",
            "tags": [{"key": "team", "value": "orm"}],
        }),
    )
    .await;

    let (first, second) = (&one.endpoint_arn, &two.endpoint_arn);
    assert_lists!(fixture, endpoints.list(), {
        model_source_equals(SOURCE) => [first],
        page_size(1) => [first, second],
    });
    let row = endpoints.list().model_source_equals(SOURCE).first().await.unwrap().unwrap();
    fixture.take_requests();
    assert_converse(fixture, &fetched, first).await;
    assert_converse(fixture, &row, first).await;
    wait_for_failure(fixture, &two).await;

    let change = UpdateMarketplaceModelEndpointRequest::new(config(3)).client_request_token("token-2");
    assert_eq!(endpoints.update(first, change.clone()).await.unwrap().endpoint_status, "Updating");
    row.update(change).await.unwrap();
    let input = json!({
        "endpointArn": first, "endpointConfig": {"sageMaker": sage_maker(3)}, "clientRequestToken": "token-2",
    });
    fixture.assert_sent([
        ("UpdateMarketplaceModelEndpoint", input.clone()),
        ("UpdateMarketplaceModelEndpoint", input),
    ]);
    assert_eq!(states(fixture, &one, 1).await, ["Updating", "InService"]);

    row.deregister().await.unwrap();
    fixture.assert_sent([("DeregisterMarketplaceModelEndpoint", json!({"endpointArn": first}))]);
    assert_missing::<MarketplaceModelEndpoint>(fixture, first).await;
    let back = row.register(OTHER).await.unwrap();
    assert_eq!((&back.endpoint_arn, back.model_source_identifier.as_str()), (first, OTHER));
    endpoints.deregister(first).await.unwrap();
    let back = endpoints.register(first, SOURCE).await.unwrap();
    assert_eq!(back.model_source_identifier, SOURCE);
    fixture.assert_sent([
        (
            "RegisterMarketplaceModelEndpoint",
            json!({"endpointIdentifier": first, "modelSourceIdentifier": OTHER}),
        ),
        ("DeregisterMarketplaceModelEndpoint", json!({"endpointArn": first})),
        (
            "RegisterMarketplaceModelEndpoint",
            json!({"endpointIdentifier": first, "modelSourceIdentifier": SOURCE}),
        ),
    ]);
    assert_delete(fixture, &row).await;
    assert_delete(fixture, &two).await;
}
