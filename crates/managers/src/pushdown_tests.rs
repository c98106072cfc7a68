//! Pushing conditions and orders down to AWS does not change the rows of a queryset.

use bedrock_orm_models::AsyncInvokeStatus;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::QuerySet;
use crate::lookups::{
    CompareLookups as _, Expression as _, ListLookups as _, Order, Q, Single as _, TextLookups as _,
    TimeLookups as _,
};
use crate::testing::{Fake, Job, ids, jobs};

/// Names that contain one another, in both cases, and some that AWS would not accept in `nameContains`.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "A", "ab", "AB", "abc", "b", "b-1", "abcabc", "é"])
        .prop_map(str::to_owned)
}

/// Times so close together that the margin of pushed-down times matters.
fn time() -> impl Strategy<Value = Timestamp> {
    (0i64..8).prop_map(|halves| Timestamp::from_millisecond(1_700_000_000_000 + 500 * halves).unwrap())
}

fn status() -> impl Strategy<Value = AsyncInvokeStatus> {
    prop::sample::select(vec![AsyncInvokeStatus::Completed, AsyncInvokeStatus::Failed])
}

fn tag() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["x", "y"]).prop_map(str::to_owned)
}

prop_compose! {
    fn job()(
        name in option::of(name()),
        status in status(),
        submit_time in option::of(time()),
        size in option::of(0i64..3),
        urgent in option::of(any::<bool>()),
        tags in option::of(vec(tag(), 0..3)),
    ) -> Job {
        Job { name, status, submit_time, size, urgent, tags, ..Job::default() }
    }
}

fn lookup() -> impl Strategy<Value = Q<Job>> {
    prop_oneof![
        name().prop_map(|value| Job::NAME.eq(value)),
        name().prop_map(|value| Job::NAME.ne(value)),
        name().prop_map(|value| Job::NAME.iexact(value)),
        name().prop_map(|value| Job::NAME.contains(value)),
        name().prop_map(|value| Job::NAME.icontains(value)),
        name().prop_map(|value| Job::NAME.startswith(value)),
        name().prop_map(|value| Job::NAME.endswith(value)),
        name().prop_map(|value| Job::NAME.gt(value)),
        vec(name(), 0..3).prop_map(|values| Job::NAME.is_in(values)),
        any::<bool>().prop_map(|missing| Job::NAME.is_null(missing)),
        status().prop_map(|value| Job::STATUS.eq(value)),
        status().prop_map(|value| Job::STATUS.iexact(value.as_str().to_uppercase())),
        status().prop_map(|value| Job::STATUS.ne(value)),
        vec(status(), 0..3).prop_map(|values| Job::STATUS.is_in(values)),
        time().prop_map(|value| Job::SUBMIT_TIME.eq(value)),
        time().prop_map(|value| Job::SUBMIT_TIME.gt(value)),
        time().prop_map(|value| Job::SUBMIT_TIME.gte(value)),
        time().prop_map(|value| Job::SUBMIT_TIME.lt(value)),
        time().prop_map(|value| Job::SUBMIT_TIME.lte(value)),
        (time(), time()).prop_map(|(from, to)| Job::SUBMIT_TIME.range(from..to)),
        time().prop_map(|value| Job::SUBMIT_TIME.second().eq(i64::from(value.subsec_millisecond()))),
        any::<bool>().prop_map(|missing| Job::SUBMIT_TIME.is_null(missing)),
        (0i64..3).prop_map(|value| Job::SIZE.gte(value)),
        any::<bool>().prop_map(|value| Job::URGENT.eq(value)),
        any::<bool>().prop_map(|value| Job::URGENT.ne(value)),
        tag().prop_map(|value| Job::TAGS.has(value)),
        (0i64..3).prop_map(|size| Q::new(move |job: &Job| job.size == Some(size))),
    ]
}

fn condition() -> impl Strategy<Value = Q<Job>> {
    lookup().prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| one & other),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| one | other),
            inner.prop_map(|condition| !condition),
        ]
    })
}

