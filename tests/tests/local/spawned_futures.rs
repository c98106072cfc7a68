//! Every future owns what it needs: it can be spawned after its manager, queryset and model are dropped.

use bedrock_orm::aggregates::{count, max};
use bedrock_orm::models::CreateGuardrailRequest;
use bedrock_orm::prelude::*;
use bedrock_orm::{ErrorKind, Result};
use bedrock_orm_tests::behaviours::guardrails::guardrail_request;
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::{MODEL, local, model};
use tokio::task::JoinHandle;

/// Spawns a future and drops its value.
fn spawn<T: Send + 'static>(future: impl IntoFuture<Output = Result<T>, IntoFuture: Send + 'static>) -> Task {
    let future = future.into_future();
    tokio::spawn(async move { future.await.map(drop) })
}

type Task = JoinHandle<Result<()>>;

fn named(name: &str) -> CreateGuardrailRequest {
    let mut request = guardrail_request();
    request.name = name.to_owned();
    request
}

async fn all_succeed(tasks: impl IntoIterator<Item = Task>) {
    for (index, task) in tasks.into_iter().enumerate() {
        task.await.unwrap().unwrap_or_else(|error| panic!("task {index}: {error}"));
    }
}

#[tokio::test]
async fn the_futures_of_a_manager_can_be_spawned() {
    let (_local, session) = local().await;
    let tasks = {
        let models = FoundationModel::objects().using(&session);
        let guardrails = Guardrail::objects().using(&session);
        let id = MODEL.to_owned();
        [
            spawn(models.get(id.as_str())),
            spawn(models.get_opt(id.as_str())),
            spawn(models.in_bulk([id.as_str()])),
            spawn(models.first()),
            spawn(models.exists()),
            spawn(models.count()),
            spawn(guardrails.create(named("one"))),
            spawn(guardrails.bulk_create([named("two")])),
            spawn(guardrails.get_or_create(Guardrail::NAME.eq("three"), named("three"))),
        ]
    };
    all_succeed(tasks).await;
    let tasks =
        {
            let guardrails = Guardrail::objects().using(&session);
            let id = guardrails.list().get(Guardrail::NAME.eq("one")).await.unwrap().id.clone();
            [
                spawn(guardrails.create_version(id.as_str(), Default::default())),
                spawn(guardrails.list_versions(id.as_str()).count()),
                spawn(guardrails.bulk_delete([
                    guardrails.list().get(Guardrail::NAME.eq("two")).await.unwrap().id.as_str(),
                ])),
            ]
        };
    all_succeed(tasks).await;
    let missing = spawn(ModelInvocationJob::objects().using(&session).stop("none")).await.unwrap();
    assert!(missing.is_err());
}

#[tokio::test]
async fn the_futures_of_a_queryset_can_be_spawned() {
    let (_local, session) = local().await;
    Guardrail::objects().using(&session).create(guardrail_request()).await.unwrap();
    let tasks = {
        let rows = Guardrail::objects().using(&session).list();
        let by_status = rows.group_by(Guardrail::STATUS);
        [
            spawn(rows.clone()),
            spawn(rows.full()),
            spawn(rows.first()),
            spawn(rows.last()),
            spawn(rows.earliest(Guardrail::CREATED_AT)),
            spawn(rows.latest(Guardrail::CREATED_AT)),
            spawn(rows.get(Guardrail::STATUS.eq("READY"))),
            spawn(rows.one()),
            spawn(rows.exists()),
            spawn(rows.count()),
            spawn(rows.values(&["name"])),
            spawn(rows.values_list(Guardrail::NAME)),
            spawn(rows.aggregate((count(), max(Guardrail::NAME)))),
            spawn(rows.min(Guardrail::NAME)),
            spawn(rows.max(Guardrail::NAME)),
            spawn(by_status.count()),
            spawn(by_status.min(Guardrail::NAME)),
            spawn(by_status.max(Guardrail::NAME)),
            spawn(by_status.rows()),
        ]
    };
    all_succeed(tasks).await;
    let rows = Guardrail::objects().using(&session).list();
    assert!(tokio::spawn(rows.partial()).await.unwrap().1.is_empty());
    all_succeed([spawn(rows.delete())]).await;
    assert_eq!(rows.count().await.unwrap(), 0);
}

#[tokio::test]
async fn the_futures_of_a_bound_model_can_be_spawned() {
    let (_local, session) = local().await;
    let created = Guardrail::objects().using(&session).create(guardrail_request()).await.unwrap();
    let tasks = {
        let guardrail = created.full().await.unwrap();
        let model = model(&session, MODEL);
        let profile = InferenceProfile::objects().using(&session).first().await.unwrap().unwrap();
        let stream = spawn(model.converse_stream("Hello"));
        [
            spawn(created.full()),
            spawn(guardrail.refresh()),
            spawn(guardrail.wait()),
            spawn(guardrail.tags()),
            spawn(guardrail.tag([("team", "search")])),
            spawn(guardrail.create_version(Default::default())),
            spawn(guardrail.apply("Hello")),
            spawn(profile.models()),
            spawn(model.converse("Hello")),
            spawn(model.invoke_model(nova("Hello"))),
            spawn(model.invoke_model_with_response_stream(nova("Hello"))),
            spawn(model.apply_guardrail(&guardrail, "Hello")),
            stream,
        ]
    };
    all_succeed(tasks).await;
    all_succeed([spawn(created.delete())]).await;
    let counted = spawn(model(&session, MODEL).count_tokens("Hello")).await.unwrap();
    assert!(counted.is_ok() || counted.unwrap_err().kind() == ErrorKind::Validation);
}
