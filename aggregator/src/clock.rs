//! Our own clock: it follows the wall clock, never goes back, and does not believe a jump at once.

use crate::domain::time::{SECOND, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A difference between the clocks that an operator hears of, ms.
const STEP: i64 = 5 * SECOND;
/// A wall clock that jumped ahead is believed after it stayed there this long.
const BELIEVE_AFTER: Duration = Duration::from_secs(60);

/// What a clock is read from.
#[derive(Clone, Debug)]
pub enum Hands {
    /// The clocks of this host.
    Host,
    /// A simulation turns them: ms since 1970 UTC.
    Turned(Arc<AtomicI64>),
}

/// Runs on the monotonic clock and leans towards the wall clock: at half speed while it is ahead.
#[derive(Debug)]
pub struct Clock {
    hands: Hands,
    at: Timestamp,
    read: Instant,
    stepped: Option<Instant>,
}

impl Clock {
    /// Starts at the wall clock, or at `floor` where that is later: what is stored was not in the future.
    #[must_use]
    pub fn start(hands: Hands, floor: Timestamp) -> Self {
        let wall = match &hands {
            Hands::Host => wall(),
            Hands::Turned(hands) => Timestamp(hands.load(Ordering::Relaxed)),
        };
        if floor - wall > STEP {
            let behind = floor - wall;
            tracing::warn!(
                behind_ms = behind,
                "the wall clock is behind what is already stored: check this host's time"
            );
        }
        Self { hands, at: wall.max(floor), read: Instant::now(), stepped: None }
    }

    /// The time now. Never earlier than the last answer.
    pub fn now(&mut self) -> Timestamp {
        match &self.hands {
            Hands::Host => self.advance(wall(), Instant::now()),
            Hands::Turned(hands) => {
                self.at = self.at.max(Timestamp(hands.load(Ordering::Relaxed)));
                self.at
            }
        }
    }

    fn advance(&mut self, wall: Timestamp, read: Instant) -> Timestamp {
        let elapsed = i64::try_from(read.duration_since(self.read).as_millis()).unwrap_or(i64::MAX);
        if elapsed == 0 {
            return self.at;
        }
        self.read = read;
        let expected = self.at + elapsed;
        let ahead = wall - expected;
        self.note_step(ahead, read);
        let believed = self.stepped.is_some_and(|since| read.duration_since(since) >= BELIEVE_AFTER);
        self.at = if ahead < 0 {
            (self.at + elapsed / 2).max(wall)
        } else if ahead <= STEP || believed {
            wall
        } else {
            expected
        };
        self.at
    }

    fn note_step(&mut self, ahead: i64, read: Instant) {
        if ahead.abs() <= STEP {
            self.stepped = None;
        } else if self.stepped.is_none() {
            self.stepped = Some(read);
            tracing::warn!(difference_ms = ahead, "the wall clock was stepped: check this host's time");
        }
    }
}

/// The wall clock, for a command line that has no engine.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> (Clock, Instant) {
        let read = Instant::now();
        (Clock { hands: Hands::Host, at: Timestamp(1_000_000), read, stepped: None }, read)
    }

    #[test]
    fn follows_the_wall_clock() {
        let (mut clock, start) = clock();
        assert_eq!(clock.advance(Timestamp(1_001_000), start + Duration::from_secs(1)), Timestamp(1_001_000));
        assert_eq!(clock.advance(Timestamp(1_003_500), start + Duration::from_secs(2)), Timestamp(1_003_500));
    }

    #[test]
    fn a_step_back_slows_it_and_never_turns_it() {
        let (mut clock, start) = clock();
        let day = 86_400_000;
        let mut last = Timestamp(0);
        for second in 1..=10 {
            let wall = Timestamp(1_000_000 - day + second * 1_000);
            let now = clock.advance(wall, start + Duration::from_secs(second.unsigned_abs()));
            assert!(now > last);
            last = now;
        }
        assert_eq!(last, Timestamp(1_005_000));
    }

    #[test]
    fn a_jump_ahead_is_believed_only_when_it_stays() {
        let (mut clock, start) = clock();
        let hour = 3_600_000;
        let jumped = clock.advance(Timestamp(1_001_000 + hour), start + Duration::from_secs(1));
        assert_eq!(jumped, Timestamp(1_001_000));
        let back = clock.advance(Timestamp(1_002_000), start + Duration::from_secs(2));
        assert_eq!(back, Timestamp(1_002_000));
        clock.advance(Timestamp(1_003_000 + hour), start + Duration::from_secs(3));
        let stayed = clock.advance(Timestamp(1_063_000 + hour), start + Duration::from_secs(63));
        assert_eq!(stayed, Timestamp(1_063_000 + hour));
    }
}
