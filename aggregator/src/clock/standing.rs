//! How reliable the clock is, and what an operator needs to know about it.

use skerry_domain::time::MINUTE;
use skerry_protocol::words::duration;

/// How reliable the clock is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether the time is confirmed, so that old data may be deleted.
    pub sure: bool,
    /// How much earlier the true time may be, ms; printed validity is reduced by it.
    pub unsure_ms: i64,
    /// The wall clock minus the clock, ms, if it was set and is not accepted.
    pub apart: Option<i64>,
}

impl Standing {
    /// A sentence for operators.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        if let Some(apart) = self.apart {
            let way = if apart > 0 { "ahead of" } else { "behind" };
            return Some(format!(
                "This host's clock is {} {way} the time elapsed since it was last confirmed, and nothing confirms it: \
                 the aggregator does not follow it and deletes nothing old. Synchronize it with a time server.",
                duration(apart.saturating_abs())
            ));
        }
        (self.unsure_ms > MINUTE).then(|| {
            format!(
                "Nothing confirms this host's clock, which may be ahead by {}: pages are not called valid by it, and \
                 nothing old is deleted. Synchronize it with a time server.",
                duration(self.unsure_ms)
            )
        })
    }
}
