//! The clocks of this host: the kernel's boot id, `CLOCK_BOOTTIME` and the wall clock. Decisions use the boot
//! clock only; the wall clock is recorded beside it.

mod corrected;

pub(crate) use corrected::EARLIEST;
pub use corrected::{CorrectedClock, TimeFailure, WallTimes};
pub use skerry_host::clock::BootId;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// One moment as this host saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockReading {
    /// The boot this reading belongs to.
    pub boot: BootId,
    /// Boot clock, ms.
    pub boot_ms: u64,
    /// Wall clock, ms since 1970 UTC.
    pub wall_ms: i64,
}

impl ClockReading {
    /// Milliseconds since `earlier`: by the boot clock within one boot, otherwise by the wall clock; never
    /// negative.
    #[must_use]
    pub fn ms_since(&self, earlier: &Self) -> u64 {
        if self.boot == earlier.boot {
            self.boot_ms.saturating_sub(earlier.boot_ms)
        } else {
            u64::try_from(self.wall_ms.saturating_sub(earlier.wall_ms)).unwrap_or(0)
        }
    }
}

/// Reads the clocks of this host or of a simulated one.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    boot: BootId,
    simulated: Option<&'static SimulatedClock>,
}

/// The clocks of a simulated host, set by the simulation.
#[derive(Debug, Default)]
pub struct SimulatedClock {
    /// Boot clock, ms.
    pub boot_ms: AtomicU64,
    /// Wall clock, ms since 1970 UTC.
    pub wall_ms: AtomicI64,
}

impl Clock {
    /// Reads the boot id once.
    ///
    /// # Errors
    /// The kernel does not provide a boot id.
    pub fn open() -> anyhow::Result<Self> {
        Ok(Self { boot: BootId::present()?, simulated: None })
    }

    /// A clock without a boot id, for values that outlive no boot.
    fn without_boot() -> Self {
        Self { boot: BootId::default(), simulated: None }
    }

    /// The clock of a simulated host in that boot.
    #[must_use]
    pub fn simulated(boot: BootId, simulated: &'static SimulatedClock) -> Self {
        Self { boot, simulated: Some(simulated) }
    }

    /// Reads all clocks.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn now(&self) -> ClockReading {
        if let Some(simulated) = self.simulated {
            let boot_ms = simulated.boot_ms.load(Ordering::Relaxed);
            return ClockReading {
                boot: self.boot,
                boot_ms,
                wall_ms: simulated.wall_ms.load(Ordering::Relaxed),
            };
        }
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let boot_ms = u64::try_from(time.tv_sec).unwrap_or(0) * 1000
            + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000;
        let wall_ms = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        ClockReading { boot: self.boot, boot_ms, wall_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_the_wall_clock_changes_no_distance_within_a_boot() {
        let boot = BootId::from_bytes(&[7; 16]).expect("16 bytes");
        let before = ClockReading { boot, boot_ms: 1_000, wall_ms: 5_000_000 };
        let after = ClockReading { boot, boot_ms: 4_000, wall_ms: 0 };
        assert_eq!(after.ms_since(&before), 3_000);
        let next_boot = ClockReading { boot: BootId::default(), boot_ms: 10, wall_ms: 5_007_000 };
        assert_eq!(next_boot.ms_since(&before), 7_000);
        assert_eq!(before.ms_since(&next_boot), 0);
    }

    #[test]
    fn the_clock_of_this_host_runs() {
        let clock = Clock::open().expect("a boot id");
        let now = clock.now();
        assert!(now.boot_ms > 0 && now.wall_ms > 1_500_000_000_000);
    }
}
