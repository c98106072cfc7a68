//! Conditions on rows, typed and parsed.

use bedrock_orm_models::AsyncInvokeStatus;
use jiff::Timestamp;
use jiff::civil::date;

use super::{
    CollectionLookups as _, CompareLookups as _, Expression as _, ListLookups as _, MapLookups as _, Q,
    Single as _, TextLookups as _, TimeLookups as _, field, order,
};
use crate::testing::{Job, Output};

fn job() -> Job {
    let mut job = Job::new("a").named("Straße Σας").sized(7).at("2024-12-30T23:59:58Z").tagged(&["x", "y"]);
    job.parts = ["one", "two"].map(|uri| Output { uri: Some(uri.to_owned()) }).into();
    job.labels = Some([("team".to_owned(), "red".to_owned())].into());
    job.urgent = Some(true);
    job
}

#[allow(clippy::needless_pass_by_value)] // conditions are passed by value, as in a filter
fn holds(condition: Q<Job>) -> bool {
    condition.matches(&job())
}

#[test]
fn text_is_compared_as_in_django() {
    for (condition, expected) in [
        (Job::NAME.eq("Straße Σας"), true),
        (Job::NAME.eq("straße Σας"), false),
        (Job::NAME.ne("other"), true),
        (Job::NAME.ne("Straße Σας"), false),
        (Job::NAME.iexact("STRAßE ΣΑΣ"), false),
        (Job::NAME.iexact("STRAßE ΣΑς"), true),
        (Job::NAME.contains("aße"), true),
        (Job::NAME.contains("AßE"), false),
        (Job::NAME.icontains("ASSE"), false),
        (Job::NAME.icontains("RAß"), true),
        (Job::NAME.startswith("Str"), true),
        (Job::NAME.istartswith("sTR"), true),
        (Job::NAME.endswith("ας"), true),
        (Job::NAME.iendswith("Ας"), true),
        (Job::NAME.endswith("Str"), false),
        (Job::NAME.is_in(["x", "Straße Σας"]), true),
        (Job::NAME.is_in(Vec::<String>::new()), false),
        (Job::NAME.gt("Str"), true),
        (Job::NAME.lte("Str"), false),
        (Job::NAME.regex("^Str.*ς$"), true),
        (Job::NAME.regex("^str"), false),
        (Job::NAME.iregex("^sTR"), true),
        (Job::STATUS.eq(AsyncInvokeStatus::Completed), true),
        (Job::STATUS.eq("Completed"), true),
        (Job::STATUS.is_in([AsyncInvokeStatus::Failed]), false),
        (Job::PARTS_URI.eq("two"), true),
        (Job::PARTS_URI.eq("three"), false),
        (Job::PARTS_URI.ne("two"), true),
    ] {
        assert_eq!(holds(condition.clone()), expected, "{condition}");
    }
}

#[test]
fn numbers_times_and_flags_are_compared() {
    let time: Timestamp = "2024-12-30T23:59:58Z".parse().unwrap();
    for (condition, expected) in [
        (Job::SIZE.eq(7), true),
        (Job::SIZE.gt(7), false),
        (Job::SIZE.gte(7), true),
        (Job::SIZE.range(1..7), false),
        (Job::SIZE.range(1..=7), true),
        (Job::SIZE.range(..), true),
        (Job::SIZE.is_in([1, 7]), true),
        (Job::URGENT.eq(true), true),
        (Job::URGENT.ne(true), false),
        (Job::SUBMIT_TIME.lte(time), true),
        (Job::SUBMIT_TIME.lt(time), false),
        (Job::SUBMIT_TIME.date().eq(date(2024, 12, 30)), true),
        (Job::SUBMIT_TIME.year().eq(2024), true),
        (Job::SUBMIT_TIME.month().eq(12), true),
        (Job::SUBMIT_TIME.day().eq(30), true),
        (Job::SUBMIT_TIME.hour().eq(23), true),
        (Job::SUBMIT_TIME.minute().eq(59), true),
        (Job::SUBMIT_TIME.second().eq(58), true),
        (Job::SUBMIT_TIME.week().eq(1), true),
        (Job::SUBMIT_TIME.week_day().eq(2), true),
        (Job::SUBMIT_TIME.quarter().eq(4), true),
        (Job::SUBMIT_TIME.year().gt(2024), false),
    ] {
        assert_eq!(holds(condition.clone()), expected, "{condition}");
    }
}

