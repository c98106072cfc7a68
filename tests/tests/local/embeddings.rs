//! `embed`: vectors of many texts, in order, in batches, and with one error.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bedrock_orm::models::providers::*;
use bedrock_orm::prelude::*;
use bedrock_orm_local::{Conversation, Embedding, Fault, LocalBedrock, RecordedRequest, Replier, Reply};
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::{local, model, session};
use serde_json::{Value, json};
use tokio::sync::Barrier;

const TITAN: &str = "amazon.titan-embed-text-v2:0";
const COHERE: &str = "cohere.embed-v4:0";

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("text number {number}")).collect()
}

fn bodies(local: &LocalBedrock) -> Vec<Value> {
    local.requests().iter().map(RecordedRequest::json).collect()
}

#[tokio::test]
async fn texts_are_embedded_in_order_and_in_the_batches_of_the_model() {
    let (local, session) = local().await;
    let texts = texts(200);
    let settings = CohereEmbedding::documents().output_dimension(256);
    let all = model(&session, COHERE).embed(&settings, &texts).await.unwrap();
    let mut sizes: Vec<_> =
        bodies(&local).iter().map(|body| body["texts"].as_array().unwrap().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [8, 96, 96]);
    assert!(
        bodies(&local)
            .iter()
            .all(|body| body["input_type"] == "search_document" && body["output_dimension"] == 256)
    );
    assert_eq!(all.vectors.len(), 200);
    assert!(all.input_tokens.unwrap() >= 200);
    for index in [0, 95, 96, 199] {
        let one = model(&session, COHERE).embed(&settings, [texts[index].as_str()]).await.unwrap();
        assert_eq!(one.vectors[0].float.len(), 256);
        assert_eq!(one.vectors[0], all.vectors[index], "text {index}");
    }
}

#[tokio::test]
async fn a_model_of_one_text_gets_a_request_for_each() {
    for (id, expected) in [(TITAN, "inputText"), ("amazon.titan-embed-image-v1", "inputText")] {
        let (local, session) = local().await;
        let embeddings = match id {
            TITAN => model(&session, id).embed(&TitanEmbedding::default().dimensions(256), texts(5)).await,
            _ => model(&session, id).embed(&TitanMultimodalEmbedding::default(), texts(5)).await,
        };
        assert_eq!(embeddings.unwrap().vectors.len(), 5);
        let mut sent: Vec<_> = bodies(&local).iter().map(|body| body[expected].clone()).collect();
        sent.sort_by_key(Value::to_string);
        assert_eq!(json!(sent), json!(texts(5)));
    }
    let (local, session) = local().await;
    let settings = NovaEmbedding::new(NovaEmbeddingPurpose::GenericIndex).dimensions(384);
    let embeddings =
        model(&session, "amazon.nova-2-multimodal-embeddings-v1:0").embed(&settings, texts(2)).await.unwrap();
    assert_eq!(embeddings.vectors[1].float.len(), 384);
    let mut sent = bodies(&local);
    sent.sort_by_key(Value::to_string);
    assert_eq!(
        sent[0],
        json!({"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": {
            "embeddingPurpose": "GENERIC_INDEX",
            "embeddingDimension": 384,
            "text": {"truncationMode": "NONE", "value": "text number 0"},
        }})
    );
}

#[tokio::test]
async fn other_forms_of_vectors_are_returned_if_they_are_asked_for() {
    let (_local, session) = local().await;
    let settings =
        CohereEmbedding::queries().output_dimension(256).embedding_types(["int8", "binary", "ubinary"]);
    let embeddings = model(&session, COHERE).embed(&settings, ["one", "two"]).await.unwrap();
    for vector in &embeddings.vectors {
        assert_eq!((vector.float.len(), vector.int8.len(), vector.uint8.len()), (0, 256, 0));
        assert_eq!((vector.binary.len(), vector.ubinary.len()), (32, 32));
        let signed: Vec<_> = vector.ubinary.iter().map(|byte| (i16::from(*byte) - 128) as i8).collect();
        assert_eq!(vector.binary, signed);
    }
    let settings = TitanEmbedding::default().dimensions(256).embedding_types(["float", "binary"]);
    let embeddings = model(&session, TITAN).embed(&settings, ["one"]).await.unwrap();
    let vector = &embeddings.vectors[0];
    assert_eq!((vector.float.len(), vector.ubinary.len()), (256, 32));
    let signs = vector.float.chunks(8).map(|eight| {
        eight.iter().enumerate().fold(0_u8, |byte, (nth, number)| byte | u8::from(*number > 0.0) << (7 - nth))
    });
    assert_eq!(vector.ubinary, signs.collect::<Vec<_>>());
}

