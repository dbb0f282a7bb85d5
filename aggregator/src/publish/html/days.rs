//! The days of a component: the mark of each, and the list of those that were not plainly operational.

use super::words::Tone;
use crate::domain::status::Status;
use crate::domain::time::MINUTE;
use crate::domain::uptime::{DayTally, Tally};
use crate::publish::view::ComponentView;
use jiff::civil::Date;

/// The mark of a day; `None`: before it was watched.
///
/// The worst status held; "no data" where that covers half of what was watched or is the present state, and
/// nothing worse was seen.
pub(crate) fn mark(day: &DayTally) -> Option<Tone> {
    let tally = &day.tally;
    let watched = elapsed(tally) - tally.unwatched;
    if watched <= 0 {
        return None;
    }
    let blind = tally.no_data > 0 && 2 * tally.no_data >= watched;
    Some(if tally.major > 0 {
        Tone::Of(Status::MajorOutage)
    } else if tally.partial > 0 {
        Tone::Of(Status::PartialOutage)
    } else if tally.degraded > 0 {
        Tone::Of(Status::DegradedPerformance)
    } else if blind || day.stale_now {
        Tone::NoData
    } else if tally.maintenance > 0 {
        Tone::Of(Status::UnderMaintenance)
    } else {
        Tone::Of(Status::Operational)
    })
}

/// The worst of a group's marks on each day. Shorter lists of days count from today backwards.
pub(crate) fn worst(children: &[&ComponentView]) -> Vec<Option<Tone>> {
    let length = children.iter().map(|child| child.days.len()).max().unwrap_or(0);
    (0..length)
        .map(|ago| {
            children
                .iter()
                .filter_map(|child| child.days.iter().rev().nth(ago).and_then(mark))
                .max_by_key(|tone| tone.weight())
        })
        .rev()
        .collect()
}

/// One line of the list: a day, or equal neighbours of no data or maintenance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DayLine {
    /// First day.
    pub(crate) from: Date,
    /// Last day, which may be the first.
    pub(crate) to: Date,
    /// What it held, worst first, ms each.
    pub(crate) parts: Vec<(Tone, i64)>,
}

/// What the list of a component says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DayList {
    /// Newest first.
    pub(crate) lines: Vec<DayLine>,
    /// Days with degraded performance or an outage.
    pub(crate) troubled: usize,
    /// Days that were plainly operational.
    pub(crate) quiet: usize,
    /// The first watched day, where the picture holds days from before it.
    pub(crate) watched_from: Option<Date>,
}

/// The list of a component's days.
pub(crate) fn list(days: &[DayTally]) -> DayList {
    let mut list = DayList { lines: Vec::new(), troubled: 0, quiet: 0, watched_from: None };
    let blank = days.iter().take_while(|day| mark(day).is_none()).count();
    if blank > 0 {
        list.watched_from = days.get(blank).map(|day| day.date);
    }
    for day in days.iter().rev() {
        let Some(tone) = mark(day) else { continue };
        let parts = parts(day, tone);
        if parts.is_empty() {
            list.quiet += 1;
            continue;
        }
        list.troubled += usize::from(parts.iter().any(|(part, _)| part.is_trouble()));
        push(&mut list.lines, DayLine { from: day.date, to: day.date, parts });
    }
    list
}

/// Blindness shorter than a minute is not worth a line unless the day is marked by it.
fn parts(day: &DayTally, tone: Tone) -> Vec<(Tone, i64)> {
    let tally = &day.tally;
    let blind = if tone == Tone::NoData || tally.no_data >= MINUTE { tally.no_data } else { 0 };
    [
        (Tone::Of(Status::MajorOutage), tally.major),
        (Tone::Of(Status::PartialOutage), tally.partial),
        (Tone::Of(Status::DegradedPerformance), tally.degraded),
        (Tone::NoData, blind),
        (Tone::Of(Status::UnderMaintenance), tally.maintenance),
    ]
    .into_iter()
    .filter(|&(part, milliseconds)| milliseconds > 0 || (part == Tone::NoData && tone == part))
    .collect()
}

fn push(lines: &mut Vec<DayLine>, line: DayLine) {
    if let Some(newer) = lines.last_mut()
        && line.to.tomorrow().ok() == Some(newer.from)
        && let ([(mine, length)], [(theirs, sum)]) = (line.parts.as_slice(), newer.parts.as_mut_slice())
        && mine == theirs
        && !mine.is_trouble()
    {
        newer.from = line.from;
        *sum += length;
        return;
    }
    lines.push(line);
}

