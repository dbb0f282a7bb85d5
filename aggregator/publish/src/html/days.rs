//! The days of a component: the mark of each, and the list of the days that were not fully operational.

use super::words::Tone;
use crate::view::ComponentView;
use jiff::civil::Date;
use skerry_domain::days::{self, Mark};
use skerry_domain::status::Status;
use skerry_domain::time::MINUTE;
use skerry_domain::uptime::DayTally;

/// The tone of a day's mark, or `None` before monitoring began.
pub(crate) fn mark(day: &DayTally) -> Option<Tone> {
    tone_of(days::mark(day))
}

fn tone_of(mark: Mark) -> Option<Tone> {
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

/// The worst mark of a group's children on each day. Lists of different length are aligned to today.
pub(crate) fn worst(children: &[&ComponentView]) -> Vec<Option<Tone>> {
    let length = children.iter().map(|child| child.days.len()).max().unwrap_or(0);
    let worst_of = |ago: usize| {
        let marks = children.iter().filter_map(|child| child.days.iter().rev().nth(ago)).map(days::mark);
        marks.max().and_then(tone_of)
    };
    (0..length).rev().map(worst_of).collect()
}

/// One line of the list: a day, or consecutive days that had only maintenance or only no data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DayLine {
    /// The first day.
    pub(crate) from: Date,
    /// The last day; often the first.
    pub(crate) to: Date,
    /// The states with their durations in ms, worst first.
    pub(crate) parts: Vec<(Tone, i64)>,
}

impl DayLine {
    /// How many days it is about.
    pub(crate) fn days(&self) -> usize {
        usize::try_from((self.to - self.from).get_days() + 1).unwrap_or(1)
    }
}

/// The list of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DayList {
    /// Newest first.
    pub(crate) lines: Vec<DayLine>,
    /// Days with degraded performance or an outage.
    pub(crate) affected: usize,
    /// Days that were fully operational.
    pub(crate) quiet: usize,
    /// The first monitored day, if the bar begins earlier.
    pub(crate) watched_from: Option<Date>,
}

/// Lists a component's days.
pub(crate) fn list(days: &[DayTally]) -> DayList {
    let mut list = DayList { lines: Vec::new(), affected: 0, quiet: 0, watched_from: None };
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
        list.affected += usize::from(parts.iter().any(|(part, _)| part.is_impaired()));
        push(&mut list.lines, DayLine { from: day.date, to: day.date, parts });
    }
    list
}

/// The states of a day. A gap in the data of less than a minute is left out unless the day's mark shows it.
fn parts(day: &DayTally, tone: Tone) -> Vec<(Tone, i64)> {
    let tally = &day.tally;
    let no_data = tally.no_data + tally.unseen;
    let no_data = if tone == Tone::NoData || no_data >= MINUTE { no_data } else { 0 };
    [
        (Tone::Of(Status::MajorOutage), tally.major),
        (Tone::Of(Status::PartialOutage), tally.partial),
        (Tone::Of(Status::DegradedPerformance), tally.degraded),
        (Tone::NoData, no_data),
        (Tone::Of(Status::UnderMaintenance), tally.maintenance),
    ]
    .into_iter()
    .filter(|&(part, milliseconds)| milliseconds > 0 || (part == Tone::NoData && tone == part))
    .collect()
}

/// Adds an older line, or merges it into the last one.
fn push(lines: &mut Vec<DayLine>, line: DayLine) {
    if let Some(newer) = lines.last_mut()
        && line.to.tomorrow().ok() == Some(newer.from)
        && let ([(tone, length)], [(newer_tone, sum)]) = (line.parts.as_slice(), newer.parts.as_mut_slice())
        && tone == newer_tone
        && !tone.is_impaired()
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
    fn consecutive_days_of_no_data_or_maintenance_are_merged_and_outages_never_are() {
        let no_data = Tally { operational: 0, no_data: DAY, ..GOOD };
        let planned = Tally { maintenance: HOUR, ..GOOD };
        let slow = Tally { degraded: HOUR, ..GOOD };
        let days = [no_data, no_data, GOOD, no_data, planned, planned, slow, slow, GOOD];
        let days: Vec<_> = days.into_iter().zip(1..).map(|(tally, number)| day(number, tally)).collect();
        let list = list(&days);
        let lines: Vec<_> = list
            .lines
            .iter()
            .map(|line| (line.from.day(), line.to.day(), line.parts[0].0.class(), line.parts[0].1))
            .collect();
        assert_eq!(
            lines,
            [
                (8, 8, "d", HOUR),
                (7, 7, "d", HOUR),
                (5, 6, "m", 2 * HOUR),
                (4, 4, "n", DAY),
                (1, 2, "n", 2 * DAY)
            ]
        );
        assert_eq!((list.affected, list.quiet, list.watched_from), (2, 2, None));
    }

    #[test]
    fn days_before_monitoring_do_not_count() {
        let before = Tally { operational: 0, unwatched: DAY, ..GOOD };
        let list = list(&[day(1, before), day(2, before), day(3, GOOD), day(4, GOOD)]);
        assert_eq!((list.quiet, list.watched_from), (2, Some(jiff::civil::date(2026, 11, 3))));
    }

    #[test]
    fn a_short_gap_in_the_data_has_no_line() {
        assert!(list(&[day(1, Tally { no_data: MINUTE - 1, ..GOOD })]).lines.is_empty());
        assert_eq!(list(&[day(1, Tally { no_data: MINUTE, ..GOOD })]).lines.len(), 1);
    }
}
