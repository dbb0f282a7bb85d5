//! Uptime figures and day tallies, worked out from effective intervals and never from counting results.

use super::interval::{Interval, first_ending_after};
use super::status::{Effective, Status};
use super::time::{DAY, Timestamp};
use std::ops::Add;

/// How long a component was in each condition during one calendar day, ms. The sum is the elapsed length of the day.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DayTally {
    /// The day, in the page's zone.
    pub date: jiff::civil::Date,
    /// Totals of the day.
    pub tally: Tally,
    /// Nothing is known at the moment of the view, or not of every part, and this is its last day.
    pub stale_now: bool,
}

/// Milliseconds spent in each condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tally {
    /// Operational.
    pub operational: i64,
    /// Degraded performance.
    pub degraded: i64,
    /// Partial outage.
    pub partial: i64,
    /// Major outage.
    pub major: i64,
    /// Under maintenance.
    pub maintenance: i64,
    /// Watched, but without data.
    pub no_data: i64,
    /// Before it was watched.
    pub unwatched: i64,
    /// The part of the observed time in which only some linked checks were known. Not part of the sum.
    pub unseen: i64,
}

/// An uptime figure over one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Hundredths of a percent, truncated: 9_989 is "99.89%". `None`: nothing was observed.
    pub hundredths: Option<u32>,
    /// Coverage under 90 %: "not enough data" is said beside it.
    pub enough: bool,
    /// Share of the watched time (without maintenance) in which all of it was observed, hundredths of a percent.
    pub coverage: u32,
    /// What the figure was computed from.
    pub tally: Tally,
    /// The share that was lost, in units of 10⁻²⁴, cut off: a group's figure is the mean of what its children
    /// lost, not of what they show. 0 where nothing was observed.
    pub lost: u128,
}

/// How an uptime figure is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Rule {
    /// Over the time that was observed.
    #[default]
    Observed,
    /// Over whole days of 86,400 s, today included, as Statuspage does.
    Statuspage,
}

/// The weight of each kind of outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Weights {
    /// A partial outage, percent.
    pub partial_percent: u32,
    /// A major outage, percent.
    pub major_percent: u32,
}

impl Default for Weights {
    fn default() -> Self {
        Self { partial_percent: 30, major_percent: 100 }
    }
}

impl Tally {
    /// Time in which the component was seen, maintenance left out, ms.
    #[must_use]
    pub fn observed(&self) -> i64 {
        self.operational + self.degraded + self.partial + self.major
    }

    /// All of it, ms.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.observed() + self.maintenance + self.no_data + self.unwatched
    }

    /// Counts `milliseconds` more of `value`.
    pub fn count(&mut self, value: Effective, milliseconds: i64) {
        if matches!(value, Effective::Partly(_)) {
            self.unseen += milliseconds;
        }
        let part = match value {
            Effective::Known(status) | Effective::Partly(status) => match status {
                Status::Operational => &mut self.operational,
                Status::UnderMaintenance => &mut self.maintenance,
                Status::DegradedPerformance => &mut self.degraded,
                Status::PartialOutage => &mut self.partial,
                Status::MajorOutage => &mut self.major,
            },
            Effective::NoData => &mut self.no_data,
            Effective::Unwatched => &mut self.unwatched,
        };
        *part += milliseconds;
    }

    /// The sum, each part divided.
    fn each(tallies: impl Iterator<Item = Self>, divisor: i64) -> Self {
        let sum = tallies.fold(Self::default(), |sum, next| sum + next);
        let part = |part: i64| part / divisor;
        Self {
            operational: part(sum.operational),
            degraded: part(sum.degraded),
            partial: part(sum.partial),
            major: part(sum.major),
            maintenance: part(sum.maintenance),
            no_data: part(sum.no_data),
            unwatched: part(sum.unwatched),
            unseen: part(sum.unseen),
        }
    }
}

impl Add for Tally {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            operational: self.operational + other.operational,
            degraded: self.degraded + other.degraded,
            partial: self.partial + other.partial,
            major: self.major + other.major,
            maintenance: self.maintenance + other.maintenance,
            no_data: self.no_data + other.no_data,
            unwatched: self.unwatched + other.unwatched,
            unseen: self.unseen + other.unseen,
        }
    }
}

