//! A whole life of every noun, one noun a file: what is sent, and what comes of it.

pub mod account;
pub mod advanced_prompt_optimization_job;
pub mod automated_reasoning_policy;
pub mod custom_model;
pub mod custom_model_deployment;
pub mod enforced_guardrail_configuration;
pub mod evaluation_job;
pub mod foundation_model;
pub mod guardrail;
pub mod imported_model;
pub mod inference_profile;
pub mod marketplace_model_endpoint;
pub mod model_copy_job;
pub mod model_customization_job;
pub mod model_invocation_job;
pub mod prompt_router;
pub mod provisioned_model_throughput;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Mutex;
use std::time::Duration;

use bedrock_orm::prelude::*;
use bedrock_orm::resources::{Get, Keyed, Progress, Tagged};
use bedrock_orm_local::LocalBedrock;
use bedrock_orm_tests::support;
use bedrock_orm_tests::support::description::input_of;
use serde_json::{Value, json};

pub const ROLE: &str = "arn:aws:iam::123456789012:role/bedrock";
pub const FOLDER: &str = "s3://some-bucket/some/folder/";
pub const NOVA: &str = "amazon.nova-lite-v1:0";
pub const NOVA_ARN: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";

/// How long whatever takes its time is under way, by the server's clock. No test waits for it: they put the clock on.
pub const JOB: Duration = Duration::from_secs(3600);
/// The pause between two polls, by everybody's clock.
pub const POLL: Duration = Duration::from_millis(1);

/// A time before everything, and one after.
pub const LONG_AGO: &str = "2001-02-03T04:05:06Z";
pub const FAR_AHEAD: &str = "2091-02-03T04:05:06Z";

/// A local Bedrock for lives to be lived on.
pub struct Stage {
    pub local: LocalBedrock,
    pub session: Session,
    seen: Mutex<BTreeSet<String>>,
}

impl Stage {
    pub async fn new() -> Self {
        let local = LocalBedrock::builder().job_duration(JOB).start().await.unwrap();
        let session = support::session(local.url()).await;
        Self { local, session, seen: Mutex::default() }
    }

    /// What was sent since the last time, as the description reads it.
    pub fn take(&self) -> Vec<(String, Value)> {
        let requests = self.local.requests();
        self.local.clear_requests();
        let read = |request| (support::operation_of(request), input_of(request));
        let taken: Vec<_> = requests.iter().map(read).collect();
        let succeeded = requests.iter().filter(|request| request.status < 300).map(support::operation_of);
        self.seen.lock().unwrap().extend(succeeded);
        taken
    }

    /// These requests were sent since the last time, with these inputs, and no others.
    #[track_caller]
    pub fn sent<const COUNT: usize>(&self, expected: [(&str, Value); COUNT]) {
        assert_eq!(self.take(), expected.map(|(operation, input)| (operation.to_owned(), input)));
    }

    /// The operations that have been asked for and were answered well.
    pub fn seen(&self) -> BTreeSet<String> {
        self.take();
        self.seen.lock().unwrap().clone()
    }

    /// Lets the server's clock run until whatever was under way is done.
    pub fn later(&self) {
        self.local.advance(JOB * 2);
    }

    /// A custom model, ready to be used, for other nouns' lives.
    pub async fn custom_model(&self, name: &str) -> Bound<CustomModel> {
        let created = custom_model::create(&self.session, name).await;
        self.later();
        let model = created.full().await.unwrap();
        assert!(model.is_ready());
        self.take();
        model
    }
}

/// What is not there is an error to `get`, and none to `get_opt`.
#[track_caller]
pub async fn is_missing<M: Get + Debug>(stage: &Stage, key: impl Into<M::Key>) {
    let (objects, key) = (M::objects().using(&stage.session), key.into());
    let error = objects.get(key.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist, "{error}");
    assert!(error.operation().unwrap().starts_with("Get"), "{error}");
    assert!(objects.get_opt(key).await.unwrap().is_none());
    assert_eq!(stage.take().len(), 2);
}

/// Polls a thing while the clock runs, and gives the states that it goes through: so many steps that each take the same
/// time, then what else there is to see.
pub async fn states<M: Keyed<Noun: Progress> + Debug>(stage: &Stage, thing: &Bound<M>, steps: u32) -> Vec<String> {
    let mut changes = thing.wait().interval(POLL).backoff(1.0).watch();
    let mut states = Vec::new();
    while let Some(change) = changes.next().await {
        states.push(match change {
            Ok(there) => there.status_text().to_owned(),
            Err(error) => format!("{:?}", error.kind()),
        });
        stage.local.advance(JOB / steps);
    }
    let polls = stage.take();
    let operation = polls[0].0.clone();
    assert!(operation.starts_with("Get") && polls.iter().all(|poll| poll.0 == operation), "{polls:?}");
    states
}

/// Waits for a thing while the clock runs.
pub async fn ready<M: Keyed<Noun: Progress>>(stage: &Stage, thing: &Bound<M>) -> Bound<M::Noun> {
    let wait = async { thing.wait().interval(POLL).deadline(Duration::from_secs(60)).await };
    let (there, ()) = tokio::join!(wait, async { stage.later() });
    let there = there.unwrap();
    assert!(there.is_ready());
    stage.take();
    there
}

/// Waits in vain: the error has AWS's reasons.
pub async fn fails<M: Keyed<Noun: Progress>>(stage: &Stage, thing: &Bound<M>) -> Error {
    let wait = async { thing.wait().interval(POLL).deadline(Duration::from_secs(60)).await };
    let (there, ()) = tokio::join!(wait, async { stage.later() });
    let error = there.err().expect("it fails");
    assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
    assert!(!error.is_retryable(), "{error}");
    let there = thing.full().await.unwrap();
    assert!(there.is_failed() && !there.is_ready());
    assert!(error.message().contains(there.status_text()), "{error}");
    for reason in there.reasons() {
        assert!(error.message().contains(&reason), "{error}");
    }
    stage.take();
    error
}

/// A thing has these tags, gets others and loses them, by its ARN.
pub async fn tags<M: Tagged>(stage: &Stage, thing: &Bound<M>, tags: &[(&str, &str)]) {
    let arn = thing.arn();
    let as_tags = |tags: &[(&str, &str)]| tags.iter().map(|tag| Tag::from(*tag)).collect::<Vec<_>>();
    assert_eq!(thing.tags().await.unwrap(), as_tags(tags));
    thing.tag([("stage", "test"), ("owner", "tests")]).await.unwrap();
    thing.tag([("owner", "nobody")]).await.unwrap();
    thing.untag(["stage"]).await.unwrap();
    let mut expected = as_tags(tags);
    expected.push(("owner", "nobody").into());
    let mut found = thing.tags().await.unwrap();
    for tags in [&mut expected, &mut found] {
        tags.sort_by(|one, other| one.key.cmp(&other.key));
    }
    assert_eq!(found, expected);
    let (list, owner) = (json!({"resourceARN": arn}), json!({"key": "owner", "value": "nobody"}));
    stage.sent([
        ("ListTagsForResource", list.clone()),
        ("TagResource", json!({"resourceARN": arn, "tags": [
            {"key": "stage", "value": "test"}, {"key": "owner", "value": "tests"},
        ]})),
        ("TagResource", json!({"resourceARN": arn, "tags": [owner]})),
        ("UntagResource", json!({"resourceARN": arn, "tagKeys": ["stage"]})),
        ("ListTagsForResource", list),
    ]);
}

/// The time of a constant above.
pub fn time(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}
