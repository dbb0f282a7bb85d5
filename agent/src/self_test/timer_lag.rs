//! Measures whether this process gets processor time: while a probe runs, a timer that fires every [`TICK`]
//! shows its lag. Every run loses that time, which is no target's fault.

use crate::probe::Observed;
use skerry_protocol::check::Check;
use skerry_protocol::wire::Reason;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

const TICK: Duration = Duration::from_millis(100);
/// Timers are not more precise than this.
const TIMER_PRECISION: Duration = Duration::from_millis(5);
/// Maximum number of lags remembered; runs before them have ended.
const MAX_LAGS: usize = 4_096;
/// A server may disconnect a client that is late by this and by half of its time.
const SERVER_ABORT: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(super) struct TimerLag {
    running: AtomicUsize,
    wake: Notify,
    lags: Mutex<Lags>,
}

#[derive(Debug, Default)]
struct Lags {
    /// When each late tick came, and its lag.
    late: VecDeque<(Instant, Duration)>,
    due: Option<Instant>,
}

/// A running probe.
pub(crate) struct Running<'l>(&'l TimerLag);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl TimerLag {
    pub(super) fn begin(&self) -> Running<'_> {
        if self.running.fetch_add(1, Ordering::Relaxed) == 0 {
            self.wake.notify_one();
        }
        Running(self)
    }

    /// Ticks while a probe is running.
    pub(super) async fn run(&self) -> Infallible {
        loop {
            if self.running.load(Ordering::Relaxed) == 0 {
                self.wake.notified().await;
            }
            let due = Instant::now() + TICK;
            self.lags().due = Some(due);
            sleep_until(due).await;
            self.lags().record(due, Instant::now());
        }
    }

    /// Sum of the lags since `from`.
    pub(super) fn since(&self, from: Instant) -> Duration {
        self.lags().since(from, Instant::now())
    }

    fn lags(&self) -> std::sync::MutexGuard<'_, Lags> {
        self.lags.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lags {
    fn record(&mut self, due: Instant, now: Instant) {
        self.due = None;
        let late = now.saturating_duration_since(due);
        if late > TIMER_PRECISION {
            self.late.push_back((now, late));
        }
        if self.late.len() > MAX_LAGS {
            self.late.pop_front();
        }
    }

    fn since(&self, from: Instant, now: Instant) -> Duration {
        let since = self.late.iter().rev().take_while(|(record, _)| *record > from);
        let known: Duration = since.map(|(record, late)| (*late).min(*record - from)).sum();
        let awaited = self.due.map(|due| now.saturating_duration_since(due.max(from))).unwrap_or_default();
        known + awaited
    }
}

/// Whether a lag of `late` within a run of `took` explains its failure: without it the run would have had at
/// least a quarter more time.
pub(super) fn explains(late: Duration, took: Duration, check: &Check, observed: &Observed) -> bool {
    if late <= TIMER_PRECISION {
        return false;
    }
    match observed.reason {
        Reason::Slow => {
            check.degraded_above.is_some_and(|above| observed.total.saturating_sub(late) <= above)
        }
        Reason::Timeout
        | Reason::ConnectTimeout
        | Reason::DnsFailed
        | Reason::NoReply
        | Reason::PacketsLost
        | Reason::JitterTooHigh => late * 4 >= took,
        // Servers do not wait for ever either.
        Reason::ConnectionReset | Reason::TlsFailed => late >= SERVER_ABORT && late * 2 >= took,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn what_is_late_is_counted_within_the_run() {
        let began = Instant::now();
        let at = |ms| began + MS(ms);
        let mut lags = Lags::default();
        lags.record(at(100), at(102));
        lags.record(at(202), at(302));
        lags.record(at(402), at(482));
        assert_eq!(lags.since(at(0), at(500)), MS(180), "the punctual one does not count");
        assert_eq!(lags.since(at(302), at(500)), MS(80));
        assert_eq!(lags.since(at(460), at(500)), MS(22), "as much of it as fell into the run");
        lags.due = Some(at(600));
        assert_eq!(lags.since(at(500), at(590)), MS(0));
        assert_eq!(lags.since(at(500), at(650)), MS(50), "one that is due and has not come");
    }

    #[test]
    fn only_what_fails_for_want_of_time_is_excused() {
        let mut check = crate::run::tests::check("shop", 1_000);
        check.degraded_above = Some(MS(200));
        let table = [
            (250, 1_000, Reason::Timeout, true),
            (249, 1_000, Reason::Timeout, false),
            (900, 1_000, Reason::ConnectTimeout, true),
            (5, 10, Reason::NoReply, false),
            (800, 1_000, Reason::Slow, true),
            (799, 1_000, Reason::Slow, false),
            (500, 1_000, Reason::TlsFailed, true),
            (400, 400, Reason::ConnectionReset, false),
            // An answer counts, however late it was read.
            (900, 1_000, Reason::ConnectRefused, false),
            (900, 1_000, Reason::StatusMismatch, false),
            (900, 1_000, Reason::DnsNotFound, false),
        ];
        for (late, took, reason, ours) in table {
            let mut observed = crate::run::tests::saw(skerry_protocol::wire::Outcome::Down, took);
            observed.reason = reason;
            assert_eq!(explains(MS(late), MS(took), &check, &observed), ours, "{late} {took} {reason:?}");
        }
    }
}
