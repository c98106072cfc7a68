//! The bidirectional stream: its halves, and Nova Sonic's events.

use std::time::Duration;

use bedrock_orm::models::providers::{
    SonicContentType, SonicConversation, SonicInput, SonicOutput, SonicPromptStart, SonicRole,
    SonicSessionStart, SonicStopReason, SonicTool,
};
use bedrock_orm::prelude::*;
use bedrock_orm::{BidirectionalReceiver, BidirectionalSender};
use bedrock_orm_local::Reply;
use bedrock_orm_tests::support::{local, model};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

const SONIC: &str = "amazon.nova-2-sonic-v1:0";

/// Far longer than every wait in these tests: what does not end fails.
const WIDE: Duration = Duration::from_secs(15);

async fn open(session: &Session) -> (BidirectionalSender, BidirectionalReceiver) {
    model(session, SONIC).invoke_model_with_bidirectional_stream().await.unwrap().split()
}

fn conversation() -> (SonicConversation, Vec<SonicInput>) {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let prompt =
        SonicPromptStart::new("p", "matthew").tools([SonicTool::new("weather", "Returns it", schema)]);
    SonicConversation::start(SonicSessionStart::default(), prompt)
}

async fn all(mut receiver: BidirectionalReceiver) -> Vec<SonicOutput> {
    let mut events = Vec::new();
    while let Some(event) = timeout(WIDE, receiver.next_event()).await.expect("the stream ends") {
        events.push(event.unwrap());
    }
    events
}

