//! Models of any kind.

use bedrock_orm::models::{CreateCustomModelRequest, ModelDataSource, S3DataSource};
use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::{MODEL, local, operations};
use serde_json::json;

#[tokio::test]
async fn every_invocable_model_replies() {
    let (local, session) = local().await;
    for id in [MODEL, "us.amazon.nova-lite-v1:0"] {
        let model = AnyModel::objects().using(&session).get(id).await.unwrap();
        assert!(!model.converse("Say hello.").await.unwrap().text().is_empty());
        let mut pieces = model.converse_stream("Say hello.").await.unwrap().text();
        assert!(pieces.next().await.unwrap().is_ok());
        let body = json!({"messages": [{"role": "user", "content": [{"text": "Say hello."}]}]});
        model.invoke_model(body).await.unwrap();
        local.clear_requests();
        model.converse("Say hello.").await.unwrap();
        let path = local.requests()[0].path.replace("%3A", ":").replace("%2F", "/");
        assert!(path.ends_with(&format!("{id}/converse")), "{path}");
        assert_eq!(serde_json::to_value(&model).unwrap()["modelId"].is_string(), id == MODEL);
    }
}

#[tokio::test]
async fn invoking_a_custom_model_is_an_error_that_names_alternatives() {
    let (local, session) = local().await;
    let source = ModelDataSource::S3DataSource(S3DataSource::new("s3://my-weights/nova/"));
    let request = CreateCustomModelRequest::new("ours").model_source_config(source);
    let made = CustomModel::objects().using(&session).create(request).await.unwrap();
    let model = AnyModel::objects().using(&session).get(made.model_arn.as_str()).await.unwrap();
    local.clear_requests();
    let errors = [
        model.converse("Hello").await.unwrap_err(),
        model.converse_stream("Hello").await.unwrap_err(),
        model.count_tokens("Hello").await.unwrap_err(),
        model.invoke_model(json!({})).await.unwrap_err(),
        model.invoke_model_with_response_stream(json!({})).await.unwrap_err(),
        model.invoke_model_with_bidirectional_stream().await.unwrap_err(),
        model.start_async_invoke(json!({}), "s3://my-output/").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains("CustomModelDeployment"), "{error}");
        assert!(error.operation().is_some(), "{error}");
    }
    let blank = FoundationModel::with_id(" ").using(&session).converse("Hello").await.unwrap_err();
    assert!(blank.message().contains("the model's ID is blank"), "{blank}");
    assert_eq!(operations(&local), [""; 0]);
}
