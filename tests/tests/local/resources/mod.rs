//! The lifecycle of every resource, one file per resource: the requests that are sent and their effects.

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
/// An ARN that no resource in these tests uses.
const OTHER_ARN: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0";

/// The duration of jobs on the server's clock. The tests do not wait for jobs; they advance the clock.
const JOB: Duration = Duration::from_secs(3600);
/// The interval between two polls, in real time.
const POLL: Duration = Duration::from_millis(1);

/// A time before all resources were created, and a time after.
const LONG_AGO: &str = "2001-02-03T04:05:06Z";
const FAR_AHEAD: &str = "2091-02-03T04:05:06Z";

/// A local Bedrock, a session for it, and the operations that have succeeded.
struct Fixture {
    local: LocalBedrock,
    session: Session,
    seen: Mutex<BTreeSet<String>>,
}

impl Fixture {
    async fn new() -> Self {
        let local = LocalBedrock::builder().job_duration(JOB).start().await.unwrap();
        let session = support::session(local.url()).await;
        Self { local, session, seen: Mutex::default() }
    }

    /// Removes the requests from the journal, and returns them as their operations and inputs.
    fn take_requests(&self) -> Vec<(String, Value)> {
        let requests = self.local.requests();
        self.local.clear_requests();
        let read = |request| (support::operation_of(request), input_of(request));
        let taken: Vec<_> = requests.iter().map(read).collect();
        let succeeded = requests.iter().filter(|request| request.status < 300).map(support::operation_of);
        self.seen.lock().unwrap().extend(succeeded);
        taken
    }

    /// Asserts that exactly these requests were sent since the last call, with these inputs.
    #[track_caller]
    fn assert_sent<const COUNT: usize>(&self, expected: [(&str, Value); COUNT]) {
        assert_eq!(self.take_requests(), expected.map(|(operation, input)| (operation.to_owned(), input)));
    }

    /// Returns the operations that have succeeded.
    fn successful_operations(&self) -> BTreeSet<String> {
        self.take_requests();
        self.seen.lock().unwrap().clone()
    }

    /// Advances the server's clock until all jobs are done.
    fn finish_jobs(&self) {
        self.local.advance(JOB * 2);
    }

    /// Creates a custom model and waits until it is ready, for tests of other resources.
    async fn custom_model(&self, name: &str) -> Bound<CustomModel> {
        let created = custom_model::create(&self.session, name).await;
        self.finish_jobs();
        let model = created.full().await.unwrap();
        assert!(model.is_ready());
        self.take_requests();
        model
    }
}

/// Deserialises a request from its JSON, which must contain every described member except those in the URI and the
/// query.
fn request_with_all_members<R: DeserializeOwned>(operation: &str, input: &Value) -> R {
    let given: BTreeSet<_> = input.as_object().unwrap().keys().map(String::as_str).collect();
    let taken = &members_of(operation, "") | &members_of(operation, "header");
    assert_eq!(given, taken, "the members of {operation}");
    serde_json::from_value(input.clone()).unwrap()
}

/// Creates a resource from a request with every member, twice with the same token, and asserts that both calls return
/// the same resource.
async fn assert_create<M>(fixture: &Fixture, input: Value) -> Bound<M::Created>
where
    M: Create<Request: DeserializeOwned + Clone>,
{
    let operation = format!("Create{}", M::KIND);
    assert_create_with::<M>(fixture, request_with_all_members(&operation, &input), input).await
}

/// Like [`assert_create`], for a request that omits members.
async fn assert_create_with<M: Create<Request: Clone>>(
    fixture: &Fixture,
    request: M::Request,
    input: Value,
) -> Bound<M::Created> {
    let operation = format!("Create{}", M::KIND);
    let objects = M::objects().using(&fixture.session);
    let created = objects.create(request.clone()).await.unwrap();
    assert_eq!(objects.create(request).await.unwrap(), created);
    fixture.assert_sent([(&operation, input.clone()), (&operation, input)]);
    created
}

