//! Fuzz tests of conditions and orders that are written as strings: any string is parsed or has a message, and a valid lookup
//! matches what the typed one matches.
//!
//! `PROPTEST_CASES` sets the number of cases of each test.

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{
    CollectionLookups as _, CompareLookups as _, Expression as _, ListLookups as _, MapLookups as _, Q,
    TextLookups as _, TimeLookups as _, field, order,
};
use crate::testing::{Job, Output};

/// Texts made of pieces that the parsers look for, and of random characters.
fn written() -> impl Strategy<Value = String> {
    let field = select(&[
        "name",
        "status",
        "submitTime",
        "size",
        "urgent",
        "tags",
        "labels",
        "output.uri",
        "parts__uri",
    ]);
    let lookup = select(&[
        "exact", "in", "range", "regex", "iregex", "isnull", "year", "week_day", "date", "len", "has",
    ]);
    let other = select(&[
        "__",
        "_",
        "=",
        "=",
        ",",
        "-",
        " ",
        "'",
        "\"",
        "(",
        "[a-",
        "true",
        "7",
        "2024-05-01",
        "Completed",
    ]);
    let piece = prop_oneof![
        3 => field.prop_map(str::to_owned),
        3 => lookup.prop_map(str::to_owned),
        6 => other.prop_map(str::to_owned),
        1 => "\\PC{0,4}",
    ];
    vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// Short texts of few characters, so that some of them match. No operand has spaces at its ends or quotes.
fn text() -> impl Strategy<Value = String> {
    "[abAB.é]{1,3}"
}

fn time() -> impl Strategy<Value = Timestamp> {
    let seconds = select(&[-62_135_596_800_i64, -1, 0, 951_782_400, 1_735_603_199, 253_402_207_199]);
    (seconds, -1_i32..=1, 0..3_i32).prop_map(|(seconds, more, nanoseconds)| {
        let seconds = (seconds + i64::from(more)).clamp(-62_135_596_800, 253_402_207_199);
        Timestamp::new(seconds, nanoseconds).unwrap()
    })
}

fn job() -> impl Strategy<Value = Job> {
    let texts = || vec(text(), 0..3);
    let options = (
        prop::option::of(text()),
        prop::option::of(time()),
        prop::option::of(-2..3_i64),
        any::<Option<bool>>(),
    );
    (options, prop::option::of(texts()), prop::option::of(texts()), prop::option::of(text()), texts())
        .prop_map(|((name, submit_time, size, urgent), tags, labels, uri, parts)| Job {
            name,
            submit_time,
            size,
            urgent,
            tags,
            labels: labels.map(|keys| keys.into_iter().map(|key| (key, String::new())).collect()),
            output: Output { uri },
            parts: parts.into_iter().map(|uri| Output { uri: Some(uri) }).collect(),
            ..Job::new("a")
        })
}

/// Asserts that the condition is valid, and matches the same jobs as the typed one.
fn agree(written: &str, typed: &Q<Job>, jobs: &[Job]) -> Result<(), TestCaseError> {
    let parsed = Q::<Job>::parse(written);
    prop_assert_eq!(parsed.problem(), typed.problem(), "{}", written);
    prop_assert_eq!(parsed.to_string(), typed.to_string());
    for job in jobs {
        prop_assert_eq!(parsed.matches(job), typed.matches(job), "{} and {:?}", written, job);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_string_is_a_condition_or_has_a_message(written in written(), job in job()) {
        let condition = Q::<Job>::parse(&written);
        let matches = condition.matches(&job);
        if let Some(problem) = condition.problem() {
            prop_assert!(!matches && problem.contains(&written), "{problem}");
        } else {
            prop_assert_eq!((!condition.clone()).matches(&job), !matches);
        }
        let both = condition.clone() & Q::parse(&written) | !condition;
        let _ = (both.matches(&job), both.problem().map(str::len), both.to_string());
    }

    #[test]
    fn any_string_is_an_order_or_has_a_message(written in written(), jobs in vec(job(), 0..8)) {
        let by = order::<Job>(&written);
        let mut sorted = jobs.clone();
        // A comparison without a total order would panic.
        sorted.sort_by(|one, other| by.compare(one, other));
        prop_assert_eq!(sorted.len(), jobs.len());
        if by.problem().is_none() {
            prop_assert!(written.split(',').all(|key| field::<Job>(key.trim().trim_start_matches('-')).is_ok()), "{written}");
        }
    }

    #[test]
    fn a_written_text_lookup_is_the_typed_one(one in text(), other in text(), jobs in vec(job(), 1..6)) {
        let both = [one.as_str(), &other];
        for (lookup, operand, typed) in [
            ("", one.clone(), Job::NAME.eq(&*one)),
            ("__exact", one.clone(), Job::NAME.eq(&*one)),
            ("__ne", one.clone(), Job::NAME.ne(&*one)),
            ("__iexact", one.clone(), Job::NAME.iexact(&*one)),
            ("__contains", one.clone(), Job::NAME.contains(&*one)),
            ("__icontains", one.clone(), Job::NAME.icontains(&*one)),
            ("__startswith", one.clone(), Job::NAME.startswith(&*one)),
            ("__istartswith", one.clone(), Job::NAME.istartswith(&*one)),
            ("__endswith", one.clone(), Job::NAME.endswith(&*one)),
            ("__iendswith", one.clone(), Job::NAME.iendswith(&*one)),
            ("__gt", one.clone(), Job::NAME.gt(&*one)),
            ("__gte", one.clone(), Job::NAME.gte(&*one)),
            ("__lt", one.clone(), Job::NAME.lt(&*one)),
            ("__lte", one.clone(), Job::NAME.lte(&*one)),
            ("__regex", one.clone(), Job::NAME.regex(&*one)),
            ("__iregex", one.clone(), Job::NAME.iregex(&*one)),
            ("__in", both.join(", "), Job::NAME.is_in(both)),
            ("__range", both.join(","), Job::NAME.gte(&*one) & Job::NAME.lte(&*other)),
            ("__isnull", "true".to_owned(), Job::NAME.is_null(true)),
        ] {
            agree(&format!("name{lookup}={operand}"), &typed, &jobs)?;
        }
        agree(&format!("output__uri__contains = {one}"), &Job::OUTPUT_URI.contains(&*one), &jobs)?;
        agree(&format!("parts.uri={one}"), &Job::PARTS_URI.eq(&*one), &jobs)?;
        agree(&format!("tags__has={one}"), &Job::TAGS.has(&*one), &jobs)?;
        agree(&format!("labels__has_key={one}"), &Job::LABELS.has_key(&*one), &jobs)?;
    }

    #[test]
    fn a_written_number_or_time_lookup_is_the_typed_one(
        number in -3..4_i64, length in 0..4_usize, other in any::<i64>(), time in time(), flag in any::<bool>(), jobs in vec(job(), 1..6),
    ) {
        for (lookup, typed) in [
            ("", Job::SIZE.eq(number)),
            ("__ne", Job::SIZE.ne(number)),
            ("__gt", Job::SIZE.gt(number)),
            ("__gte", Job::SIZE.gte(number)),
            ("__lt", Job::SIZE.lt(number)),
            ("__lte", Job::SIZE.lte(number)),
        ] {
            agree(&format!("size{lookup}={number}"), &typed, &jobs)?;
        }
        agree(&format!("size__in={number},{other}"), &Job::SIZE.is_in([number, other]), &jobs)?;
        agree(&format!("size__range={number},{other}"), &Job::SIZE.range(number..=other), &jobs)?;
        agree(&format!("urgent={flag}"), &Job::URGENT.eq(flag), &jobs)?;
        agree(&format!("tags__len__gte={length}"), &Job::TAGS.len().gte(length), &jobs)?;
        for (lookup, typed) in [
            ("", Job::SUBMIT_TIME.eq(time)),
            ("__ne", Job::SUBMIT_TIME.ne(time)),
            ("__gt", Job::SUBMIT_TIME.gt(time)),
            ("__gte", Job::SUBMIT_TIME.gte(time)),
            ("__lt", Job::SUBMIT_TIME.lt(time)),
            ("__lte", Job::SUBMIT_TIME.lte(time)),
        ] {
            agree(&format!("submit_time{lookup}={time}"), &typed, &jobs)?;
        }
        for (part, typed) in [
            ("year", Job::SUBMIT_TIME.year().lte(number)),
            ("month", Job::SUBMIT_TIME.month().lte(number)),
            ("day", Job::SUBMIT_TIME.day().lte(number)),
            ("hour", Job::SUBMIT_TIME.hour().lte(number)),
            ("minute", Job::SUBMIT_TIME.minute().lte(number)),
            ("second", Job::SUBMIT_TIME.second().lte(number)),
            ("week", Job::SUBMIT_TIME.week().lte(number)),
            ("week_day", Job::SUBMIT_TIME.week_day().lte(number)),
            ("quarter", Job::SUBMIT_TIME.quarter().lte(number)),
        ] {
            agree(&format!("submitTime__{part}__lte={number}"), &typed, &jobs)?;
        }
    }
}
