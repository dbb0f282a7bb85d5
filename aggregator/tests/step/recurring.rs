//! Maintenance that recurs, through the store: what is made when, and what an absence of the aggregator changes.

use crate::fixture::{Fixture, START, configure};
use crate::maintenance::{by_hand, events, text};
use skerry_domain::maintenance::{MaintenanceStatus, WindowEvent};
use skerry_domain::state::{SeriesKey, WindowKey};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command, NewSeries, NewWindow, RejectedKind, SeriesChange, WindowChange};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_domain::verdict::Quorum;

use MaintenanceStatus::{Cancelled, Completed, InProgress, Scheduled};
use WindowEvent::{Announced, Rescheduled};

impl Fixture {
    fn recur(&mut self, rule: &str, window: NewWindow) -> SeriesKey {
        let new = NewSeries { window, rule: rule.to_owned() };
        match self.run(Command::PlanSeries(Box::new(new))).0 {
            Answer::Series(key) => key,
            other => panic!("{other:?}"),
        }
    }

    /// Two hours from an hour after now on.
    fn soon(&self) -> NewWindow {
        self.new_window(self.now + HOUR, self.now + 3 * HOUR)
    }

    fn change_series(&mut self, series: SeriesKey, window: WindowChange, rule: Option<&str>) {
        let change = Box::new(SeriesChange { window, rule: rule.map(str::to_owned) });
        self.run(Command::ChangeSeries { series, change });
    }

    /// The occurrences: in hours after the start, with their states.
    fn made(&self, series: SeriesKey) -> Vec<(i64, MaintenanceStatus)> {
        let all = self.state.occurrences(series);
        all.map(|(_, one)| ((one.from - START).div_euclid(HOUR), one.status)).collect()
    }

    fn nth(&self, series: SeriesKey, place: usize) -> WindowKey {
        self.state.occurrences(series).nth(place).expect("it was made").0
    }
}

/// The hours of a weekly series that begins an hour after the start.
fn weeks(range: std::ops::Range<i64>, status: MaintenanceStatus) -> Vec<(i64, MaintenanceStatus)> {
    range.map(|week| (1 + week * 7 * 24, status)).collect()
}

#[test]
fn each_occurrence_is_maintenance_of_its_own_made_35_days_ahead() {
    let mut fixture = by_hand();
    fixture.now = START;
    let mut window = fixture.soon();
    window.body = Some(text("The weekly restart"));
    let series = fixture.recur("FREQ=WEEKLY", window);
    assert_eq!(fixture.made(series), weeks(0..5, Scheduled), "35 days hold five weeks");
    assert!(fixture.window(fixture.nth(series, 0)).is_published(), "it begins within a day");
    assert_eq!(fixture.window(fixture.nth(series, 1)).announced_at, None);
    let ids: std::collections::BTreeSet<_> =
        fixture.state.windows.values().map(|one| one.id.clone()).collect();
    assert_eq!(ids.len(), 5);
    fixture.restart_at(START + HOUR);
    assert_eq!(fixture.shown().0, Status::UnderMaintenance);
    assert_eq!(fixture.made(series), [weeks(0..1, InProgress), weeks(1..6, Scheduled)].concat());
    fixture.restart_at(START + 7 * DAY);
    assert_eq!(fixture.shown().0, Status::Operational);
    let expected = [weeks(0..1, Completed), weeks(1..6, Scheduled)].concat();
    assert_eq!(fixture.made(series), expected);
    assert_eq!(fixture.window(fixture.nth(series, 1)).announced_at, Some(START + 7 * DAY));
    fixture.restart_at(START + 7 * DAY + HOUR);
    assert_eq!(fixture.made(series).len(), 7);
    fixture.assert_stored();
}

