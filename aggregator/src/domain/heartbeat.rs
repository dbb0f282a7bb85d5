//! A check that nobody runs: it is we who are called. What is expected of the caller, and when it is late.

use super::state::TrackKey;
use super::time::Timestamp;

/// What the file expects of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// From one call to the next, ms.
    pub period: i64,
    /// So much later is not late yet; also what a job that told its start may take, ms.
    pub grace: i64,
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
    pub heard: Option<Timestamp>,
    /// The run that is under way.
    pub started: Option<Started>,
}

/// Whether a call is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lateness {
    /// Nothing is late, or nothing was ever heard.
    InTime,
    /// It was due then, but some of that time we could not be called: nobody can say.
    NobodyKnows(Timestamp),
    /// It was due then, and we were there.
    Missed(Timestamp),
}

impl Heartbeat {
    /// A call is waited for since then, if one is.
    #[must_use]
    pub fn waits_since(&self) -> Option<Timestamp> {
        self.heard.or(self.started.as_ref().map(|started| started.at))
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

    /// Is a call late at `now`? We could be called since `ready_at`.
    #[must_use]
    pub fn lateness(&self, ready_at: Timestamp, now: Timestamp) -> Lateness {
        let due = |since: fn(Timestamp, Timestamp) -> Timestamp| {
            let Expected { period, grace } = self.expected;
            let from = |at| since(self.counted(at), ready_at);
            let next = self.heard.map(|heard| from(heard) + period.saturating_add(grace));
            let end = self.started.as_ref().map(|started| from(started.at) + grace);
            next.into_iter().chain(end).min()
        };
        let (Some(due_at), Some(fair)) = (due(|at, _| at), due(Ord::max)) else { return Lateness::InTime };
        if now > fair {
            Lateness::Missed(fair)
        } else if now > due_at {
            Lateness::NobodyKnows(due_at)
        } else {
            Lateness::InTime
        }
    }
}
