//! When each check runs next. Pure; the caller supplies monotonic milliseconds.
//!
//! Every check has its own offset in its interval (a hash of its name). A settled check runs on that grid for
//! ever, and a late run moves no other. The grid is laid in wall-clock time at the start, so a daily check
//! runs at the same hour whenever its host boots. While a change is unconfirmed a check runs `retry` after
//! its last start; inconclusive runs confirm nothing and back off to the interval. A running check has no
//! entry here, so it never runs twice at once.
//!
//! Checks that are due within one [`SLOT`] start together at its beginning: a wake-up costs more than
//! starting a check, and observations made together are committed together.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// Checks due within one slot, ms, start together at its beginning. Long enough to be shared at hundreds of
/// checks per second, short compared with any interval.
pub const SLOT: u64 = 25;
/// The last run of a check with at least this interval, ms, is saved and survives a restart of the host.
pub const LONG: u64 = 3_600_000;
/// Distance between the first runs of many checks, ms.
const APART: u64 = 5;
/// Maximum time over which the first runs are spread, ms.
const BURST: u64 = 10_000;
/// Time to the next start while a check's first state is unconfirmed and its target seems up, ms.
const CONFIRM: u64 = 500;
/// Factor by which the wait grows after each further inconclusive run.
const BACK_OFF: u64 = 4;

/// The timing of one check, ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// From start to start when settled.
    pub interval: u64,
    /// From start to start while a change is unconfirmed.
    pub retry: u64,
    /// The check's offset in its interval, on the caller's clock.
    pub phase: u64,
}

impl Cadence {
    /// The timing of the check with this name. `origin` is the wall clock when the caller's clock is 0, ms.
    #[must_use]
    pub fn new(name: &str, interval: Duration, retry: Duration, origin: i64) -> Self {
        let whole = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1);
        let interval = whole(interval);
        let place = i128::from(xxh3_64(name.as_bytes()) % interval) - i128::from(origin);
        let phase = place.rem_euclid(i128::from(interval)) as u64;
        Self { interval, retry: whole(retry).min(interval), phase }
    }

    /// The first grid point at or after `from`.
    #[must_use]
    pub fn on_grid(&self, from: u64) -> u64 {
        let beyond = from.saturating_sub(self.phase);
        self.phase + beyond.div_ceil(self.interval) * self.interval
    }

    /// The next start after a run that was due at `due`, started at `started` and ended at `now`.
    #[must_use]
    pub fn next(&self, due: u64, started: u64, now: u64, pace: Pace) -> u64 {
        let wait = match pace {
            Pace::First => Some(self.retry.min(CONFIRM)),
            Pace::Unconfirmed => Some(self.retry),
            Pace::BackOff(times) => {
                let wait = BACK_OFF.saturating_pow(times.saturating_sub(1)).saturating_mul(self.retry);
                Some(wait).filter(|wait| *wait < self.interval)
            }
            Pace::Settled => None,
        };
        if let Some(wait) = wait {
            return (started + wait).max(now);
        }
        // Half a retry keeps a distance from a late run or from the last retry. After a punctual run the next
        // grid point is a whole interval away in any case.
        self.on_grid((due + 1).max(started + self.retry / 2).max(now))
    }
}

/// How soon a check runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// No state is confirmed yet and the target seems up: very soon, so that the page is complete quickly.
    First,
    /// A change is unconfirmed.
    Unconfirmed,
    /// So many successive runs were inconclusive: each waits longer than the one before, up to the interval.
    BackOff(u32),
    /// On the grid.
    Settled,
}

/// Delay of the first run of one of `many` checks that start together, ms: none for a single check.
#[must_use]
pub fn delay(place: usize, many: usize) -> u64 {
    let (place, many) = (place as u64, (many as u64).max(1));
    place * (many * APART).min(BURST) / many
}

/// An entry of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// Time, ms.
    pub at: u64,
    /// Slot of the check.
    pub slot: usize,
    /// Generation of the check: an entry of an older one is ignored.
    pub generation: u64,
}

/// The next starts, earliest first.
#[derive(Debug, Default)]
pub struct Schedule {
    heap: BinaryHeap<Reverse<Due>>,
}

impl Schedule {
    /// Adds the next start of a check.
    pub fn enter(&mut self, due: Due) {
        self.heap.push(Reverse(due));
    }

    /// The start of the slot of the earliest entry, ms.
    #[must_use]
    pub fn earliest(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse(due)| due.at - due.at % SLOT)
    }

    /// Removes the earliest entry if its slot has begun.
    pub fn take(&mut self, now: u64) -> Option<Due> {
        if self.earliest()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(due)| due)
    }
}

/// The greatest start delay of the last minute, in buckets of ten seconds.
#[derive(Debug, Default)]
pub struct Lateness {
    buckets: [(u64, u64); 7],
}

