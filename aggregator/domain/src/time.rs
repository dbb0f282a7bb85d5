//! Instants as the store keeps them: integer milliseconds UTC.

use std::fmt;
use std::ops::{Add, Sub};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// One second, ms.
pub const SECOND: i64 = 1_000;
/// One minute, ms.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour, ms.
pub const HOUR: i64 = 60 * MINUTE;
/// 24 hours, ms. A day of a calendar may be longer or shorter.
pub const DAY: i64 = 24 * HOUR;

impl Timestamp {
    /// Later than every instant that is stored.
    pub const FAR: Self = Self(i64::MAX);
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC; the number where no calendar knows it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => at.fmt(formatter),
            Err(_) => self.0.fmt(formatter),
        }
    }
}

impl Add<i64> for Timestamp {
    type Output = Self;
    /// Milliseconds later; saturates.
    fn add(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

impl Sub<i64> for Timestamp {
    type Output = Self;
    /// Milliseconds earlier; saturates.
    fn sub(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_sub(milliseconds))
    }
}

impl Sub for Timestamp {
    type Output = i64;
    /// Milliseconds between; saturates.
    fn sub(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
