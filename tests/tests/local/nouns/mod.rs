//! A whole life of every noun, one noun a file: what is sent, and what comes of it.

#[macro_use]
mod lists;

mod account;
mod advanced_prompt_optimization_job;
mod async_invoke;
mod automated_reasoning_policy;
mod custom_model;
mod custom_model_deployment;
mod enforced_guardrail_configuration;
mod evaluation_job;
mod foundation_model;
mod guardrail;
mod imported_model;
mod inference_profile;
mod marketplace_model_endpoint;
mod model_copy_job;
mod model_customization_job;
mod model_import_job;
mod model_invocation_job;
mod prompt_router;
mod provisioned_model_throughput;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use bedrock_orm::Invokable;
use bedrock_orm::prelude::*;
use bedrock_orm::resources::{Create, Delete, Get, Keyed, Progress, Stop, Tagged};
use bedrock_orm_local::LocalBedrock;
use bedrock_orm_tests::support;
use bedrock_orm_tests::support::description::{input_of, key_input, members_of, operations};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/bedrock";
const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000";
const FOLDER: &str = "s3://some-bucket/some/folder/";
const NOVA: &str = "amazon.nova-lite-v1:0";
const NOVA_ARN: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
/// What nothing here is made of.
const OTHER_ARN: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0";

/// How long whatever takes its time is under way, by the server's clock. No test waits for it: they put the clock on.
const JOB: Duration = Duration::from_secs(3600);
/// The pause between two polls, by everybody's clock.
const POLL: Duration = Duration::from_millis(1);

/// A time before everything, and one after.
const LONG_AGO: &str = "2001-02-03T04:05:06Z";
const FAR_AHEAD: &str = "2091-02-03T04:05:06Z";

/// A local Bedrock for lives to be lived on.
struct Stage {
    local: LocalBedrock,
    session: Session,
    seen: Mutex<BTreeSet<String>>,
}

impl Stage {
    async fn new() -> Self {
        let local = LocalBedrock::builder().job_duration(JOB).start().await.unwrap();
        let session = support::session(local.url()).await;
        Self { local, session, seen: Mutex::default() }
    }

