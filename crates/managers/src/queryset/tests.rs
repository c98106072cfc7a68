//! The requests of querysets and their results.

use std::collections::BTreeMap;
use std::time::Duration;

use bedrock_orm_core::ErrorKind;
use futures_util::TryStreamExt;
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use crate::aggregates::{count, max, min, sum};
use crate::lookups::{
    CompareLookups as _, Expression as _, ListLookups as _, Q, Single as _, TextLookups as _,
    TimeLookups as _,
};
use crate::testing::{Fake, Job, ids, jobs, with_jobs};
use crate::{Manager, Objects};

const LETTERS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[tokio::test]
async fn no_page_is_fetched_that_the_result_does_not_need() {
    let (fake, session) = with_jobs(&LETTERS).await;
    let all = jobs(&session);
    let requested = |before: usize| fake.pages() - before;

    let before = fake.pages();
    assert_eq!(all.first().await.unwrap().unwrap().id, "a");
    assert_eq!(requested(before), 1);
    assert_eq!(fake.last_page().1.size, Some(1));

    let before = fake.pages();
    assert!(all.exists().await.unwrap());
    assert_eq!(requested(before), 1);

    let before = fake.pages();
    assert_eq!(all.count().await.unwrap(), 6);
    assert_eq!(requested(before), 3);

    // The row is on the second page, and the remaining pages could have another match.
    let before = fake.pages();
    assert_eq!(all.get(Job::ID.eq("c")).await.unwrap().id, "c");
    assert_eq!(requested(before), 3);

    // The second match is on the first page.
    let before = fake.pages();
    let error = all.get(Job::ID.lt("d")).await.unwrap_err();
    assert!(error.is_multiple_objects_returned());
    assert_eq!(error.to_string(), r#"ListJobs: there is more than one Job with id lt "d""#);
    assert_eq!(requested(before), 1);

    let error = all.get(Job::ID.eq("z")).await.unwrap_err();
    assert!(error.is_does_not_exist());
    assert_eq!(error.to_string(), r#"ListJobs: there is no Job with id exact "z""#);

    let before = fake.pages();
    assert!(all.clone().limit(0).await.unwrap().is_empty());
    assert_eq!(requested(before), 0);
}

#[tokio::test]
async fn empty_pages_do_not_end_a_list() {
    let (fake, session) = with_jobs(&LETTERS).await;
    let late = jobs(&session).filter(Job::ID.gte("e"));
    assert_eq!(late.first().await.unwrap().unwrap().id, "e");
    assert_eq!(fake.pages(), 3);
    let pages: Vec<usize> = late.pages().map_ok(|page| page.items.len()).try_collect().await.unwrap();
    assert_eq!(pages, [0, 0, 2]);
}

#[tokio::test]
async fn a_repeated_token_is_an_error() {
    let (fake, session) = Fake::new(LETTERS.map(Job::new)).repeating().start().await;
    let mut rows = jobs(&session).stream();
    let mut seen = 0;
    let error = loop {
        match rows.next().await.unwrap() {
            Ok(_) => seen += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(error.message().contains("the same next token twice"), "{error}");
    // The page with the token is still returned.
    assert_eq!((seen, fake.pages()), (4, 2));
    assert!(rows.next().await.is_none());
}

#[tokio::test]
async fn a_limit_sets_the_page_size_if_aws_applies_all_conditions() {
    let (fake, session) = Fake::new((0..10).map(|id| Job::new(id.to_string()))).page_size(100).start().await;
    let all = jobs(&session);
    all.clone().limit(3).await.unwrap();
    all.clone().offset(2).limit(3).await.unwrap();
    all.clone().limit(3).filter(Job::STATUS.eq("Completed")).await.unwrap();
    all.clone().limit(3).filter(Job::SIZE.gt(1)).await.unwrap();
    all.clone().limit(500).await.unwrap();
    all.clone().limit(3).page_size(2).await.unwrap();
    assert_eq!(fake.sizes(), [Some(3), Some(5), Some(3), None, Some(100), Some(2), Some(1)]);
}

#[tokio::test]
async fn rows_are_sorted_cut_and_reversed() {
    let rows = [("a", 2), ("b", 1), ("c", 2), ("d", 3)].map(|(id, size)| Job::new(id).sized(size));
    let (_, session) = Fake::new(rows.into_iter().chain([Job::new("none")])).start().await;
    let all = jobs(&session);
    let by_size = all.clone().order_by(Job::SIZE.asc());
    assert_eq!(ids(&by_size.clone().await.unwrap()), ["b", "a", "c", "d", "none"]);
    assert_eq!(ids(&by_size.clone().reverse().await.unwrap()), ["d", "a", "c", "b", "none"]);
    assert_eq!(
        ids(&all.clone().order_by((Job::SIZE.desc(), Job::ID.desc())).await.unwrap()),
        ["d", "c", "a", "b", "none"]
    );
    assert_eq!(ids(&all.clone().order_by_str("-size, -id").await.unwrap()), ["d", "c", "a", "b", "none"]);
    assert_eq!(ids(&by_size.clone().offset(1).limit(2).await.unwrap()), ["a", "c"]);
    assert_eq!(ids(&all.clone().reverse().limit(2).await.unwrap()), ["none", "d"]);
    assert_eq!(by_size.last().await.unwrap().unwrap().id, "d");
    assert_eq!(all.last().await.unwrap().unwrap().id, "none");
    assert_eq!(by_size.clone().limit(2).last().await.unwrap().unwrap().id, "a");
    assert_eq!(all.earliest(Job::SIZE).await.unwrap().unwrap().id, "b");
    assert_eq!(all.latest(Job::SIZE).await.unwrap().unwrap().id, "d");
    assert!(all.clone().filter(Job::SIZE.is_none()).latest(Job::SIZE).await.unwrap().is_none());
}

#[tokio::test]
async fn a_union_has_no_duplicates() {
    let (fake, session) = with_jobs(&LETTERS).await;
    let early = jobs(&session).filter(Job::ID.lt("d"));
    let late = jobs(&session).filter(Job::ID.gte("c"));
    let both = early.clone().union(late.clone());
    assert_eq!(ids(&both.clone().await.unwrap()), LETTERS);
    assert_eq!(ids(&both.clone().order_by(Job::ID.desc()).limit(2).await.unwrap()), ["f", "e"]);
    assert_eq!(ids(&early.limit(1).union(late.clone().limit(1)).await.unwrap()), ["a", "c"]);
    // Later conditions apply to the union.
    assert_eq!(ids(&both.filter(Job::ID.ne("d")).await.unwrap()), ["a", "b", "c", "e", "f"]);
    let before = fake.pages();
    assert_eq!(late.union(jobs(&session)).first().await.unwrap().unwrap().id, "c");
    assert_eq!(fake.pages() - before, 2);
}

#[tokio::test]
async fn rows_of_several_sessions_are_bound_to_their_own() {
    let (_, one) = with_jobs(&["a", "b", "c"]).await;
    let (_, other) = with_jobs(&["a", "d"]).await;
    let all = jobs(&one).using_each([&one, &other]);
    let rows = all.clone().await.unwrap();
    assert_eq!(ids(&rows), ["a", "b", "c", "a", "d"]);
    assert_eq!(rows[2].session(), &one);
    assert_eq!(rows[3].session(), &other);
    // The same ID in another region is a different resource.
    assert_eq!(all.clone().distinct().count().await.unwrap(), 5);
    assert_eq!(ids(&all.order_by(Job::ID.desc()).limit(2).await.unwrap()), ["d", "c"]);
}

#[tokio::test]
async fn a_failed_session_is_named_and_ends_the_list_unless_told_to_keep_going() {
    let (_, broken) = Fake::new(["a", "b", "c"].map(Job::new)).failing_page(2).start().await;
    let (_, sound) = with_jobs(&["d"]).await;
    let all = jobs(&sound).using_each([&broken, &sound]);
    let named = |error: &bedrock_orm_core::Error| {
        assert_eq!(error.session(), Some(broken.region()));
        assert!(
            error.to_string().starts_with(&format!("ListJobs in session {}: ", broken.region())),
            "{error}"
        );
    };
    named(&all.clone().await.unwrap_err());
    named(&all.clone().keep_going().await.unwrap_err());

    for all in [all.clone(), all.clone().order_by(Job::ID.asc())] {
        let (rows, errors) = all.partial().await;
        assert_eq!((ids(&rows), errors.len()), (vec!["a", "b", "d"], 1));
        named(&errors[0]);
    }
    let came = async |mut stream: crate::Rows<Job>| {
        let mut came = Vec::new();
        while let Some(row) = stream.next().await {
            came.push(row.map_or_else(|_| "error".to_owned(), |row| row.id.clone()));
        }
        came
    };
    assert_eq!(came(all.stream()).await, ["a", "b", "error"]);
    assert_eq!(came(all.keep_going().stream()).await, ["a", "b", "error", "d"]);
}

#[tokio::test]
async fn only_the_next_page_is_fetched_ahead() {
    let (fake, session) = with_jobs(&LETTERS).await;
    let mut rows = jobs(&session).stream();
    assert_eq!(fake.pages(), 0);
    rows.next().await.unwrap().unwrap();
    assert_eq!(fake.pages(), 1);
    rows.next().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(fake.pages(), 2);
    drop(rows);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(fake.pages(), 2);
}

#[tokio::test]
async fn full_resources_keep_the_order_and_the_concurrency() {
    let (fake, session) =
        Fake::new((0..30).map(|id| Job::new(format!("{id:02}")))).page_size(10).start().await;
    let rows = jobs(&session).full().concurrency(3).await.unwrap();
    assert!(ids(&rows).is_sorted() && rows.len() == 30);
    assert_eq!(fake.most_under_way(), 3);
    jobs(&session).full().await.unwrap();
    assert_eq!(fake.most_under_way(), 8);
}

#[tokio::test(start_paused = true)]
async fn throttled_calls_for_full_resources_are_retried() {
    let fake = Fake::new((0..30).map(|id| Job::new(format!("{id:02}")))).page_size(10).throttling_above(2);
    let (fake, session) = fake.start().await;
    let rows = jobs(&session).full().await.unwrap();
    assert!(ids(&rows).is_sorted() && rows.len() == 30);
    assert!(fake.calls().len() > 30);
}

#[tokio::test]
async fn a_deleted_resource_is_an_error_in_its_place_or_left_out() {
    let (fake, session) = with_jobs(&["a", "b", "c"]).await;
    fake.lose("b");
    let full = jobs(&session).full();
    assert!(full.clone().await.unwrap_err().is_does_not_exist());
    assert_eq!(ids(&full.clone().skip_missing().await.unwrap()), ["a", "c"]);
    let mut stream = full.stream();
    assert!(stream.next().await.unwrap().is_ok());
    assert!(stream.next().await.unwrap().is_err());
    assert_eq!(stream.next().await.unwrap().unwrap().id, "c");
}

#[tokio::test]
async fn relations_are_fetched_once_for_each_key() {
    let rows = [
        Job::new("a").tagged(&["c", "gone"]),
        Job::new("b").tagged(&["c"]),
        Job::new("c").tagged(&["a", "c"]),
    ];
    let (fake, session) = Fake::new(rows).start().await;
    let rows = jobs(&session).prefetch_related(Job::TAGGED).await.unwrap();
    let mut calls = fake.calls();
    calls.sort();
    assert_eq!(calls, ["a", "c", "gone"]);
    let related = |row: usize, key: &str| {
        let found = rows[row].related().unwrap().get::<String, Job>(&key.to_owned());
        found.map(|job| job.id.clone())
    };
    assert_eq!(related(1, "c").as_deref(), Some("c"));
    assert_eq!(related(0, "gone"), None);
    assert_eq!(related(2, "a").as_deref(), Some("a"));
    // Methods that do not return rows prefetch nothing.
    jobs(&session).prefetch_related(Job::TAGGED).count().await.unwrap();
    assert_eq!(fake.calls().len(), 3);
}

#[tokio::test]
async fn values_are_selected_fields() {
    let mut rows = [Job::new("a").named("x").sized(1).at("2024-05-01T00:00:00Z"), Job::new("b").sized(2)];
    rows[0].output.uri = Some("s3://x".to_owned());
    let (_, session) = Fake::new(rows).start().await;
    let all = jobs(&session);
    assert_eq!(all.values_list(Job::NAME).await.unwrap(), [Some("x".to_owned()), None]);
    assert_eq!(
        all.values_list((Job::ID, Job::SIZE, Job::SUBMIT_TIME.year())).await.unwrap(),
        [(Some("a".to_owned()), Some(1), Some(2024)), (Some("b".to_owned()), Some(2), None)]
    );
    assert_eq!(
        all.values(&["id", "output__uri", "submit_time"]).await.unwrap(),
        [
            json!({"id": "a", "output": {"uri": "s3://x"}, "submitTime": "2024-05-01T00:00:00Z"}),
            json!({"id": "b", "output": {"uri": null}, "submitTime": null})
        ]
    );
    assert_eq!(all.values(&[]).await.unwrap()[1]["size"], 2);
    let error = all.values(&["nmae"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("did you mean `name`?"), "{error}");
}

#[tokio::test]
async fn aggregates_are_over_all_rows_or_over_groups() {
    let rows = [("a", Some("x"), 1), ("b", Some("x"), 5), ("c", None, 3)].map(|(id, name, size)| {
        let job = Job::new(id).sized(size);
        match name {
            Some(name) => job.named(name),
            None => job,
        }
    });
    let (_, session) = Fake::new(rows).start().await;
    let all = jobs(&session);
    assert_eq!(
        all.aggregate((count(), min(Job::SIZE), max(Job::SIZE), sum(Job::SIZE))).await.unwrap(),
        (3, Some(1), Some(5), Some(9))
    );
    assert_eq!(all.min(Job::SIZE).await.unwrap(), Some(1));
    assert_eq!(all.max(Job::ID).await.unwrap().as_deref(), Some("c"));
    let by_name = all.group_by(Job::NAME);
    let x = Some("x".to_owned());
    assert_eq!(by_name.count().await.unwrap(), BTreeMap::from([(None, 1), (x.clone(), 2)]));
    assert_eq!(by_name.max(Job::SIZE).await.unwrap()[&x], Some(5));
    assert_eq!(ids(&by_name.rows().await.unwrap()[&x]), ["a", "b"]);
}

#[tokio::test]
async fn a_plan_shows_what_aws_applies_and_what_the_library_does() {
    let (fake, session) = with_jobs(&["a"]).await;
    let region = session.region();
    let rows = jobs(&session)
        .filter(Job::NAME.icontains("x") & Job::STATUS.eq("Completed") & !Job::TAGS.has("y"))
        .filter(Job::NAME.contains("x") | Job::SIZE.gt(1))
        .order_by(Job::SUBMIT_TIME.desc())
        .offset(2)
        .limit(5);
    let plan = rows.explain();
    assert_eq!(
        plan.to_string(),
        format!(
            "ListJobs in {region}, one request per page\n  \
             pushed down to AWS: byStatus=Completed for status exact \"Completed\"\n  \
             pushed down to AWS: sortBy=SubmissionTime for order by -submitTime\n  \
             pushed down to AWS: sortOrder=Descending for order by -submitTime\n  \
             checked on each row: name icontains \"x\" and status exact \"Completed\" and not tags has \"y\" \
             and (name contains \"x\" or size gt 1)\n  \
             without the first 2 rows, at most 5 rows"
        )
    );
    let union = jobs(&session).union(jobs(&session).using("elsewhere")).order_by(Job::SIZE.asc());
    assert_eq!(
        union.explain().to_string(),
        format!(
            "union of\n  ListJobs in {region}, one request per page\n  \
             ListJobs in elsewhere, one request per page\n  \
             without duplicates\n  sorted after all pages are fetched: size"
        )
    );
    assert_eq!(fake.pages(), 0);
}

#[tokio::test]
async fn an_invalid_queryset_is_an_error_before_anything_is_sent() {
    let (fake, session) = with_jobs(&["a"]).await;
    for rows in [
        jobs(&session).filter_str("nmae=x"),
        jobs(&session).exclude_str("name__regex=("),
        jobs(&session).order_by_str("-nmae"),
        jobs(&session).filter(Job::NAME.regex("(") | Job::SIZE.gt(1)),
    ] {
        assert_eq!(rows.clone().await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(rows.count().await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(rows.first().await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(fake.pages(), 0);
}

#[tokio::test]
async fn closures_and_negations_are_conditions() {
    let (_, session) = Fake::new([Job::new("a").sized(3), Job::new("bb")]).start().await;
    let all = jobs(&session);
    assert_eq!(ids(&all.clone().filter_by(|job| job.id.len() == 2).await.unwrap()), ["bb"]);
    assert_eq!(ids(&all.clone().exclude(Job::SIZE.eq(3)).await.unwrap()), ["bb"]);
    assert_eq!(ids(&all.clone().filter(Job::SIZE.ne(4)).await.unwrap()), ["a"]);
    assert_eq!(ids(&all.filter(Q::all()).await.unwrap()), ["a", "bb"]);
}

fn manager(session: &bedrock_orm_core::Session) -> Manager<Job> {
    Job::objects().using(session)
}

#[tokio::test]
async fn in_bulk_gets_each_key_once() {
    let (fake, session) = with_jobs(&["a", "b"]).await;
    let found = manager(&session).in_bulk(["b", "b", "z"]).await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["b"]);
    assert_eq!(found["b"].session(), &session);
    assert_eq!(fake.calls(), ["b", "z"]);
}

#[tokio::test]
async fn bulk_calls_report_each_result() {
    let (fake, session) = with_jobs(&["a", "b"]).await;
    let report = manager(&session).bulk_create(["c", "a", "d"].map(Job::new)).await.unwrap();
    assert_eq!(report.to_string(), "2 of 3 done\nrequest 2: `a` exists");
    assert_eq!(ids(report.succeeded()), ["c", "d"]);
    assert!(!report.is_ok());
    assert_eq!(report.into_result().unwrap_err().kind(), ErrorKind::Conflict);

    let report = manager(&session).bulk_delete(["c", "z"]).await.unwrap();
    assert_eq!(report.to_string(), "1 of 2 done\nz: no job `z`");
    assert_eq!(fake.ids(), ["a", "b", "d"]);

    let report = jobs(&session).filter(Job::ID.gt("a")).delete().await.unwrap();
    assert_eq!(report.into_result().unwrap(), ["b", "d"]);
    assert_eq!(fake.ids(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn throttled_bulk_calls_are_retried() {
    let (fake, session) = Fake::new([]).throttling_above(1).start().await;
    let report = manager(&session).bulk_create((0..20).map(|id| Job::new(id.to_string()))).await.unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!(fake.ids().len(), 20);
    let report =
        manager(&session).concurrency(1).bulk_delete((0..20).map(|id| id.to_string())).await.unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!(fake.ids().len(), 0);
}

#[tokio::test]
async fn get_or_create_finds_or_creates() {
    let (fake, session) = Fake::new([Job::new("a").named("x")]).start().await;
    let (found, created) =
        manager(&session).get_or_create(Job::NAME.eq("x"), Job::new("b").named("x")).await.unwrap();
    assert_eq!((found.id.as_str(), created), ("a", false));
    let (job, created) =
        manager(&session).get_or_create(Job::NAME.eq("y"), Job::new("b").named("y")).await.unwrap();
    assert_eq!((job.id.as_str(), created), ("b", true));
    let (changed, created) =
        manager(&session).update_or_create(Job::NAME.eq("y"), 7, Job::new("c").named("y")).await.unwrap();
    assert_eq!((changed.id.as_str(), changed.size, created), ("b", Some(7), false));
    let (job, created) =
        manager(&session).update_or_create(Job::NAME.eq("z"), 7, Job::new("c").named("z")).await.unwrap();
    assert_eq!((job.id.as_str(), job.size, created), ("c", None, true));
    let several = manager(&session).get_or_create(Q::all(), Job::new("d")).await.unwrap_err();
    assert!(several.is_multiple_objects_returned());
    assert_eq!(fake.ids(), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_lost_race_to_create_finds_the_winner() {
    let (_, session) = Fake::new([Job::new("a").named("x")]).blind(1).start().await;
    let (found, created) =
        manager(&session).get_or_create(Job::NAME.eq("x"), Job::new("a").named("x")).await.unwrap();
    assert_eq!((found.id.as_str(), created), ("a", false));
    // The name belongs to a resource that does not meet the condition.
    let error = manager(&session).get_or_create(Job::NAME.eq("y"), Job::new("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);

    let (_, session) = Fake::new([Job::new("a").named("x")]).blind(1).start().await;
    let (changed, created) =
        manager(&session).update_or_create(Job::NAME.eq("x"), 7, Job::new("a").named("x")).await.unwrap();
    assert_eq!((changed.id.as_str(), changed.size, created), ("a", Some(7), false));
}

#[tokio::test]
async fn an_invalid_number_is_an_error_before_anything_is_sent() {
    let (fake, session) = with_jobs(&["a", "b", "c"]).await;
    let error = jobs(&session).page_size(0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("page_size is 0"), "{error}");
    let union = jobs(&session).page_size(0).union(jobs(&session));
    assert_eq!(union.count().await.unwrap_err().kind(), ErrorKind::InvalidInput);

    let manager = manager(&session).concurrency(0);
    let errors = [
        jobs(&session).concurrency(0).full().await.unwrap_err(),
        jobs(&session).full().concurrency(0).await.unwrap_err(),
        jobs(&session).concurrency(0).prefetch_related(Job::TAGGED).await.unwrap_err(),
        jobs(&session).concurrency(0).delete().await.unwrap_err(),
        manager.in_bulk(["a"]).await.unwrap_err(),
        manager.bulk_create([Job::new("d")]).await.unwrap_err(),
        manager.bulk_delete(["a"]).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains("concurrency is 0"), "{error}");
    }
    assert_eq!((fake.pages(), fake.calls().len()), (0, 0));

    // Valid numbers of any size are accepted.
    let all = jobs(&session).page_size(u16::MAX).limit(usize::MAX).offset(usize::MAX).concurrency(usize::MAX);
    assert_eq!(all.await.unwrap().len(), 0);
    assert_eq!(jobs(&session).page_size(u16::MAX).full().concurrency(usize::MAX).await.unwrap().len(), 3);
    assert_eq!(fake.sizes().last(), Some(&Some(100)), "AWS's largest page");
    assert_eq!(jobs(&session).page_size(0).page_size(2).await.unwrap().len(), 3, "the last call counts");
}

#[tokio::test]
async fn nothing_is_sent_if_no_row_can_match() {
    let (fake, session) = with_jobs(&["a"]).await;
    let none = jobs(&session).filter(Job::ID.is_in(Vec::<String>::new()));
    assert_eq!(none.clone().await.unwrap().len(), 0);
    assert_eq!(none.count().await.unwrap(), 0);
    assert_eq!(none.clone().order_by(Job::ID.asc()).first().await.unwrap(), None);
    assert!(none.get(Job::SIZE.eq(1)).await.unwrap_err().is_does_not_exist());
    assert!(manager(&session).in_bulk(Vec::<String>::new()).await.unwrap().is_empty());
    assert!(
        none.explain().to_string().ends_with("warning: no row can match: nothing is sent"),
        "{}",
        none.explain()
    );
    assert_eq!((fake.pages(), fake.calls().len()), (0, 0));
    assert_eq!(none.union(jobs(&session)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_blank_key_is_named_before_anything_is_sent() {
    let (fake, session) = with_jobs(&["a", "b"]).await;
    let error = manager(&session).in_bulk(["a", " ", "b"]).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidInput, "key 2 of 3: the key is blank"));
    assert_eq!(fake.calls().len(), 0);
}

#[tokio::test]
async fn a_plan_warns_of_unknown_values() {
    let (fake, session) = with_jobs(&["a"]).await;
    let odd = jobs(&session).filter(!Job::STATUS.eq("completed") | Job::STATUS.is_in(["Failed", "Waiting"]));
    let warnings = odd.explain().warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].starts_with("status: no value `completed`; did you mean `Completed`?"),
        "{warnings:?}"
    );
    assert!(
        odd.explain().to_string().contains("\n  warning: status: no value `Waiting`;"),
        "{}",
        odd.explain()
    );
    // It is sent nevertheless.
    assert_eq!(ids(&odd.await.unwrap()), ["a"]);
    assert_eq!(fake.pages(), 1);
    let known = Job::STATUS.eq("Failed") | Job::STATUS.iexact("FAILED") | Job::STATUS.startswith("X");
    assert!(jobs(&session).filter(known & Job::NAME.eq("anything")).explain().warnings.is_empty());
}

#[tokio::test]
async fn extreme_times_are_compared_but_not_sent() {
    let (fake, session) = Fake::new([Job::new("a").at("2024-05-01T00:00:00Z")]).start().await;
    for (condition, found) in [
        (Job::SUBMIT_TIME.gt(Timestamp::MIN), 1),
        (Job::SUBMIT_TIME.gte(Timestamp::MIN + 5.seconds()), 1),
        (Job::SUBMIT_TIME.lt(Timestamp::MIN), 0),
        (Job::SUBMIT_TIME.lt(Timestamp::UNIX_EPOCH - 5.seconds()), 0),
        (Job::SUBMIT_TIME.lt(Timestamp::MAX), 1),
        (Job::SUBMIT_TIME.gt(Timestamp::MAX), 0),
        (Job::SUBMIT_TIME.range(Timestamp::MIN..=Timestamp::MAX), 1),
    ] {
        let list = jobs(&session).filter(condition);
        assert_eq!(list.count().await.unwrap(), found, "{}", list.explain());
        let (sent, _) = fake.last_page();
        let is_sendable = |time: Option<Timestamp>| time.is_none_or(|time| time >= Timestamp::UNIX_EPOCH);
        assert!(is_sendable(sent.time_after) && is_sendable(sent.time_before), "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_is_retried_while_another_is_in_progress() {
    let (fake, session) = Fake::new([Job::new("a").named("x")]).refusing_changes(5).start().await;
    let (changed, created) =
        manager(&session).update_or_create(Job::NAME.eq("x"), 7, Job::new("b").named("x")).await.unwrap();
    assert_eq!((changed.size, created, fake.ids().len()), (Some(7), false, 1));

    let (_, session) = Fake::new([Job::new("a").named("x")]).refusing_changes(usize::MAX).start().await;
    let error = manager(&session).update_or_create(Job::NAME.eq("x"), 7, Job::new("b")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "it ends");
}
