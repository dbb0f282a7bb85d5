//! What readers see: the state as of one commit, for as long as they hold it. Taking a snapshot never waits.

use super::Engine;
use skerry_domain::state::State;
use skerry_domain::time::Timestamp;
use std::sync::Arc;

/// The state as it is stored. While the database cannot be written, time alone still passes in it.
#[derive(Debug)]
pub struct Snapshot {
    /// What holds.
    pub state: State,
    /// Groups committed since the start when it was taken.
    pub commit: u64,
    /// Our clock then.
    pub at: Timestamp,
}

impl Engine {
    /// The state as of the newest commit. What a command changed is in it once the command was answered.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.load_full()
    }

    /// The same with our clock, which is never behind that of the state.
    #[must_use]
    pub fn present(&self) -> (Arc<Snapshot>, Timestamp) {
        let snapshot = self.snapshot();
        let now = self.now().max(snapshot.state.clock);
        (snapshot, now)
    }
}
