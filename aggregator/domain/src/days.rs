//! Calendar days: where they begin and end in a page's zone, the conditions of each, how it is drawn, and the windows
//! of the uptime figures. Never reads the machine's clock or zone.

use super::interval::{Interval, first_ending_after};
use super::status::Effective;
use super::time::{DAY, Timestamp};
use super::uptime::{DayTally, Figure, Rule, Tally, Weights, figure, tally, tally_of};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The windows of uptime figures and of charts, in days. The first is of 24 hours and rolls; of the others today is the last.
pub const WINDOWS: [i64; 4] = [1, 7, 30, 90];

/// One local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Its date in the zone.
    pub date: Date,
    /// Its first instant: midnight, or the first one after where the clock skips midnight.
    pub from: Timestamp,
    /// The first instant of the next day; 23 or 25 hours later where the clock is changed.
    pub to: Timestamp,
}

/// The last days of a zone, oldest first, the one that holds `now` last. A date that the zone skipped as
/// a whole is no day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    days: Vec<Day>,
    now: Timestamp,
}

impl Calendar {
    /// The last `count` days (at least one) that end with today.
    #[must_use]
    pub fn new(zone: &TimeZone, now: Timestamp, count: usize) -> Self {
        let instant = jiff::Timestamp::from_millisecond(now.0).unwrap_or(if now.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        let mut date = instant.to_zoned(zone.clone()).date();
        let mut to = date.tomorrow().ok().and_then(|next| begin(next, zone)).unwrap_or(Timestamp::FAR);
        let mut days = Vec::with_capacity(count);
        while let Some(from) = begin(date, zone) {
            if from < to {
                days.push(Day { date, from, to });
            }
            if days.len() >= count.max(1) {
                break;
            }
            to = from.min(to);
            let Ok(yesterday) = date.yesterday() else { break };
            date = yesterday;
        }
        days.reverse();
        Self { days, now }
    }

    /// The days, each whole.
    #[must_use]
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    /// The moment of the view.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Where the elapsed part ends: `now`, but today is never empty.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.days.last().map_or(self.now, |today| self.now.max(today.from + 1))
    }
}

/// First instant of a date, ms. `None` outside what the calendar knows.
pub(crate) fn begin(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    let midnight = date.to_zoned(zone.clone()).ok()?;
    Some(Timestamp(midnight.timestamp().as_millisecond()))
}

/// The conditions of each day, up to the moment of the view.
#[must_use]
pub fn days(effective: &[Interval<Effective>], calendar: &Calendar) -> Vec<DayTally> {
    let end = calendar.end();
    let started = effective.partition_point(|interval| interval.from <= calendar.now);
    let present = started.checked_sub(1).map(|index| effective[index].value);
    let begun = effective.first().map_or(Timestamp::FAR, |first| first.from);
    let mut rest = calendar
        .days
        .first()
        .map_or(effective, |first| &effective[first_ending_after(effective, first.from)..]);
    let last = calendar.days.len().saturating_sub(1);
    let one = |(index, day): (usize, &Day)| {
        rest = &rest[rest.iter().take_while(|interval| interval.to <= day.from).count()..];
        DayTally {
            date: day.date,
            tally: tally_of(rest, begun, day.from, day.to.min(end)),
            stale_now: index == last && matches!(present, Some(Effective::NoData | Effective::Partly(_))),
        }
    };
    calendar.days.iter().enumerate().map(one).collect()
}

/// Uptime over each of the [`WINDOWS`]. `days` are those of `calendar`. By Statuspage's rule 30 days are 31, as theirs are, and only days before a
/// `start_date` leave the window.
#[must_use]
pub fn windows(
    effective: &[Interval<Effective>],
    days: &[DayTally],
    calendar: &Calendar,
    start_date: Option<Timestamp>,
    rule: Rule,
    weights: Weights,
) -> [Figure; 4] {
    let end = calendar.end();
    let before = start_date.map_or(0, |start| calendar.days.partition_point(|day| day.to <= start));
    let counted = calendar.days.len() - before;
    let (mut sum, mut summed) = (Tally::default(), 0);
    let mut over = |count: i64| {
        let count = count.unsigned_abs() as usize;
        let count = if rule == Rule::Statuspage && count == 30 { 31 } else { count };
        let older = days.iter().rev().skip(summed).take(count - summed);
        (sum, summed) = (older.fold(sum, |sum, day| sum + day.tally), count);
        figure(&sum, rule, weights, counted.min(count) as u32)
    };
    let rolling = tally(effective, end - DAY, end);
    let begun = start_date.is_none_or(|start| end > start);
    let [_, week, month, quarter] = WINDOWS;
    [figure(&rolling, rule, weights, u32::from(begun)), over(week), over(month), over(quarter)]
}

/// How a day is drawn; `Ord` from nothing to worst, so that a group draws the greatest of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Before it was watched.
    Blank,
    /// Operational.
    Operational,
    /// Under maintenance.
    Maintenance,
    /// No data.
    NoData,
    /// Degraded performance.
    Degraded,
    /// Partial outage.
    Partial,
    /// Major outage.
    Major,
}

/// The worst status the day held; no data where nothing worse was seen and, for half of the watched part of its
/// elapsed time or at this moment, nothing was seen or not every part.
#[must_use]
pub fn mark(day: &DayTally) -> Mark {
    let tally = &day.tally;
    let watched = tally.total() - tally.unwatched;
    let blind = tally.no_data + tally.unseen;
    if tally.major > 0 {
        Mark::Major
    } else if tally.partial > 0 {
        Mark::Partial
    } else if tally.degraded > 0 {
        Mark::Degraded
    } else if day.stale_now || (blind > 0 && blind * 2 >= watched) {
        Mark::NoData
    } else if tally.maintenance > 0 {
        Mark::Maintenance
    } else if tally.operational > 0 {
        Mark::Operational
    } else {
        Mark::Blank
    }
}
