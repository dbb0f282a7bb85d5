//! What a chart says of a window.

use super::*;
use crate::sample::{self, NOW, component, page};
use crate::view::Item;
use skerry_domain::response::Measured;
use skerry_domain::time::{HOUR, MINUTE};

fn hours(count: i64) -> Vec<Measured> {
    let hour = |ago: i64| {
        let at = Timestamp((NOW.0 / HOUR - ago) * HOUR);
        let quarters = [0, 16, 32, 48].map(|minute| at + minute * MINUTE);
        let p50_ms = 150 + 10 * (ago % 5) as u32;
        quarters.into_iter().flat_map(move |at| sample::measured(at, p50_ms, 400))
    };
    (1..=count).rev().flat_map(hour).collect()
}

/// The chart of a component with these points and outages that began and ended so many minutes ago.
fn drawn(measured: &[Measured], outages: &[(i64, i64, Status)], span: Span) -> Option<Chart> {
    let mut one = component("aaa", Status::Operational);
    one.response = Some(sample::response(measured));
    let outage = |(from, to, status): &(i64, i64, Status)| Interval {
        from: NOW - from * MINUTE,
        to: if *to == 0 { NOW + 1 } else { NOW - to * MINUTE },
        value: Effective::Known(*status),
    };
    one.past = outages.iter().map(outage).collect();
    let view = page(vec![Item::Component(one.clone())]);
    chart(&one, span, &view, &Clock::of(&view))
}

#[test]
fn the_picture_is_told_in_words() {
    for (span, outages, words) in [
        (
            Span::Day,
            vec![],
            "Response time over the last 24 hours: median 150 to 190 ms, slowest 5% over 400 ms.",
        ),
        (
            Span::Day,
            vec![(133, 55, Status::MajorOutage), (20, 0, Status::PartialOutage)],
            "Response time over the last 24 hours: median 150 to 190 ms, slowest 5% over 400 ms, \
             major outage from 14:02 to 15:20, partial outage since 15:55.",
        ),
        (
            Span::Day,
            vec![(20 * 60, 19 * 60, Status::DegradedPerformance)],
            "Response time over the last 24 hours: median 150 to 190 ms, slowest 5% over 400 ms.",
        ),
        (
            Span::Day,
            vec![(20 * 60, 19 * 60, Status::MajorOutage)],
            "Response time over the last 24 hours: median 150 to 190 ms, slowest 5% over 400 ms, \
             major outage from Thu 20:15 to Thu 21:15.",
        ),
        (
            Span::Week,
            vec![(4 * 1_440, 4 * 1_440 - 60, Status::MajorOutage)],
            "Response time over the last 7 days: median 150 to 190 ms, slowest 5% over 400 ms, \
             major outage from 16 Nov, 16:15 to 16 Nov, 17:15.",
        ),
        (
            Span::Month,
            (1..=4).map(|day| (day * 1_440, day * 1_440 - 60, Status::MajorOutage)).collect(),
            "Response time over the last 30 days: median 160 to 180 ms, slowest 5% over 400 ms, \
             4 outages, 4\u{a0}h in all.",
        ),
    ] {
        let chart = drawn(&hours(40 * 24), &outages, span).expect("it is drawn");
        // Which medians remain when hours are merged is a matter of `ResponseWindow`.
        let end = |text: &str| text.split_once("slowest").map(|(_, end)| end.to_owned());
        let (words, told) = match span {
            Span::Day => (Some(words.to_owned()), Some(chart.description)),
            _ => (end(words), end(&chart.description)),
        };
        assert_eq!(told, words);
    }
}

#[test]
fn an_outage_has_a_column_and_a_foot_however_short_it_is() {
    let chart = drawn(&hours(40 * 24), &[(720, 360, Status::MajorOutage)], Span::Day).expect("it is drawn");
    let column = &chart.columns[0];
    assert_eq!(
        (column.class, column.back.as_str(), column.foot.as_str()),
        ("j", "M500 0h250v1000h-250z", "M500 960h250v40h-250z")
    );
    let short = drawn(&hours(90 * 24), &[(1, 0, Status::PartialOutage)], Span::Quarter).expect("it is drawn");
    assert_eq!((short.columns[0].class, short.columns[0].back.as_str()), ("p", "M991 0h9v1000h-9z"));
    let before = drawn(&hours(40 * 24), &[(3 * 1_440, 2 * 1_440, Status::MajorOutage)], Span::Day);
    assert!(before.expect("it is drawn").columns.is_empty());
}

#[test]
fn a_young_chart_begins_with_its_first_point_and_an_empty_one_is_not_drawn() {
    let chart = drawn(&hours(3), &[], Span::Quarter).expect("it is drawn");
    let labels: Vec<_> = chart.ticks.iter().map(|tick| tick.text.as_str()).collect();
    assert_eq!(labels, ["13:00", "14:00", "15:00", "16:00"]);
    assert!(drawn(&[], &[], Span::Day).is_none());
    let old: Vec<_> = hours(60).into_iter().take(20).collect();
    assert!(drawn(&old, &[], Span::Day).is_none() && drawn(&old, &[], Span::Week).is_some());
}

#[test]
fn figures_have_a_unit_and_a_range_has_it_once() {
    let texts = crate::texts::Language::English.texts();
    let milliseconds = |value| texts.dates.response_time(value);
    assert_eq!((milliseconds(119.6).as_str(), milliseconds(1_500.0).as_str()), ("120 ms", "1.5 s"));
    assert_eq!((milliseconds(999.7).as_str(), milliseconds(2_000.0).as_str()), ("1 s", "2 s"));
    for (low, high, words) in
        [(150.0, 310.0, "150 to 310 ms"), (150.2, 150.4, "150 ms"), (800.0, 1_200.0, "800 ms to 1.2 s")]
    {
        assert_eq!(range(low, high, texts), words);
    }
    for (top, words) in [(800.0, ("800 ms", "400")), (1_000.0, ("1 s", "0.5")), (3_000.0, ("3 s", "1.5"))] {
        let (of_top, of_middle) = figures_of(top, texts);
        assert_eq!((of_top.as_str(), of_middle.as_str()), words);
    }
}

#[test]
fn each_point_tells_the_script_where_and_when_it_is_and_its_figures() {
    let points = |span| drawn(&hours(40 * 24), &[], span).expect("it is drawn").points;
    let day = points(Span::Day);
    assert_eq!(day.split(';').count(), 89, "the present quarter of an hour has no measurement yet");
    assert!(day.starts_with("6|Thu 16:16|") && day.ends_with("|Fri 15:44|160 ms|400 ms"), "{day}");
    assert!(points(Span::Week).ends_with("|20 Nov, 14:00|170 ms|400 ms"), "{}", points(Span::Week));
    assert!(points(Span::Quarter).contains("|Mon 16 Nov|"), "{}", points(Span::Quarter));
}
