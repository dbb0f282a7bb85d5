//! From observations to day marks and figures, in zones whose clocks change.

use crate::reference::{assert_figure, automatic_at, effective_at, mark_of, ruling_at, tally_of};
use crate::script::{Agent, Grid, Script, agent};
use crate::{assert_whole, reporters, value_at};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use skerry_domain::component::{LinkedCheck, automatic};
use skerry_domain::days::{Calendar, days, mark, windows};
use skerry_domain::holds::{Hold, Source, manual, planned};
use skerry_domain::interval::Interval;
use skerry_domain::layers::{Layers, effective, lay};
use skerry_domain::state::HoldKey;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::{DAY, HOUR, Timestamp};
use skerry_domain::track::Track;
use skerry_domain::uptime::{Figure, Rule, Weights};
use skerry_domain::verdict::{Evaluation, Quorum, Verdict, timeline};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Zones and the instants at which their clocks change: Berlin to 23 and 25 hours; Santiago without a
/// midnight, and with 25 hours; Casablanca around Ramadan; Apia without a 30 December.
const PLACES: [(&str, &str); 8] = [
    ("Etc/UTC", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/Santiago", "2026-09-06T04:00:00Z"),
    ("America/Santiago", "2026-04-05T03:00:00Z"),
    ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
    ("Africa/Casablanca", "2026-03-22T02:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
];
/// Hours sampled before the history begins, so that its first day is whole.
const BEFORE: i64 = 30;

struct Check {
    agents: Vec<Agent>,
    quorum: Quorum,
    minor: bool,
    from: Timestamp,
    to: Timestamp,
}

impl Check {
    fn random(script: &mut Script<'_>, grid: Grid) -> Self {
        let agents = (0..=script.below(2)).map(|_| agent(script, grid, 14)).collect();
        let from = if script.below(3) == 2 { script.tick(grid, 120) } else { grid.start };
        let to = if script.below(3) == 2 { script.tick(grid, 240) } else { Timestamp::FAR };
        Self { agents, quorum: script.quorum(), minor: script.below(4) == 3, from, to }
    }

    fn timeline(&self, silence: i64, from: Timestamp) -> Vec<Interval<Evaluation>> {
        let replay = |agent: &Agent| {
            let mut track = Track::default();
            for seen in &agent.seen {
                track.observe(*seen, silence);
            }
            track
        };
        let tracks: Vec<_> = self.agents.iter().map(replay).collect();
        timeline(&reporters(&self.agents, &tracks, |agent, _| agent.silent), self.quorum, from)
    }
}

/// What layers were laid over the automatic one, as told and not as cut.
struct Overrides {
    held: Vec<Interval<Status>>,
    planned: Vec<Interval<()>>,
    corrected: Vec<Interval<Status>>,
    start: Timestamp,
}

impl Overrides {
    fn random(script: &mut Script<'_>, grid: Grid) -> Self {
        let status = |script: &mut Script<'_>| Status::ALL[script.below(5) as usize];
        let mut held = script.stretches(grid, 2, status);
        held.extend(script.stretches(grid, 1, status));
        held.sort_by_key(|hold| hold.from);
        let mut planned = script.stretches(grid, 1, |_| ());
        planned.extend(script.stretches(grid, 1, |_| ()));
        let corrected = (0..script.below(4)).map(|_| {
            let from = script.tick(grid, 200);
            Interval { from, to: from + script.below(40) * grid.unit, value: status(script) }
        });
        let corrected = corrected.collect();
        Self { held, planned, corrected, start: script.tick(grid, 60) }
    }
}

impl Overrides {
    fn holds(&self) -> Vec<Hold> {
        let hold = |(key, held): (i64, &Interval<Status>)| {
            let (key, source) = (HoldKey(key), Source::Incident(key));
            Hold { key, source, status: held.value, from: held.from, to: held.to }
        };
        (0..).zip(&self.held).map(hold).collect()
    }
}

/// A part of the history, in which the same holds from its start to its end.
type Part = Interval<Effective>;

/// Every hour of the history, its first millisecond apart, each worked out alone.
fn hours(checks: &[Check], overrides: &Overrides, grid: Grid, silence: i64, until: i64) -> Vec<Part> {
    // What was last known of each check.
    let mut before = vec![None; checks.len()];
    let part = |(tick, first): (i64, bool)| {
        let at = grid.at(tick) + i64::from(!first);
        let to = if first { at + 1 } else { grid.at(tick + 1) };
        let mut links = Vec::new();
        for (check, before) in checks.iter().zip(&mut before) {
            let now = ruling_at(&check.agents, check.quorum, silence, at);
            if check.from <= at && at < check.to {
                links.push((check.minor, now, *before));
            }
            if now.verdict != Verdict::Unknown {
                *before = Some(now);
            }
        }
        let covers = |from: Timestamp, to: Timestamp| from <= at && at < to;
        let windows = overrides.planned.iter();
        let value = effective_at(
            automatic_at(&links),
            overrides
                .held
                .iter()
                .rfind(|hold| covers(hold.from, hold.to))
                .map(|hold| (hold.value, hold.from)),
            &windows.filter(|window| covers(window.from, window.to)).map(|one| one.from).collect::<Vec<_>>(),
            overrides
                .corrected
                .iter()
                .rfind(|stretch| covers(stretch.from, stretch.to))
                .map(|stretch| stretch.value),
            overrides.start <= at,
        );
        Part { from: at, to, value }
    };
    (-BEFORE..=until).flat_map(|tick| [(tick, true), (tick, false)]).map(part).collect()
}

fn date_of(zone: &TimeZone, at: Timestamp) -> Date {
    let instant = jiff::Timestamp::from_millisecond(at.0).expect("within the calendar");
    instant.to_zoned(zone.clone()).date()
}

type Held = Vec<(Effective, i64)>;

/// What each local day held of `[.., end)`; the hours are whole hours of the zone too.
fn by_day(hours: &[Part], zone: &TimeZone, end: Timestamp) -> BTreeMap<Date, Held> {
    let mut by_day: BTreeMap<Date, Held> = BTreeMap::new();
    for part in hours {
        let length = (part.to.min(end) - part.from).max(0);
        by_day.entry(date_of(zone, part.from)).or_default().push((part.value, length));
    }
    by_day
}

fn a_page_says_what_was_seen(script: &mut Script<'_>, zones: &[(TimeZone, Timestamp)]) {
    let (zone, change) = &zones[script.below(zones.len() as u8) as usize];
    let grid = Grid { start: *change - script.below(200) * HOUR, unit: HOUR };
    let silence = 3 * HOUR;
    let checks: Vec<_> = (0..=script.below(2)).map(|_| Check::random(script, grid)).collect();
    let overrides = Overrides::random(script, grid);
    let elapsed = 20 + script.below(200);
    let now = grid.at(elapsed) + [0, 1, 1_234_567][script.below(3) as usize];
    let hours = hours(&checks, &overrides, grid, silence, elapsed);

    let calendar = Calendar::new(zone, now, 90);
    let first = calendar.days()[0].from;
    let verdicts: Vec<_> = checks.iter().map(|check| check.timeline(silence, first)).collect();
    assert!(first <= grid.start, "nothing was known before the first day");
    let links: Vec<_> = checks
        .iter()
        .zip(&verdicts)
        .map(|(check, verdict)| LinkedCheck {
            minor: check.minor,
            from: check.from,
            to: check.to,
            before: None,
            verdict,
        })
        .collect();
    let mut corrected = Vec::new();
    for correction in &overrides.corrected {
        lay(&mut corrected, *correction);
    }
    let layers = Layers {
        automatic: automatic(&links, first).into(),
        manual: manual(&overrides.holds()).into(),
        planned: planned(overrides.planned.iter().map(|window| (window.from, window.to))).into(),
        corrected: corrected.into(),
        start: overrides.start,
    };
    assert_whole(layers.automatic.recent(), first, Timestamp::FAR);
    let overlay = effective(&layers, first, Timestamp::FAR);
    assert_whole(&overlay, first, Timestamp::FAR);
    for part in &hours {
        assert_eq!(value_at(&overlay, part.from), Some(part.value), "at {:?}", part.from);
    }
    assert_page(&overlay, &calendar, &overrides, &hours, zone);
}

fn assert_page(
    overlay: &[Interval<Effective>],
    calendar: &Calendar,
    overrides: &Overrides,
    hours: &[Part],
    zone: &TimeZone,
) {
    let (now, today) = (calendar.now(), date_of(zone, calendar.now()));
    // At midnight itself today holds its first millisecond.
    let midnight = hours.iter().all(|part| part.from >= now || date_of(zone, part.from) != today);
    let end = if midnight { now + 1 } else { now };
    let expected = by_day(hours, zone, end);
    let shown = days(overlay, calendar);
    assert_eq!(shown.len(), 90);
    let present = hours.iter().rfind(|part| part.from <= now).expect("sampled").value;
    let present = matches!(present, Effective::NoData | Effective::Partly(_));
    let begun = date_of(zone, hours[2 * BEFORE as usize].from);
    for day in &shown {
        if day.date < begun {
            assert_eq!(day.tally.unwatched, day.tally.total());
            continue;
        }
        let held = &expected[&day.date];
        assert_eq!(day.tally, tally_of(held), "{} in {zone:?}", day.date);
        assert_eq!(day.stale_now, present && day.date == today);
        assert_eq!(mark(day), mark_of(held, day.stale_now));
    }
    let dates: Vec<_> = shown.iter().map(|day| day.date).collect();
    let sampled: Vec<_> = expected.keys().rev().take_while(|date| **date >= begun).copied().collect();
    assert!(dates.iter().rev().zip(&sampled).all(|(shown, sampled)| shown == sampled), "a day is missing");
    for rule in [Rule::Observed, Rule::Statuspage] {
        assert_windows(overlay, calendar, overrides, hours, zone, (rule, end));
    }
}

fn assert_windows(
    overlay: &[Interval<Effective>],
    calendar: &Calendar,
    overrides: &Overrides,
    hours: &[Part],
    zone: &TimeZone,
    (rule, end): (Rule, Timestamp),
) {
    let weights = Weights { partial_percent: 30, major_percent: 100 };
    let shown = days(overlay, calendar);
    for start_date in [Some(overrides.start), None] {
        assert_figures(
            windows(overlay, &shown, calendar, start_date, rule, weights),
            calendar,
            start_date,
            hours,
            zone,
            (rule, end),
        );
    }
}

fn assert_figures(
    figures: [Figure; 4],
    calendar: &Calendar,
    start_date: Option<Timestamp>,
    hours: &[Part],
    zone: &TimeZone,
    (rule, end): (Rule, Timestamp),
) {
    let thirty = if rule == Rule::Statuspage { 31 } else { 30 };
    for (figure, count) in figures.iter().zip([0, 7, thirty, 90]) {
        let window = &calendar.days()[90 - count..];
        let from = window.first().map_or(end - DAY, |day| day.from);
        let held: Held =
            hours.iter().map(|part| (part.value, (part.to.min(end) - from.max(part.from)).max(0))).collect();
        let mut tally = tally_of(&held);
        tally.unwatched += (end - from) - tally.total();
        let whole = match rule {
            Rule::Observed => tally.observed(),
            Rule::Statuspage if count == 0 => DAY * i64::from(start_date.is_none_or(|start| end > start)),
            Rule::Statuspage => {
                let counts = |date| start_date.is_none_or(|start| date >= date_of(zone, start));
                DAY * window.iter().filter(|day| counts(day.date)).count() as i64
            }
        };
        assert_figure(figure, tally, whole, 30);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bars_windows_and_overlay_equal_the_slow_reference_where_clocks_change(
        bytes in prop::collection::vec(any::<u8>(), 32..320)
    ) {
        /// Looked up once for all cases.
        static ZONES: LazyLock<Vec<(TimeZone, Timestamp)>> = LazyLock::new(|| {
            let zone = |(zone, change): &(&str, &str)| {
                let change: jiff::Timestamp = change.parse().expect("an instant");
                (TimeZone::get(zone).expect("a zone"), Timestamp(change.as_millisecond()))
            };
            PLACES.iter().map(zone).collect()
        });
        a_page_says_what_was_seen(&mut Script(&bytes), &ZONES);
    }
}
