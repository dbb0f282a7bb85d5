//! What people plan, set and correct, remembered as they said it, in the words of the product: times of windows, who
//! set what and until when, what was corrected.

use super::script::{COMPONENTS, Random, ZONES};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};

/// A window as it is planned.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) components: Vec<usize>,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) completed: Option<Timestamp>,
    pub(crate) cancelled: Option<Timestamp>,
    /// The series that made it.
    pub(crate) series: Option<usize>,
}

impl Window {
    /// When it runs; nothing if it was cancelled before it began.
    pub(crate) fn runs(&self, at: Timestamp) -> bool {
        let ended = self.completed.or(self.cancelled).is_some_and(|ended| ended <= at);
        self.from <= at && at < self.to && !ended
    }

    pub(crate) fn status(&self, now: Timestamp) -> MaintenanceStatus {
        if self.cancelled.is_some() {
            MaintenanceStatus::Cancelled
        } else if self.completed.is_some() || self.to <= now {
            MaintenanceStatus::Completed
        } else if self.from <= now {
            MaintenanceStatus::InProgress
        } else {
            MaintenanceStatus::Scheduled
        }
    }
}

/// Maintenance on every n-th day at one local time.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) page: usize,
    pub(crate) first: DateTime,
    pub(crate) every: i64,
    pub(crate) length: i64,
    pub(crate) components: Vec<usize>,
    pub(crate) ended: Option<Timestamp>,
}

/// A status that a person set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    pub(crate) component: usize,
    pub(crate) status: Status,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// A correction of the past.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Correction {
    pub(crate) component: usize,
    pub(crate) status: Status,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// Something that a person does. Windows and series are named by their places.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Plan { components: Vec<usize>, from: Timestamp, to: Timestamp, lead: i64 },
    Retime { window: usize, from: Option<Timestamp>, to: Timestamp },
    Cancel { window: usize },
    Start { window: usize },
    End { window: usize },
    Recur { series: Series, from: Timestamp },
    EndSeries { series: usize },
    Hold(Hold),
    Release { component: usize },
    Correct(Correction),
}

/// Everything that people said so far.
#[derive(Default)]
pub(crate) struct People {
    pub(crate) windows: Vec<Window>,
    pub(crate) series: Vec<Series>,
    pub(crate) holds: Vec<Hold>,
    pub(crate) corrections: Vec<Correction>,
}

impl People {
    /// What a person does at `now`, noted down.
    pub(crate) fn act(&mut self, now: Timestamp, start: Timestamp, random: &mut Random) -> Option<Act> {
        let act = match random.below(16) {
            0..=5 => Self::plan(now, random),
            6..=9 => self.change(now, random)?,
            10 => self.recur(now, random)?,
            11 | 12 => {
                let component = random.below(COMPONENTS as i64) as usize;
                let status =
                    random.pick(&[Status::MajorOutage, Status::PartialOutage, Status::DegradedPerformance]);
                let to =
                    if random.one_in(3) { Timestamp::FAR } else { now + MINUTE + random.below(12 * HOUR) };
                Act::Hold(Hold { component, status, from: now, to })
            }
            13 => Act::Release { component: random.below(COMPONENTS as i64) as usize },
            _ => {
                let past = (now - start).min(20 * DAY);
                let from = now - random.below(past) - 1;
                let to = from + random.below((now - from).min(6 * HOUR)) + 1;
                let component = random.below(COMPONENTS as i64) as usize;
                let status =
                    random.pick(&[Status::Operational, Status::UnderMaintenance, Status::MajorOutage]);
                Act::Correct(Correction { component, status, from, to: to.min(now) })
            }
        };
        self.note(&act, now);
        Some(act)
    }

    /// Maintenance of one or two components of a page.
    fn plan(now: Timestamp, random: &mut Random) -> Act {
        let from = now + random.pick(&[0, MINUTE, HOUR, 5 * HOUR, 2 * DAY]) + random.below(6 * HOUR);
        let to = from + MINUTE + random.below(8 * HOUR);
        let lead = random.pick(&[0, HOUR, DAY, 3 * DAY]);
        Act::Plan { components: some_of(random.below(ZONES.len() as i64) as usize, random), from, to, lead }
    }

    /// A change of a window that is still open, of which one was planned lately.
    fn change(&self, now: Timestamp, random: &mut Random) -> Option<Act> {
        let open =
            |one: &Window| one.completed.or(one.cancelled).is_none() && now < one.to && one.series.is_none();
        let open: Vec<usize> = (0..self.windows.len()).filter(|place| open(&self.windows[*place])).collect();
        let window = *open.get(random.below(open.len() as i64) as usize)?;
        let begun = self.windows[window].from <= now;
        Some(match (random.below(4), begun) {
            (0, _) => Act::Cancel { window },
            (1, false) => Act::Start { window },
            (1, true) => Act::End { window },
            (_, true) => Act::Retime { window, from: None, to: now + MINUTE + random.below(5 * HOUR) },
            (_, false) => {
                let from = now + MINUTE + random.below(2 * DAY);
                Act::Retime { window, from: Some(from), to: from + MINUTE + random.below(8 * HOUR) }
            }
        })
    }

