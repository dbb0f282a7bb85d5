//! Does this process get its turn? While a probe runs, a timer that is due every [`BEAT`] tells by how much it
//! comes late. What it is late by was taken from every run meanwhile, and is no target's fault.

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

const BEAT: Duration = Duration::from_millis(100);
/// A timer is never more punctual.
const PUNCTUAL: Duration = Duration::from_millis(5);
/// So many late beats are remembered; runs that are longer ago have ended.
const MOST: usize = 4_096;
/// A server breaks off with one that is late by so much, and half of its time.
const BROKEN_OFF: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(super) struct Late {
    running: AtomicUsize,
    wake: Notify,
    beats: Mutex<Beats>,
}

#[derive(Debug, Default)]
struct Beats {
    /// When each late one came, and how late it was.
    late: VecDeque<(Instant, Duration)>,
    due: Option<Instant>,
}

/// A probe that runs.
pub(crate) struct Running<'l>(&'l Late);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Late {
    pub(super) fn begin(&self) -> Running<'_> {
        if self.running.fetch_add(1, Ordering::Relaxed) == 0 {
            self.wake.notify_one();
        }
        Running(self)
    }

    /// Beats while something runs.
    pub(super) async fn run(&self) -> Infallible {
        loop {
            if self.running.load(Ordering::Relaxed) == 0 {
                self.wake.notified().await;
            }
            let due = Instant::now() + BEAT;
            self.beats().due = Some(due);
            sleep_until(due).await;
            self.beats().came(due, Instant::now());
        }
    }

    /// How late its timers were together since then.
    pub(super) fn since(&self, from: Instant) -> Duration {
        self.beats().since(from, Instant::now())
    }

    fn beats(&self) -> std::sync::MutexGuard<'_, Beats> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Beats {
    fn came(&mut self, due: Instant, now: Instant) {
        self.due = None;
        let late = now.saturating_duration_since(due);
        if late > PUNCTUAL {
            self.late.push_back((now, late));
        }
        if self.late.len() > MOST {
            self.late.pop_front();
        }
    }

    fn since(&self, from: Instant, now: Instant) -> Duration {
        let since = self.late.iter().rev().take_while(|(came, _)| *came > from);
        let known: Duration = since.map(|(came, late)| (*late).min(*came - from)).sum();
        let awaited = self.due.map(|due| now.saturating_duration_since(due.max(from))).unwrap_or_default();
        known + awaited
    }
}

/// This process was late by `late` within the `took` of a run. Without that the run would have had a quarter
/// more of its time, or more.
pub(super) fn is_ours(late: Duration, took: Duration, check: &Check, observed: &Observed) -> bool {
    if late <= PUNCTUAL {
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
        Reason::ConnectionReset | Reason::TlsFailed => late >= BROKEN_OFF && late * 2 >= took,
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
        let mut beats = Beats::default();
        beats.came(at(100), at(102));
        beats.came(at(202), at(302));
        beats.came(at(402), at(482));
        assert_eq!(beats.since(at(0), at(500)), MS(180), "the punctual one does not count");
        assert_eq!(beats.since(at(302), at(500)), MS(80));
        assert_eq!(beats.since(at(460), at(500)), MS(22), "as much of it as fell into the run");
        beats.due = Some(at(600));
        assert_eq!(beats.since(at(500), at(590)), MS(0));
        assert_eq!(beats.since(at(500), at(650)), MS(50), "one that is due and has not come");
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
            // What was said was said, however late it was heard.
            (900, 1_000, Reason::ConnectRefused, false),
            (900, 1_000, Reason::StatusMismatch, false),
            (900, 1_000, Reason::DnsNotFound, false),
        ];
        for (late, took, reason, ours) in table {
            let mut observed = crate::run::tests::saw(skerry_protocol::wire::Outcome::Down, took);
            observed.reason = reason;
            assert_eq!(is_ours(MS(late), MS(took), &check, &observed), ours, "{late} {took} {reason:?}");
        }
    }
}
