//! Half-open stretches of time that hold one value.

use super::time::Timestamp;

/// `value` holds during `[from, to)`. `to` is [`Timestamp::FAR`] while it still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval<T> {
    /// First instant.
    pub from: Timestamp,
    /// First instant after.
    pub to: Timestamp,
    /// What holds.
    pub value: T,
}

impl<T> Interval<T> {
    /// Milliseconds that the interval shares with `[from, to)`.
    #[must_use]
    pub fn overlap(&self, from: Timestamp, to: Timestamp) -> i64 {
        (self.to.min(to) - self.from.max(from)).max(0)
    }

    /// Does it hold at this instant?
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}