#[test]
fn lists_and_maps_have_lookups() {
    for (condition, expected) in [
        (Job::TAGS.has("y"), true),
        (Job::TAGS.has("z"), false),
        (Job::TAGS.any(|tag| tag == "y"), true),
        (Job::TAGS.len().eq(2), true),
        (Job::TAGS.len().gt(2), false),
        (Job::LABELS.has_key("team"), true),
        (Job::LABELS.has_key("tea"), false),
        (Job::LABELS.len().eq(1), true),
    ] {
        assert_eq!(holds(condition.clone()), expected, "{condition}");
    }
}

#[test]
fn a_missing_value_meets_only_is_null_and_negation_is_plain() {
    let empty = Job::new("b");
    for condition in [
        Job::NAME.eq(""),
        Job::NAME.ne("x"),
        Job::NAME.contains(""),
        Job::NAME.regex(""),
        Job::SIZE.ne(1),
        Job::SIZE.range(..),
        Job::TAGS.len().eq(0),
        Job::TAGS.any(|_| true),
        Job::PARTS_URI.ne("x"),
        Job::NAME.is_some(),
        Job::PARTS_URI.is_null(false),
    ] {
        assert!(!condition.matches(&empty), "{condition}");
        assert!((!condition.clone()).matches(&empty), "not {condition}");
    }
    assert!(Job::NAME.is_none().matches(&empty));
    assert!(Job::NAME.is_null(true).matches(&empty));
}

#[test]
fn conditions_are_combined() {
    let (yes, no) = (|| Job::SIZE.eq(7), || Job::SIZE.eq(8));
    assert!(holds(yes() & yes()) && !holds(yes() & no()) && !holds(no() & yes()));
    assert!(holds(yes() | no()) && holds(no() | yes()) && !holds(no() | no()));
    assert!(holds(!no()) && !holds(!yes()) && holds(!!yes()));
    assert!(
        holds(Q::all()) && holds(Q::all() & yes()) && !holds(Q::all() & no()) && !holds(!Q::<Job>::all())
    );
    assert!(holds(Q::new(|job: &Job| job.id == "a")) && !holds(Q::new(|job: &Job| job.id == "b")));
    let text = (yes() & (no() | !yes()) & !(yes() & no())).to_string();
    assert_eq!(
        text,
        "size exact 7 and (size exact 8 or not size exact 7) and not (size exact 7 and size exact 8)"
    );
}

