//! Fallbacks: another model replies if one fails, and the reply says so. Models behind `dyn`, and streams of given events.

use bedrock_orm::prelude::*;
use bedrock_orm::{BoundModel, ConverseStream};
use bedrock_orm_local::{At, Fault};
use bedrock_orm_tests::support::{MODEL, local, model, operations};
use serde_json::{from_value, json};

const OTHER_MODEL: &str = "amazon.nova-pro-v1:0";

#[tokio::test]
async fn the_next_model_replies_if_one_is_throttled_and_the_reply_says_so() {
    let (local, session) = local().await;
    local.fault(Fault::throttling().model(MODEL)).unwrap();
    let reply = model(&session, MODEL).converse("Hello").or(&model(&session, OTHER_MODEL)).await.unwrap();
    assert_eq!(reply.model_id(), OTHER_MODEL);
    let [failed] = reply.failed_attempts() else { panic!("{:?}", reply.failed_attempts()) };
    assert_eq!((failed.model_id.as_str(), failed.error.kind()), (MODEL, ErrorKind::Throttled));
    assert_eq!(failed.region, "us-east-1");
    assert_eq!(local.requests().len(), 2);
}

#[tokio::test]
async fn a_stream_falls_back_until_it_is_open() {
    let (local, session) = local().await;
    local.fault(Fault::error("ServiceUnavailableException").model(MODEL)).unwrap();
    let (first, other) = (model(&session, MODEL), model(&session, OTHER_MODEL));
    let stream = first.converse_stream("Hello").or(&other).await.unwrap();
    assert_eq!((stream.model_id(), stream.failed_attempts().len()), (OTHER_MODEL, 1));
    let reply = stream.collect().await.unwrap();
    assert_eq!((reply.model_id(), reply.failed_attempts().len()), (OTHER_MODEL, 1));

    local.clear_faults();
    local.fault(Fault::truncate(At::AfterEvents(1)).model(MODEL)).unwrap();
    let interrupted = first.converse_stream("Hello").or(&other).await.unwrap().collect().await.unwrap_err();
    assert_eq!(interrupted.kind(), ErrorKind::StreamInterrupted, "not after its first event");
}

#[tokio::test]
async fn another_session_has_the_same_model() {
    let (local, session) = local().await;
    local.fault(Fault::throttling().times(1)).unwrap();
    let frankfurt = session.in_region("eu-central-1").unwrap();
    let reply = model(&session, MODEL).converse("Hello").or_in(&frankfurt).await.unwrap();
    assert_eq!((reply.model_id(), reply.failed_attempts()[0].region.as_str()), (MODEL, "us-east-1"));
    let scopes: Vec<String> =
        local.requests().iter().map(|request| format!("{:?}", request.headers)).collect();
    assert!(scopes[0].contains("/us-east-1/bedrock/") && scopes[1].contains("/eu-central-1/bedrock/"));
}

#[tokio::test]
async fn a_request_that_aws_rejects_is_not_sent_to_another_model() {
    let (local, session) = local().await;
    let fallback = model(&session, OTHER_MODEL);
    let error = model(&session, MODEL).converse(Message::user("")).or(&fallback).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert_eq!(operations(&local), ["Converse"]);
}

#[tokio::test]
async fn if_all_fail_the_last_error_names_the_others() {
    let (local, session) = local().await;
    local.fault(Fault::throttling()).unwrap();
    let fallback = model(&session, OTHER_MODEL);
    let error = model(&session, MODEL).converse("Hello").or(&fallback).await.unwrap_err();
    let expected = "the models before it failed, too: amazon.nova-lite-v1:0 in us-east-1 (Throttled)";
    assert!(error.hint().unwrap().contains(expected), "{error}");
}

#[tokio::test]
async fn a_struct_holds_any_model_without_a_type_parameter() {
    let (_local, session) = local().await;
    let models: Vec<Box<dyn BoundModel>> = vec![
        Box::new(model(&session, MODEL)),
        Box::new(FoundationModel::objects().using(&session).get(OTHER_MODEL).await.unwrap()),
        Box::new(model(&session, MODEL).invocable().await.unwrap()),
    ];
    for model in &models {
        assert_eq!(model.converse("Hello").await.unwrap().stop_reason, StopReason::EndTurn);
        let streamed = model.converse_stream("Hello").max_tokens(99).await.unwrap().collect().await.unwrap();
        assert_eq!(streamed.stop_reason, StopReason::EndTurn);
    }
}

#[tokio::test]
async fn a_stream_of_given_events_is_collected_as_one_from_aws() {
    let given = [
        json!({"messageStart": {"role": "assistant"}}),
        json!({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Par"}}}),
        json!({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "is"}}}),
        json!({"contentBlockStop": {"contentBlockIndex": 0}}),
        json!({"messageStop": {"stopReason": "end_turn"}}),
        json!({"metadata": {
            "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
            "metrics": {"latencyMs": 4},
        }}),
    ];
    let events = given.map(|event| Ok(from_value::<ConverseStreamOutput>(event).unwrap()));
    let reply = ConverseStream::from_events(events).collect().await.unwrap();
    assert_eq!((reply.text().as_str(), reply.usage.total_tokens), ("Paris", 3));

    let failing = [Err(Error::new(ErrorKind::Throttled, "slow down"))];
    let mut stream = ConverseStream::from_events(failing);
    assert_eq!(stream.next().await.unwrap().unwrap_err().kind(), ErrorKind::Throttled);
    assert!(stream.next().await.is_none());
}
