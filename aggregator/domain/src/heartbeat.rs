//! A check that nobody runs: it is we who are called. What is expected of the caller, and when it is late.

use super::interval::Interval;
use super::state::TrackKey;
use super::time::{DAY, MINUTE, Timestamp};
use skerry_protocol::schedule::Schedule;

/// A job's clock may be ahead of ours by this, ms: a call so early is the one that is due.
const EARLY: i64 = MINUTE;

/// What the file expects of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// From one call to the next, ms; says nothing where there is a schedule.
    pub period: i64,
    /// When calls are due, where it is a crontab that says so.
    pub schedule: Option<Schedule>,
    /// So much later is not late yet; also what a job that told its start may take, ms.
    pub grace: i64,
}

impl Expected {
    /// From one call to the latest that is in time after it, ms; where a crontab says when, a day stands for it.
    #[must_use]
    pub fn longest(&self) -> i64 {
        let period = if self.schedule.is_some() { DAY } else { self.period };
        period.saturating_add(self.grace)
    }
}

/// A job that told its start and not yet its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// When.
    pub at: Timestamp,
    /// The caller's name for this run; empty where it has none.
    pub run: String,
}

/// One heartbeat as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// What was heard of it over time.
    pub track: TrackKey,
    /// What is expected.
    pub expected: Expected,
    /// When the file began to expect this of a job that it had expected something else of: what was called
    /// before counts as called then. A shorter period is so never missed before it has passed.
    pub expected_since: Option<Timestamp>,
    /// The last call that told of an end, good or bad.
    pub last_ping: Option<Timestamp>,
    /// The run that is under way.
    pub started: Option<Started>,
}

/// Whether a call is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lateness {
    /// Nothing is late, or nothing was ever heard.
    InTime,
    /// It was due then, but it may have come while we could not be called: nobody can say.
    NobodyKnows(Timestamp),
    /// It was due then, and we were there.
    Missed {
        /// When the time of the call was over.
        due: Timestamp,
        /// Nobody could say since then, where one before it may have come.
        blind_from: Option<Timestamp>,
    },
}

/// A call, and when it may come.
struct Next {
    from: Timestamp,
    expected: Timestamp,
    due: Timestamp,
}

impl Heartbeat {
    /// A call is waited for since then, if one is: the next one, or the end of the run that is under way, whichever is
    /// waited for longer.
    #[must_use]
    pub fn waits_since(&self) -> Option<Timestamp> {
        let started = self.started.as_ref().map(|started| started.at);
        self.last_ping.into_iter().chain(started).min()
    }

    /// From when on what was called at `at` has its time.
    fn counted(&self, at: Timestamp) -> Timestamp {
        self.expected_since.map_or(at, |since| at.max(since))
    }

    /// The run that began then has had its time by `now`.
    #[must_use]
    pub fn hangs(&self, started: &Started, now: Timestamp) -> bool {
        now - self.counted(started.at) > self.expected.grace
    }

    /// The call after one at `at`: around when it is expected, and until the grace is over.
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

    /// When a call has been due in vain, unless one comes before: from the first on in order, up to the one that no
    /// absence of ours excuses, or that lies ahead.
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

    /// Is a call late at `now`? Nobody could call us in `blind`, oldest first: a call that may have come then is
    /// not held against its caller, any other is.
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

/// The end of the last stretch of `blind` in which a call between `from` and `to` may have come.
fn may_have_come(blind: &[Interval<()>], from: Timestamp, to: Timestamp) -> Option<Timestamp> {
    blind.iter().rev().find(|blind| blind.overlap(from, to) > 0).map(|blind| blind.to)
}