#[test]
fn the_next_one_is_always_there_however_far_it_is() {
    let mut fixture = by_hand();
    fixture.now = START;
    let series = fixture.recur("FREQ=YEARLY;COUNT=3", fixture.soon());
    assert_eq!(fixture.made(series), [(1, Scheduled)]);
    fixture.restart_at(START + HOUR);
    let year = 365 * 24;
    assert_eq!(fixture.made(series), [(1, InProgress), (1 + year, Scheduled)]);
    // Instead of one that does not take place there is the next one.
    let next = fixture.nth(series, 1);
    fixture.run(Command::CancelWindow { window: next, body: None });
    fixture.restart_at(START + 2 * HOUR);
    let leap = 366 * 24;
    assert_eq!(fixture.made(series), [(1, InProgress), (1 + year, Cancelled), (1 + year + leap, Scheduled)]);
    assert!(!fixture.window(next).is_published());
    fixture.restart_at(START + (year + leap + 30) * HOUR);
    assert_eq!(fixture.made(series).last(), Some(&(1 + year + leap, Completed)), "it was the last");
    assert_eq!(fixture.state.series[&series].next, None);
    fixture.assert_stored();
}

/// What is made ahead takes place in its time, even if nobody saw it. What an absence kept from being made is over.
#[test]
fn an_absence_neither_invents_nor_repeats_occurrences() {
    for (days, hours, expected) in [
        // Within 35 days everything was made.
        (20, 0, [weeks(0..3, Completed), weeks(3..8, Scheduled)].concat()),
        // Weeks 5 to 13 were never made: only what is still to come.
        (100, 0, [weeks(0..5, Completed), weeks(15..20, Scheduled)].concat()),
        (98, 3, [weeks(0..5, Completed), weeks(15..20, Scheduled)].concat()),
    ] {
        let mut fixture = by_hand();
        fixture.now = START;
        let series = fixture.recur("FREQ=WEEKLY", fixture.soon());
        fixture.restart_at(START + days * DAY + hours * HOUR);
        assert_eq!(fixture.made(series), expected, "after {days} days");
        fixture.restart_at(START + days * DAY + hours * HOUR + MINUTE);
        assert_eq!(fixture.made(series), expected);
    }
    // Week 14 would run: it begins now, and ends as planned.
    let mut fixture = by_hand();
    fixture.now = START;
    let series = fixture.recur("FREQ=WEEKLY", fixture.soon());
    let back = START + 98 * DAY + 2 * HOUR;
    fixture.restart_at(back);
    let late = fixture.window(fixture.nth(series, 5)).clone();
    let times = (late.from, late.to, late.started_at, late.announced_at);
    assert_eq!(times, (back, back + HOUR, Some(back), Some(back)));
    assert_eq!(fixture.shown().0, Status::UnderMaintenance);
    let layers = &fixture.state.components[&fixture.component()].layers;
    assert_eq!(layers.status_at(back - 1), Some(Status::Operational), "what was before stays");
    fixture.restart_at(back + HOUR);
    assert_eq!(fixture.window(fixture.nth(series, 5)).completed_at, Some(back + HOUR));
}

#[test]
fn what_a_person_changed_or_cancelled_is_not_made_again() {
    let mut fixture = by_hand();
    fixture.now = START;
    let series = fixture.recur("FREQ=WEEKLY", fixture.soon());
    let (moved, cancelled) = (fixture.nth(series, 1), fixture.nth(series, 2));
    let from = START + 9 * DAY;
    fixture.alter(moved, WindowChange { from: Some(from), to: Some(from + HOUR), ..WindowChange::default() });
    fixture.run(Command::CancelWindow { window: cancelled, body: None });
    let title = Some(text("Restart"));
    fixture.change_series(series, WindowChange { title, lead: Some(HOUR), ..WindowChange::default() }, None);
    assert_eq!((fixture.window(moved).from, fixture.window(moved).lead), (from, DAY), "it was changed alone");
    assert_eq!(fixture.window(fixture.nth(series, 3)).lead, HOUR);
    // The same days, an hour later.
    let first = Some(START + 2 * HOUR);
    fixture.change_series(
        series,
        WindowChange { from: first, ..WindowChange::default() },
        Some("FREQ=WEEKLY"),
    );
    fixture.restart_at(START + 23 * HOUR);
    let week = 7 * 24;
    let mut made = fixture.made(series);
    made.sort_unstable();
    let expected = [
        (2, Completed),
        (2 + week, Scheduled),
        (9 * 24, Scheduled),
        (1 + 2 * week, Cancelled),
        (2 + 2 * week, Scheduled),
        (2 + 3 * week, Scheduled),
        (2 + 4 * week, Scheduled),
        (2 + 5 * week, Scheduled),
    ];
    assert_eq!(made, expected, "other times are other occurrences");
    fixture.assert_stored();
}

