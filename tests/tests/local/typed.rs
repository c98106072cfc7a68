//! Typed replies: the form that a model takes, what does not fit, and what was refused or cut short.

use std::collections::BTreeMap;

use bedrock_orm::prelude::*;
use bedrock_orm::{CachePolicy, TypedForm};
use bedrock_orm_local::{Fault, LocalBedrock, Reply as LocalReply};
use bedrock_orm_tests::support::{CLAUDE_PROFILE, MODEL, local, model, only_request, operations};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, from_str, json};

use crate::guardrails::session_with_guardrail;

/// An order of a customer.
#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
struct Order {
    /// Who ordered.
    customer: String,
    items: Vec<Item>,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
struct Item {
    name: String,
    #[schemars(range(min = 1, max = 100))]
    count: u32,
    kind: Kind,
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
enum Kind {
    /// Fresh.
    Food,
    /// Dry.
    Tool,
}

fn order() -> Value {
    json!({"customer": "Ada", "items": [{"name": "saw", "count": 2, "kind": "Tool"}], "note": null})
}

fn refusal(message: &str) -> Fault {
    Fault::error("ValidationException").message(message).times(1)
}

const NO_OUTPUT_CONFIG: &str =
    "The model returned the following errors: output_config.format: Extra inputs are not permitted";
const NO_FORCED_TOOL: &str = "This model doesn't support the toolConfig.toolChoice.tool field. Remove \
                              toolConfig.toolChoice.tool and try again.";

fn bodies(local: &LocalBedrock) -> Vec<Value> {
    local.requests().iter().map(bedrock_orm_local::RecordedRequest::json).collect()
}

/// Returns the form of a request's body.
fn form(body: &Value) -> &'static str {
    let tools = body["toolConfig"]["tools"].as_array();
    let has_tool =
        tools.is_some_and(|tools| tools.iter().any(|tool| tool["toolSpec"]["name"] == "typed_reply"));
    let is_forced = body["toolConfig"]["toolChoice"]["tool"]["name"] == "typed_reply";
    let is_asked_for = body["system"].to_string().contains("calling the tool `typed_reply`");
    match (body["outputConfig"].is_object(), has_tool, is_forced, is_asked_for) {
        (true, false, false, false) => "native",
        (false, true, true, false) => "forced tool",
        (false, true, false, true) => "requested tool",
        _ => "mixed",
    }
}

#[tokio::test]
async fn the_native_form_has_a_strict_schema() {
    let (local, session) = local().await;
    local.queue_reply(LocalReply::text(order().to_string()));
    let reply =
        model(&session, MODEL).converse_as::<Order>("Two saws for Ada.").max_tokens(99).await.unwrap();
    assert_eq!(
        (reply.customer.as_str(), reply.items[0].count, &reply.items[0].kind),
        ("Ada", 2, &Kind::Tool)
    );
    assert_eq!(reply.reply().model_id(), MODEL);
    assert!(reply.misfit().is_none());

    let body = only_request(&local).json();
    assert_eq!(body["inferenceConfig"]["maxTokens"], 99);
    let format = &body["outputConfig"]["textFormat"];
    assert_eq!(format["type"], "json_schema");
    let schema: Value = from_str(format["structure"]["jsonSchema"]["schema"].as_str().unwrap()).unwrap();
    assert_eq!(schema["required"], json!(["customer", "items", "note"]), "all members");
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["customer"]["description"], "Who ordered.");
    let item = &schema["properties"]["items"]["items"];
    assert_eq!(item["additionalProperties"], false);
    assert_eq!(item["properties"]["count"], json!({"type": "integer"}), "no limits");
    assert!(
        item["properties"]["kind"].get("oneOf").is_none() && item["properties"]["kind"]["anyOf"].is_array()
    );
}