/// Time spent in each condition during `[from, to)`. Time before the first interval is unwatched, time
/// that no other interval covers is without data, so that the total is always the window's length.
#[must_use]
pub fn tally(effective: &[Interval<Effective>], from: Timestamp, to: Timestamp) -> Tally {
    let begun = effective.first().map_or(Timestamp::FAR, |first| first.from);
    tally_of(&effective[first_ending_after(effective, from)..], begun, from, to)
}

/// [`tally`] over what is left of intervals that began at `begun`; `rest` ends after `from`.
pub(super) fn tally_of(
    rest: &[Interval<Effective>],
    begun: Timestamp,
    from: Timestamp,
    to: Timestamp,
) -> Tally {
    let mut tally = Tally::default();
    // Most days hold one thing from end to end.
    if let Some(whole) = rest.first().filter(|first| first.from <= from && from < to && to <= first.to) {
        tally.count(whole.value, to - from);
        return tally;
    }
    for interval in rest.iter().take_while(|interval| interval.from < to) {
        tally.count(interval.value, interval.overlap(from, to));
    }
    tally.unwatched += (begun.min(to) - from).max(0);
    tally.no_data += (to - from).max(0) - tally.total();
    tally
}

/// The figure of one window. `days_whole` serves [`Rule::Statuspage`] alone: the days of the window, today
/// counted whole, less those before a start date. By that rule what was never seen was never down.
#[must_use]
pub fn figure(tally: &Tally, rule: Rule, weights: Weights, days_whole: u32) -> Figure {
    let observed = tally.observed();
    let whole = match rule {
        Rule::Observed => observed,
        Rule::Statuspage => i64::from(days_whole) * DAY,
    };
    let lost = i128::from(tally.major) * i128::from(weights.major_percent)
        + i128::from(tally.partial) * i128::from(weights.partial_percent);
    let whole = i128::from(whole) * 100;
    let lost = lost.min(whole);
    let hundredths = (whole > 0).then(|| share(whole - lost, whole));
    let lost = if whole > 0 { (lost * WHOLE / whole).unsigned_abs() } else { 0 };
    Figure { hundredths, tally: *tally, lost, ..coverage(tally) }
}

/// All of a window in the units of [`Figure::lost`]: 128 bits hold it times the milliseconds of 40 years, in percent.
const WHOLE: i128 = 1_000_000_000_000_000_000_000_000;

/// The figure of a group: the mean of the untruncated values of those children that have one, truncated. Its
/// tally is the mean of theirs.
#[must_use]
pub fn group(children: &[Figure]) -> Figure {
    let counted = || children.iter().filter(|child| child.hundredths.is_some());
    let lost: u128 = counted().map(|child| child.lost).sum();
    let most = counted().count() as u128 * WHOLE.unsigned_abs();
    let tallies = || children.iter().map(|child| child.tally);
    Figure {
        // What each child lost was cut off, and a loss that reaches a hundredth takes it whole.
        hundredths: (most > 0).then(|| 10_000 - (lost * 10_000).div_ceil(most) as u32),
        lost: lost.checked_div(counted().count() as u128).unwrap_or_default(),
        tally: Tally::each(tallies(), (children.len() as i64).max(1)),
        ..coverage(&Tally::each(tallies(), 1))
    }
}

/// Hundredths of a percent, truncated; `part` and `whole` are not negative, `whole` not zero.
fn share(part: i128, whole: i128) -> u32 {
    (part * 10_000 / whole) as u32
}

/// A figure of which only the coverage is filled in.
fn coverage(tally: &Tally) -> Figure {
    let observed = i128::from(tally.observed());
    let expected = observed + i128::from(tally.no_data);
    let whole = observed - i128::from(tally.unseen);
    let coverage = if expected > 0 { share(whole, expected) } else { 0 };
    Figure { hundredths: None, enough: coverage >= 9_000, coverage, tally: Tally::default(), lost: 0 }
}
