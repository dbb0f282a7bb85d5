//! Limits on how often something may happen for each key, such as a token or an address.

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

/// Above this number of keys, those that are back at their full allowance are forgotten.
const KEYS: usize = 10_000;

/// A limit for each key: so many events in a time on average, and as many at once.
pub struct RateLimit<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> fmt::Debug for RateLimit<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit").finish_non_exhaustive()
    }
}

impl<K: Hash + Eq + Clone> RateLimit<K> {
    /// The limit for each key.
    #[must_use]
    pub fn per_minute(events: NonZeroU32) -> Self {
        let clock = DefaultClock::default();
        Self { limiter: RateLimiter::keyed(Quota::per_minute(events)), clock }
    }

    /// The limit for each key: `events` per hour on average, and as many at once.
    #[must_use]
    pub fn per_hour(events: NonZeroU32) -> Self {
        let clock = DefaultClock::default();
        Self { limiter: RateLimiter::keyed(Quota::per_hour(events)), clock }
    }

    /// Counts an event.
    ///
    /// # Errors
    /// The limit is exceeded: when to try again. The event does not count.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        if self.limiter.len() > KEYS {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_allowance() {
        let limit = RateLimit::per_minute(NonZeroU32::new(3).expect("not zero"));
        for _ in 0..3 {
            assert_eq!(limit.check(&"one"), Ok(()));
        }
        let wait = limit.check(&"one").expect_err("three are used up");
        assert!(wait <= Duration::from_secs(20) && wait > Duration::from_secs(10), "{wait:?}");
        assert_eq!(limit.check(&"two"), Ok(()));
    }
}