#[test]
fn the_same_times_again_skip_what_was_changed_or_cancelled() {
    let mut fixture = by_hand();
    fixture.now = START;
    let series = fixture.recur("FREQ=WEEKLY", fixture.soon());
    let (moved, cancelled) = (fixture.nth(series, 1), fixture.nth(series, 2));
    fixture.alter(moved, WindowChange { to: Some(START + 7 * DAY + 9 * HOUR), ..WindowChange::default() });
    fixture.run(Command::CancelWindow { window: cancelled, body: None });
    let before = fixture.made(series);
    fixture.change_series(series, WindowChange::default(), Some("FREQ=WEEKLY;COUNT=20"));
    assert_eq!(fixture.made(series), before);
    fixture.restart_at(START + 6 * DAY);
    fixture.restart_at(START + 40 * DAY);
    let states: Vec<_> =
        fixture.made(series).into_iter().map(|(hours, status)| (hours / 24 / 7, status)).collect();
    assert_eq!(states[1..4], [(1, Completed), (2, Cancelled), (3, Completed)]);
    let mut hours: Vec<_> = fixture.made(series).into_iter().map(|(hours, _)| hours).collect();
    hours.dedup();
    assert_eq!(hours.len(), states.len());
}

#[test]
fn another_rule_reschedules_what_visitors_know_and_drops_what_is_left() {
    let mut fixture = by_hand();
    fixture.now = START;
    let series = fixture.recur("FREQ=WEEKLY", fixture.new_window(START + 20 * HOUR, START + 22 * HOUR));
    let known = fixture.nth(series, 0);
    assert!(fixture.window(known).is_published());
    fixture.change_series(series, WindowChange::default(), Some("FREQ=MONTHLY"));
    assert_eq!(
        fixture.made(series),
        [(20, Scheduled), (20 + 30 * 24, Scheduled)],
        "21 September and October"
    );
    assert_eq!(events(fixture.window(known)), [Announced], "its times are the same");
    let from = Some(START + 30 * HOUR);
    fixture.change_series(series, WindowChange { from, ..WindowChange::default() }, None);
    assert_eq!(fixture.made(series), [(30, Scheduled), (30 + 30 * 24, Scheduled)]);
    assert_eq!(events(fixture.window(known)), [Announced, Rescheduled]);
    let to = Some(START + 33 * HOUR);
    fixture.change_series(series, WindowChange { to, ..WindowChange::default() }, None);
    assert_eq!(fixture.window(known).to, START + 33 * HOUR);
    assert_eq!(fixture.window(fixture.nth(series, 1)).to, START + (33 + 30 * 24) * HOUR);
    fixture.assert_stored();
}

#[test]
fn a_series_that_ends_lets_run_what_runs() {
    let mut fixture = by_hand();
    fixture.now = START;
    let series = fixture.recur("FREQ=DAILY", fixture.soon());
    fixture.restart_at(START + 2 * HOUR);
    assert_eq!(fixture.made(series).len(), 36);
    fixture.run(Command::EndSeries { series, body: None });
    // Tomorrow's was announced: its page says that it is cancelled.
    assert_eq!(fixture.made(series), [(1, InProgress), (25, Cancelled)]);
    fixture.restart_at(START + 30 * DAY);
    assert_eq!(fixture.made(series), [(1, Completed), (25, Cancelled)]);
    let again = fixture.refuse(Command::EndSeries { series, body: None });
    assert_eq!((again.kind, again.reason.as_str()), (RejectedKind::State, "this series has ended"));
    fixture.assert_stored();
}

