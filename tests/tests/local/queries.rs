//! The requests of queries, and when they are sent.

use bedrock_orm::models::{InferenceType, ModelCustomization, ModelModality};
use bedrock_orm::prelude::*;
use bedrock_orm_local::LocalBedrock;
use bedrock_orm_tests::behaviours::guardrails::guardrail_request;
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::{MODEL, VIDEO_MODEL, local, model, only_request, operations, session};
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

#[tokio::test]
async fn nothing_is_sent_until_a_query_is_awaited() {
    let (local, session) = local().await;
    let models = FoundationModel::objects().using(&session);
    let list = models.list().by_provider("Amazon").limit(3);
    let copy = list.clone();
    drop(models.get(MODEL));
    drop(models.get_opt(MODEL));
    drop(list.pages());
    drop(list.stream());
    drop(list.first());
    drop(list.count());
    drop(Guardrail::objects().using(&session).create(guardrail_request()));
    drop(Guardrail::objects().using(&session).delete("gr-1"));
    let bound = model(&session, MODEL);
    drop(bound.converse("Hello").system("Be brief."));
    drop(bound.converse_stream("Hello"));
    drop(bound.count_tokens("Hello"));
    drop(bound.invoke_model("{}"));
    drop(bound.list_async_invokes());
    drop(bound.list_async_invokes().stream());
    drop(list);
    assert_eq!(local.requests(), []);
    copy.await.unwrap();
    assert_eq!(operations(&local), ["ListFoundationModels"]);
}

#[tokio::test]
async fn get_is_one_request_with_the_id_in_its_path() {
    let (local, session) = local().await;
    FoundationModel::objects().using(&session).get(MODEL).await.unwrap();
    let request = only_request(&local);
    assert_eq!(request.method, "GET");
    assert_eq!(request.path.replace("%3A", ":"), format!("/foundation-models/{MODEL}"));
    assert!(request.header("authorization").is_some());
}

#[tokio::test]
async fn availability_is_one_request_with_the_id_in_its_path() {
    let (local, session) = local().await;
    FoundationModel::objects().using(&session).availability(MODEL).await.unwrap();
    let request = only_request(&local);
    assert_eq!(request.method, "GET");
    assert_eq!(request.path.replace("%3A", ":"), format!("/foundation-model-availability/{MODEL}"));
}

#[tokio::test]
async fn filters_are_sent_as_query_parameters() {
    let (local, session) = local().await;
    let list = FoundationModel::objects()
        .using(&session)
        .list()
        .by_provider("Amazon")
        .by_customization_type(ModelCustomization::FineTuning)
        .by_output_modality(ModelModality::Text)
        .by_inference_type(InferenceType::Provisioned);
    let found = list.await.unwrap();
    let mut query: Vec<_> = only_request(&local).query.split('&').map(str::to_owned).collect();
    query.sort();
    let expected = [
        "byCustomizationType=FINE_TUNING",
        "byInferenceType=PROVISIONED",
        "byOutputModality=TEXT",
        "byProvider=Amazon",
    ];
    assert_eq!(query, expected);
    assert!(found.iter().any(|model| model.model_id == "amazon.nova-lite-v1:0:300k"), "{found:?}");
    assert!(found.iter().all(|model| model.model_id != MODEL), "it cannot be provisioned");
}

#[tokio::test]
async fn an_unknown_enum_value_can_be_used_as_a_filter() {
    let (local, session) = local().await;
    let list = FoundationModel::objects().using(&session).list().by_output_modality("SMELL");
    assert_eq!(list.await.unwrap_err().kind(), ErrorKind::Validation);
    assert_eq!(only_request(&local).query, "byOutputModality=SMELL");
}

/// Creates `count` guardrails on a local Bedrock with two guardrails per page.
async fn with_guardrails(count: usize) -> (LocalBedrock, Session) {
    let local = LocalBedrock::builder().page_size(2).start().await.unwrap();
    let session = session(local.url()).await;
    for _ in 0..count {
        Guardrail::objects().using(&session).create(guardrail_request()).await.unwrap();
    }
    local.clear_requests();
    (local, session)
}

fn queries(local: &LocalBedrock) -> Vec<String> {
    local.requests().into_iter().map(|request| request.query).collect()
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, v)| v)
}

