//! Long lists: the number of requests of each query, and the effect of empty pages.

use bedrock_orm::QuerySet;
use bedrock_orm::models::ImportedModelSummary;
use bedrock_orm::prelude::*;
use bedrock_orm_local::{Fault, LocalBedrock};
use bedrock_orm_tests::support::session;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

const PAGES: usize = 100;
const PAGE: usize = 10;

/// A list of 100 pages, optionally with an empty page before each.
async fn models(empty_pages: bool) -> (LocalBedrock, QuerySet<ImportedModelSummary>) {
    let local = LocalBedrock::builder().page_size(PAGE).empty_pages(empty_pages).start().await.unwrap();
    local.seed("ListImportedModels", (100_000..100_000 + PAGES * PAGE).map(row)).unwrap();
    let session = session(local.url()).await;
    (local, ImportedModel::objects().using(&session).list())
}

/// A row of the list.
fn row(number: usize) -> Value {
    json!({
        "modelArn": format!("arn:aws:bedrock:us-east-1:123456789012:imported-model/model0{number}"),
        "modelName": format!("model-{number}"),
        "creationTime": "2026-01-01T00:00:00Z",
    })
}

/// Returns the number of requests since the last call. Each request except the first continues where the previous
/// page ended.
fn requests(local: &LocalBedrock) -> usize {
    let requests = local.requests();
    local.clear_requests();
    for (index, request) in requests.iter().enumerate() {
        assert_eq!(request.operation.as_deref(), Some("ListImportedModels"));
        assert_eq!(request.query.contains("nextToken="), index > 0, "request {index}: {}", request.query);
    }
    requests.len()
}

#[tokio::test]
async fn first_and_exists_send_one_request_for_a_list_of_any_length() {
    let (local, list) = models(false).await;
    let newest = list.first().await.unwrap().unwrap();
    assert_eq!(newest.model_name, "model-100999");
    assert_eq!(requests(&local), 1);
    assert!(list.exists().await.unwrap());
    assert_eq!(requests(&local), 1);
    let oldest = list.clone().sort_order("Ascending").first().await.unwrap().unwrap();
    assert_eq!(oldest.model_name, "model-100000");
    assert_eq!(requests(&local), 1);
}

#[tokio::test]
async fn an_empty_list_sends_one_request() {
    let (local, list) = models(false).await;
    let none = list.name_contains("no-such");
    assert!(none.first().await.unwrap().is_none());
    assert_eq!(requests(&local), 1);
    assert!(!none.exists().await.unwrap());
    assert_eq!(requests(&local), 1);
    assert_eq!(none.count().await.unwrap(), 0);
    assert_eq!(requests(&local), 1);
}

#[tokio::test]
async fn count_and_the_whole_list_send_one_request_per_page() {
    let (local, list) = models(false).await;
    assert_eq!(list.count().await.unwrap(), PAGES * PAGE);
    assert_eq!(requests(&local), PAGES);
    assert_all(&list.await.unwrap());
    assert_eq!(requests(&local), PAGES);
}

/// Asserts that `rows` contains every row once, newest first.
fn assert_all(rows: &[Bound<ImportedModelSummary>]) {
    let expected: Vec<_> =
        (100_000..100_000 + PAGES * PAGE).rev().map(|number| format!("model-{number}")).collect();
    assert_eq!(rows.iter().map(|row| row.model_name.clone()).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn rows_send_one_request_per_page_that_contains_them() {
    let (local, list) = models(false).await;
    let mut rows = list.stream();
    for _ in 0..=2 * PAGE {
        rows.next().await.unwrap().unwrap();
    }
    drop(rows);
    assert_eq!(requests(&local), 3);
    assert_eq!(list.limit(2 * PAGE + 1).await.unwrap().len(), 2 * PAGE + 1);
    assert_eq!(requests(&local), 3);
}

#[tokio::test]
async fn empty_pages_are_skipped() {
    let (local, list) = models(true).await;
    assert_eq!(list.first().await.unwrap().unwrap().model_name, "model-100999");
    assert_eq!(requests(&local), 2, "an empty page, and one with rows");
    assert!(list.exists().await.unwrap());
    assert_eq!(requests(&local), 2);
    assert_eq!(list.count().await.unwrap(), PAGES * PAGE);
    assert_eq!(requests(&local), 2 * PAGES);
    let pages: Vec<_> = list.pages().try_collect().await.unwrap();
    assert_eq!(pages.len(), 2 * PAGES, "pages are AWS's, the empty ones too");
    assert!(pages.chunks(2).all(|pair| pair[0].items.is_empty() && pair[1].items.len() == PAGE));
    requests(&local);
    assert_all(&list.await.unwrap());
    assert_eq!(requests(&local), 2 * PAGES);
}

#[tokio::test]
async fn a_list_of_only_empty_pages_is_read_to_its_end() {
    let (local, list) = models(true).await;
    let none = list.name_contains("no-such");
    assert!(none.first().await.unwrap().is_none());
    assert_eq!(requests(&local), 2);
    assert!(!none.exists().await.unwrap());
    assert_eq!(requests(&local), 2);
}

#[tokio::test]
async fn a_list_of_empty_pages_only_is_an_error() {
    let local = LocalBedrock::builder().page_size(2).start().await.unwrap();
    local.seed("ListImportedModels", (100_000..100_004).map(row)).unwrap();
    let list = ImportedModel::objects().using(&session(local.url()).await).list();
    let endless = local.fault(Fault::empty_page().after(1)).unwrap();
    let mut rows = list.stream();
    let mut seen = 0;
    let error = loop {
        match rows.next().await.unwrap() {
            Ok(_) => seen += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((seen, local.faults()[0].applied), (2, 1_000));
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::InvalidResponse, Some("ListImportedModels")),
        "{error}"
    );
    assert!(error.message().contains("1000 empty pages in a row"), "{error}");
    assert!(rows.next().await.is_none());
    local.remove_fault(endless);

    local.fault(Fault::empty_page().after(1).times(999)).unwrap();
    assert_eq!(list.count().await.unwrap(), 4);
}
