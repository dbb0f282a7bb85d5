//! Uptime over a time is the figure of the page where both speak of the same days.

use super::*;
use crate::build::page_view;
use crate::incidents::tests::{CARDS, PAGE, state};
use crate::sample::NOW;
use skerry_domain::component::Automatic;
use skerry_domain::holds::HeldStatus;
use skerry_domain::interval::Interval;
use skerry_domain::status::Status;
use skerry_domain::time::{HOUR, MINUTE};
use skerry_domain::uptime::Rule;

/// The state with outages of these lengths, each ending so long ago.
fn with_outages(rule: Rule, outages: &[(i64, i64, Status)]) -> State {
    let mut state = state();
    state.pages.get_mut(&PAGE).expect("there").settings.rule = rule;
    let component = state.components.get_mut(&CARDS).expect("there");
    component.layers.start = NOW - 400 * DAY;
    let outage = |(ago, length, status): &(i64, i64, Status)| Interval {
        from: NOW - *ago - *length,
        to: NOW - *ago,
        value: HeldStatus { status: *status, since: NOW - *ago - *length },
    };
    let watched =
        Interval { from: NOW - 400 * DAY, to: Timestamp::FAR, value: Automatic::Known(Status::Operational) };
    component.layers.automatic = vec![watched].into();
    *component.layers.manual.edit() = outages.iter().map(outage).collect();
    state
}

fn uptime_of(state: &State, from: Timestamp, to: Timestamp) -> Figure {
    component_uptime(state, &state.pages[&PAGE], &state.components[&CARDS], (from, to), NOW).figure
}

#[test]
fn ninety_days_are_those_of_the_page() {
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let first = Calendar::new(&zone, NOW, 90).days()[0].from;
    for rule in [Rule::Observed, Rule::Statuspage] {
        for outages in [
            &[][..],
            &[(3 * DAY, 2 * HOUR, Status::MajorOutage)],
            &[(89 * DAY, 3 * HOUR, Status::PartialOutage), (MINUTE, 17 * MINUTE, Status::MajorOutage)],
            &[(2 * DAY, 4 * HOUR, Status::UnderMaintenance), (0, HOUR, Status::DegradedPerformance)],
        ] {
            let state = with_outages(rule, outages);
            let view = page_view(&state, PAGE, "http://x", NOW).expect("a page");
            let shown = view.components().next().expect("a component");
            assert_eq!(uptime_of(&state, first, NOW), shown.windows[3], "{rule:?} {outages:?}");
        }
    }
}

#[test]
fn a_time_counts_what_lies_in_it() {
    let state = with_outages(Rule::Observed, &[(10 * HOUR, 2 * HOUR, Status::MajorOutage)]);
    let hours = |ago: i64| NOW - ago * HOUR;
    // Hours ago of its beginning and end, hundredths of a percent, seconds of outage.
    for (from, to, hundredths, seconds) in [
        (14, 10, 5_000, 7_200),
        (12, 11, 0, 3_600),
        (10, 0, 10_000, 0),
        (14, -5, 8_571, 7_200),
        (11, 7, 7_500, 3_600),
    ] {
        let figure = uptime_of(&state, hours(from), hours(to));
        let found = (figure.hundredths, figure.tally.major / 1_000);
        assert_eq!(found, (Some(hundredths), seconds), "{from} to {to} hours ago");
    }
    // Statuspage counts each day that it touches whole.
    let state = with_outages(Rule::Statuspage, &[(10 * HOUR, 2 * HOUR, Status::MajorOutage)]);
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let days = Calendar::new(&zone, NOW, 2);
    let figure = uptime_of(&state, days.days()[1].from + HOUR, NOW);
    let touched = (NOW - 12 * HOUR) < days.days()[1].from;
    assert!(!touched, "the outage is today");
    assert_eq!(figure.hundredths, Some(9_166), "22 of 24 hours, truncated");
}

#[test]
fn days_before_a_start_date_leave_the_figure() {
    let mut state = with_outages(Rule::Statuspage, &[(10 * HOUR, 2 * HOUR, Status::MajorOutage)]);
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let days = Calendar::new(&zone, NOW, 10);
    let whole = uptime_of(&state, days.days()[0].from, NOW);
    let component = state.components.get_mut(&CARDS).expect("there");
    component.settings.start_date = Some(days.days()[8].date);
    component.layers.start = days.days()[8].from;
    let young = uptime_of(&state, days.days()[0].from, NOW);
    assert_eq!((whole.hundredths, young.hundredths), (Some(9_916), Some(9_583)), "of ten days, and of two");
}
