//! The cost of a queryset compared with handwritten code, for `cargo xtask bench`.
//!
//! `query orm <rows>` filters and orders `rows` rows in memory with a queryset, and `query hand <rows>` with a closure.
//! Each runs in its own process, so that the state of the heap is the same. Both print the best time of several runs in
//! nanoseconds, and the result. `query stream <rows>` streams `rows` rows from a local Bedrock in another process, and
//! prints by how many KiB its memory has grown. (`query serve <rows>` is the other process.)

#![allow(clippy::unwrap_used, clippy::panic)] // an internal program

mod support;

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::hint::black_box;
use std::time::Instant;
use std::vec;

use bedrock_orm::Objects;
use bedrock_orm::lookups::{NamedField, Text};
use bedrock_orm::lookups::{Single, TextLookups};
use bedrock_orm::models::Field;
use bedrock_orm::prelude::{AsyncInvoke, Session};
use bedrock_orm::resources::{List, PageRequest, Parameter, Row};
use bedrock_orm::{Bound, Page, Resource, Result};
use bedrock_orm_local::LocalBedrock;
use futures_util::future::BoxFuture;
use serde_json::json;
use support::{ServerProcess, arguments, size};

const PAGE: usize = 1000;
const ROUNDS: usize = 9;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = arguments();
    let [what, rows] = arguments.as_slice() else { panic!("query <orm|hand|stream|serve> <rows>") };
    let rows: usize = rows.parse().unwrap();
    match what.as_str() {
        "orm" => filter(rows, true).await,
        "hand" => filter(rows, false).await,
        "stream" => stream(rows).await,
        "serve" => serve(rows).await,
        _ => panic!("no such measurement: {what}"),
    }
}

/// A row like those of AWS, with required and optional strings.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    arn: String,
    name: String,
    provider: Option<String>,
    status: String,
}

impl Model {
    const NAME: Field<Self, String> = Field::new("name", |model| Some(&model.name));
    const PROVIDER: Field<Self, String> = Field::new("provider", |model| model.provider.as_ref());

    /// Returns this number of unordered rows.
    fn many(rows: usize) -> Vec<Self> {
        let mut number: u64 = 1;
        let one = |_| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let providers = ["Amazon", "Anthropic", "Meta", "Mistral AI"];
            Self {
                arn: format!("arn:aws:bedrock:us-east-1::foundation-model/{:016x}", number >> 8),
                name: format!("model {:08}", number >> 40),
                provider: providers.get((number >> 33) as usize % 5).map(|&provider| provider.to_owned()),
                status: "ACTIVE".to_owned(),
            }
        };
        (0..rows).map(one).collect()
    }
}

thread_local! {
    /// The rows of the next list.
    static LISTED: RefCell<vec::IntoIter<Model>> = RefCell::new(Vec::new().into_iter());
}

impl Resource for Model {
    const KIND: &'static str = "Model";
}

impl Objects for Model {}

impl List for Model {
    type Row = Self;
}

impl Row for Model {
    type Parameters = ();

    const OPERATION: &'static str = "ListModels";
    const LARGEST_PAGE: Option<i32> = Some(1000);
    const FIELDS: &'static [&'static dyn NamedField<Self>] = &[&Text(Self::NAME), &Text(Self::PROVIDER)];
    const PARAMETERS: &'static [Parameter<()>] = &[];

    fn identity(&self) -> String {
        self.arn.clone()
    }

    fn page<'a>(
        session: &'a Session,
        (): &'a (),
        page: PageRequest,
    ) -> BoxFuture<'a, Result<Page<Bound<Self>>>> {
        Box::pin(async move { Ok(page_after(page.token, |row| Bound::new(row, session.clone()))) })
    }
}

/// Returns the next page. The token is the number of the page.
fn page_after<T>(token: Option<String>, convert: impl FnMut(Model) -> T) -> Page<T> {
    let number: usize = token.map_or(0, |token| token.parse().unwrap());
    LISTED.with_borrow_mut(|listed| {
        let items = listed.by_ref().take(PAGE).map(convert).collect();
        Page::new(items, (listed.len() > 0).then(|| (number + 1).to_string()))
    })
}

async fn filter(rows: usize, with_orm: bool) {
    let session = Session::local("http://127.0.0.1:9").unwrap();
    let models = Model::many(rows);
    let (mut best, mut found) = (u128::MAX, Vec::new());
    for _ in 0..ROUNDS {
        // Like the rows of a deserialised page, each row has its own allocations.
        LISTED.set(models.clone().into_iter());
        let start = Instant::now();
        let names = if with_orm { by_queryset(&session).await } else { by_hand() };
        best = best.min(start.elapsed().as_nanos());
        found = names;
    }
    let mut checksum = DefaultHasher::new();
    found.hash(&mut checksum);
    println!("{best} {} {:x}", found.len(), checksum.finish());
}

async fn by_queryset(session: &Session) -> Vec<String> {
    let found = Model::objects()
        .using(session)
        .filter(Model::PROVIDER.eq("Anthropic") & Model::NAME.contains("7"))
        .order_by(Model::NAME.asc())
        .await
        .unwrap();
    found.iter().map(|row| row.name.clone()).collect()
}

/// The same query without a queryset: fetches page by page, filters each page, then sorts the rows.
fn by_hand() -> Vec<String> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let page = page_after(token, |row| row);
        let matches = |row: &Model| row.provider.as_deref() == Some("Anthropic") && row.name.contains("7");
        found.extend(page.items.into_iter().filter(matches));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found.iter().map(|row| row.name.clone()).collect()
}

async fn stream(rows: usize) {
    let server = ServerProcess::start(&rows.to_string());
    let session = Session::local(&server.url).unwrap();
    let before = size("VmRSS");
    let (mut most, mut seen) = (before, 0);
    let mut stream = AsyncInvoke::objects().using(&session).list().page_size(1000).stream();
    while let Some(row) = stream.next().await {
        black_box(row.unwrap());
        seen += 1;
        if seen % 100 == 0 {
            most = most.max(size("VmRSS"));
        }
    }
    assert_eq!(seen, rows);
    println!("{}", most - before);
    server.stop();
}

async fn serve(rows: usize) {
    let local = LocalBedrock::start().await.unwrap();
    let row = |number| {
        json!({
            "invocationArn": format!("arn:aws:bedrock:us-east-1:123456789012:async-invoke/{number:012}"),
            "modelArn": "arn:aws:bedrock:us-east-1::foundation-model/luma.ray-v2:0",
            "status": "Completed",
            "submitTime": "2026-01-01T00:00:00Z",
            "endTime": "2026-01-01T00:05:00Z",
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://some-bucket/some/folder"}},
        })
    };
    local.seed("ListAsyncInvokes", (0..rows).map(row)).unwrap();
    support::serve(local).await;
}