#[tokio::test]
async fn the_local_models_reply_in_each_form() {
    let (local, session) = local().await;
    for form in [TypedForm::Native, TypedForm::ForcedTool, TypedForm::RequestedTool] {
        // The local model calls a tool that it does not have to call if the text has a word of its name.
        let call = model(&session, CLAUDE_PROFILE).converse_as::<Order>("A typed order of two saws for Ada.");
        assert!(!call.form(form).await.unwrap().customer.is_empty());
    }
    let forms: Vec<_> = bodies(&local).iter().map(form).collect();
    assert_eq!(forms, ["native", "forced tool", "requested tool"]);
}

#[tokio::test]
async fn a_refused_form_is_replaced_and_the_session_remembers_it() {
    let (local, session) = local().await;
    local.fault(refusal(NO_OUTPUT_CONFIG)).unwrap();
    local.fault(refusal(NO_FORCED_TOOL)).unwrap();
    let nova = model(&session, MODEL);
    for _ in 0..2 {
        local.queue_reply(LocalReply::tool_use("typed_reply", order()));
        assert_eq!(nova.converse_as::<Order>("Two saws.").await.unwrap().customer, "Ada");
    }
    local.queue_reply(LocalReply::text(order().to_string()));
    let other = model(&session, "amazon.nova-pro-v1:0");
    other.converse_as::<Order>("Two saws.").await.unwrap();
    let forms: Vec<_> = bodies(&local).iter().map(form).collect();
    assert_eq!(forms, ["native", "forced tool", "requested tool", "requested tool", "native"]);
}

#[tokio::test]
async fn a_refusal_of_this_schema_or_this_thinking_is_not_remembered() {
    let (local, session) = local().await;
    local.fault(refusal("output_config.format.schema: the compiled grammar is too large")).unwrap();
    let nova = model(&session, MODEL);
    local.queue_reply(LocalReply::tool_use("typed_reply", order()));
    nova.converse_as::<Order>("Two saws.").await.unwrap();
    local.queue_reply(LocalReply::text(order().to_string()));
    nova.converse_as::<Order>("Two saws.").await.unwrap();
    let forms: Vec<_> = bodies(&local).iter().map(form).collect();
    assert_eq!(forms, ["native", "forced tool", "native"]);
}

#[tokio::test]
async fn a_form_that_is_set_and_refused_is_an_error() {
    let (local, session) = local().await;
    local.fault(refusal(NO_OUTPUT_CONFIG)).unwrap();
    let call = model(&session, MODEL).converse_as::<Order>("Two saws.").form(TypedForm::Native);
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Validation);
    local.fault(refusal("temperature: range: 0..1")).unwrap();
    let other = model(&session, MODEL).converse_as::<Order>("Two saws.").await.unwrap_err();
    assert_eq!((other.kind(), operations(&local).len()), (ErrorKind::Validation, 2), "another refusal");
}

#[tokio::test]
async fn a_type_that_the_native_form_cannot_express_goes_by_a_tool() {
    let (local, session) = local().await;
    let nova = model(&session, MODEL);
    local.queue_reply(LocalReply::tool_use("typed_reply", json!({"a": 1, "b": 2})));
    let counts = nova.converse_as::<BTreeMap<String, u32>>("Count.").await.unwrap();
    assert_eq!(counts.into_inner(), BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]));
    assert_eq!(form(&only_request(&local).json()), "forced tool");
    let call = nova.converse_as::<BTreeMap<String, u32>>("Count.").form(TypedForm::Native);
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(local.requests().len(), 1, "nothing more was sent");
}

#[tokio::test]
async fn a_type_that_is_no_object_is_the_member_of_one() {
    let (local, session) = local().await;
    local.queue_reply(LocalReply::text(json!({"value": ["Food", "Tool"]}).to_string()));
    let kinds = model(&session, MODEL).converse_as::<Vec<Kind>>("Which kinds?").await.unwrap();
    assert_eq!(kinds.as_slice(), [Kind::Food, Kind::Tool]);
    let schema =
        only_request(&local).json()["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"]
            .clone();
    let schema: Value = from_str(schema.as_str().unwrap()).unwrap();
    assert_eq!((&schema["type"], &schema["required"]), (&json!("object"), &json!(["value"])));
}

