//! Uptime over a month, beside what the bar of the same days says.

use super::*;
use crate::sample::{NOW, component, page};
use crate::view::Item;
use skerry_domain::time::{DAY, HOUR, MINUTE};

fn held(from: Timestamp, length: i64, status: Status) -> Interval<Effective> {
    Interval { from, to: from + length, value: Effective::Known(status) }
}

/// A component that has been watched since 3 October with an outage on 31 October that lasts into November.
fn watched() -> (ComponentView, PageView) {
    let view = page(Vec::new());
    let (_, november) = span_of(&view, (2026, 10));
    let mut one = component("aaa", Status::Operational);
    one.watched_from = Some(november - 29 * DAY);
    one.past = vec![
        held(november - 10 * DAY, 4 * HOUR, Status::UnderMaintenance),
        held(november - HOUR, 3 * HOUR, Status::MajorOutage),
        held(NOW - 10 * MINUTE, 10 * MINUTE + 1, Status::PartialOutage),
    ];
    (one, view)
}

#[test]
fn an_outage_is_divided_between_the_months_that_it_touches() {
    let (one, view) = watched();
    let october = figure_of(&one, (2026, 10), &view).tally;
    let days = 29 * DAY;
    assert_eq!((october.unwatched, october.maintenance, october.major), (2 * DAY, 4 * HOUR, HOUR));
    assert_eq!(october.operational, days - 5 * HOUR);
    let november = figure_of(&one, (2026, 11), &view);
    assert_eq!((november.tally.major, november.tally.partial), (2 * HOUR, 10 * MINUTE));
    assert_eq!(november.tally.total(), NOW - span_of(&view, (2026, 11)).0, "nothing after the view counts");
    assert_eq!(figure_of(&one, (2026, 9), &view).hundredths, None, "it was not watched");
    assert!(was_impaired(&one, (2026, 10), &view) && !was_impaired(&one, (2026, 9), &view));
}

#[test]
fn what_was_never_seen_has_no_figure() {
    let (mut one, view) = watched();
    (one.watched_from, one.past) = (None, Vec::new());
    assert_eq!(figure_of(&one, (2026, 11), &view).hundredths, None);
}

#[test]
fn by_the_rule_of_statuspage_days_count_whole_from_the_start_date() {
    let (mut one, mut view) = watched();
    view.rule.statuspage = true;
    let days = |month, start| MonthSpan::of(&view, month).days(start);
    assert_eq!(days((2026, 10), None), 31);
    assert_eq!(days((2026, 11), None), 20);
    one.start_date = Some(date(2026, 10, 31));
    assert_eq!(days((2026, 10), one.start_date), 1);
    assert_eq!(figure_of(&one, (2026, 10), &view).hundredths, Some(9_583), "an hour of one day");
    assert_eq!(days((2026, 9), one.start_date), 0);
}

#[test]
fn a_group_is_the_mean_and_a_component_itself() {
    let (one, view) = watched();
    let mut good = one.clone();
    good.past.clear();
    let of = |children: &[&ComponentView]| mean_of(children, (2026, 10), &view);
    assert_eq!(of(&[&one]), figure_of(&one, (2026, 10), &view));
    assert_eq!(of(&[&one, &good]).tally.major, HOUR / 2);
}

#[test]
fn a_month_that_is_over_has_a_page_and_the_present_one_is_rendered_ahead() {
    let view = page(vec![Item::Component(component("aaa", Status::Operational))]);
    for (path, found) in [
        ("uptime/2026-10", Some((2026, 10))),
        ("uptime/2026-11", None),
        ("uptime/2020-01", None),
        ("uptime/2026-1", None),
        ("uptime/2026-10/", None),
        ("history/2026-10", None),
        ("uptime", None),
    ] {
        assert_eq!(past_month(&view, path), found, "{path}");
    }
}
