//! A heartbeat is a check that no agent runs: a job calls the aggregator. What is expected of the job, and when it is
//! late.

use super::interval::Interval;
use super::state::TrackKey;
use super::time::{DAY, MINUTE, Timestamp};
use skerry_protocol::schedule::Schedule;

/// How far a job's clock may be ahead of ours, ms: a ping that is early by this much counts as the one that is due.
const EARLY: i64 = MINUTE;

/// What the configuration expects of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Time from one ping to the next, ms; ignored if there is a schedule.
    pub period: i64,
    /// When pings are due, if the configuration gives a crontab.
    pub schedule: Option<Schedule>,
    /// Grace period after a ping is due, ms; also the longest run of a job that reported its start.
    pub grace: i64,
}

impl Expected {
    /// Time from one ping to the latest ping that is still in time, ms; with a crontab a period of one day is assumed.
    #[must_use]
    pub fn longest(&self) -> i64 {
        let period = if self.schedule.is_some() { DAY } else { self.period };
        period.saturating_add(self.grace)
    }
}

/// A job that reported its start and not yet its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// When the start was reported.
    pub at: Timestamp,
    /// The job's name for this run; empty if it has none.
    pub run: String,
}

/// The state of one heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The track that keeps its history.
    pub track: TrackKey,
    /// What is expected of the job.
    pub expected: Expected,
    /// When the configuration changed what it expects. Earlier pings count as received at that moment, so that a
    /// shorter period is never missed before it has passed once.
    pub expected_since: Option<Timestamp>,
    /// The last ping that reported the end of a run, successful or not.
    pub last_ping: Option<Timestamp>,
    /// The run in progress.
    pub started: Option<Started>,
}

/// Whether a ping is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lateness {
    /// Nothing is late, or no ping was ever received.
    InTime,
    /// It was due at this instant, but may have been sent while the aggregator was unreachable: unknown.
    NobodyKnows(Timestamp),
    /// It was due while the aggregator was reachable.
    Missed {
        /// When the ping was due, grace included.
        due: Timestamp,
        /// From when on the state was unknown, if an earlier ping may have been lost.
        blind_from: Option<Timestamp>,
    },
}

/// A ping, and when it may arrive.
struct Next {
    from: Timestamp,
    expected: Timestamp,
    due: Timestamp,
}

impl Heartbeat {
    /// Since when a ping is awaited, if one is: the next one, or the end of the run in progress, whichever has been
    /// awaited longer.
    #[must_use]
    pub fn waits_since(&self) -> Option<Timestamp> {
        let started = self.started.as_ref().map(|started| started.at);
        self.last_ping.into_iter().chain(started).min()
    }

    /// When the interval of a ping received at `at` begins.
    fn counted(&self, at: Timestamp) -> Timestamp {
        self.expected_since.map_or(at, |since| at.max(since))
    }

    /// Whether the run that began then has exceeded its time at `now`.
    #[must_use]
    pub fn hangs(&self, started: &Started, now: Timestamp) -> bool {
        now - self.counted(started.at) > self.expected.grace
    }

    /// The ping after one at `at`: when it is expected, and when its grace ends.
    fn next(&self, at: Timestamp) -> Option<Next> {
        let Expected { period, schedule, grace } = &self.expected;
        let (expected, early) = match schedule {
            Some(schedule) => {
                let early = EARLY.min(grace / 2);
                (Timestamp(schedule.next_after((at + early).0)?), early)
            }
            None => (at + *period, *grace),
        };
        Some(Next { from: at.max(expected - early), expected, due: expected + *grace })
    }

    /// The instants at which a ping is missing unless one arrives first, in order, up to the first that no absence of
    /// the aggregator excuses or that lies in the future.
    #[must_use]
    pub(super) fn dues(&self, blind: &[Interval<()>]) -> Vec<Timestamp> {
        let mut dues = Vec::new();
        let mut last = self.last_ping.map(|last_ping| self.counted(last_ping));
        if let Some(started) = &self.started {
            let from = self.counted(started.at);
            let due = from + self.expected.grace;
            dues.push(due);
            last = last.or(may_have_come(blind, from, due));
        }
        while let Some(Next { from, expected, due }) = last.and_then(|last| self.next(last)) {
            dues.push(due);
            last = may_have_come(blind, from, due).map(|until| expected.max(until));
        }
        dues.sort_unstable();
        dues
    }

    /// Whether a ping is late at `now`. The aggregator was unreachable during `blind` (oldest first): a ping that may
    /// have been sent then is not counted as missed.
    #[must_use]
    pub fn lateness(&self, blind: &[Interval<()>], now: Timestamp) -> Lateness {
        let (mut missed, mut blind_from): (Option<Timestamp>, Option<Timestamp>) = (None, None);
        let mut last = self.last_ping.map(|last_ping| self.counted(last_ping));
        if let Some(started) = &self.started {
            let from = self.counted(started.at);
            let due = from + self.expected.grace;
            match may_have_come(blind, from, due) {
                _ if now <= due => {}
                Some(until) => {
                    blind_from = Some(due);
                    last = last.or(Some(until));
                }
                None => missed = Some(due),
            }
        }
        while let Some(Next { from, expected, due }) = last.and_then(|last| self.next(last)) {
            if now <= due {
                break;
            }
            let Some(until) = may_have_come(blind, from, due) else {
                missed = Some(missed.map_or(due, |missed| missed.min(due)));
                break;
            };
            blind_from = Some(blind_from.map_or(due, |from| from.min(due)));
            last = Some(expected.max(until));
        }
        match (missed, blind_from) {
            (Some(due), blind_from) => {
                Lateness::Missed { due, blind_from: blind_from.filter(|from| *from < due) }
            }
            (None, Some(due)) => Lateness::NobodyKnows(due),
            (None, None) => Lateness::InTime,
        }
    }
}

/// The end of the last interval of `blind` in which a ping between `from` and `to` may have been sent.
fn may_have_come(blind: &[Interval<()>], from: Timestamp, to: Timestamp) -> Option<Timestamp> {
    blind.iter().rev().find(|blind| blind.overlap(from, to) > 0).map(|blind| blind.to)
}