fn names(events: &[SonicOutput]) -> Vec<String> {
    let json = serde_json::to_value(events).unwrap();
    let name = |event: &Value| event["event"].as_object().unwrap().keys().next().unwrap().clone();
    json.as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn one_task_sends_and_another_receives_until_both_have_ended() {
    let (_local, session) = local().await;
    let (sender, receiver) = open(&session).await;
    let receiving = tokio::spawn(all(receiver));
    let sending = tokio::spawn(async move {
        let (mut conversation, start) = conversation();
        sender.send_events(start).await?;
        sender.send_events(conversation.system_prompt("Be brief.")).await?;
        sender.send_events(conversation.audio(&[1, 2, 3])).await?;
        sender.send_events(conversation.audio(&[4, 5])).await?;
        sender.send_events(conversation.end()).await?;
        sender.finish();
        Ok::<_, Error>(())
    });
    sending.await.unwrap().unwrap();
    let events = receiving.await.unwrap();
    assert_eq!(
        names(&events),
        [
            "usageEvent",
            "completionStart",
            "usageEvent",
            "usageEvent",
            "usageEvent",
            "contentStart",
            "audioOutput",
            "audioOutput",
            "contentEnd",
            "completionEnd",
            "usageEvent",
        ]
    );
    let heard: Vec<&[u8]> = events
        .iter()
        .filter_map(|event| match event {
            SonicOutput::AudioOutput(audio) => Some(&*audio.content),
            _ => None,
        })
        .collect();
    assert_eq!(heard, [&[1, 2, 3][..], &[4, 5]]);
}

#[tokio::test]
async fn a_tool_call_is_answered_while_the_speech_is_open() {
    let (local, session) = local().await;
    local.queue_reply(Reply::tool_use("weather", json!({"city": "Paris"})));
    let (sender, mut receiver) = open(&session).await;
    let (mut conversation, start) = conversation();
    sender.send_events(start).await.unwrap();
    sender.send_events(conversation.audio(&[1])).await.unwrap();
    sender.send_events(conversation.text("What is the weather in Paris?")).await.unwrap();
    let call = loop {
        match receiver.next_event().await.unwrap().unwrap() {
            SonicOutput::ToolUse(call) => break call,
            SonicOutput::CompletionEnd(_) => panic!("no call"),
            _ => {}
        }
    };
    assert_eq!(call.tool_name, "weather");
    assert_eq!(call.input::<Value>().unwrap(), json!({"city": "Paris"}));
    let SonicOutput::ContentEnd(end) = receiver.next_event().await.unwrap().unwrap() else { panic!() };
    assert_eq!((end.r#type, end.stop_reason), (SonicContentType::Tool, SonicStopReason::ToolUse));

    sender.send_events(conversation.tool_result(call.tool_use_id, json!({"degrees": 21}))).await.unwrap();
    sender.send_events(conversation.end()).await.unwrap();
    sender.finish();
    let events = all(receiver).await;
    let text = events.iter().find_map(|event| match event {
        SonicOutput::TextOutput(text) => Some(text.content.as_str()),
        _ => None,
    });
    assert_eq!(text, Some("You said: “{\"degrees\":21}”"));
    assert_eq!(names(&events)[3..], ["contentEnd", "completionEnd", "usageEvent"]);
}

#[tokio::test]
async fn sending_ends_when_the_sending_half_is_dropped() {
    let (_local, session) = local().await;
    let (sender, receiver) = open(&session).await;
    let (_, start) = conversation();
    sender.send_events(start).await.unwrap();
    drop(sender);
    assert_eq!(names(&all(receiver).await), ["usageEvent", "completionStart", "completionEnd"]);

    // After `finish`, the half of a stream sends nothing.
    let mut stream = model(&session, SONIC).invoke_model_with_bidirectional_stream().await.unwrap();
    stream.send(json!({"event": {"sessionStart": {}}})).await.unwrap();
    stream.finish();
    let (sender, receiver) = stream.split();
    assert!(sender.send("{}").await.unwrap_err().is_stream_interrupted());
    assert_eq!(names(&all(receiver).await), ["usageEvent"]);
}

#[tokio::test]
async fn a_stream_ends_after_finish() {
    let (_local, session) = local().await;
    let start = json!({"event": {"sessionStart": {}}});
    let (sender, receiver) = open(&session).await;
    sender.send(start.to_string()).await.unwrap();
    sender.finish();
    assert_eq!(names(&all(receiver).await), ["usageEvent"]);

    let mut stream = model(&session, SONIC).invoke_model_with_bidirectional_stream().await.unwrap();
    stream.send(start.to_string()).await.unwrap();
    stream.finish();
    let mut chunks = 0;
    while let Some(chunk) = timeout(WIDE, stream.next()).await.expect("the stream ends") {
        chunk.unwrap();
        chunks += 1;
    }
    assert_eq!(chunks, 1);
}

#[tokio::test]
async fn a_request_that_opens_a_stream_ends_with_the_receiving_half_or_its_time() {
    // A server that does not respond.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let session = Session::local(format!("http://{}", listener.local_addr().unwrap())).unwrap();
    for limit in [None, Some(Duration::from_millis(50))] {
        let call = model(&session, SONIC).invoke_model_with_bidirectional_stream();
        let call = match limit {
            Some(limit) => call.operation_timeout(limit),
            None => call,
        };
        let (sender, mut receiver) = call.await.unwrap().split();
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 1024];
        assert!(connection.read(&mut bytes).await.unwrap() > 0, "the request is on its way");
        match limit {
            Some(_) => assert!(receiver.next().await.unwrap().unwrap_err().is_stream_interrupted()),
            None => drop(receiver),
        }
        let until_closed = async { while connection.read(&mut bytes).await.is_ok_and(|count| count > 0) {} };
        timeout(WIDE, until_closed).await.expect("the connection is closed");
        assert!(sender.send("{}").await.unwrap_err().is_stream_interrupted());
    }
}

#[tokio::test]
async fn nothing_can_be_sent_when_the_receiving_half_is_dropped() {
    let (_local, session) = local().await;
    for has_begun in [false, true] {
        let (sender, mut receiver) = open(&session).await;
        let (mut conversation, start) = conversation();
        if has_begun {
            sender.send_events(start).await.unwrap();
            receiver.next().await.unwrap().unwrap();
        }
        drop(receiver);
        // The connection closes soon, not at once.
        let error = loop {
            match sender.send_events(conversation.text("Hello")).await {
                Ok(()) => tokio::task::yield_now().await,
                Err(error) => break error,
            }
        };
        assert!(error.is_stream_interrupted(), "{error}");
        assert!(error.hint().unwrap().contains("`next` returns the error"), "{error}");
    }
}

#[tokio::test]
async fn events_that_are_no_json_are_refused_before_any_is_sent() {
    let (local, session) = local().await;
    let (sender, receiver) = open(&session).await;
    let bad = SonicSessionStart::default().inference_configuration(
        bedrock_orm::models::providers::SonicInferenceConfiguration::default().temperature(f64::NAN),
    );
    let (_, mut events) = conversation();
    events.push(SonicInput::SessionStart(bad));
    let error = sender.send_events(events).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("NaN"), "{error}");
    sender.finish();
    assert!(all(receiver).await.is_empty(), "nothing was sent");
    drop(local);
}

#[tokio::test]
async fn an_event_of_another_form_is_an_error_with_the_chunk_and_the_stream_continues() {
    let (_local, session) = local().await;
    let (sender, mut receiver) = open(&session).await;
    let (conversation, start) = conversation();
    sender.send_events(start).await.unwrap();
    sender.send_events(conversation.end()).await.unwrap();
    sender.finish();
    let error = receiver.next_event::<u32>().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(!error.to_string().contains("usageEvent"), "{error}");
    let bedrock_orm::Partial::Body(chunk) = error.partial().unwrap() else { panic!() };
    assert!(String::from_utf8_lossy(chunk).contains("usageEvent"));
    assert_eq!(names(&all(receiver).await), ["completionStart", "completionEnd", "usageEvent"]);
}

#[test]
fn the_order_of_a_conversation_is_that_of_aws() {
    let (mut conversation, start) = conversation();
    let events = [
        start,
        conversation.history(SonicRole::Assistant, "Hi."),
        conversation.audio(&[0]),
        conversation.audio(&[0]),
        conversation.end_audio().into_iter().collect(),
        conversation.end_audio().into_iter().collect(),
        conversation.audio(&[0]),
        conversation.tool_result("t", json!({"a": 1})),
        conversation.end(),
    ]
    .concat();
    let json = serde_json::to_value(&events).unwrap();
    let event = |index: usize, name: &str| json[index]["event"][name].clone();
    assert_eq!(
        event(1, "promptStart"),
        json!({
            "promptName": "p",
            "textOutputConfiguration": {"mediaType": "text/plain"},
            "audioOutputConfiguration": {
                "mediaType": "audio/lpcm", "sampleRateHertz": 24000, "sampleSizeBits": 16, "channelCount": 1,
                "voiceId": "matthew", "encoding": "base64", "audioType": "SPEECH",
            },
            "toolUseOutputConfiguration": {"mediaType": "application/json"},
            "toolConfiguration": {"tools": [{"toolSpec": {
                "name": "weather", "description": "Returns it",
                "inputSchema": {"json": "{\"properties\":{\"city\":{\"type\":\"string\"}},\"type\":\"object\"}"},
            }}]},
        })
    );
    assert_eq!(
        event(2, "contentStart"),
        json!({
            "promptName": "p", "contentName": "p-1", "type": "TEXT", "role": "ASSISTANT", "interactive": false,
            "textInputConfiguration": {"mediaType": "text/plain"},
        })
    );
    let ids = |content: &str| json!({"promptName": "p", "contentName": content});
    assert_eq!(event(4, "contentEnd"), ids("p-1"));
    assert_eq!(event(5, "contentStart")["audioInputConfiguration"]["sampleRateHertz"], 16000);
    assert_eq!(event(6, "audioInput")["content"], "AA==");
    assert_eq!(event(7, "audioInput")["contentName"], "p-2");
    assert_eq!(event(8, "contentEnd"), ids("p-2"));
    assert_eq!(event(9, "contentStart")["contentName"], "p-3");
    assert_eq!(
        event(11, "contentStart"),
        json!({
            "promptName": "p", "contentName": "p-4", "type": "TOOL", "role": "TOOL", "interactive": false,
            "toolResultInputConfiguration": {
                "toolUseId": "t", "type": "TEXT", "textInputConfiguration": {"mediaType": "text/plain"},
            },
        })
    );
    assert_eq!(event(12, "toolResult")["content"], "{\"a\":1}");
    assert_eq!(event(14, "contentEnd"), ids("p-3"), "the open speech");
    assert_eq!(event(15, "promptEnd"), json!({"promptName": "p"}));
    assert_eq!(event(16, "sessionEnd"), json!({}));
    assert_eq!(events.len(), 17);
}