#[test]
fn times_are_those_of_the_page() {
    let mut fixture = Fixture::new();
    let mut berlin = configure(&[("web", Quorum::Majority)], &[("site", &["web"])]);
    "Europe/Berlin".clone_into(&mut berlin.pages[0].settings.time_zone);
    fixture.run(Command::Configure(Box::new(berlin)));
    // 22 September 2026, 02:30 in Berlin.
    let from = Timestamp(1_790_037_000_000);
    let series = fixture.recur("FREQ=WEEKLY;BYDAY=SU", fixture.new_window(from, from + HOUR));
    let begins: Vec<_> =
        fixture.state.next_starts(series, fixture.now).take(6).map(|at| at.to_string()).collect();
    let expected = ["2026-09-27", "2026-10-04", "2026-10-11", "2026-10-18", "2026-10-25"];
    let expected = expected.map(|day| format!("{day}T00:30:00Z"));
    assert_eq!(begins, [&expected[..], &["2026-11-01T01:30:00Z".to_owned()]].concat());
    // Nobody who only looks at another zone moves maintenance.
    let tokyo = configure(&[("web", Quorum::Majority)], &[("site", &["web"])]);
    fixture.run(Command::Configure(Box::new(tokyo)));
    let again: Vec<_> =
        fixture.state.next_starts(series, fixture.now).take(6).map(|at| at.to_string()).collect();
    assert_eq!(again, begins);
}

#[test]
fn series_that_make_no_sense_are_rejected() {
    let mut fixture = Fixture::new();
    let window = fixture.soon();
    let refuse = |fixture: &mut Fixture, rule: &str, window: NewWindow| {
        let rejected =
            fixture.refuse(Command::PlanSeries(Box::new(NewSeries { window, rule: rule.to_owned() })));
        (rejected.field, rejected.reason)
    };
    let at = |from: i64, to: i64| fixture_window(&window, START + from, START + to);
    for (rule, window, field, reason) in [
        (
            "FREQ=HOURLY",
            window.clone(),
            "rule",
            "FREQ=HOURLY: maintenance recurs daily or less often: write one of DAILY, WEEKLY, MONTHLY, YEARLY",
        ),
        (
            "FREQ=DAILY;COUNT=2",
            at(-9 * DAY, -9 * DAY + HOUR),
            "rule",
            "every date of the rule is past: FREQ=DAILY;COUNT=2",
        ),
        ("FREQ=DAILY", at(HOUR, HOUR), "to", "an occurrence ends after it begins, and at most 31 days later"),
        (
            "FREQ=DAILY",
            at(0, 32 * DAY),
            "to",
            "an occurrence ends after it begins, and at most 31 days later",
        ),
        (
            "FREQ=DAILY",
            at(-4_000 * DAY, HOUR - 4_000 * DAY),
            "from",
            "a series begins at most ten years ago, and within ten years",
        ),
        (
            "FREQ=DAILY",
            NewWindow { lead: 36 * DAY, ..window.clone() },
            "lead",
            "an occurrence is announced at most 35 days before it begins: it is made no earlier",
        ),
        (
            "FREQ=DAILY",
            NewWindow { components: Vec::new(), ..window.clone() },
            "components",
            "a planned window needs a component or a check",
        ),
    ] {
        assert_eq!(refuse(&mut fixture, rule, window), (field, reason.to_owned()), "{rule}");
    }
    let nobody = Command::EndSeries { series: SeriesKey(7), body: None };
    assert_eq!(fixture.refuse(nobody).kind, RejectedKind::NotFound);
    // A beginning in the past counts from there.
    let series = fixture.recur("FREQ=DAILY;COUNT=10", at(-9 * DAY + HOUR, -9 * DAY + 2 * HOUR));
    assert_eq!(fixture.made(series), [(1, Scheduled)]);
}

fn fixture_window(window: &NewWindow, from: Timestamp, to: Timestamp) -> NewWindow {
    NewWindow { from, to, ..window.clone() }
}