#[test]
fn a_parsed_condition_equals_the_typed_one() {
    let time: Timestamp = "2024-05-01T00:00:00Z".parse().unwrap();
    for (written, typed) in [
        ("name=x", Job::NAME.eq("x")),
        (" name = x y ", Job::NAME.eq("x y")),
        ("name__in = a , b ", Job::NAME.is_in(["a", "b"])),
        ("name__iregex = ^a ", Job::NAME.iregex("^a")),
        ("name__isnull = true", Job::NAME.is_null(true)),
        ("status__iexact = completed", Job::STATUS.iexact("completed")),
        ("status__startswith=Unheard", Job::STATUS.startswith("Unheard")),
        ("tags__has = x", Job::TAGS.has("x")),
        ("name__icontains=a=b", Job::NAME.icontains("a=b")),
        ("name__in=a, b", Job::NAME.is_in(["a", "b"])),
        ("name__range=a,b", Job::NAME.gte("a") & Job::NAME.lte("b")),
        ("name__isnull=True", Job::NAME.is_null(true)),
        ("name__iregex=^a", Job::NAME.iregex("^a")),
        ("status=Completed", Job::STATUS.eq(AsyncInvokeStatus::Completed)),
        ("size__range=1,3", Job::SIZE.range(1..=3)),
        ("size__in=1,3", Job::SIZE.is_in([1, 3])),
        ("urgent=true", Job::URGENT.eq(true)),
        ("submitTime__gte=2024-05-01", Job::SUBMIT_TIME.gte(time)),
        ("submit_time__lt=2024-05-01T02:00:00+02:00", Job::SUBMIT_TIME.lt(time)),
        ("submit_time__year__gte=2024", Job::SUBMIT_TIME.year().gte(2024)),
        ("submitTime__date=2024-05-01", Job::SUBMIT_TIME.date().eq(date(2024, 5, 1))),
        ("submitTime__week_day__in=1,7", Job::SUBMIT_TIME.week_day().is_in([1, 7])),
        ("output__uri__startswith=s3:", Job::OUTPUT_URI.startswith("s3:")),
        ("output__isnull=false", Job::OUTPUT.is_some()),
        ("parts__uri=x", Job::PARTS_URI.eq("x")),
        ("tags__has=x", Job::TAGS.has("x")),
        ("tags__len__gt=1", Job::TAGS.len().gt(1)),
        ("labels__has_key=team", Job::LABELS.has_key("team")),
        ("name='", Job::NAME.eq("'")),
    ] {
        let parsed = Q::<Job>::parse(written);
        assert_eq!(parsed.problem(), None, "{written}");
        assert_eq!(format!("{parsed:?}"), format!("{typed:?}"), "{written}");
        assert_eq!(parsed.matches(&job()), typed.matches(&job()), "{written}");
    }
}

#[test]
fn a_parsed_isnull_equals_the_typed_one() {
    for (path, typed) in [
        ("name", Job::NAME.is_null(true)),
        ("size", Job::SIZE.is_null(true)),
        ("urgent", Job::URGENT.is_null(true)),
        ("submitTime", Job::SUBMIT_TIME.is_null(true)),
        ("submitTime__year", Job::SUBMIT_TIME.year().is_null(true)),
        ("submitTime__date", Job::SUBMIT_TIME.date().is_null(true)),
        ("tags", Job::TAGS.is_null(true)),
        ("tags__len", Job::TAGS.len().is_null(true)),
        ("labels__len", Job::LABELS.len().is_null(true)),
        ("parts__uri", Job::PARTS_URI.is_null(true)),
    ] {
        let (missing, sent) =
            (Q::parse(&format!("{path}__isnull=true")), Q::parse(&format!("{path}__isnull=false")));
        assert_eq!(format!("{missing:?}"), format!("{typed:?}"));
        assert!(missing.matches(&Job::new("b")) && !missing.matches(&job()), "{missing}");
        assert!(sent.matches(&job()) && !sent.matches(&Job::new("b")), "{sent}");
    }
}

#[test]
fn each_end_of_a_range_holds_for_a_value_of_its_own() {
    let parsed = Q::<Job>::parse("parts__uri__range=oo,oz");
    assert!(holds(Job::PARTS_URI.gte("oo") & Job::PARTS_URI.lte("oz")) && holds(parsed.clone()), "{parsed}");
}

