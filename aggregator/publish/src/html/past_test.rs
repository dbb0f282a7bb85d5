//! The rows of past days.

use super::*;
use crate::sample::{self, NOW};
use crate::view::Item;
use jiff::civil::date;
use skerry_domain::interval::Interval;
use skerry_domain::time::{DAY, HOUR, SECOND};

/// Midnight of 20 November 2026, which is the day of [`NOW`].
const TODAY: Timestamp = Timestamp(1_795_132_800_000);
const ALL: Limits = Limits { lines: usize::MAX, in_all: usize::MAX, names: 120, open: true };

/// A component with past intervals: days ago, minute of the day, duration in ms, status.
fn component(name: &str, past: &[(i64, i64, i64, Effective)]) -> ComponentView {
    let mut component = sample::component(name, Status::Operational);
    component.name = name.to_owned();
    component.watched_from = Some(NOW - 100 * DAY);
    component.past = past
        .iter()
        .map(|&(days, minute, length, value)| {
            let from = TODAY - days * DAY + minute * MINUTE;
            Interval { from, to: from + length, value }
        })
        .collect();
    component
}

/// The rows of the last week: the label, and title and facts of each line, or the text for quiet days.
fn rendered(components: Vec<ComponentView>, limits: Limits) -> Vec<(String, Vec<String>)> {
    let view = sample::page(components.into_iter().map(Item::Component).collect());
    let clock = Clock::of(&view);
    // Expected texts have blanks where numbers are kept beside their units.
    let plain = |markup: &str| markup.replace("<bdi>", "").replace("</bdi>", "").replace('\u{a0}', " ");
    rows(&view, (date(2026, 11, 14), date(2026, 11, 20)), (limits, ""), &clock)
        .into_iter()
        .map(|row| {
            let mut lines: Vec<_> =
                row.lines.iter().map(|line| plain(&format!("{} | {}", line.title, line.facts))).collect();
            if row.more > 0 {
                lines.push(format!("{} more", row.more));
            }
            if lines.is_empty() {
                lines.push(row.quiet.to_owned());
            }
            (row.label, lines)
        })
        .collect()
}

fn check(components: Vec<ComponentView>, expected: &[(&str, &[&str])]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(label, lines)| ((*label).to_owned(), lines.iter().map(|line| (*line).to_owned()).collect()))
        .collect();
    assert_eq!(rendered(components, ALL), expected);
}

const DEGRADED: Effective = Effective::Known(Status::DegradedPerformance);
const PARTIAL: Effective = Effective::Known(Status::PartialOutage);
const MAJOR: Effective = Effective::Known(Status::MajorOutage);
const PLANNED: Effective = Effective::Known(Status::UnderMaintenance);

#[test]
fn quiet_days_are_merged_and_days_before_monitoring_are_not_quiet() {
    check(vec![component("Website", &[])], &[("14 to 20 Nov", &["No downtime."])]);
    let mut young = component("Website", &[]);
    young.watched_from = Some(TODAY - 2 * DAY + HOUR);
    check(vec![young], &[("18 to 20 Nov", &["No downtime."]), ("14 to 17 Nov", &["Not monitored yet."])]);
    let mut never = component("Website", &[]);
    never.watched_from = None;
    check(vec![never], &[("14 to 20 Nov", &["Not monitored yet."])]);
}

#[test]
fn an_outage_has_its_duration_and_times() {
    check(
        vec![component("Exports", &[(3, 190, 12 * MINUTE, PARTIAL)]), component("Website", &[])],
        &[
            ("18 to 20 Nov", &["No downtime."]),
            ("Tue 17 Nov", &["Partial outage: Exports | 12 min, 03:10 to 03:22. No incident was published."]),
            ("14 to 16 Nov", &["No downtime."]),
        ],
    );
    check(
        vec![component("Exports", &[(3, 190, 42 * SECOND, MAJOR)])],
        &[
            ("18 to 20 Nov", &["No downtime."]),
            ("Tue 17 Nov", &["Major outage: Exports | 42 s, 03:10. No incident was published."]),
            ("14 to 16 Nov", &["No downtime."]),
        ],
    );
}