impl Lateness {
    /// Records a start that was late by `late` ms.
    pub fn note(&mut self, now: u64, late: u64) {
        let tenth = now / 10_000;
        let bucket = &mut self.buckets[(tenth % 7) as usize];
        *bucket = if bucket.0 == tenth { (tenth, bucket.1.max(late)) } else { (tenth, late) };
    }

    /// The greatest delay of the last minute, ms.
    #[must_use]
    pub fn greatest(&self, now: u64) -> u64 {
        let tenth = now / 10_000;
        self.buckets.iter().filter(|(of, _)| of + 6 >= tenth).map(|(_, late)| *late).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cadence(name: &str) -> Cadence {
        Cadence::new(name, Duration::from_secs(30), Duration::from_secs(10), 0)
    }

    #[test]
    fn a_settled_check_keeps_its_grid_however_late_it_starts() {
        let cadence = cadence("shop");
        let mut due = cadence.on_grid(1_000_000);
        let first = due;
        for round in 1..=10_000_u64 {
            let started = due + round % 700;
            due = cadence.next(due, started, started + 5_000, Pace::Settled);
            assert_eq!(due, first + round * 30_000);
        }
    }

    #[test]
    fn a_check_whose_retry_is_its_interval_keeps_its_grid_too() {
        let cadence = Cadence::new("fast", Duration::from_secs(5), Duration::from_secs(5), 0);
        let due = cadence.on_grid(7_000);
        assert_eq!(cadence.next(due, due + 3, due + 40, Pace::Settled), due + 5_000);
    }

    #[test]
    fn retries_run_start_to_start_and_never_overlap() {
        let cadence = cadence("shop");
        assert_eq!(cadence.next(0, 100, 400, Pace::Unconfirmed), 10_100);
        assert_eq!(cadence.next(0, 100, 15_000, Pace::Unconfirmed), 15_000);
    }

    #[test]
    fn runs_that_say_nothing_wait_longer_each_time_up_to_the_interval() {
        let cadence = Cadence::new("shop", Duration::from_secs(60), Duration::from_secs(1), 0);
        let wait = |times| cadence.next(0, 100, 400, Pace::BackOff(times)) - 100;
        assert_eq!([1, 2, 3].map(wait), [1_000, 4_000, 16_000]);
        let settled = cadence.next(0, 100, 400, Pace::Settled);
        for times in [4, 5, 100, u32::MAX] {
            assert_eq!(cadence.next(0, 100, 400, Pace::BackOff(times)), settled, "{times}");
        }
        assert_eq!(cadence.next(0, 100, 9_000, Pace::BackOff(1)), 9_000, "never two at once");
    }

    #[test]
    fn points_that_passed_are_not_made_up_for() {
        let cadence = cadence("shop");
        let due = cadence.on_grid(0);
        let next = cadence.next(due, due + 95_000, due + 96_000, Pace::Settled);
        assert!(next > due + 96_000 && next <= due + 130_000);
        assert_eq!((next - due) % 30_000, 0);
    }

    #[test]
    fn ten_thousand_checks_are_spread_over_the_interval() {
        let mut seconds = [0_u32; 30];
        for number in 0..10_000 {
            seconds[(cadence(&format!("check-{number}")).on_grid(0) / 1000) as usize] += 1;
        }
        assert!(seconds.iter().all(|count| (250..420).contains(count)), "{seconds:?}");
    }

    #[test]
    fn the_earliest_comes_first_and_none_before_its_time() {
        let mut schedule = Schedule::default();
        for (slot, at) in [(0, 300), (1, 100), (2, 200)] {
            schedule.enter(Due { at, slot, generation: 0 });
        }
        assert_eq!(schedule.take(99), None);
        assert_eq!(schedule.take(250).map(|due| due.slot), Some(1));
        assert_eq!(schedule.take(250).map(|due| due.slot), Some(2));
        assert_eq!(schedule.take(250), None);
        assert_eq!(schedule.earliest(), Some(300));
    }

    #[test]
    fn what_is_due_within_one_slot_starts_together_and_nothing_later() {
        let mut schedule = Schedule::default();
        for (slot, at) in [(0, SLOT * 5), (1, SLOT * 5 + 1), (2, SLOT * 6 - 1), (3, SLOT * 6)] {
            schedule.enter(Due { at, slot, generation: 0 });
        }
        assert_eq!(schedule.earliest(), Some(SLOT * 5));
        assert_eq!(schedule.take(SLOT * 5 - 1), None);
        let together: Vec<_> = std::iter::from_fn(|| schedule.take(SLOT * 5)).map(|due| due.slot).collect();
        assert_eq!(together, [0, 1, 2]);
        assert_eq!(schedule.earliest(), Some(SLOT * 6));
    }

    /// Due and start times until `end`, if every run takes `took` ms and starts at the beginning of its slot.
    fn starts(cadence: &Cadence, took: u64, end: u64) -> Vec<(u64, u64)> {
        let mut schedule = Schedule::default();
        schedule.enter(Due { at: cadence.on_grid(0), slot: 0, generation: 0 });
        let mut starts = Vec::new();
        while let Some(now) = schedule.earliest().filter(|now| *now < end) {
            let due = schedule.take(now).expect("its slot has begun");
            starts.push((due.at, now));
            let at = cadence.next(due.at, now, now + took, Pace::Settled);
            schedule.enter(Due { at, slot: 0, generation: 0 });
        }
        starts
    }

    #[test]
    fn a_check_starts_once_an_interval_in_the_slot_of_its_place() {
        for interval in [100, 101, 300, 310, 999, 30_000] {
            for number in 0..50 {
                let whole = Duration::from_millis(interval);
                let cadence = Cadence::new(&format!("check-{number}"), whole, whole, 0);
                for (round, (due, start)) in starts(&cadence, 3, interval * 200).into_iter().enumerate() {
                    assert_eq!(due, cadence.phase + round as u64 * interval, "every {interval} ms");
                    assert!(start <= due && due - start < SLOT && start % SLOT == 0);
                }
            }
        }
    }

    #[test]
    fn checks_are_spread_evenly_over_the_slots() {
        let mut slots = vec![0_u32; 30_000 / SLOT as usize];
        for number in 0..30_000 {
            slots[(cadence(&format!("check-{number}")).on_grid(0) / SLOT) as usize] += 1;
        }
        let mean = SLOT as f64;
        // As even as a random distribution: the variance of a Poisson distribution is its mean.
        let variance =
            slots.iter().map(|count| (f64::from(*count) - mean).powi(2)).sum::<f64>() / slots.len() as f64;
        assert!((0.8..1.2).contains(&(variance / mean)), "variance {variance} for a mean of {mean}");
        assert!(slots.iter().all(|count| f64::from(*count) < mean * 2.5), "{:?}", slots.iter().max());
    }

    #[test]
    fn a_retry_starts_a_retry_interval_after_the_start_before_it() {
        // Checks start just after the beginning of their slot; that must not move each retry into the next
        // slot.
        let cadence = cadence("shop");
        let mut schedule = Schedule::default();
        let mut started = SLOT * 50 + 1;
        for round in 1..=100 {
            let at = cadence.next(0, started, started + 5, Pace::Unconfirmed);
            schedule.enter(Due { at, slot: 0, generation: 0 });
            started = schedule.earliest().expect("one waits") + 1;
            schedule.take(started).expect("its slot has begun");
            assert_eq!(started, SLOT * 50 + 1 + round * 10_000);
        }
    }

    #[test]
    fn a_daily_check_runs_at_its_hour_whenever_its_host_boots() {
        const DAY: i64 = 86_400_000;
        let day = Duration::from_millis(DAY as u64);
        let hours: Vec<i64> = [0, 1, 7_654_321, DAY, 20 * DAY + 99]
            .map(|booted| {
                let cadence =
                    Cadence::new("backup", day, Duration::from_secs(10), 1_795_867_347_758 + booted);
                (cadence.on_grid(40_000) as i64 + 1_795_867_347_758 + booted).rem_euclid(DAY)
            })
            .to_vec();
        assert!(hours.iter().all(|hour| *hour == hours[0]), "{hours:?}");
        // A clock before 1970 is valid.
        assert!(Cadence::new("backup", day, day, -DAY - 1).phase < DAY as u64);
    }

    #[test]
    fn first_runs_come_at_once_and_many_of_them_are_spread() {
        assert_eq!(delay(0, 1), 0);
        for many in [2, 100, 300] {
            assert!(delay(many - 1, many) <= 1_500, "a first page stands within two seconds");
        }
        for many in [1_000, 10_000, 50_000] {
            let (middle, last) = (delay(many / 2, many), delay(many - 1, many));
            assert!(middle * 2 <= last + 10 && last < BURST, "{middle} {last}");
        }
        // A target that seems up is checked again at once; one that seems down after its retry interval.
        let cadence = cadence("shop");
        assert_eq!(cadence.next(0, 100, 140, Pace::First), 600);
        assert_eq!(cadence.next(0, 100, 140, Pace::Unconfirmed), 10_100);
    }

    #[test]
    fn lateness_is_that_of_the_last_minute() {
        let mut lateness = Lateness::default();
        lateness.note(5_000, 900);
        lateness.note(30_000, 40);
        assert_eq!(lateness.greatest(35_000), 900);
        assert_eq!(lateness.greatest(80_000), 40);
        assert_eq!(lateness.greatest(200_000), 0);
    }
}
