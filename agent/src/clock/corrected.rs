//! The time of day by two clocks: this host's wall clock, and the aggregator's time from its replies. The
//! boot clock carries the latter forward, so steps of the wall clock do not move it.

use super::Clock;
use std::fmt;
use tokio::sync::watch;

/// No correct clock shows less, since this program is no older: 2026-11-01, ms since 1970 UTC.
pub(crate) const EARLIEST: i64 = 1_793_491_200_000;

/// Knows the time by the local clock and by the aggregator's.
#[derive(Debug)]
pub struct CorrectedClock {
    clock: Clock,
    /// The aggregator's wall clock at boot clock 0, ms; `None` until it has replied.
    offset: watch::Sender<Option<i64>>,
    trust_local: bool,
}

/// What both clocks showed at one moment, ms since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallTimes {
    /// This host's wall clock.
    pub local: i64,
    /// The aggregator's time; `None` until it is known.
    pub corrected: Option<i64>,
}

/// A condition on the time that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFailure<E> {
    /// It fails by every clock we know.
    Certain(E),
    /// It fails by one clock, and that one may be wrong.
    Uncertain(E),
}

impl CorrectedClock {
    /// A clock that waits for the aggregator's time.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, offset: watch::Sender::new(None), trust_local: false }
    }

    /// Trusts the local clock: for commands that a person runs.
    #[must_use]
    pub fn local() -> Self {
        Self { trust_local: true, ..Self::new(Clock::without_boot()) }
    }

    /// Takes `wall_ms` as the aggregator's present time.
    pub fn set(&self, wall_ms: i64) {
        if wall_ms < EARLIEST {
            return;
        }
        let at_boot = wall_ms.saturating_sub_unsigned(self.clock.now().boot_ms);
        self.offset.send_replace(Some(at_boot));
    }

    /// Reads both clocks.
    #[must_use]
    pub fn wall_times(&self) -> WallTimes {
        let now = self.clock.now();
        let corrected = self.offset.borrow().map(|at_boot| at_boot.saturating_add_unsigned(now.boot_ms));
        WallTimes { local: now.wall_ms, corrected: corrected.or(self.trust_local.then_some(now.wall_ms)) }
    }

    /// The aggregator's wall clock at boot clock 0, ms, once it is known.
    #[must_use]
    pub fn offset(&self) -> watch::Receiver<Option<i64>> {
        self.offset.subscribe()
    }

    /// Waits until the aggregator's time is known.
    pub async fn synchronized(&self) {
        if !self.trust_local {
            // The sender lives as long as this clock.
            let _ = self.offset().wait_for(Option::is_some).await;
        }
    }
}

impl fmt::Display for WallTimes {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |ms: i64| {
            jiff::Timestamp::from_millisecond(ms).map_or_else(|_| format!("{ms} ms"), |at| at.to_string())
        };
        write!(to, "this host's says {}, ", day(self.local))?;
        match self.corrected {
            Some(corrected) => write!(to, "the aggregator's {}", day(corrected)),
            None => write!(to, "and no aggregator has answered yet"),
        }
    }
}

impl WallTimes {
    /// Checks a condition at the corrected time, which decides if the condition holds. If it fails, the
    /// failure is certain only if it also fails by the local clock, because either clock may be wrong. While
    /// only the local clock is known, no failure is certain.
    ///
    /// # Errors
    /// The condition fails.
    pub fn check<E>(&self, holds_at: impl Fn(i64) -> Result<(), E>) -> Result<(), TimeFailure<E>> {
        let Some(corrected) = self.corrected else {
            return holds_at(self.local).map_err(TimeFailure::Uncertain);
        };
        holds_at(corrected).map_err(|error| match holds_at(self.local) {
            Ok(()) => TimeFailure::Uncertain(error),
            Err(_) => TimeFailure::Certain(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{BootId, SimulatedClock};
    use std::sync::atomic::Ordering;

    #[test]
    fn the_aggregators_time_goes_on_by_the_boot_clock_whatever_becomes_of_the_wall_clock() {
        #[expect(
            clippy::disallowed_methods,
            reason = "the clocks of a simulated host live as long as the test"
        )]
        let simulated: &'static SimulatedClock = Box::leak(Box::default());
        let boot = BootId::from_bytes(&[7; 16]).expect("16 bytes");
        let clock = CorrectedClock::new(Clock::simulated(boot, simulated));
        simulated.boot_ms.store(10_000, Ordering::Relaxed);
        assert_eq!(clock.wall_times(), WallTimes { local: 0, corrected: None });
        clock.set(0);
        assert_eq!(clock.wall_times().corrected, None, "no aggregator lives in 1970");
        clock.set(EARLIEST + 1);
        for wall in [0, -5, i64::MAX] {
            simulated.wall_ms.store(wall, Ordering::Relaxed);
            simulated.boot_ms.fetch_add(1_000, Ordering::Relaxed);
            assert_eq!(clock.wall_times().local, wall);
        }
        assert_eq!(clock.wall_times().corrected, Some(EARLIEST + 3_001));
    }

    #[test]
    fn what_fails_is_sure_only_where_both_clocks_agree() {
        let valid = |at: i64| if (100..200).contains(&at) { Ok(()) } else { Err(at) };
        let (yes, sure, doubt) = (Ok(()), TimeFailure::Certain, TimeFailure::Uncertain);
        for (local, corrected, expected) in [
            (150, Some(150), yes),
            (0, Some(150), yes),
            (999, Some(150), yes),
            (250, Some(250), Err(sure(250))),
            (0, Some(250), Err(sure(250))),
            (150, Some(250), Err(doubt(250))),
            (150, Some(50), Err(doubt(50))),
            (150, None, yes),
            (250, None, Err(doubt(250))),
            (0, None, Err(doubt(0))),
        ] {
            assert_eq!(WallTimes { local, corrected }.check(valid), expected, "{local} {corrected:?}");
        }
    }
}