    /// What was sent since the last time, as the description reads it.
    fn take(&self) -> Vec<(String, Value)> {
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
    fn sent<const COUNT: usize>(&self, expected: [(&str, Value); COUNT]) {
        assert_eq!(self.take(), expected.map(|(operation, input)| (operation.to_owned(), input)));
    }

    /// The operations that have been asked for and were answered well.
    fn seen(&self) -> BTreeSet<String> {
        self.take();
        self.seen.lock().unwrap().clone()
    }

    /// Lets the server's clock run until whatever was under way is done.
    fn later(&self) {
        self.local.advance(JOB * 2);
    }

    /// A custom model, ready to be used, for other nouns' lives.
    async fn custom_model(&self, name: &str) -> Bound<CustomModel> {
        let created = custom_model::create(&self.session, name).await;
        self.later();
        let model = created.full().await.unwrap();
        assert!(model.is_ready());
        self.take();
        model
    }
}

/// A request from its JSON, which has every member that AWS describes, but for those of its address.
fn whole<R: DeserializeOwned>(operation: &str, input: &Value) -> R {
    let given: BTreeSet<_> = input.as_object().unwrap().keys().map(String::as_str).collect();
    let taken = &members_of(operation, "") | &members_of(operation, "header");
    assert_eq!(given, taken, "what {operation} takes");
    serde_json::from_value(input.clone()).unwrap()
}

/// Makes one of all that AWS takes, twice with one token: it is one thing.
async fn creates<M>(stage: &Stage, input: Value) -> Bound<M::Created>
where
    M: Create<Request: DeserializeOwned + Clone>,
{
    let operation = format!("Create{}", M::KIND);
    creates_with::<M>(stage, whole(&operation, &input), input).await
}

/// The same of a request that leaves something out.
async fn creates_with<M: Create<Request: Clone>>(
    stage: &Stage,
    request: M::Request,
    input: Value,
) -> Bound<M::Created> {
    let operation = format!("Create{}", M::KIND);
    let objects = M::objects().using(&stage.session);
    let created = objects.create(request.clone()).await.unwrap();
    assert_eq!(objects.create(request).await.unwrap(), created);
    stage.sent([(&operation, input.clone()), (&operation, input)]);
    created
}

/// Gets one in each way that there is: the same each time.
async fn gets<C>(stage: &Stage, created: &Bound<C>) -> Bound<C::Full>
where
    C: Keyed<Full: Get<Key = String> + Keyed<Full = C::Full>>,
{
    let (objects, key) = (C::Full::objects().using(&stage.session), created.key());
    let there = created.full().await.unwrap();
    assert_eq!(objects.get(&key).await.unwrap(), there);
    assert_eq!(objects.get_opt(&key).await.unwrap().unwrap(), there);
    assert_eq!(there.refresh().await.unwrap(), there);
    let operation = format!("Get{}", C::KIND);
    let again = key_input(&operation, &there.key());
    let input = key_input(&operation, &key);
    stage.sent([
        (&operation, input.clone()),
        (&operation, input.clone()),
        (&operation, input),
        (&operation, again),
    ]);
    there
}

/// Stops a job. Its wait is in vain then, and it cannot be stopped again.
async fn stops<M: Keyed<Full: Progress + Stop + Get<Key = String>>>(stage: &Stage, job: &Bound<M>) {
    let (operation, key) = (format!("Stop{}", M::KIND), job.key());
    job.stop().await.unwrap();
    stage.sent([(&operation, key_input(&operation, &key))]);
    assert_eq!(states(stage, job, 1).await, ["Stopping", "Stopped", "Failed"]);
    let error = M::Full::objects().using(&stage.session).stop(&key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    stage.sent([(&operation, key_input(&operation, &key))]);
}

/// Deletes a thing. It is gone then, and cannot be deleted again.
async fn deletes<M: Keyed<Full: Delete + Get<Key = String>>>(stage: &Stage, thing: &Bound<M>) {
    let (operation, key) = (format!("Delete{}", M::KIND), thing.key());
    thing.delete().await.unwrap();
    stage.sent([(&operation, key_input(&operation, &key))]);
    is_missing::<M::Full>(stage, key.as_str()).await;
    let error = M::Full::objects().using(&stage.session).delete(&key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist, "{error}");
    stage.sent([(&operation, key_input(&operation, &key))]);
}

/// Talks to what can be talked to, by word and by stream: it is called by that ID.
async fn talks<M: Invokable>(stage: &Stage, model: &Bound<M>, id: &str) {
    let reply = model.converse("Say hello.").await.unwrap();
    assert_eq!(reply.stop_reason, StopReason::EndTurn);
    let streamed = model.converse_stream("Say hello.").await.unwrap().collect().await.unwrap();
    assert!(!reply.text().is_empty());
    assert_eq!(streamed.text(), reply.text());
    let input = json!({"modelId": id, "messages": [{"role": "user", "content": [{"text": "Say hello."}]}]});
    stage.sent([("Converse", input.clone()), ("ConverseStream", input)]);
}

/// An ARN among those of any kind of model leads to one of this noun.
async fn leads_to<M: Get<Key = String>>(stage: &Stage, arn: &str) {
    let any = AnyModel::objects().using(&stage.session).get(arn).await.unwrap();
    assert!(format!("{:?}", *any).starts_with(&format!("{}({0} {{", M::KIND)), "{any:?}");
    let operation = format!("Get{}", M::KIND);
    stage.sent([(&operation, key_input(&operation, arn))]);
}

/// What is not there is an error to `get`, and none to `get_opt`.
async fn is_missing<M: Get>(stage: &Stage, key: impl Into<M::Key>) {
    let (objects, key) = (M::objects().using(&stage.session), key.into());
    let error = objects.get(key.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist, "{error}");
    assert!(error.operation().unwrap().starts_with("Get"), "{error}");
    assert!(objects.get_opt(key).await.unwrap().is_none());
    assert_eq!(stage.take().len(), 2);
}

/// Polls a thing while the clock runs, and gives the states that it goes through: so many steps that each take the same
/// time, then what else there is to see.
async fn states<M: Keyed<Full: Progress>>(stage: &Stage, thing: &Bound<M>, steps: u32) -> Vec<String> {
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
async fn ready<M: Keyed<Full: Progress>>(stage: &Stage, thing: &Bound<M>) -> Bound<M::Full> {
    let wait = async { thing.wait().interval(POLL).deadline(Duration::from_secs(60)).await };
    let (there, ()) = tokio::join!(wait, async { stage.later() });
    let there = there.unwrap();
    assert!(there.is_ready());
    stage.take();
    there
}

/// Waits in vain: the error has AWS's reasons.
async fn fails<M: Keyed<Full: Progress>>(stage: &Stage, thing: &Bound<M>) -> Error {
    let wait = async { thing.wait().interval(POLL).deadline(Duration::from_secs(60)).await };
    let (there, ()) = tokio::join!(wait, async { stage.later() });
    let error = there.expect_err("it fails");
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
async fn tags<M: Tagged>(stage: &Stage, thing: &Bound<M>, tags: &[(&str, &str)]) {
    let arn = thing.arn();
    stage.take();
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
        (
            "TagResource",
            json!({"resourceARN": arn, "tags": [
                {"key": "stage", "value": "test"}, {"key": "owner", "value": "tests"},
            ]}),
        ),
        ("TagResource", json!({"resourceARN": arn, "tags": [owner]})),
        ("UntagResource", json!({"resourceARN": arn, "tagKeys": ["stage"]})),
        ("ListTagsForResource", list),
    ]);
}

/// The time of a constant above.
fn time(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

type Life = for<'a> fn(&'a Stage) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Every life has a test of its own, and all of them together reach every operation.
macro_rules! lives {
    ($($noun:ident,)*) => {
        mod each {
            $(#[tokio::test]
            async fn $noun() {
                super::$noun::life(&super::Stage::new().await).await;
            })*
        }

        const LIVES: &[Life] = &[$(|stage| Box::pin($noun::life(stage)),)*];
    };
}

lives! {
    account,
    advanced_prompt_optimization_job,
    async_invoke,
    automated_reasoning_policy,
    custom_model,
    custom_model_deployment,
    enforced_guardrail_configuration,
    evaluation_job,
    foundation_model,
    guardrail,
    imported_model,
    inference_profile,
    marketplace_model_endpoint,
    model_copy_job,
    model_customization_job,
    model_import_job,
    model_invocation_job,
    prompt_router,
    provisioned_model_throughput,
}

#[tokio::test]
async fn the_lives_reach_every_operation() {
    let mut seen = BTreeSet::new();
    for life in LIVES {
        let stage = Stage::new().await;
        life(&stage).await;
        seen.extend(stage.seen());
    }
    let missed: Vec<_> = operations().into_iter().filter(|operation| !seen.contains(*operation)).collect();
    assert_eq!(missed, [] as [&str; 0]);
    assert_eq!(operations().len(), 119);
}

/// A model's ARN among those of any kind.
#[track_caller]
fn is_foundation_model(model: &AnyModel, arn: &str) {
    match model {
        AnyModel::FoundationModel(model) => assert_eq!(model.model_arn, arn),
        other => panic!("{other:?}"),
    }
}