#[tokio::test]
async fn a_list_follows_page_tokens_through_all_pages() {
    let (local, session) = with_guardrails(5).await;
    let rows = Guardrail::objects().using(&session).list().await.unwrap();
    let mut ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 5);
    let queries = queries(&local);
    assert_eq!(queries.len(), 3);
    assert_eq!(queries[0], "");
    let tokens: Vec<_> = queries.iter().map(|query| parameter(query, "nextToken")).collect();
    assert!(tokens[0].is_none() && tokens[1].is_some() && tokens[2].is_some());
    assert_ne!(tokens[1], tokens[2]);
}

#[tokio::test]
async fn a_page_is_requested_when_the_previous_page_is_consumed() {
    let (local, session) = with_guardrails(5).await;
    let mut rows = Guardrail::objects().using(&session).list().stream();
    for (row, requests) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)] {
        rows.next().await.unwrap().unwrap();
        assert_eq!(local.requests().len(), requests, "at row {row}");
    }
    assert!(rows.next().await.is_none());
    assert!(rows.next().await.is_none());
    assert_eq!(local.requests().len(), 3);
}

#[tokio::test]
async fn pages_are_those_of_aws_and_can_be_resumed_at_a_token() {
    let (local, session) = with_guardrails(5).await;
    let list = Guardrail::objects().using(&session).list();
    let pages: Vec<_> = list.pages().try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.items.len()).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(pages[2].next_token, None);
    let token = pages[0].next_token.clone().unwrap();
    local.clear_requests();
    let rest = list.starting_token(&token).await.unwrap();
    assert_eq!(rest[..2], pages[1].items);
    assert_eq!(rest[2..], pages[2].items);
    assert_eq!(local.requests().len(), 2);
    assert!(parameter(&queries(&local)[0], "nextToken").is_some());
}

#[tokio::test]
async fn first_and_exists_request_one_row() {
    let (local, session) = with_guardrails(3).await;
    let list = Guardrail::objects().using(&session).list();
    assert!(list.first().await.unwrap().is_some());
    assert!(list.exists().await.unwrap());
    assert_eq!(queries(&local), ["maxResults=1", "maxResults=1"]);
}

#[tokio::test]
async fn a_limit_requests_no_more_rows_than_needed() {
    let (local, session) = with_guardrails(5).await;
    let list = Guardrail::objects().using(&session).list();
    assert_eq!(list.clone().limit(3).await.unwrap().len(), 3);
    let sizes: Vec<_> =
        queries(&local).iter().map(|query| parameter(query, "maxResults").unwrap().to_owned()).collect();
    assert_eq!(sizes, ["3", "1"], "the first page has two rows");

    local.clear_requests();
    assert_eq!(list.clone().limit(2).await.unwrap().len(), 2);
    assert_eq!(local.requests().len(), 1, "no page is requested after the limit is reached");
    local.clear_requests();
    assert_eq!(list.limit(0).await.unwrap(), []);
    assert_eq!(local.requests(), []);
}

#[tokio::test]
async fn count_fetches_every_page() {
    let (local, session) = with_guardrails(5).await;
    assert_eq!(Guardrail::objects().using(&session).list().count().await.unwrap(), 5);
    assert_eq!(local.requests().len(), 3);
}

#[tokio::test]
async fn the_page_size_is_sent_and_kept_within_the_limits_of_aws() {
    let (local, session) = with_guardrails(1).await;
    let list = Guardrail::objects().using(&session).list();
    for (page_size, sent) in [(7, "7"), (1, "1"), (u16::MAX, "1000")] {
        local.clear_requests();
        list.clone().page_size(page_size).await.unwrap();
        assert_eq!(parameter(&queries(&local)[0], "maxResults"), Some(sent));
    }
    local.clear_requests();
    let error = list.clone().page_size(0).await.unwrap_err();
    assert!(error.message().contains("page_size is 0"), "{error}");
    assert_eq!(operations(&local), [""; 0]);
    list.page_size(7).limit(4).await.unwrap();
    assert_eq!(parameter(&queries(&local)[0], "maxResults"), Some("4"));
}

/// A page of guardrails in AWS's form.
fn page(ids: &[&str], next_token: &Value) -> FakeResponse {
    let row = |id: &&str| {
        json!({
            "id": id, "arn": format!("arn:aws:bedrock:us-east-1:123456789012:guardrail/{id}"), "status": "READY",
            "name": id, "version": "DRAFT", "createdAt": "2025-01-01T00:00:00Z", "updatedAt": "2025-01-01T00:00:00Z",
        })
    };
    let rows: Vec<_> = ids.iter().map(row).collect();
    FakeResponse::json(&json!({ "guardrails": rows, "nextToken": next_token }))
}

