//! Which of the present states go with a batch: those that changed since the aggregator was last told, and
//! all of them where it may not know or where the records of the batch are not the present.
//!
//! An aggregator takes each state by itself, so that a part is never misread. While the records are the present
//! they are the evidence; while they lag, the states are, and must stay younger than the limit of silence.

use std::time::Duration;

/// All of them this often, so that whatever was lost on either side heals by itself.
const WHOLE_EVERY: Duration = Duration::from_secs(60);
/// All of them this often while the records lag: well below the shortest limit of silence (10 s and more).
const WHOLE_WHILE_LAGGING: Duration = Duration::from_secs(5);

/// What the aggregator was told.
#[derive(Debug, Default)]
pub(super) struct Present {
    told: Option<Told>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    /// Of the board.
    version: u64,
    /// Boot clock, ms.
    whole_at: u64,
    /// The records of that batch lagged behind.
    lagged: bool,
}

impl Told {
    fn rest(&self, lags: bool, now: u64) -> Duration {
        let every = if lags { WHOLE_WHILE_LAGGING } else { WHOLE_EVERY };
        every.saturating_sub(Duration::from_millis(now.saturating_sub(self.whole_at)))
    }
}

impl Present {
    /// The version of the board that the aggregator knows at `now` (boot clock, ms): later changes have to be
    /// told. 0: tell all.
    pub(super) fn known(&self, lags: bool, now: u64) -> u64 {
        let Some(told) = self.told else { return 0 };
        // Once the records have caught up, what was said ahead of them is taken back or confirmed.
        let caught_up = told.lagged && !lags;
        if caught_up || told.rest(lags, now).is_zero() { 0 } else { told.version }
    }

    /// How long nothing need be said, changes apart.
    pub(super) fn rest(&self, lags: bool, now: u64) -> Duration {
        self.told.map_or(Duration::ZERO, |told| told.rest(lags, now))
    }

    /// A batch of `now` was taken that told what changed between `known` and `version`.
    pub(super) fn told(&mut self, known: u64, version: u64, lagged: bool, now: u64) {
        let whole_at = self.told.filter(|_| known > 0).map_or(now, |told| told.whole_at);
        self.told = Some(Told { version, whole_at, lagged });
    }

    /// What the aggregator knows is no longer sure.
    pub(super) fn doubt(&mut self) {
        self.told = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_told_first_once_a_minute_and_after_any_doubt() {
        let mut present = Present::default();
        assert_eq!((present.known(false, 1_000), present.rest(false, 1_000)), (0, Duration::ZERO));
        present.told(0, 7, false, 1_000);
        assert_eq!((present.known(false, 1_000), present.rest(false, 1_000)), (7, WHOLE_EVERY));
        present.told(7, 9, false, 60_000);
        assert_eq!(present.known(false, 60_999), 9, "a part does not stand for all");
        assert_eq!(present.known(false, 61_000), 0);
        present.told(0, 9, false, 61_000);
        present.doubt();
        assert_eq!(present.known(false, 61_000), 0);
    }

    #[test]
    fn while_the_records_lag_the_states_stay_fresh_and_are_told_again_at_the_end() {
        let mut present = Present::default();
        present.told(0, 7, true, 1_000);
        assert_eq!((present.known(true, 5_000), present.rest(true, 5_000)), (7, Duration::from_secs(1)));
        assert_eq!(present.known(false, 5_000), 0, "the records have caught up");
        assert_eq!((present.known(true, 6_000), present.rest(true, 6_000)), (0, Duration::ZERO));
    }
}