/// Gets a resource in every way, and asserts that the results are equal.
async fn assert_get<C>(fixture: &Fixture, created: &Bound<C>) -> Bound<C::Full>
where
    C: Keyed<Full: Get<Key = String> + Keyed<Full = C::Full>>,
{
    let (objects, key) = (C::Full::objects().using(&fixture.session), created.key());
    let fetched = created.full().await.unwrap();
    assert_eq!(objects.get(&key).await.unwrap(), fetched);
    assert_eq!(objects.get_opt(&key).await.unwrap().unwrap(), fetched);
    assert_eq!(fetched.refresh().await.unwrap(), fetched);
    let operation = format!("Get{}", C::KIND);
    let again = key_input(&operation, &fetched.key());
    let input = key_input(&operation, &key);
    fixture.assert_sent([
        (&operation, input.clone()),
        (&operation, input.clone()),
        (&operation, input),
        (&operation, again),
    ]);
    fetched
}

/// Stops a job, and asserts that its wait fails and that it cannot be stopped again.
async fn assert_stop<M: Keyed<Full: Progress + Stop + Get<Key = String>>>(fixture: &Fixture, job: &Bound<M>) {
    let (operation, key) = (format!("Stop{}", M::KIND), job.key());
    job.stop().await.unwrap();
    fixture.assert_sent([(&operation, key_input(&operation, &key))]);
    assert_eq!(states(fixture, job, 1).await, ["Stopping", "Stopped", "Failed"]);
    let error = M::Full::objects().using(&fixture.session).stop(&key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    fixture.assert_sent([(&operation, key_input(&operation, &key))]);
}

/// Deletes a resource, and asserts that it does not exist any more and cannot be deleted again.
async fn assert_delete<M: Keyed<Full: Delete + Get<Key = String>>>(fixture: &Fixture, resource: &Bound<M>) {
    let (operation, key) = (format!("Delete{}", M::KIND), resource.key());
    resource.delete().await.unwrap();
    fixture.assert_sent([(&operation, key_input(&operation, &key))]);
    assert_missing::<M::Full>(fixture, key.as_str()).await;
    let error = M::Full::objects().using(&fixture.session).delete(&key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist, "{error}");
    fixture.assert_sent([(&operation, key_input(&operation, &key))]);
}

/// Converses with an invocable resource, with and without a stream, and asserts the model ID of the requests.
async fn assert_converse<M: Invokable>(fixture: &Fixture, model: &Bound<M>, id: &str) {
    let reply = model.converse("Say hello.").await.unwrap();
    assert_eq!(reply.stop_reason, StopReason::EndTurn);
    let streamed = model.converse_stream("Say hello.").await.unwrap().collect().await.unwrap();
    assert!(!reply.text().is_empty());
    assert_eq!(streamed.text(), reply.text());
    let input = json!({"modelId": id, "messages": [{"role": "user", "content": [{"text": "Say hello."}]}]});
    fixture.assert_sent([("Converse", input.clone()), ("ConverseStream", input)]);
}

/// Asserts that [`AnyModel`] fetches an ARN as a resource of type `M`.
async fn assert_any_model<M: Get<Key = String>>(fixture: &Fixture, arn: &str) {
    let any = AnyModel::objects().using(&fixture.session).get(arn).await.unwrap();
    assert!(format!("{:?}", *any).starts_with(&format!("{}({0} {{", M::KIND)), "{any:?}");
    let operation = format!("Get{}", M::KIND);
    fixture.assert_sent([(&operation, key_input(&operation, arn))]);
}

/// Asserts that `get` of a missing resource is an error, and that `get_opt` returns `None`.
async fn assert_missing<M: Get>(fixture: &Fixture, key: impl Into<M::Key>) {
    let (objects, key) = (M::objects().using(&fixture.session), key.into());
    let error = objects.get(key.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist, "{error}");
    assert!(error.operation().unwrap().starts_with("Get"), "{error}");
    assert!(objects.get_opt(key).await.unwrap().is_none());
    assert_eq!(fixture.take_requests().len(), 2);
}

/// Polls a resource while the clock advances, and returns its states: `steps` states of the same duration, then the
/// following states.
async fn states<M: Keyed<Full: Progress>>(fixture: &Fixture, resource: &Bound<M>, steps: u32) -> Vec<String> {
    let mut changes = resource.wait().interval(POLL).backoff(1.0).watch();
    let mut states = Vec::new();
    while let Some(change) = changes.next().await {
        states.push(match change {
            Ok(fetched) => fetched.status_text().to_owned(),
            Err(error) => format!("{:?}", error.kind()),
        });
        fixture.local.advance(JOB / steps);
    }
    let polls = fixture.take_requests();
    let operation = polls[0].0.clone();
    assert!(operation.starts_with("Get") && polls.iter().all(|poll| poll.0 == operation), "{polls:?}");
    states
}

/// Waits until a resource is ready while the clock advances.
async fn wait_until_ready<M: Keyed<Full: Progress>>(
    fixture: &Fixture,
    resource: &Bound<M>,
) -> Bound<M::Full> {
    let wait = async { resource.wait().interval(POLL).deadline(Duration::from_secs(60)).await };
    let (fetched, ()) = tokio::join!(wait, async { fixture.finish_jobs() });
    let fetched = fetched.unwrap();
    assert!(fetched.is_ready());
    fixture.take_requests();
    fetched
}

/// Waits until a resource has failed, and asserts that the error contains AWS's failure reasons.
async fn wait_for_failure<M: Keyed<Full: Progress>>(fixture: &Fixture, resource: &Bound<M>) -> Error {
    let wait = async { resource.wait().interval(POLL).deadline(Duration::from_secs(60)).await };
    let (fetched, ()) = tokio::join!(wait, async { fixture.finish_jobs() });
    let error = fetched.expect_err("the resource must fail");
    assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
    assert!(!error.is_retryable(), "{error}");
    let fetched = resource.full().await.unwrap();
    assert!(fetched.is_failed() && !fetched.is_ready());
    assert!(error.message().contains(fetched.status_text()), "{error}");
    for reason in fetched.reasons() {
        assert!(error.message().contains(&reason), "{error}");
    }
    fixture.take_requests();
    error
}

/// Asserts the tags of a resource, then adds and removes tags by its ARN.
async fn assert_tags<M: Tagged>(fixture: &Fixture, resource: &Bound<M>, tags: &[(&str, &str)]) {
    let arn = resource.arn();
    fixture.take_requests();
    let as_tags = |tags: &[(&str, &str)]| tags.iter().map(|tag| Tag::from(*tag)).collect::<Vec<_>>();
    assert_eq!(resource.tags().await.unwrap(), as_tags(tags));
    resource.tag([("stage", "test"), ("owner", "tests")]).await.unwrap();
    resource.tag([("owner", "nobody")]).await.unwrap();
    resource.untag(["stage"]).await.unwrap();
    let mut expected = as_tags(tags);
    expected.push(("owner", "nobody").into());
    let mut found = resource.tags().await.unwrap();
    for tags in [&mut expected, &mut found] {
        tags.sort_by(|one, other| one.key.cmp(&other.key));
    }
    assert_eq!(found, expected);
    let (list, owner) = (json!({"resourceARN": arn}), json!({"key": "owner", "value": "nobody"}));
    fixture.assert_sent([
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

/// Parses one of the times above.
fn time(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

type Lifecycle = for<'a> fn(&'a Fixture) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Generates a test for each lifecycle. `the_lifecycles_cover_every_operation` runs all of them together.
macro_rules! lifecycles {
    ($($resource:ident,)*) => {
        mod lifecycle {
            $(#[tokio::test]
            async fn $resource() {
                super::$resource::lifecycle(&super::Fixture::new().await).await;
            })*
        }

        const LIFECYCLES: &[Lifecycle] = &[$(|fixture| Box::pin($resource::lifecycle(fixture)),)*];
    };
}

lifecycles! {
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
async fn the_lifecycles_cover_every_operation() {
    let mut seen = BTreeSet::new();
    for lifecycle in LIFECYCLES {
        let fixture = Fixture::new().await;
        lifecycle(&fixture).await;
        seen.extend(fixture.successful_operations());
    }
    let missed: Vec<_> = operations().into_iter().filter(|operation| !seen.contains(*operation)).collect();
    assert_eq!(missed, [] as [&str; 0]);
    assert_eq!(operations().len(), 119);
}

/// Asserts that a model is the foundation model with this ARN.
#[track_caller]
fn assert_foundation_model(model: &AnyModel, arn: &str) {
    match model {
        AnyModel::FoundationModel(model) => assert_eq!(model.model_arn, arn),
        other => panic!("{other:?}"),
    }
}