#[tokio::test]
async fn an_empty_page_with_a_token_does_not_end_the_list() {
    let pages = [page(&[], &json!("one")), page(&[], &json!("two")), page(&["a"], &Value::Null)];
    let server = FakeServer::start(pages.clone()).await;
    let list = Guardrail::objects().using(&session(server.url()).await).list();
    assert_eq!(list.await.unwrap()[0].id, "a");
    assert_eq!(server.requests().len(), 3);

    let server = FakeServer::start(pages).await;
    let list = Guardrail::objects().using(&session(server.url()).await).list();
    assert_eq!(list.first().await.unwrap().unwrap().id, "a");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn an_empty_page_token_ends_the_list() {
    let server = FakeServer::start([page(&["a"], &json!(""))]).await;
    let list = Guardrail::objects().using(&session(server.url()).await).list();
    assert_eq!(list.await.unwrap().len(), 1);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_repeated_page_token_is_an_error() {
    let server = FakeServer::start([
        page(&["a"], &json!("one")),
        page(&["b"], &json!("two")),
        page(&["c"], &json!("one")),
    ])
    .await;
    let mut rows = Guardrail::objects().using(&session(server.url()).await).list().stream();
    assert_eq!(rows.next().await.unwrap().unwrap().id, "a");
    assert_eq!(rows.next().await.unwrap().unwrap().id, "b");
    assert_eq!(rows.next().await.unwrap().unwrap().id, "c", "the page with the token is valid");
    let error = rows.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    assert!(error.to_string().contains("token"), "{error}");
    assert!(rows.next().await.is_none(), "nothing follows an error");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_failing_page_ends_the_rows_with_its_error() {
    let throttled = FakeResponse::error(429, "ThrottlingException", "Rate exceeded");
    let server = FakeServer::start([page(&["a"], &json!("one")), throttled]).await;
    let list = Guardrail::objects().using(&session(server.url()).await).list();
    let mut rows = list.stream();
    rows.next().await.unwrap().unwrap();
    let error = rows.next().await.unwrap().unwrap_err();
    assert!(error.is_throttled() && error.is_retryable(), "{error}");
    assert_eq!(error.operation(), Some("ListGuardrails"));
    assert!(rows.next().await.is_none());
}

#[tokio::test]
async fn a_response_without_a_model_is_an_error() {
    let server = FakeServer::start([FakeResponse::json(&json!({}))]).await;
    let models = FoundationModel::objects().using(&session(server.url()).await);
    // The description does not require `modelDetails`. Without it, there is no model.
    assert_eq!(models.get(MODEL).await.unwrap_err().kind(), ErrorKind::DoesNotExist);
}

#[tokio::test]
async fn responses_with_nulls_and_unknown_values_are_parsed() {
    let row = json!({
        "modelArn": "arn:aws:bedrock:us-east-1::foundation-model/a.b", "modelId": "a.b", "modelName": null,
        "outputModalities": ["SMELL", "TEXT"], "inferenceTypesSupported": ["INFERENCE_PROFILE"],
        "modelLifecycle": {"status": "RESTING"}, "somethingNew": {"deep": [1]},
    });
    let server = FakeServer::start([FakeResponse::json(&json!({ "modelSummaries": [row] }))]).await;
    let models = FoundationModel::objects().using(&session(server.url()).await).list().await.unwrap();
    assert_eq!(models[0].model_name, None);
    assert_eq!(
        serde_json::to_value(&*models[0]).unwrap(),
        json!({
            "modelArn": "arn:aws:bedrock:us-east-1::foundation-model/a.b", "modelId": "a.b",
            "outputModalities": ["SMELL", "TEXT"], "inferenceTypesSupported": ["INFERENCE_PROFILE"],
            "modelLifecycle": {"status": "RESTING"},
        })
    );
}

#[tokio::test]
async fn bound_models_compare_and_deref_like_their_models() {
    let (one, first) = local().await;
    let (_other, second) = local().await;
    let here = FoundationModel::objects().using(&first).get(VIDEO_MODEL).await.unwrap();
    let there = FoundationModel::objects().using(&second).get(VIDEO_MODEL).await.unwrap();
    assert_eq!(here, there, "models from different sessions are equal");
    assert_ne!(here, FoundationModel::objects().using(&first).get(MODEL).await.unwrap());
    let plain: FoundationModel = here.clone().into_inner();
    assert_eq!(plain, *here);

    // A deserialised model can be bound to a session with `using`.
    let stored = serde_json::to_string(&*here).unwrap();
    let bound = serde_json::from_str::<FoundationModel>(&stored).unwrap().using(&first);
    assert_eq!(bound, here);
    one.clear_requests();
    assert_eq!(bound.refresh().await.unwrap(), here);
    assert_eq!(operations(&one), ["GetFoundationModel"]);
}

#[tokio::test]
async fn an_unknown_value_in_a_string_lookup_is_an_error_unless_aws_sends_it() {
    let (local, session) = local().await;
    let models = FoundationModel::objects().using(&session);
    for (lookup, message) in [
        ("outputModalities__has=text", "outputModalities: no value `text`; did you mean `TEXT`?"),
        ("modelLifecycle__status=LEGACI", "did you mean `LEGACY`? known values: ACTIVE, LEGACY"),
        ("providerName == Amazon", "write one `=`"),
    ] {
        let error = models.filter_str(lookup).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(message), "{error}");
    }
    assert_eq!(operations(&local), [""; 0]);

    let amazon = models.filter_str("providerName = Amazon").count().await.unwrap();
    assert!(amazon > 0);
    assert_eq!(amazon, models.filter_str("providerName=Amazon").count().await.unwrap());
    assert!(models.filter_str("outputModalities__has = VIDEO").count().await.is_ok());
    assert!(models.filter_str("inferenceTypesSupported__has=INFERENCE_PROFILE").count().await.is_ok());
    // The field's constant accepts values that this version does not know.
    let unheard = models.filter(FoundationModel::OUTPUT_MODALITIES.has("SMELL"));
    assert_eq!(unheard.explain().warnings.len(), 1);
    assert_eq!(unheard.count().await.unwrap(), 0);
}

#[tokio::test]
async fn extreme_times_in_a_filter_are_not_an_error() {
    use bedrock_orm::jiff::Timestamp;

    let (_local, session) = local().await;
    Guardrail::objects().using(&session).create(guardrail_request()).await.unwrap();
    let jobs = ModelInvocationJob::objects().using(&session);
    let ends = [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX];
    for time in ends {
        for condition in [ModelInvocationJob::SUBMIT_TIME.gt(time), ModelInvocationJob::SUBMIT_TIME.lt(time)]
        {
            jobs.filter(condition).count().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_blank_key_is_an_error_before_anything_is_sent() {
    let (local, session) = local().await;
    for blank in ["", "  ", ".", ".."] {
        let errors = [
            FoundationModel::objects().using(&session).get(blank).await.unwrap_err(),
            FoundationModel::objects().using(&session).get_opt(blank).await.unwrap_err(),
            FoundationModel::objects().using(&session).in_bulk([MODEL, blank]).await.unwrap_err(),
            Guardrail::objects().using(&session).delete(blank).await.unwrap_err(),
            AnyModel::objects().using(&session).get(blank).await.map(drop).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
    }
    assert_eq!(operations(&local), [""; 0]);
    // A key with a slash or a space remains a single path segment.
    let error = FoundationModel::objects().using(&session).get("../guardrails x").await.unwrap_err();
    assert!(error.is_validation() || error.is_does_not_exist(), "{error}");
    assert!(!only_request(&local).path.trim_start_matches("/foundation-models/").contains('/'));
}

#[tokio::test]
async fn rows_serialise_in_the_form_of_aws_and_have_a_status() {
    let (local, session) = local().await;
    Guardrail::objects().using(&session).create(guardrail_request()).await.unwrap();
    let rows = Guardrail::objects().using(&session).list().await.unwrap();
    let sent: Value = serde_json::from_slice(&local.requests().last().unwrap().response.body).unwrap();
    assert_eq!(serde_json::to_value(&rows).unwrap(), sent["guardrails"]);
    let whole = rows[0].full().await.unwrap();
    assert_eq!((rows[0].status_text(), whole.status_text()), (&*rows[0].status.to_string(), "READY"));
}
