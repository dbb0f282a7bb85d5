//! When each check runs next: pure, on a monotonic count of milliseconds that the caller supplies.
//!
//! Every check has its own place in its interval (a hash of its name), and a settled check runs on that
//! grid for ever: lateness of one run moves no other. While a change is unconfirmed it runs `retry`
//! after its last start. A check that runs has no entry here, so it can never run twice at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// How often one check runs, ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Start to start when settled.
    pub interval: u64,
    /// Start to start while a change is unconfirmed.
    pub retry: u64,
    /// The check's own place in its interval.
    pub phase: u64,
}

impl Cadence {
    /// The cadence of the check of that name.
    #[must_use]
    pub fn new(name: &str, interval: Duration, retry: Duration) -> Self {
        let whole = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1);
        let interval = whole(interval);
        Self { interval, retry: whole(retry).min(interval), phase: xxh3_64(name.as_bytes()) % interval }
    }

    /// The first point of the grid at or after `from`.
    #[must_use]
    pub fn on_grid(&self, from: u64) -> u64 {
        let beyond = from.saturating_sub(self.phase);
        self.phase + beyond.div_ceil(self.interval) * self.interval
    }

    /// First run: a check of which nothing is known comes within its retry interval, so that the first
    /// answer does not wait for a long interval; a known one goes on on its grid.
    #[must_use]
    pub fn first(&self, now: u64, known: bool) -> u64 {
        if known { self.on_grid(now) } else { now + self.phase % self.retry }
    }

    /// The run after the one that was due at `due`, started at `started` and ended at `now`.
    #[must_use]
    pub fn next(&self, due: u64, started: u64, now: u64, unconfirmed: bool) -> u64 {
        if unconfirmed {
            return (started + self.retry).max(now);
        }
        // Half a retry keeps a run off the heels of a late one or of the last retry; a punctual run is a
        // whole interval before its next point in any case.
        self.on_grid((due + 1).max(started + self.retry / 2).max(now))
    }
}

/// One start that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When, ms.
    pub at: u64,
    /// Which check.
    pub slot: usize,
    /// Which definition of it: an entry of an older one is void.
    pub generation: u64,
}

/// What starts next, earliest first.
#[derive(Debug, Default)]
pub struct Schedule {
    heap: BinaryHeap<Reverse<Due>>,
}

impl Schedule {
    /// Enters the next start of a check.
    pub fn enter(&mut self, due: Due) {
        self.heap.push(Reverse(due));
    }

    /// When the earliest start is due, ms.
    #[must_use]
    pub fn earliest(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse(due)| due.at)
    }

    /// Takes the earliest start if it is due.
    pub fn take(&mut self, now: u64) -> Option<Due> {
        if self.earliest()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(due)| due)
    }
}

/// The greatest lateness of a start in the last minute, in buckets of ten seconds.
#[derive(Debug, Default)]
pub struct Lateness {
    buckets: [(u64, u64); 7],
}

impl Lateness {
    /// Notes that a start was late by `late` ms.
    pub fn note(&mut self, now: u64, late: u64) {
        let tenth = now / 10_000;
        let bucket = &mut self.buckets[(tenth % 7) as usize];
        *bucket = if bucket.0 == tenth { (tenth, bucket.1.max(late)) } else { (tenth, late) };
    }

    /// The greatest of the last minute, ms.
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
        Cadence::new(name, Duration::from_secs(30), Duration::from_secs(10))
    }

    #[test]
    fn a_settled_check_keeps_its_grid_however_late_it_starts() {
        let cadence = cadence("shop");
        let mut due = cadence.on_grid(1_000_000);
        let first = due;
        for round in 1..=10_000_u64 {
            let started = due + round % 700;
            due = cadence.next(due, started, started + 5_000, false);
            assert_eq!(due, first + round * 30_000);
        }
    }

    #[test]
    fn a_check_whose_retry_is_its_interval_keeps_its_grid_too() {
        let cadence = Cadence::new("fast", Duration::from_secs(5), Duration::from_secs(5));
        let due = cadence.on_grid(7_000);
        assert_eq!(cadence.next(due, due + 3, due + 40, false), due + 5_000);
    }

    #[test]
    fn retries_run_start_to_start_and_never_overlap() {
        let cadence = cadence("shop");
        assert_eq!(cadence.next(0, 100, 400, true), 10_100);
        assert_eq!(cadence.next(0, 100, 15_000, true), 15_000);
    }

    #[test]
    fn points_that_passed_are_not_made_up_for() {
        let cadence = cadence("shop");
        let due = cadence.on_grid(0);
        let next = cadence.next(due, due + 95_000, due + 96_000, false);
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
    fn lateness_is_that_of_the_last_minute() {
        let mut lateness = Lateness::default();
        lateness.note(5_000, 900);
        lateness.note(30_000, 40);
        assert_eq!(lateness.greatest(35_000), 900);
        assert_eq!(lateness.greatest(80_000), 40);
        assert_eq!(lateness.greatest(200_000), 0);
    }
}
