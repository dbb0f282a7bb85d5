//! Limits the rate of messages to each destination and the number of requests in flight. A destination that is slow, dead or
//! limited delays only its own messages: a caller learns when it may try again, and serves others in the meantime.

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Above this number, destinations whose allowance is full again are forgotten.
const DESTINATIONS: usize = 10_000;

/// The rate that destinations of one kind accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The average time between two messages.
    pub every: Duration,
    /// The number of messages that may be sent at once after a pause.
    pub burst: NonZeroU32,
    /// The greatest number of requests in flight.
    pub in_flight: usize,
}

impl Pace {
    /// A host of webhooks, shared by all subscribers who name it.
    pub const WEBHOOK: Self = Self::of(50, 20, 4);
    /// An incoming webhook of Slack: one message per second.
    pub const SLACK: Self = Self::of(1_000, 1, 1);
    /// A workflow of Microsoft Teams: four messages per second.
    pub const TEAMS: Self = Self::of(250, 4, 1);
    /// A webhook of Discord: five messages in two seconds, and 30 per minute for its channel.
    pub const DISCORD: Self = Self::of(2_000, 5, 1);
    /// A channel that an operator configured.
    pub const OPERATOR: Self = Self::of(100, 10, 2);

    const fn of(every_ms: u64, burst: u32, in_flight: usize) -> Self {
        let burst = match NonZeroU32::new(burst) {
            Some(burst) => burst,
            None => NonZeroU32::MIN,
        };
        Self { every: Duration::from_millis(every_ms), burst, in_flight }
    }
}

/// Why nothing may be sent to a destination now, and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// The greatest number of requests is in flight: try again when one of them ends.
    Busy,
    /// Try again after this time.
    In(Duration),
}

/// The limits of all destinations of one kind. A destination is a host, or an incoming webhook of a service.
pub struct DestinationLimits<C: Clock = DefaultClock> {
    pace: Pace,
    rate: RateLimiter<String, DefaultKeyedStateStore<String>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    now: Mutex<Now<C::Instant>>,
}

struct Now<I> {
    under_way: HashMap<String, usize>,
    held_until: HashMap<String, I>,
}

/// The permission to send one request, which counts as in flight until this is dropped.
#[derive(Debug)]
pub struct Permit<C: Clock = DefaultClock> {
    limits: Arc<DestinationLimits<C>>,
    destination: String,
}

impl<C: Clock> fmt::Debug for DestinationLimits<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DestinationLimits").field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl DestinationLimits {
    /// Limits of this pace.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self::with_clock(pace, DefaultClock::default())
    }
}

impl<C: Clock> DestinationLimits<C> {
    fn with_clock(pace: Pace, clock: C) -> Self
    where
        C: Clone,
    {
        let quota = Quota::with_period(pace.every).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        let rate =
            RateLimiter::new(quota.allow_burst(pace.burst), DefaultKeyedStateStore::default(), clock.clone());
        let now = Now { under_way: HashMap::new(), held_until: HashMap::new() };
        Self { pace, rate, clock, now: Mutex::new(now) }
    }

    /// Asks for permission to send one message.
    ///
    /// # Errors
    /// [`NotNow`]; the request does not count.
    pub fn enter(self: &Arc<Self>, destination: &str) -> Result<Permit<C>, NotNow> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = now.under_way.get(destination).copied().unwrap_or(0);
        if under_way >= self.pace.in_flight {
            return Err(NotNow::Busy);
        }
        if let Some(until) = now.held_until.get(destination) {
            let rest: Duration = until.duration_since(self.clock.now()).into();
            if !rest.is_zero() {
                return Err(NotNow::In(rest));
            }
            now.held_until.remove(destination);
        }
        let destination = destination.to_owned();
        if let Err(until) = self.rate.check_key(&destination) {
            return Err(NotNow::In(until.wait_time_from(self.clock.now())));
        }
        now.under_way.insert(destination.clone(), under_way + 1);
        Ok(Permit { limits: Arc::clone(self), destination })
    }

    /// Gives no permission for a destination during `pause`, for which it asked.
    pub fn hold(&self, destination: &str, pause: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let until = self.clock.now() + Nanos::from(pause);
        now.held_until.insert(destination.to_owned(), until);
        self.forget(&mut now);
    }

    /// Forgets what is no longer needed, so that memory stays bounded.
    fn forget(&self, now: &mut Now<C::Instant>) {
        if now.held_until.len() > DESTINATIONS {
            let present = self.clock.now();
            now.held_until.retain(|_, until| until.duration_since(present) > Nanos::from(Duration::ZERO));
        }
        if self.rate.len() > DESTINATIONS {
            self.rate.retain_recent();
        }
    }
}

impl<C: Clock> Drop for Permit<C> {
    fn drop(&mut self) {
        let mut now = self.limits.now.lock().unwrap_or_else(PoisonError::into_inner);
        match now.under_way.get_mut(&self.destination) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                now.under_way.remove(&self.destination);
            }
        }
        self.limits.forget(&mut now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    type Limits = Arc<DestinationLimits<FakeRelativeClock>>;

    fn limits(pace: Pace) -> (Limits, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Arc::new(DestinationLimits::with_clock(pace, clock.clone())), clock)
    }

    #[test]
    fn a_hook_of_slack_gets_one_message_a_second() {
        let (limits, clock) = limits(Pace::SLACK);
        for _ in 0..3 {
            drop(limits.enter("hook").expect("a second has passed"));
            assert_eq!(limits.enter("hook").expect_err("too soon"), NotNow::In(Duration::from_secs(1)));
            clock.advance(Duration::from_millis(999));
            assert_eq!(limits.enter("hook").expect_err("too soon"), NotNow::In(Duration::from_millis(1)));
            clock.advance(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_slow_destination_holds_up_itself_only() {
        let (limits, _) = limits(Pace { in_flight: 2, ..Pace::WEBHOOK });
        let first = limits.enter("slow").expect("none is under way");
        let _second = limits.enter("slow").expect("one is under way");
        assert_eq!(limits.enter("slow").expect_err("two are"), NotNow::Busy);
        let _other = limits.enter("quick").expect("it is another");
        drop(first);
        limits.enter("slow").expect("one has ended");
    }

    #[test]
    fn a_destination_that_asks_for_a_pause_gets_it() {
        let (limits, clock) = limits(Pace::WEBHOOK);
        limits.hold("asked", Duration::from_secs(60));
        clock.advance(Duration::from_secs(59));
        assert_eq!(limits.enter("asked").expect_err("held"), NotNow::In(Duration::from_secs(1)));
        limits.enter("other").expect("it is another");
        clock.advance(Duration::from_secs(1));
        limits.enter("asked").expect("the pause is over");
    }

    #[test]
    fn what_is_not_in_use_is_forgotten() {
        let (limits, clock) = limits(Pace::WEBHOOK);
        for number in 0..=DESTINATIONS {
            limits.hold(&format!("held {number}"), Duration::from_secs(1));
            drop(limits.enter(&format!("host {number}")).expect("a new one"));
        }
        clock.advance(Duration::from_secs(60));
        limits.hold("last", Duration::from_secs(1));
        let now = limits.now.lock().expect("nobody panicked");
        assert_eq!((now.under_way.len(), now.held_until.len(), limits.rate.len()), (0, 1, 0));
    }
}
