//! How long to wait before something that failed is tried again: twice as long each time, and never at the same time as
//! others.

use skerry_host::random;
use std::time::Duration;

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Counts the failures in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Retry {
    failures: u32,
}

impl Retry {
    /// The time to wait after one more failure: half of it is left to chance.
    pub(super) fn after_failure(&mut self) -> Duration {
        let whole = SHORTEST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let chance = f64::from(u16::from_le_bytes(random::bytes())) / f64::from(u16::MAX);
        whole.mul_f64(0.5 + chance / 2.0)
    }

    /// It succeeded; returns whether it failed before.
    pub(super) fn succeeded(&mut self) -> bool {
        std::mem::take(self).failures > 0
    }

    /// Whether the last failure was the first in a row, which is logged.
    pub(super) fn is_first(self) -> bool {
        self.failures == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute_and_begin_anew() {
        let mut retry = Retry::default();
        for whole in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let whole = Duration::from_secs(whole);
            let wait = retry.after_failure();
            assert!((whole / 2..=whole).contains(&wait), "{wait:?} of {whole:?}");
            assert_eq!(retry.is_first(), whole == SHORTEST);
        }
        assert!(retry.succeeded() && !retry.succeeded());
        assert!(retry.after_failure() <= SHORTEST);
    }
}