    fn recur(&self, now: Timestamp, random: &mut Random) -> Option<Act> {
        let open: Vec<usize> =
            (0..self.series.len()).filter(|one| self.series[*one].ended.is_none()).collect();
        if open.len() >= 5 {
            return Some(Act::EndSeries { series: random.pick(&open) });
        }
        let page = random.below(ZONES.len() as i64) as usize;
        let zone = zone(page);
        let day = local(now, &zone).date() + (1 + random.below(3)).days();
        // 02:15 is skipped or repeated where clocks change.
        let (hour, minute) = random.pick(&[(2, 15), (1, 45), (22, 0), (4, 30)]);
        let first = day.at(hour, minute, 0, 0);
        let from = begins(first, &zone);
        // The product is given an instant: a first time that the clock skips or shows twice has none of its own.
        if local(from, &zone) != first || from <= now {
            return None;
        }
        let (every, length) = (random.pick(&[1, 2, 7, 14]), MINUTE + random.below(5 * HOUR));
        let series = Series { page, first, every, length, components: some_of(page, random), ended: None };
        Some(Act::Recur { series, from })
    }

    fn note(&mut self, act: &Act, now: Timestamp) {
        match act {
            Act::Plan { components, from, to, .. } => self.windows.push(Window {
                components: components.clone(),
                from: *from,
                to: *to,
                completed: None,
                cancelled: None,
                series: None,
            }),
            Act::Retime { window, from, to } => {
                let window = &mut self.windows[*window];
                (window.from, window.to) = (from.unwrap_or(window.from), *to);
            }
            Act::Cancel { window } => self.windows[*window].cancelled = Some(now),
            Act::Start { window } => self.windows[*window].from = now,
            Act::End { window } => self.windows[*window].completed = Some(now),
            Act::Recur { series, .. } => self.series.push(series.clone()),
            Act::EndSeries { series } => self.series[*series].ended = Some(now),
            Act::Hold(hold) => {
                self.release(hold.component, now);
                self.holds.push(*hold);
            }
            Act::Release { component } => self.release(*component, now),
            Act::Correct(correction) => self.corrections.push(*correction),
        }
    }

    fn release(&mut self, component: usize, now: Timestamp) {
        for hold in self.holds.iter_mut().filter(|hold| hold.component == component && hold.to > now) {
            hold.to = now;
        }
    }

    /// All windows until an instant, with each occurrence of the series.
    pub(crate) fn all_windows(&self, until: Timestamp) -> Vec<Window> {
        let mut all = self.windows.clone();
        for (place, series) in self.series.iter().enumerate() {
            let zone = zone(series.page);
            let mut local = series.first;
            loop {
                let from = begins(local, &zone);
                if from > until || series.ended.is_some_and(|ended| from > ended) {
                    break;
                }
                all.push(Window {
                    components: series.components.clone(),
                    from,
                    to: from + series.length,
                    completed: None,
                    cancelled: None,
                    series: Some(place),
                });
                local = (local.date() + series.every.days()).to_datetime(local.time());
            }
        }
        all
    }
}

/// One or two components of a page.
fn some_of(page: usize, random: &mut Random) -> Vec<usize> {
    let first = random.below(3) as usize;
    let mut some = vec![3 * page + first];
    if random.one_in(3) {
        some.push(3 * page + (first + 1) % 3);
    }
    some.sort_unstable();
    some
}

pub(crate) fn zone(page: usize) -> TimeZone {
    TimeZone::get(ZONES[page]).expect("a known zone")
}

fn zoned(at: Timestamp, zone: &TimeZone) -> Zoned {
    jiff::Timestamp::from_millisecond(at.0).expect("an instant").to_zoned(zone.clone())
}

pub(crate) fn local(at: Timestamp, zone: &TimeZone) -> DateTime {
    zoned(at, zone).datetime()
}

/// The first quarter of an hour at which a clock in the zone shows that time or, where it skips it, a later one.
pub(crate) fn begins(wanted: DateTime, zone: &TimeZone) -> Timestamp {
    let as_utc = wanted.to_zoned(TimeZone::UTC).expect("a date").timestamp().as_millisecond();
    let mut at = Timestamp(as_utc) - 14 * HOUR;
    while local(at, zone) < wanted {
        at = at + 15 * MINUTE;
    }
    at
}
