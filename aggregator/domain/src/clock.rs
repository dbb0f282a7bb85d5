//! What is kept of the aggregator's clock.

use crate::time::Timestamp;

/// What is kept of the clock from one start to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedClock {
    /// Which boot of the host.
    pub boot_id: String,
    /// Its clock, ms.
    pub boot_ms: i64,
    /// Our time at that moment.
    pub at: Timestamp,
    /// Something confirmed it.
    pub sure: bool,
    /// How long the wall clock has agreed with ours, ms.
    pub agreed_ms: i64,
    /// Where nothing did: the newest time before that is known to be right.
    pub proved: Timestamp,
}

impl SavedClock {
    /// Our time at the moment of `boot_ms` in that boot; `None` in another boot.
    #[must_use]
    pub fn at_boot(&self, boot_id: &str, boot_ms: i64) -> Option<Timestamp> {
        let same = !boot_id.is_empty() && self.boot_id == boot_id && boot_ms >= self.boot_ms;
        same.then(|| self.at + (boot_ms - self.boot_ms))
    }
}
