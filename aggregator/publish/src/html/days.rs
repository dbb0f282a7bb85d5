//! The days of a component: the mark of each, and the list of those that were not plainly operational.

use super::words::Tone;
use crate::view::ComponentView;
use jiff::civil::Date;
use skerry_domain::days::{self, Mark};
use skerry_domain::status::Status;
use skerry_domain::time::MINUTE;
use skerry_domain::uptime::DayTally;

/// How a day is drawn; `None`: before it was watched.
pub(crate) fn mark(day: &DayTally) -> Option<Tone> {
    toned(days::mark(day))
}

fn toned(mark: Mark) -> Option<Tone> {
    match mark {
        Mark::Blank => None,
        Mark::NoData => Some(Tone::NoData),
        Mark::Operational => Some(Tone::Of(Status::Operational)),
        Mark::Maintenance => Some(Tone::Of(Status::UnderMaintenance)),
        Mark::Degraded => Some(Tone::Of(Status::DegradedPerformance)),
        Mark::Partial => Some(Tone::Of(Status::PartialOutage)),
        Mark::Major => Some(Tone::Of(Status::MajorOutage)),
    }
}

/// The worst of a group's marks on each day. Shorter lists of days count from today backwards.
pub(crate) fn worst(children: &[&ComponentView]) -> Vec<Option<Tone>> {
    let length = children.iter().map(|child| child.days.len()).max().unwrap_or(0);
    let worst_of = |ago: usize| {
        let marks = children.iter().filter_map(|child| child.days.iter().rev().nth(ago)).map(days::mark);
        marks.max().and_then(toned)
    };
    (0..length).rev().map(worst_of).collect()
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
    let blind = tally.no_data + tally.unseen;
    let blind = if tone == Tone::NoData || blind >= MINUTE { blind } else { 0 };
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

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::time::{DAY, HOUR};
    use skerry_domain::uptime::Tally;

    const GOOD: Tally = Tally {
        operational: DAY,
        degraded: 0,
        partial: 0,
        major: 0,
        maintenance: 0,
        no_data: 0,
        unwatched: 0,
        unseen: 0,
    };

    fn day(number: i8, tally: Tally) -> DayTally {
        DayTally { date: jiff::civil::date(2026, 11, number), tally, stale_now: false }
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
