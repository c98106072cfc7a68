//! The settings of an account (logging, data retention, and the use case) and resource policies.

use bedrock_orm::models::{CloudWatchConfig, S3Config};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

pub(crate) async fn lifecycle(fixture: &Fixture) {
    logging(fixture).await;
    data_retention(fixture).await;
    use_case(fixture).await;
    resource_policies(fixture).await;
}

async fn logging(fixture: &Fixture) {
    let logging = ModelInvocationLoggingConfiguration::objects().using(&fixture.session);
    assert!(logging.get().await.unwrap_err().is_does_not_exist(), "nothing is logged");
    let config = ModelInvocationLoggingConfiguration::default()
        .cloud_watch_config(
            CloudWatchConfig::new("bedrock", ROLE)
                .large_data_delivery_s3_config(S3Config::new("some-bucket").key_prefix("large")),
        )
        .s3_config(S3Config::new("some-bucket").key_prefix("all"))
        .text_data_delivery_enabled(true)
        .image_data_delivery_enabled(false)
        .embedding_data_delivery_enabled(true)
        .video_data_delivery_enabled(false)
        .audio_data_delivery_enabled(true);
    logging.put(config.clone()).await.unwrap();
    assert_eq!(*logging.get().await.unwrap(), config);
    logging.delete().await.unwrap();
    assert!(logging.get().await.unwrap_err().is_does_not_exist());
    fixture.assert_sent([
        ("GetModelInvocationLoggingConfiguration", json!({})),
        (
            "PutModelInvocationLoggingConfiguration",
            json!({"loggingConfig": {
                "cloudWatchConfig": {
                    "logGroupName": "bedrock", "roleArn": ROLE,
                    "largeDataDeliveryS3Config": {"bucketName": "some-bucket", "keyPrefix": "large"},
                },
                "s3Config": {"bucketName": "some-bucket", "keyPrefix": "all"},
                "textDataDeliveryEnabled": true,
                "imageDataDeliveryEnabled": false,
                "embeddingDataDeliveryEnabled": true,
                "videoDataDeliveryEnabled": false,
                "audioDataDeliveryEnabled": true,
            }}),
        ),
        ("GetModelInvocationLoggingConfiguration", json!({})),
        ("DeleteModelInvocationLoggingConfiguration", json!({})),
        ("GetModelInvocationLoggingConfiguration", json!({})),
    ]);
}

async fn data_retention(fixture: &Fixture) {
    let retention = AccountDataRetention::objects().using(&fixture.session);
    assert_eq!(retention.get().await.unwrap().mode, "default");
    assert_eq!(retention.put("none").await.unwrap().mode, "none");
    assert_eq!(retention.get().await.unwrap().mode, "none");
    fixture.assert_sent([
        ("GetAccountDataRetention", json!({})),
        ("PutAccountDataRetention", json!({"mode": "none"})),
        ("GetAccountDataRetention", json!({})),
    ]);
}

async fn use_case(fixture: &Fixture) {
    let use_case = UseCaseForModelAccess::objects().using(&fixture.session);
    assert!(use_case.get().await.unwrap_err().is_does_not_exist());
    for form in [r#"{"companyName":"one"}"#, r#"{"companyName":"two"}"#] {
        use_case.put(form).await.unwrap();
        assert_eq!(&*use_case.get().await.unwrap().form_data, form.as_bytes());
    }
    fixture.assert_sent([
        ("GetUseCaseForModelAccess", json!({})),
        ("PutUseCaseForModelAccess", json!({"formData": "eyJjb21wYW55TmFtZSI6Im9uZSJ9"})),
        ("GetUseCaseForModelAccess", json!({})),
        ("PutUseCaseForModelAccess", json!({"formData": "eyJjb21wYW55TmFtZSI6InR3byJ9"})),
        ("GetUseCaseForModelAccess", json!({})),
    ]);
}

async fn resource_policies(fixture: &Fixture) {
    let model = fixture.custom_model("shared").await;
    let policies = ResourcePolicy::objects().using(&fixture.session);
    let (arn, policy) = (&model.model_arn, json!({"Version": "2012-10-17", "Statement": []}).to_string());
    assert!(policies.get(arn).await.unwrap_err().is_does_not_exist());
    assert_eq!(policies.put(arn, "{}").await.unwrap().resource_arn.as_ref(), Some(arn));
    policies.put(arn, &policy).await.unwrap();
    assert_eq!(policies.get(arn).await.unwrap().resource_policy.as_ref(), Some(&policy));
    policies.delete(arn).await.unwrap();
    assert!(policies.delete(arn).await.unwrap_err().is_does_not_exist());
    let key = json!({"resourceArn": arn});
    fixture.assert_sent([
        ("GetResourcePolicy", key.clone()),
        ("PutResourcePolicy", json!({"resourceArn": arn, "resourcePolicy": "{}"})),
        ("PutResourcePolicy", json!({"resourceArn": arn, "resourcePolicy": policy})),
        ("GetResourcePolicy", key.clone()),
        ("DeleteResourcePolicy", key.clone()),
        ("DeleteResourcePolicy", key),
    ]);
}
