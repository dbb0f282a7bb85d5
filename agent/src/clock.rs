//! The clocks of this host: the kernel's boot id, `CLOCK_BOOTTIME`, the wall clock.
//! Decisions are taken on the boot clock alone; the wall clock is only carried along.

mod corrected;

pub(crate) use corrected::EARLIEST;
pub use corrected::{CorrectedClock, Fails, Readings};
pub use skerry_host::clock::BootId;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// One moment as this host saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The boot it was in.
    pub boot: BootId,
    /// Boot clock, ms.
    pub boot_ms: u64,
    /// Wall clock, ms since 1970 UTC.
    pub wall_ms: i64,
}

impl Moment {
    /// Time from `earlier` to here, ms: by the boot clock within one boot, else by the wall; never negative.
    #[must_use]
    pub fn ms_since(&self, earlier: &Self) -> u64 {
        if self.boot == earlier.boot {
            self.boot_ms.saturating_sub(earlier.boot_ms)
        } else {
            u64::try_from(self.wall_ms.saturating_sub(earlier.wall_ms)).unwrap_or(0)
        }
    }
}

/// Reads the clocks of this host, or those of a simulation.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    boot: BootId,
    dial: Option<&'static Dial>,
}

/// The clocks of a host that is simulated, turned by whoever simulates it.
#[derive(Debug, Default)]
pub struct Dial {
    /// Boot clock, ms.
    pub boot_ms: AtomicU64,
    /// Wall clock, ms since 1970 UTC.
    pub wall_ms: AtomicI64,
}

impl Clock {
    /// Reads the boot id once.
    ///
    /// # Errors
    /// The kernel does not tell its boot id.
    pub fn open() -> anyhow::Result<Self> {
        Ok(Self { boot: BootId::present()?, dial: None })
    }

    /// Reads the clocks and names no boot: for what outlives none.
    fn without_boot() -> Self {
        Self { boot: BootId::default(), dial: None }
    }

    /// The clocks of a simulated host in that boot.
    #[must_use]
    pub fn turned(boot: BootId, dial: &'static Dial) -> Self {
        Self { boot, dial: Some(dial) }
    }

    /// Now, on every clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn now(&self) -> Moment {
        if let Some(dial) = self.dial {
            let boot_ms = dial.boot_ms.load(Ordering::Relaxed);
            return Moment { boot: self.boot, boot_ms, wall_ms: dial.wall_ms.load(Ordering::Relaxed) };
        }
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let boot_ms = u64::try_from(time.tv_sec).unwrap_or(0) * 1000
            + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000;
        let wall_ms = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Moment { boot: self.boot, boot_ms, wall_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_the_wall_clock_changes_no_distance_within_a_boot() {
        let boot = BootId::from_bytes(&[7; 16]).expect("16 bytes");
        let before = Moment { boot, boot_ms: 1_000, wall_ms: 5_000_000 };
        let after = Moment { boot, boot_ms: 4_000, wall_ms: 0 };
        assert_eq!(after.ms_since(&before), 3_000);
        let next_boot = Moment { boot: BootId::default(), boot_ms: 10, wall_ms: 5_007_000 };
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