#[test]
fn consecutive_states_share_a_line() {
    let past = [(0, 60, 12 * MINUTE, PARTIAL), (0, 72, 25 * MINUTE, DEGRADED)];
    check(
        vec![component("Sign-in", &past)],
        &[
            (
                "Fri 20 Nov",
                &[
                    "Partial outage: Sign-in | Partial outage 12 min, degraded performance 25 min, 01:00 to 01:37. No incident was published.",
                ],
            ),
            ("14 to 19 Nov", &["No downtime."]),
        ],
    );
}

#[test]
fn components_that_fail_within_five_minutes_share_a_line() {
    let at = |minute, length, value| [(0, minute, length * MINUTE, value)];
    check(
        vec![
            component("Refunds", &at(65, 55, PARTIAL)),
            component("Cards", &at(62, 58, MAJOR)),
            component("Payouts", &at(60, 60, PARTIAL)),
            component("Later", &at(66, 54, MAJOR)),
        ],
        &[
            (
                "Fri 20 Nov",
                &[
                    "Major outage: Later | 54 min, 01:06 to 02:00. No incident was published.",
                    "Major outage: Cards; partial outage: Refunds, Payouts | Cards: 58 min, 01:02 to 02:00. \
                     Refunds: 55 min, 01:05 to 02:00. Payouts: 1 h, 01:00 to 02:00. No incident was published.",
                ],
            ),
            ("14 to 19 Nov", &["No downtime."]),
        ],
    );
    check(
        vec![component("A", &at(60, 60, MAJOR)), component("B", &at(60, 60, MAJOR)), component("C", &[])],
        &[
            ("Fri 20 Nov", &["Major outage: A, B | 1 h, 01:00 to 02:00. No incident was published."]),
            ("14 to 19 Nov", &["No downtime."]),
        ],
    );
    let many: Vec<_> =
        (0..6).map(|n| component(&format!("Part {n}"), &at(60 + n % 2, 10 + n, MAJOR))).collect();
    check(
        many,
        &[
            (
                "Fri 20 Nov",
                &[
                    "Major outage: all components | 10 min to 15 min each, 01:00 to 01:16. No incident was published.",
                ],
            ),
            ("14 to 19 Nov", &["No downtime."]),
        ],
    );
}

#[test]
fn an_ongoing_event_says_so_and_one_over_several_days_covers_them() {
    let since = (NOW - TODAY) / MINUTE - 133;
    check(
        vec![component("Cards", &[(0, since, DAY, MAJOR)])],
        &[
            (
                "Fri 20 Nov",
                &[
                    "Major outage: Cards | 2 h 13 min so far, since <time datetime=2026-11-20T14:02:00Z>14:02 UTC</time>.",
                ],
            ),
            ("14 to 19 Nov", &["No downtime."]),
        ],
    );
    check(
        vec![component("Queues", &[(9, 0, 4 * DAY, PLANNED), (3, 1_200, 28 * HOUR, Effective::NoData)])],
        &[
            ("19 to 20 Nov", &["No downtime."]),
            (
                "17 to 18 Nov",
                &["No data: Queues | 1 day 4 h, Tue 17 Nov, 20:00 to Thu 19 Nov, 00:00. \
                   Our own view was lost; this does not mean that it was down."],
            ),
            ("15 to 16 Nov", &["No downtime."]),
            ("Sat 14 Nov", &["Maintenance: Queues | 4 days, Wed 11 Nov, 00:00 to Sun 15 Nov, 00:00."]),
        ],
    );
    check(
        vec![component("Queues", &[(4, 0, 2 * DAY, PLANNED)])],
        &[
            ("18 to 20 Nov", &["No downtime."]),
            ("16 to 17 Nov", &["Maintenance: Queues | 2 days."]),
            ("14 to 15 Nov", &["No downtime."]),
        ],
    );
}

