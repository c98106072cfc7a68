//! What `explain` prints is what is sent.

use bedrock_orm::prelude::*;
use bedrock_orm::resources::Row;
use bedrock_orm::{Plan, QuerySet};
use bedrock_orm_local::LocalBedrock;
use bedrock_orm_tests::support::local;

/// The parameters of each request, decoded and sorted. A page token is left out: it is not known before.
fn sent(local: &LocalBedrock) -> Vec<Vec<(String, String)>> {
    let requests = local.requests();
    local.clear_requests();
    requests.iter().map(|request| parameters(&request.query)).collect()
}

fn parameters(query: &str) -> Vec<(String, String)> {
    let mut parameters: Vec<_> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| *name != "nextToken")
        .map(|(name, value)| (name.to_owned(), value.replace("%3A", ":").replace("%20", " ")))
        .collect();
    parameters.sort();
    parameters
}

/// The parameters of the first request of a list, as the plan has them.
fn planned(plan: &Plan) -> Vec<(String, String)> {
    let pushed = plan.pushed.iter().map(|pushed| (pushed.parameter.to_owned(), pushed.value.clone()));
    let set = plan.set.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let size = plan.page_size.map(|size| ("maxResults".to_owned(), size.to_string()));
    let mut planned: Vec<_> = pushed.chain(set).chain(size).collect();
    planned.sort();
    planned
}

/// Executes the queryset, and compares its requests with its plan.
async fn compare<M: Row>(local: &LocalBedrock, rows: QuerySet<M>) -> Plan {
    let plan = rows.explain();
    assert!(sent(local).is_empty(), "`explain` sends nothing");
    let found = rows.await.unwrap();
    assert!(plan.limit.is_none_or(|limit| found.len() <= limit), "{plan}");
    let sent = sent(local);
    let lists = if plan.union.is_empty() { std::slice::from_ref(&plan) } else { &plan.union };
    let planned: Vec<_> = lists.iter().filter(|list| !list.sends_nothing).map(planned).collect();
    assert_eq!(sent, if plan.sends_nothing { Vec::new() } else { planned }, "{plan}");
    plan
}

#[tokio::test]
async fn a_plan_has_the_parameters_that_are_sent() {
    let (local, session) = local().await;
    let models = || FoundationModel::objects().using(&session).list();
    let jobs = || ModelInvocationJob::objects().using(&session).list();
    let name = ModelInvocationJob::JOB_NAME;
    let status = ModelInvocationJob::STATUS;

    let by_name = compare(&local, models().filter(FoundationModel::PROVIDER_NAME.iexact("amazon"))).await;
    assert_eq!((by_name.pushed.len(), by_name.is_paged), (1, false));
    compare(&local, models().by_provider("anthropic").filter(FoundationModel::MODEL_NAME.contains("Opus")))
        .await;

    let limited = compare(&local, jobs().filter(status.eq("Completed")).limit(3).offset(2)).await;
    assert_eq!(limited.page_size, Some(5), "AWS is asked for no more rows than are wanted");
    let dropping =
        compare(&local, jobs().filter(status.eq("Completed") & name.icontains("web")).limit(3)).await;
    assert_eq!(dropping.page_size, None, "the filter drops any number of rows");
    let ordered = jobs().order_by(ModelInvocationJob::SUBMIT_TIME.desc());
    let pushed = compare(&local, ordered.clone().limit(4)).await;
    assert_eq!((pushed.pushed.len(), pushed.page_size, pushed.order), (2, Some(4), None));
    let sorted = compare(&local, jobs().order_by(name.asc()).limit(4).page_size(10)).await;
    assert_eq!((sorted.page_size, sorted.order.as_deref()), (Some(10), Some("jobName")));
    let reversed = compare(&local, jobs().reverse().limit(4)).await;
    assert_eq!((reversed.page_size, reversed.order.is_some()), (None, true));
    let distinct = compare(&local, jobs().distinct().limit(4)).await;
    assert_eq!((distinct.page_size, distinct.distinct), (None, true));
    let capped = compare(&local, jobs().page_size(u16::MAX)).await;
    assert_eq!(capped.page_size, Some(1000));

    let regions = [session.clone(), session.in_region("us-west-2").unwrap()];
    let oregon = jobs().using(&regions[1]).filter(status.eq("Failed"));
    let union =
        compare(&local, jobs().page_size(7).union(oregon).filter(name.contains("web")).limit(2)).await;
    assert_eq!((union.union.len(), union.pushed.len(), union.union[1].pushed.len()), (2, 0, 2));

    let none: [&str; 0] = [];
    let never = compare(&local, jobs().filter(name.is_in(none))).await;
    assert!(never.sends_nothing && !never.warnings.is_empty());
    assert!(compare(&local, jobs().limit(0)).await.sends_nothing);
}

#[tokio::test]
async fn several_sessions_send_the_same_request_each() {
    let (local, session) = local().await;
    let sessions =
        ["us-east-1", "us-west-2", "eu-central-1"].map(|region| session.in_region(region).unwrap());
    let rows: QuerySet<FoundationModel> =
        FoundationModel::objects().list().using_each(&sessions).by_provider("amazon");
    let plan = rows.explain();
    assert_eq!(plan.sessions, ["us-east-1", "us-west-2", "eu-central-1"]);
    rows.await.unwrap();
    assert_eq!(sent(&local), vec![planned(&plan); 3]);
}

#[tokio::test]
async fn an_invalid_queryset_sends_nothing_and_its_plan_says_why() {
    let (local, session) = local().await;
    let rows = FoundationModel::objects().using(&session).filter_str("modelNmae=x");
    let plan = rows.explain();
    assert!(plan.warnings.iter().any(|warning| warning.contains("modelNmae")), "{plan}");
    assert_eq!(rows.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(sent(&local).is_empty());
}