#[test]
fn an_invalid_condition_has_a_message() {
    for (written, message) in [
        ("nmae=x", "did you mean `name`? known fields: id, name,"),
        ("subimt_time__gt=x", "did you mean `submitTime`?"),
        ("zzzzzzzz=1", "Job has no field `zzzzzzzz`; known fields: id,"),
        ("name__icontain=x", "name: no lookup `icontain`; did you mean `icontains`? known lookups: exact,"),
        ("submitTime__yaer=1", "did you mean `year`?"),
        ("submitTime__gt=yesterday", "submitTime: `yesterday` is not a time such as `2024-05-01`"),
        ("size__gt=big", "`big` is not a whole number"),
        ("urgent=maybe", "`maybe` is not `true` or `false`"),
        ("size__range=1", "`1` is not a range"),
        ("tags=x", "a lookup is missing; known lookups: has,"),
        ("output=x", "known lookups: isnull"),
        ("name", "write it as `field__lookup=value`"),
        ("name__regex=(", "is not a regular expression"),
        ("name == x", "name: write one `=`"),
        ("name=\"x\"", "name: write \"x\" without the quotes"),
        ("name='x'", "without the quotes"),
        ("name__in=", "`` has a blank value"),
        ("name__in=a,,b", "has a blank value"),
        ("size__in=", "has a blank value"),
        (
            "status=completed",
            "status: no value `completed`; did you mean `Completed`? known values: InProgress,",
        ),
        ("status__ne=Complete", "did you mean `Completed`?"),
        ("status__in=Failed, in progress", "no value `in progress`; did you mean `InProgress`?"),
        ("status__iexact=zzzzzz", "status: no value `zzzzzz`; known values: InProgress,"),
        ("status=Unheard", "use `filter` with the field's constant"),
    ] {
        let condition = Q::<Job>::parse(written);
        let problem = condition.problem().unwrap_or_else(|| panic!("{written} is valid"));
        assert!(problem.contains(message), "{written}: {problem}");
    }
    assert!((Job::NAME.regex("(") | Job::SIZE.eq(1)).problem().is_some());
}

#[test]
fn missing_values_come_last_in_both_directions() {
    let mut jobs = [Job::new("none"), Job::new("two").sized(2), Job::new("one").sized(1), Job::new("nil")];
    let ids = |jobs: &[Job]| jobs.iter().map(|job| job.id.clone()).collect::<Vec<_>>();
    let by = Job::SIZE.asc();
    jobs.sort_by(|one, other| by.compare(one, other));
    assert_eq!(ids(&jobs), ["one", "two", "none", "nil"]);
    let by = Job::SIZE.desc().then(Job::ID.asc());
    jobs.sort_by(|one, other| by.compare(one, other));
    assert_eq!(ids(&jobs), ["two", "one", "nil", "none"]);
    let by = by.reverse();
    assert_eq!(by.to_string(), "size, -id");
    jobs.sort_by(|one, other| by.compare(one, other));
    assert_eq!(ids(&jobs), ["one", "two", "none", "nil"]);
}

#[test]
fn orders_are_parsed_as_in_django() {
    let by = order::<Job>("-submit_time, output__uri");
    assert_eq!((by.problem(), by.to_string().as_str()), (None, "-submitTime, output.uri"));
    for (written, message) in [("-nmae", "did you mean `name`?"), ("tags", "cannot be ordered by `tags`")] {
        let by = order::<Job>(written);
        assert!(by.problem().unwrap().contains(message), "{:?}", by.problem());
    }
    assert_eq!(field::<Job>("submit_time").map(|field| field.path()), Ok("submitTime"));
}

#[test]
fn conditions_that_no_row_can_meet_are_recognized() {
    let nothing = || Job::NAME.is_in(Vec::<String>::new());
    for never in [nothing(), nothing() & Job::SIZE.eq(7), nothing() | Job::SIZE.is_in([])] {
        assert!(never.is_never() && !holds(never.clone()), "{never}");
    }
    for other in [!nothing(), nothing() | Job::SIZE.eq(7), Job::SIZE.eq(8), Job::NAME.is_in([""]), Q::all()] {
        assert!(!other.is_never(), "{other}");
    }
}

#[test]
fn the_fields_of_an_enum_know_its_values() {
    use bedrock_orm_models::{InferenceType, TextValue};

    let known = |path: &str| super::known_values::<Job>(path);
    assert_eq!(known("status"), ["InProgress", "Completed", "Failed"]);
    assert_eq!(
        (known("name"), known("tags"), known("size"), known("none")),
        (&[][..], &[][..], &[][..], &[][..])
    );
    assert!(<InferenceType as TextValue>::KNOWN.contains(&"INFERENCE_PROFILE"));
}
