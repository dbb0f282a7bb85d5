//! What may happen any number of times and is logged at most once a minute, with its number.

use std::time::{Duration, Instant};

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(60);

/// Counts one kind of event.
#[derive(Debug, Default)]
pub struct LogLimit {
    /// When the last line was written.
    said: Option<Instant>,
    /// Events and their amounts since then.
    since: (u64, u64),
}

impl LogLimit {
    /// One more event, of this amount. Returns the events since the last line and their amounts together, where the next
    /// line is due.
    pub fn count(&mut self, amount: u64, now: Instant) -> Option<(u64, u64)> {
        let (events, amounts) = self.since;
        self.since = (events + 1, amounts.saturating_add(amount));
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < PAUSE) {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}