/// How long the day has lasted, ms.
fn elapsed(tally: &Tally) -> i64 {
    tally.operational
        + tally.degraded
        + tally.partial
        + tally.major
        + tally.maintenance
        + tally.no_data
        + tally.unwatched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY, HOUR};

    const GOOD: Tally = Tally {
        operational: DAY,
        degraded: 0,
        partial: 0,
        major: 0,
        maintenance: 0,
        no_data: 0,
        unwatched: 0,
    };

    fn day(number: i8, tally: Tally) -> DayTally {
        DayTally { date: jiff::civil::date(2026, 11, number), tally, stale_now: false }
    }

    #[test]
    fn a_day_is_drawn_by_the_worst_it_held() {
        let hour = HOUR;
        let of = |status| Some(Tone::Of(status));
        let table = [
            (GOOD, false, of(Status::Operational)),
            (Tally { major: 1, partial: hour, degraded: hour, ..GOOD }, false, of(Status::MajorOutage)),
            (Tally { partial: 1, degraded: hour, ..GOOD }, true, of(Status::PartialOutage)),
            (Tally { degraded: 1, maintenance: hour, ..GOOD }, false, of(Status::DegradedPerformance)),
            (Tally { maintenance: hour, ..GOOD }, false, of(Status::UnderMaintenance)),
            (Tally { maintenance: hour, ..GOOD }, true, Some(Tone::NoData)),
            (Tally { operational: 12 * hour - 1, no_data: 12 * hour, ..GOOD }, false, Some(Tone::NoData)),
            (
                Tally { operational: 12 * hour + 1, no_data: 12 * hour, ..GOOD },
                false,
                of(Status::Operational),
            ),
            (Tally { operational: 0, major: 1, no_data: DAY, ..GOOD }, true, of(Status::MajorOutage)),
            (
                Tally { operational: hour, no_data: hour, unwatched: 20 * hour, ..GOOD },
                false,
                Some(Tone::NoData),
            ),
            (Tally { operational: 0, unwatched: DAY, ..GOOD }, false, None),
            (Tally::default(), false, None),
        ];
        for (tally, stale_now, expected) in table {
            let day = DayTally { stale_now, ..day(20, tally) };
            assert_eq!(mark(&day), expected, "{day:?}");
        }
    }

    #[test]
    fn equal_neighbours_of_no_data_or_maintenance_merge_and_trouble_never_does() {
        let blind = Tally { operational: 0, no_data: DAY, ..GOOD };
        let planned = Tally { maintenance: HOUR, ..GOOD };
        let slow = Tally { degraded: HOUR, ..GOOD };
        let days = [blind, blind, GOOD, blind, planned, planned, slow, slow, GOOD];
        let days: Vec<_> = days.into_iter().zip(1..).map(|(tally, number)| day(number, tally)).collect();
        let list = list(&days);
        let said: Vec<_> = list
            .lines
            .iter()
            .map(|line| (line.from.day(), line.to.day(), line.parts[0].0.class(), line.parts[0].1))
            .collect();
        assert_eq!(
            said,
            [
                (8, 8, "d", HOUR),
                (7, 7, "d", HOUR),
                (5, 6, "m", 2 * HOUR),
                (4, 4, "n", DAY),
                (1, 2, "n", 2 * DAY)
            ]
        );
        assert_eq!((list.troubled, list.quiet, list.watched_from), (2, 2, None));
    }

    #[test]
    fn days_before_the_watch_are_no_days() {
        let before = Tally { operational: 0, unwatched: DAY, ..GOOD };
        let list = list(&[day(1, before), day(2, before), day(3, GOOD), day(4, GOOD)]);
        assert_eq!((list.quiet, list.watched_from), (2, Some(jiff::civil::date(2026, 11, 3))));
    }

    #[test]
    fn a_blink_of_blindness_is_not_worth_a_line() {
        assert!(list(&[day(1, Tally { no_data: MINUTE - 1, ..GOOD })]).lines.is_empty());
        assert_eq!(list(&[day(1, Tally { no_data: MINUTE, ..GOOD })]).lines.len(), 1);
    }
}
