//! Decides which present states go into a batch: those that changed since the last accepted one, or all of
//! them if the aggregator may not know them or the records lag behind the present.
//!
//! An aggregator applies each state by itself, so a partial snapshot is never misread. While the records are
//! up to date they are the evidence; while they lag, the states are, and must stay younger than the silence
//! limit.

use std::time::Duration;

/// How often a full snapshot is sent, so that anything lost on either side heals.
const FULL_EVERY: Duration = Duration::from_secs(60);
/// How often a full snapshot is sent while the records lag: well below the shortest silence limit of over 10
/// s.
const FULL_WHILE_LAGGING: Duration = Duration::from_secs(5);

/// What the aggregator knows of the present states.
#[derive(Debug, Default)]
pub(super) struct SnapshotTracker {
    last: Option<LastSnapshot>,
}

#[derive(Clone, Copy, Debug)]
struct LastSnapshot {
    /// Version of the check states.
    version: u64,
    /// When the last full snapshot was sent: boot clock, ms.
    full_at: u64,
    /// Whether the records of that batch lagged.
    lagged: bool,
}

impl LastSnapshot {
    fn rest(&self, lags: bool, now: u64) -> Duration {
        let every = if lags { FULL_WHILE_LAGGING } else { FULL_EVERY };
        every.saturating_sub(Duration::from_millis(now.saturating_sub(self.full_at)))
    }
}

impl SnapshotTracker {
    /// The version of the check states that the aggregator knows at `now` (boot clock, ms); later changes
    /// have to be sent. 0: send all.
    pub(super) fn known(&self, lags: bool, now: u64) -> u64 {
        let Some(last) = self.last else { return 0 };
        // Once the records have caught up, they correct or confirm what was sent ahead of them.
        let caught_up = last.lagged && !lags;
        if caught_up || last.rest(lags, now).is_zero() { 0 } else { last.version }
    }

    /// How long no snapshot is needed if nothing changes.
    pub(super) fn rest(&self, lags: bool, now: u64) -> Duration {
        self.last.map_or(Duration::ZERO, |last| last.rest(lags, now))
    }

    /// Records that a batch with the changes between `known` and `version` was accepted at `now`.
    pub(super) fn acknowledged(&mut self, known: u64, version: u64, lagged: bool, now: u64) {
        let full_at = self.last.filter(|_| known > 0).map_or(now, |last| last.full_at);
        self.last = Some(LastSnapshot { version, full_at, lagged });
    }

    /// The aggregator's knowledge is uncertain again.
    pub(super) fn invalidate(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_told_first_once_a_minute_and_after_any_doubt() {
        let mut snapshots = SnapshotTracker::default();
        assert_eq!((snapshots.known(false, 1_000), snapshots.rest(false, 1_000)), (0, Duration::ZERO));
        snapshots.acknowledged(0, 7, false, 1_000);
        assert_eq!((snapshots.known(false, 1_000), snapshots.rest(false, 1_000)), (7, FULL_EVERY));
        snapshots.acknowledged(7, 9, false, 60_000);
        assert_eq!(snapshots.known(false, 60_999), 9, "a part does not stand for all");
        assert_eq!(snapshots.known(false, 61_000), 0);
        snapshots.acknowledged(0, 9, false, 61_000);
        snapshots.invalidate();
        assert_eq!(snapshots.known(false, 61_000), 0);
    }

    #[test]
    fn while_the_records_lag_the_states_stay_fresh_and_are_told_again_at_the_end() {
        let mut snapshots = SnapshotTracker::default();
        snapshots.acknowledged(0, 7, true, 1_000);
        assert_eq!((snapshots.known(true, 5_000), snapshots.rest(true, 5_000)), (7, Duration::from_secs(1)));
        assert_eq!(snapshots.known(false, 5_000), 0, "the records have caught up");
        assert_eq!((snapshots.known(true, 6_000), snapshots.rest(true, 6_000)), (0, Duration::ZERO));
    }
}