#[test]
fn what_lasts_is_told_no_finer_than_the_script_counts() {
    for (seconds, text) in [(10, "1 min"), (599, "9 min")] {
        let since = NOW - TODAY - seconds * SECOND;
        let mut down = component("Cards", &[]);
        down.past = vec![Interval { from: TODAY + since, to: TODAY + DAY, value: MAJOR }];
        let rows = rendered(vec![down], ALL);
        let expected = format!("Major outage: Cards | {text} so far, since ");
        assert!(rows[0].1[0].starts_with(&expected), "{rows:?}");
    }
}

#[test]
fn several_short_events_have_one_line_a_day_and_a_short_gap_in_the_data_none() {
    let past: Vec<_> = (0..9).map(|n| (0, n * 60, 2 * MINUTE, DEGRADED)).collect();
    check(
        vec![component("Search", &past)],
        &[
            (
                "Fri 20 Nov",
                &["9 short slowdowns: Search | 18 min in all, 00:00 to 08:02. No incident was published."],
            ),
            ("14 to 19 Nov", &["No downtime."]),
        ],
    );
    let brief = (0, 30, 59 * SECOND, MAJOR);
    check(
        vec![component("Search", &past[..2]), component("Mail", &[brief, (0, 300, MINUTE, PARTIAL)])],
        &[
            (
                "Fri 20 Nov",
                &[
                    "Partial outage: Mail | 1 min, 05:00 to 05:01. No incident was published.",
                    "3 short interruptions: Search, Mail | 4 min 59 s in all, 00:00 to 01:02. \
                     No incident was published.",
                ],
            ),
            ("14 to 19 Nov", &["No downtime."]),
        ],
    );
    check(
        vec![component("Search", &past[..1])],
        &[
            (
                "Fri 20 Nov",
                &["Degraded performance: Search | 2 min, 00:00 to 00:02. No incident was published."],
            ),
            ("14 to 19 Nov", &["No downtime."]),
        ],
    );
    check(
        vec![component("Search", &[(0, 60, 59 * SECOND, Effective::NoData)])],
        &[("14 to 20 Nov", &["No downtime."])],
    );
}

#[test]
fn partial_data_is_neither_an_outage_nor_quiet() {
    let partly = |status| [(0, 60, 12 * MINUTE, Effective::Partly(status))];
    check(
        vec![component("Shop", &partly(Status::Operational))],
        &[
            (
                "Fri 20 Nov",
                &["Partial data: Shop | 12 min, 01:00 to 01:12. What we could see was operational."],
            ),
            ("14 to 19 Nov", &["No downtime."]),
        ],
    );
    check(
        vec![component("Shop", &partly(Status::PartialOutage))],
        &[
            ("Fri 20 Nov", &["Partial outage: Shop | 12 min, 01:00 to 01:12. No incident was published."]),
            ("14 to 19 Nov", &["No downtime."]),
        ],
    );
}

#[test]
fn the_index_shortens_long_days_and_counts_what_it_leaves_out() {
    let bad: Vec<_> =
        (0..6).map(|n| component(&format!("Part {n}"), &[(0, n * 60, MINUTE, MAJOR)])).collect();
    let rows = rendered(bad, Limits { lines: 4, in_all: 20, names: 10, ..ALL });
    assert_eq!(rows[0].1.last().map(String::as_str), Some("2 more"));
    let daily: Vec<_> = (0..3).map(|n| (n, n * 60, MINUTE, MAJOR)).collect();
    let rows = rendered(vec![component("Daily", &daily)], Limits { lines: 4, in_all: 2, ..ALL });
    assert_eq!(rows[2], ("14 to 18 Nov".to_owned(), vec!["1 more".to_owned()]));
    let pair = |name: &str| component(name, &[(0, 60, MINUTE, MAJOR)]);
    let rows = rendered(
        vec![pair("Long name"), pair("Another"), component("Well", &[])],
        Limits { lines: 4, in_all: 20, names: 10, ..ALL },
    );
    assert_eq!(rows[0].1, ["Major outage: 2 components | 1 min, 01:00 to 01:01. No incident was published."]);
}