#[tokio::test]
async fn no_texts_need_no_request_and_an_empty_text_is_named_before_any() {
    let (local, session) = local().await;
    let none: [&str; 0] = [];
    let embeddings = model(&session, TITAN).embed(&TitanEmbedding::default(), none).await.unwrap();
    assert!(embeddings.vectors.is_empty() && embeddings.input_tokens.is_none());
    let error = model(&session, TITAN).embed(&TitanEmbedding::default(), ["one", ""]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("text 1 of 2 is empty"), "{error}");
    let error =
        model(&session, TITAN).embed(&TitanEmbedding::default(), ["one"]).concurrency(0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(local.requests().len(), 0);
}

#[tokio::test]
async fn an_error_says_which_texts_its_request_had() {
    let (local, session) = local().await;
    let mut texts = texts(4);
    texts[2] = "word ".repeat(10_001);
    let error = model(&session, TITAN).embed(&TitanEmbedding::default(), &texts).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert!(error.hint().unwrap().contains("the request had text 2 of 4"), "{error}");
    assert!(!format!("{error:#?}").contains("word word"), "{error:#?}");
    local.clear_requests();

    let settings = CohereEmbedding::documents();
    local.fault(Fault::error("ModelErrorException").after(1).times(1)).unwrap();
    let error = model(&session, COHERE).embed(&settings, self::texts(200)).concurrency(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModelError);
    assert!(error.hint().unwrap().contains("the request had the texts from 96 to 191 of 200"), "{error}");
    assert_eq!(local.requests().len(), 2, "no further request is sent");
}

#[tokio::test]
async fn fewer_vectors_than_texts_are_an_error() {
    let server = FakeServer::start([FakeResponse::json(&json!({"embeddings": [[1.0, 2.0]]}))]).await;
    let model = model(&session(server.url()).await, COHERE);
    let error = model.embed(&CohereEmbedding::documents(), ["one", "two"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(error.message().contains("1 vectors were returned for 2 texts"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn throttled_requests_are_sent_again() {
    let throttled = FakeResponse::error(429, "ThrottlingException", "Too many requests");
    let vector = |number: i32| FakeResponse::json(&json!({"embedding": [number], "inputTextTokenCount": 1}));
    let server = FakeServer::start([vector(1), throttled.clone(), throttled, vector(2)]).await;
    let model = model(&session(server.url()).await, TITAN);
    let embeddings = model.embed(&TitanEmbedding::default(), ["one", "two"]).concurrency(1).await.unwrap();
    let floats: Vec<_> = embeddings.vectors.iter().map(|vector| vector.float.clone()).collect();
    assert_eq!(floats, [[1.0], [2.0]]);
    assert_eq!(embeddings.input_tokens, Some(2));
    assert_eq!(server.requests().len(), 4);
}

/// The runtime's time stands still and jumps to the next timer.
#[tokio::test(start_paused = true)]
async fn a_request_has_the_time_limit_of_the_call_or_else_of_the_session() {
    const MINUTE: Duration = Duration::from_secs(60);
    // The system accepts the connections, and nobody reads from them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let session = Session::builder().local(&url).operation_timeout(7 * MINUTE).build().await.unwrap();
    let call = || model(&session, TITAN).embed(&TitanEmbedding::default(), ["one"]);
    for (call, limit) in [
        (call(), Some(7 * MINUTE)),
        (call().operation_timeout(2 * MINUTE), Some(2 * MINUTE)),
        (call().operation_timeout(9 * MINUTE), Some(9 * MINUTE)),
        (call().operation_timeout(None), None),
    ] {
        let started = tokio::time::Instant::now();
        let waited = tokio::time::timeout(60 * MINUTE, call.into_future()).await;
        let (elapsed, error) = (started.elapsed(), waited.map(Result::unwrap_err).ok());
        assert_eq!(error.as_ref().map(Error::kind), limit.map(|_| ErrorKind::Timeout), "{limit:?}");
        let limit = limit.unwrap_or(60 * MINUTE);
        assert!((limit..limit + Duration::from_secs(1)).contains(&elapsed), "{elapsed:?}, not {limit:?}");
    }
}

/// Holds each request until there are as many as `together`, and counts the most at once.
struct Together {
    together: Barrier,
    at_once: AtomicUsize,
    most: Arc<AtomicUsize>,
}

#[bedrock_orm_local::async_trait]
impl Replier for Together {
    async fn reply(&self, _conversation: &Conversation) -> Reply {
        Reply::default()
    }

    async fn embed(&self, _embedding: &Embedding) -> Reply {
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(at_once, Ordering::SeqCst);
        self.together.wait().await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        Reply::default()
    }
}

#[tokio::test]
async fn requests_are_concurrent_and_bounded() {
    let most = Arc::new(AtomicUsize::new(0));
    let replier =
        Together { together: Barrier::new(3), at_once: AtomicUsize::new(0), most: Arc::clone(&most) };
    let local = LocalBedrock::builder().replier(replier).start().await.unwrap();
    let model = model(&session(local.url()).await, TITAN);
    let embeddings = model.embed(&TitanEmbedding::default(), texts(12)).concurrency(3).await.unwrap();
    assert_eq!(embeddings.vectors.len(), 12);
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_conversation_manager_embeds_with_a_model_id() {
    let (local, session) = local().await;
    let manager = ConversationManager::new(&session);
    let embeddings = manager.embed(TITAN, &TitanEmbedding::default(), ["one"]).await.unwrap();
    assert_eq!(embeddings.vectors[0].float.len(), 1024);
    assert_eq!(bodies(&local), [json!({"inputText": "one"})]);
}
