//! Half-open stretches of time with one value.

use super::time::Timestamp;

/// `value` holds during `[from, to)`. `to` is [`Timestamp::FAR`] while it still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval<T> {
    /// First instant.
    pub from: Timestamp,
    /// First instant after.
    pub to: Timestamp,
    /// The value.
    pub value: T,
}

impl<T> Interval<T> {
    /// Milliseconds that the interval shares with `[from, to)`.
    #[must_use]
    pub fn overlap(&self, from: Timestamp, to: Timestamp) -> i64 {
        (self.to.min(to) - self.from.max(from)).max(0)
    }

    /// Whether it holds at this instant.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// Appends an interval that begins at or after the end of the last one. An empty one is dropped; one that continues the
/// last with the same value extends it.
pub fn append<T: PartialEq>(intervals: &mut Vec<Interval<T>>, next: Interval<T>) {
    if next.from >= next.to {
        return;
    }
    match intervals.last_mut() {
        Some(last) if last.to == next.from && last.value == next.value => last.to = next.to,
        _ => intervals.push(next),
    }
}

/// Index of the first interval that ends after `at`; the intervals are oldest first and never overlap.
#[must_use]
pub fn first_ending_after<T>(intervals: &[Interval<T>], at: Timestamp) -> usize {
    intervals.partition_point(|interval| interval.to <= at)
}

/// Walks intervals (oldest first, never overlapping) forward, once.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a, T> {
    rest: &'a [Interval<T>],
}

impl<'a, T: Copy> Cursor<'a, T> {
    /// Starts at `from`.
    pub(crate) fn new(intervals: &'a [Interval<T>], from: Timestamp) -> Self {
        Self { rest: &intervals[first_ending_after(intervals, from)..] }
    }

    /// The value at `at`, and the instant until which it holds. `at` never goes back.
    pub(crate) fn at(&mut self, at: Timestamp) -> (Option<T>, Timestamp) {
        while let [first, rest @ ..] = self.rest
            && first.to <= at
        {
            self.rest = rest;
        }
        match self.rest.first() {
            Some(first) if first.from <= at => (Some(first.value), first.to),
            Some(first) => (None, first.from),
            None => (None, Timestamp::FAR),
        }
    }
}