#[tokio::test]
async fn a_misfit_is_sent_back_once_with_its_place() {
    let (local, session) = local().await;
    let mut wrong = order();
    wrong["items"][0]["count"] = json!("secret");
    for form in [TypedForm::Native, TypedForm::ForcedTool] {
        local.clear_requests();
        for json in [&wrong, &order()] {
            local.queue_reply(match form {
                TypedForm::Native => LocalReply::text(json.to_string()),
                _ => LocalReply::tool_use("typed_reply", json.clone()),
            });
        }
        let reply = model(&session, MODEL).converse_as::<Order>("Two saws.").form(form).await.unwrap();
        assert_eq!(reply.items[0].count, 2);
        assert!(reply.misfit().is_some());
        let body = &bodies(&local)[1];
        let correction = &body["messages"][2]["content"];
        let text = match form {
            TypedForm::Native => &correction[0]["text"],
            _ => {
                let id = &body["messages"][1]["content"][0]["toolUse"]["toolUseId"];
                assert_eq!(&correction[0]["toolResult"]["toolUseId"], id);
                assert_eq!(correction[0]["toolResult"]["status"], "error");
                &correction[0]["toolResult"]["content"][0]["text"]
            }
        };
        let text = text.as_str().unwrap();
        assert!(text.contains("items[0].count: invalid type: string \"secret\", expected u32"), "{text}");
    }
}

#[tokio::test]
async fn a_second_misfit_is_an_error_without_the_content() {
    let (local, session) = local().await;
    let mut wrong = order();
    wrong["items"][0]["kind"] = json!("secret");
    for _ in 0..2 {
        local.queue_reply(LocalReply::text(wrong.to_string()));
    }
    let error = model(&session, MODEL).converse_as::<Order>("Two saws.").await.unwrap_err();
    assert_eq!((error.kind(), local.requests().len()), (ErrorKind::ReplyMisfit, 2));
    let text = format!("{error} {error:#?}");
    assert!(text.contains("items[0].kind: unknown variant, expected `Food` or `Tool`"), "{text}");
    assert!(!text.contains("secret") && !text.contains("saw"), "{text}");
    assert!(error.partial_message().unwrap().text().contains("secret"));
    assert!(error.request_id().is_some());

    for _ in 0..2 {
        local.queue_reply(LocalReply::tool_use("typed_reply", json!({"Ada Secret": "many"})));
    }
    let error = model(&session, MODEL).converse_as::<BTreeMap<String, u32>>("Count.").await.unwrap_err();
    assert!(error.message().ends_with("*: invalid type, expected u32"), "a key of a map is content: {error}");
}

#[tokio::test]
async fn text_that_is_no_json_is_a_misfit_and_a_fence_is_none() {
    let (local, session) = local().await;
    local.queue_reply(LocalReply::text("Sure, here is the order."));
    local.queue_reply(LocalReply::text(format!("```json\n{}\n```", order())));
    let reply = model(&session, MODEL).converse_as::<Order>("Two saws.").await.unwrap();
    assert_eq!(reply.customer, "Ada");
    let correction = bodies(&local)[1]["messages"][2]["content"][0]["text"].clone();
    assert!(correction.as_str().unwrap().contains("the text is not JSON"), "{correction}");
}

#[tokio::test]
async fn what_was_refused_or_cut_short_is_no_misfit() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let nova = model(&session, MODEL);
    let blocked = nova.converse_as::<Order>("A xylophone.").guardrail(&guardrail).await.unwrap_err();
    assert_eq!((blocked.kind(), local.requests().len()), (ErrorKind::ReplyRefused, 1));
    for (stop_reason, kind) in [
        ("content_filtered", ErrorKind::ReplyRefused),
        ("max_tokens", ErrorKind::ReplyTruncated),
        ("model_context_window_exceeded", ErrorKind::ReplyTruncated),
    ] {
        local.clear_requests();
        local.queue_reply(LocalReply::text("{\"customer\": \"A").stop_reason(stop_reason));
        let error = nova.converse_as::<Order>("Two saws.").await.unwrap_err();
        assert_eq!((error.kind(), local.requests().len()), (kind, 1), "{error}");
        assert_eq!(error.partial_message().unwrap().text(), "{\"customer\": \"A");
    }
}

