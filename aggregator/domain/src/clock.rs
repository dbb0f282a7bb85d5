//! The stored part of the aggregator's clock.

use crate::time::Timestamp;

/// What is stored of the clock between two starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedClock {
    /// Which boot of the host.
    pub boot_id: String,
    /// Its clock, ms.
    pub boot_ms: i64,
    /// The aggregator's time at that moment.
    pub at: Timestamp,
    /// Whether the time was confirmed.
    pub sure: bool,
    /// How long the wall clock has agreed with it, ms.
    pub agreed_ms: i64,
    /// If it is unconfirmed: the newest earlier time that is known to be right.
    pub proved: Timestamp,
}

impl SavedClock {
    /// The aggregator's time at `boot_ms` of that boot; `None` in another boot.
    #[must_use]
    pub fn at_boot(&self, boot_id: &str, boot_ms: i64) -> Option<Timestamp> {
        let same = !boot_id.is_empty() && self.boot_id == boot_id && boot_ms >= self.boot_ms;
        same.then(|| self.at + (boot_ms - self.boot_ms))
    }
}
