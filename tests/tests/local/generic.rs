//! Generic code over any resource that uses only the public traits.

use std::collections::HashMap;

use bedrock_orm::lookups::Q;
use bedrock_orm::prelude::*;
use bedrock_orm::resources::{Get, HasStatus, Keyed, List, Progress, Row};
use bedrock_orm::{Manager, QuerySet, Result};
use bedrock_orm_tests::behaviours::guardrails::guardrail_request;
use bedrock_orm_tests::support::{MODEL, local};
use serde::Serialize;

/// Counts the resources of a type.
async fn count<M: List>(session: &Session) -> Result<usize> {
    M::objects().using(session).list().count().await
}

/// Returns the rows as JSON, one string per row.
async fn export<M: List<Row: Serialize>>(session: Session) -> Result<Vec<String>> {
    let rows = M::objects().using(&session).list().await?;
    Ok(rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect())
}

/// Spawns [`export`] as a task.
fn spawn_export<M: List<Row: Serialize>>(session: Session) -> tokio::task::JoinHandle<Result<Vec<String>>> {
    tokio::spawn(export::<M>(session))
}

/// Iterates over the rows in a task.
fn spawn_stream<M: List>(session: Session) -> tokio::task::JoinHandle<Result<usize>> {
    tokio::spawn(async move {
        let mut rows = M::objects().using(&session).list().stream();
        let mut count = 0;
        while let Some(row) = rows.next().await {
            let _row: Bound<M::Row> = row?;
            count += 1;
        }
        Ok(count)
    })
}

/// Fetches the full resources of all rows.
async fn full_resources<M>(session: &Session) -> Result<Vec<Bound<M>>>
where
    M: Get + List<Row: Keyed<Full = M>>,
{
    M::objects().using(session).list().full().await
}

/// Fetches the full resources of all rows, each in its own task.
async fn full_resources_in_tasks<M>(session: Session) -> Result<Vec<Bound<M>>>
where
    M: Get + List<Row: Keyed<Full = M>>,
{
    let mut tasks = Vec::new();
    for row in M::objects().using(&session).list().await? {
        tasks.push(tokio::spawn(async move { row.full().await }));
    }
    let mut full_resources = Vec::new();
    for task in tasks {
        full_resources.push(task.await.unwrap()?);
    }
    Ok(full_resources)
}

/// Counts the rows by status.
async fn statuses<M: List<Row: HasStatus>>(session: &Session) -> Result<HashMap<String, usize>> {
    let mut statuses = HashMap::new();
    for row in M::objects().using(session).all().await? {
        *statuses.entry(row.status_text().to_owned()).or_default() += 1;
    }
    Ok(statuses)
}

/// Waits for all rows of a resource.
async fn wait_for_all<M: Progress + List<Row: Keyed<Full = M>>>(session: &Session) -> Result<Vec<Bound<M>>> {
    let mut ready = Vec::new();
    for row in M::objects().using(session).list().await? {
        ready.push(row.wait().await?);
    }
    Ok(ready)
}

/// A query that is stored, cloned, and narrowed.
#[derive(Clone, Debug)]
struct Saved<R: Row> {
    query: QuerySet<R>,
    condition: Q<R>,
}

impl<R: Row> Saved<R> {
    async fn names(&self, name: impl Fn(&R) -> String) -> Result<Vec<String>> {
        let rows = self.query.clone().filter(self.condition.clone()).await?;
        Ok(rows.iter().map(|row| name(row)).collect())
    }
}

/// A type that stores a manager.
struct Repository<M> {
    manager: Manager<M>,
}

impl<M: Get<Key = String>> Repository<M> {
    async fn find(&self, id: &str) -> Result<Option<Bound<M>>> {
        self.manager.get_opt(id.to_owned()).await
    }

    async fn find_all(&self, ids: &[&str]) -> Result<HashMap<String, Bound<M>>> {
        self.manager.in_bulk(ids.iter().map(|id| (*id).to_owned())).await
    }
}

const fn is_shared<T: Clone + Send + Sync + 'static>() {}

#[tokio::test]
async fn generic_code_over_resources_compiles_and_runs() {
    is_shared::<Manager<Guardrail>>();
    is_shared::<QuerySet<GuardrailSummary>>();
    is_shared::<Bound<Guardrail>>();
    is_shared::<Saved<GuardrailSummary>>();

    let (_local, session) = local().await;
    Guardrail::objects().using(&session).create(guardrail_request()).await.unwrap();
    let models = count::<FoundationModel>(&session).await.unwrap();
    assert!(models > 0);
    assert_eq!(count::<Guardrail>(&session).await.unwrap(), 1);
    assert_eq!(spawn_export::<FoundationModel>(session.clone()).await.unwrap().unwrap().len(), models);
    assert_eq!(spawn_stream::<FoundationModel>(session.clone()).await.unwrap().unwrap(), models);
    let profiles = count::<InferenceProfile>(&session).await.unwrap();
    assert_eq!(full_resources::<InferenceProfile>(&session).await.unwrap().len(), profiles);
    assert_eq!(full_resources_in_tasks::<Guardrail>(session.clone()).await.unwrap().len(), 1);
    assert_eq!(
        tokio::spawn(full_resources_in_tasks::<Guardrail>(session.clone())).await.unwrap().unwrap().len(),
        1
    );
    assert_eq!(wait_for_all::<Guardrail>(&session).await.unwrap().len(), 1);
    assert_eq!(statuses::<Guardrail>(&session).await.unwrap(), HashMap::from([("READY".to_owned(), 1)]));

    let saved = Saved {
        query: FoundationModel::objects().using(&session).list(),
        condition: FoundationModel::MODEL_ID.eq(MODEL),
    };
    assert_eq!(saved.clone().names(|row| row.model_id.clone()).await.unwrap(), [MODEL]);
    let names = tokio::spawn(async move { saved.names(|row| row.model_id.clone()).await });
    assert_eq!(names.await.unwrap().unwrap(), [MODEL]);

    let repository = Repository::<FoundationModel> { manager: FoundationModel::objects().using(&session) };
    assert!(repository.find(MODEL).await.unwrap().is_some());
    assert!(repository.find("acme.oracle-v9:0").await.unwrap().is_none());
    assert_eq!(repository.find_all(&[MODEL]).await.unwrap().len(), 1);

    // A call does not borrow its key, so it can be moved into a task.
    let models = FoundationModel::objects().using(&session);
    let call = {
        let id = MODEL.to_owned();
        (
            models.get(id.as_str()),
            models.get_opt(&id),
            Guardrail::objects().using(&session).delete(id.as_str()),
        )
    };
    assert!(tokio::spawn(call.0).await.unwrap().is_ok());
    assert!(tokio::spawn(call.1).await.unwrap().is_ok());
    assert!(tokio::spawn(call.2).await.unwrap().is_err(), "no guardrail has the ID of a model");
}
