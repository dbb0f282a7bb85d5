//! Time sources: the wall clock, which can be set, and the boot clock, which cannot.

use skerry_domain::time::Timestamp;
use skerry_host::clock::{BootId, boot_ns, wall_ms};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// One millisecond of the boot clock, ns.
pub(super) const NS_PER_MS: i64 = 1_000_000;

/// The source that a clock reads.
#[derive(Clone, Debug)]
pub enum TimeSource {
    /// The clocks of this host.
    Host,
    /// A simulated clock that is always right: ms since 1970 UTC.
    Simulated(Arc<AtomicI64>),
    /// Clocks that a test sets individually.
    Manual(Arc<ManualClocks>),
}

/// An independent wall clock and boot clock.
#[derive(Debug, Default)]
pub struct ManualClocks {
    /// Which boot this is.
    pub boot_id: String,
    /// The wall clock, ms since 1970 UTC.
    pub wall: AtomicI64,
    /// Since the boot, ms.
    pub boot: AtomicI64,
}

impl ManualClocks {
    /// Advances both clocks.
    pub fn pass(&self, ms: i64) {
        self.wall.fetch_add(ms, Ordering::Relaxed);
        self.boot.fetch_add(ms, Ordering::Relaxed);
    }
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) wall: Timestamp,
    /// Since the boot, suspension included, ns.
    pub(super) boot: i64,
}

impl TimeSource {
    pub(super) fn read(&self) -> Reading {
        match self {
            Self::Host => Reading { wall: wall(), boot: boot_ns() },
            Self::Simulated(time_source) => {
                let now = time_source.load(Ordering::Relaxed);
                Reading { wall: Timestamp(now), boot: now.saturating_mul(NS_PER_MS) }
            }
            Self::Manual(apart) => Reading {
                wall: Timestamp(apart.wall.load(Ordering::Relaxed)),
                boot: apart.boot.load(Ordering::Relaxed).saturating_mul(NS_PER_MS),
            },
        }
    }

    /// The id of the present boot; empty if the kernel gives none.
    pub(super) fn boot_id(&self) -> String {
        match self {
            Self::Host => boot_id(),
            Self::Simulated(_) => String::new(),
            Self::Manual(apart) => apart.boot_id.clone(),
        }
    }
}

/// The id of this host's present boot; empty if the kernel gives none.
pub(super) fn boot_id() -> String {
    BootId::present().map(|boot| boot.to_string()).unwrap_or_default()
}

/// The wall clock, for a command line that has no engine.
#[must_use]
pub fn wall() -> Timestamp {
    Timestamp(wall_ms())
}

/// The kernel's answer is about the clock that is read here.
pub(super) fn kernel_agrees() -> bool {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    (time.tv_sec - wall().0 / 1_000).abs() <= 1
}