fn order() -> impl Strategy<Value = Order<Job>> {
    let key = prop_oneof![
        Just(Job::SUBMIT_TIME.asc()),
        Just(Job::SUBMIT_TIME.desc()),
        Just(Job::SIZE.asc()),
        Just(Job::NAME.desc()),
    ];
    vec(key, 1..3).prop_map(Order::from)
}

/// A method call on a queryset.
#[derive(Clone, Debug)]
enum Step {
    Filter(Q<Job>),
    Exclude(Q<Job>),
    OrderBy(Order<Job>),
    Reverse,
    Limit(usize),
    Offset(usize),
    Distinct,
    PageSize(u16),
    Given(bool),
    Union(Q<Job>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => condition().prop_map(Step::Filter),
        2 => condition().prop_map(Step::Exclude),
        3 => order().prop_map(Step::OrderBy),
        1 => Just(Step::Reverse),
        1 => (0usize..6).prop_map(Step::Limit),
        1 => (0usize..4).prop_map(Step::Offset),
        1 => Just(Step::Distinct),
        1 => (1u16..4).prop_map(Step::PageSize),
        1 => any::<bool>().prop_map(Step::Given),
        1 => condition().prop_map(Step::Union),
    ]
}

fn stepped(list: QuerySet<Job>, step: Step) -> QuerySet<Job> {
    match step {
        Step::Filter(condition) => list.filter(condition),
        Step::Exclude(condition) => list.exclude(condition),
        Step::OrderBy(order) => list.order_by(order),
        Step::Reverse => list.reverse(),
        Step::Limit(rows) => list.limit(rows),
        Step::Offset(rows) => list.offset(rows),
        Step::Distinct => list.distinct(),
        Step::PageSize(rows) => list.page_size(rows),
        // A parameter that the caller has set is kept, whatever the conditions are.
        Step::Given(urgent) => list.with(|mut given| {
            given.urgent = Some(urgent);
            given
        }),
        Step::Union(condition) => list.clone().union(list.filter(condition)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn pushing_down_changes_no_result(
        rows in vec(job(), 0..12),
        steps in vec(step(), 1..6),
        inclusive in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let numbered = rows.into_iter().enumerate();
            let rows = numbered.map(|(number, row)| Job { id: format!("{number:02}"), ..row });
            let (_, session) = Fake::new(rows).inclusive(inclusive).start().await;
            let list = steps.into_iter().fold(jobs(&session), stepped);
            let plain = list.clone().plain();
            let (pushed, unpushed) = (list.clone().await.unwrap(), plain.clone().await.unwrap());
            prop_assert_eq!(ids(&pushed), ids(&unpushed), "{}", list.explain());
            prop_assert_eq!(list.count().await.unwrap(), unpushed.len());
            prop_assert_eq!(list.exists().await.unwrap(), !unpushed.is_empty());
            let first = list.first().await.unwrap();
            prop_assert_eq!(first.as_ref().map(|row| &row.id), unpushed.first().map(|row| &row.id));
            let mut streamed = Vec::new();
            let mut stream = list.stream();
            while let Some(row) = stream.next().await {
                streamed.push(row.unwrap());
            }
            prop_assert_eq!(ids(&streamed), ids(&unpushed));
            Ok(())
        })?;
    }
}

#[cfg(feature = "control-plane")]
#[test]
fn a_value_that_the_parameter_does_not_accept_is_not_pushed_down() {
    use bedrock_orm_models::FoundationModel;

    use crate::Objects as _;

    let has = |modality: &str| {
        let models = FoundationModel::objects().filter(FoundationModel::OUTPUT_MODALITIES.has(modality));
        models.explain().pushed.len()
    };
    // AWS lists models with speech output, but does not accept the modality as a filter.
    assert_eq!((has("TEXT"), has("SPEECH")), (1, 0));
}
