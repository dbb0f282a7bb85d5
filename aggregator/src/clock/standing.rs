//! How far our clock can be relied on, and what an operator has to know of it.

use skerry_domain::time::MINUTE;
use skerry_protocol::words::duration;

/// How far the clock can be relied on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Something confirmed our time: what is old may be deleted.
    pub sure: bool,
    /// The true time may be so much earlier, ms: no validity is printed beyond it.
    pub unsure_ms: i64,
    /// The wall clock less ours, ms, where it was set and is not believed.
    pub apart: Option<i64>,
}

impl Standing {
    /// What an operator has to know, in a sentence.
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
