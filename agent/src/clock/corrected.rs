//! What time it is: as this host's own wall clock says, and as the aggregator says in each of its replies. The boot
//! clock carries the latter on, so that no step of the wall clock moves it.

use super::Clock;
use std::fmt;
use tokio::sync::watch;

/// This program is no older, ms since 1970 UTC: a clock that says less is wrong. 2026-11-01.
pub(crate) const EARLIEST: i64 = 1_793_491_200_000;

/// The time, by two clocks.
#[derive(Debug)]
pub struct CorrectedClock {
    clock: Clock,
    /// What the wall clock of the aggregator says when our boot clock is 0, ms. `None`: it has not said anything.
    told: watch::Sender<Option<i64>>,
    own_is_believed: bool,
}

/// What the clocks said at one moment, ms since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readings {
    /// This host's.
    pub own: i64,
    /// The aggregator's; `None` while it is not known.
    pub corrected: Option<i64>,
}

/// Something that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails<E> {
    /// Whichever clock is right.
    Surely(E),
    /// By one clock, and that one may be wrong.
    Doubtfully(E),
}

impl CorrectedClock {
    /// One that waits for the aggregator to say what time it is.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, told: watch::Sender::new(None), own_is_believed: false }
    }

    /// This host's own, believed as it is: for a person who is there.
    #[must_use]
    pub fn own() -> Self {
        Self { own_is_believed: true, ..Self::new(Clock::without_boot()) }
    }

    /// The aggregator says that it is `wall_ms` now.
    pub fn set(&self, wall_ms: i64) {
        if wall_ms < EARLIEST {
            return;
        }
        let at_boot = wall_ms.saturating_sub_unsigned(self.clock.now().boot_ms);
        self.told.send_replace(Some(at_boot));
    }

    /// What the clocks say now.
    #[must_use]
    pub fn readings(&self) -> Readings {
        let now = self.clock.now();
        let told = self.told.borrow().map(|at_boot| at_boot.saturating_add_unsigned(now.boot_ms));
        Readings { own: now.wall_ms, corrected: told.or(self.own_is_believed.then_some(now.wall_ms)) }
    }

    /// The aggregator's wall clock when our boot clock is 0, ms, once it is known.
    #[must_use]
    pub fn told(&self) -> watch::Receiver<Option<i64>> {
        self.told.subscribe()
    }

    /// Waits until the aggregator has said what time it is.
    pub async fn known(&self) {
        if !self.own_is_believed {
            // It ends with this clock.
            let _ = self.told().wait_for(Option::is_some).await;
        }
    }
}

impl fmt::Display for Readings {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |ms: i64| {
            jiff::Timestamp::from_millisecond(ms).map_or_else(|_| format!("{ms} ms"), |at| at.to_string())
        };
        write!(to, "this host's says {}, ", day(self.own))?;
        match self.corrected {
            Some(corrected) => write!(to, "the aggregator's {}", day(corrected)),
            None => write!(to, "and no aggregator has answered yet"),
        }
    }
}

impl Readings {
    /// Does it hold? What holds by the corrected time holds. What does not is sure only where this host's own clock
    /// agrees: either of the two may be the wrong one. While only our own is known, nothing that fails by it is sure.
    ///
    /// # Errors
    /// It does not.
    pub fn judge<E>(&self, holds_at: impl Fn(i64) -> Result<(), E>) -> Result<(), Fails<E>> {
        let Some(corrected) = self.corrected else {
            return holds_at(self.own).map_err(Fails::Doubtfully);
        };
        holds_at(corrected).map_err(|error| match holds_at(self.own) {
            Ok(()) => Fails::Doubtfully(error),
            Err(_) => Fails::Surely(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{BootId, Dial};
    use std::sync::atomic::Ordering;

    #[test]
    fn the_aggregators_time_goes_on_by_the_boot_clock_whatever_becomes_of_the_wall_clock() {
        #[expect(
            clippy::disallowed_methods,
            reason = "the clocks of a simulated host live as long as the test"
        )]
        let dial: &'static Dial = Box::leak(Box::default());
        let boot = BootId::from_bytes(&[7; 16]).expect("16 bytes");
        let clock = CorrectedClock::new(Clock::turned(boot, dial));
        dial.boot_ms.store(10_000, Ordering::Relaxed);
        assert_eq!(clock.readings(), Readings { own: 0, corrected: None });
        clock.set(0);
        assert_eq!(clock.readings().corrected, None, "no aggregator lives in 1970");
        clock.set(EARLIEST + 1);
        for wall in [0, -5, i64::MAX] {
            dial.wall_ms.store(wall, Ordering::Relaxed);
            dial.boot_ms.fetch_add(1_000, Ordering::Relaxed);
            assert_eq!(clock.readings().own, wall);
        }
        assert_eq!(clock.readings().corrected, Some(EARLIEST + 3_001));
    }

    #[test]
    fn what_fails_is_sure_only_where_both_clocks_agree() {
        let valid = |at: i64| if (100..200).contains(&at) { Ok(()) } else { Err(at) };
        let (yes, sure, doubt) = (Ok(()), Fails::Surely, Fails::Doubtfully);
        for (own, corrected, expected) in [
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
            assert_eq!(Readings { own, corrected }.judge(valid), expected, "{own} {corrected:?}");
        }
    }
}