#[tokio::test]
async fn a_call_of_another_tool_is_an_error_that_names_it() {
    let (local, session) = local().await;
    local.queue_reply(LocalReply::tool_use("look_up", json!({})));
    let tool = ToolSpecification::new("look_up", json!({"type": "object"}));
    let error = model(&session, MODEL).converse_as::<Order>("Two saws.").tools([tool]).await.unwrap_err();
    assert_eq!((error.kind(), local.requests().len()), (ErrorKind::ReplyMisfit, 1));
    assert!(error.message().contains("`look_up`"), "{error}");
}

#[tokio::test]
async fn fallbacks_and_caching_apply_to_typed_replies() {
    let (local, session) = local().await;
    local.fault(Fault::throttling().model(MODEL)).unwrap();
    let other = model(&session, "amazon.nova-pro-v1:0");
    let call = model(&session, MODEL).converse_as::<Order>("Two saws.").or(&other).cache(CachePolicy::auto());
    let reply = call.await.unwrap();
    assert_eq!(
        (reply.reply().model_id(), reply.reply().failed_attempts().len()),
        ("amazon.nova-pro-v1:0", 1)
    );
    assert!(bodies(&local)[1]["messages"][0]["content"][1]["cachePoint"].is_object());
}

#[tokio::test]
async fn a_chat_asks_for_a_type_and_goes_on() {
    let (local, session) = local().await;
    let nova = model(&session, MODEL);
    local.fault(refusal(NO_OUTPUT_CONFIG)).unwrap();
    local.queue_reply(LocalReply::tool_use("typed_reply", json!({"customer": 7})));
    local.queue_reply(LocalReply::tool_use("typed_reply", order()));
    let mut chat = nova.chat().system("Take orders.");
    let reply = chat.ask_as::<Order>("Two saws for Ada.").await.unwrap();
    assert_eq!((reply.customer.as_str(), reply.misfit().is_some()), ("Ada", true));
    let history = serde_json::to_value(chat.history()).unwrap();
    assert_eq!(history[0], json!({"role": "user", "content": [{"text": "Two saws for Ada."}]}));
    let text: Value = from_str(history[1]["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!((text, history.as_array().unwrap().len()), (order(), 2), "no correction");

    chat.send("Thanks.").await.unwrap();
    let last = bodies(&local).pop().unwrap();
    assert!(last["toolConfig"].is_null() && last["messages"].as_array().unwrap().len() == 3, "{last}");

    for _ in 0..2 {
        local.queue_reply(LocalReply::tool_use("typed_reply", json!({"customer": 7})));
    }
    let failed = chat.ask_as::<Order>("And again.").await.unwrap_err();
    assert_eq!((failed.kind(), chat.history().len()), (ErrorKind::ReplyMisfit, 4));
}

#[tokio::test]
async fn a_chat_runs_its_tools_before_it_asks_for_a_type() {
    let (local, session) = local().await;
    let stock = Tool::with_schema(
        "stock",
        "Returns the stock.",
        json!({"type": "object"}),
        async |_: Value| "2 saws",
    );
    let mut chat = model(&session, MODEL).chat().tools([stock]);
    local.queue_reply(LocalReply::tool_use("stock", json!({})));
    local.queue_reply(LocalReply::text("Two saws for Ada."));
    local.queue_reply(LocalReply::text(order().to_string()));
    let reply = chat.ask_as::<Order>("Order all the saws for Ada.").await.unwrap();
    assert_eq!(reply.items[0].count, 2);
    let result = &bodies(&local)[1]["messages"][2]["content"][0]["toolResult"]["content"][0];
    assert_eq!(*result, json!({"text": "2 saws"}));
    assert_eq!((operations(&local).len(), chat.history().len()), (3, 6));
}
