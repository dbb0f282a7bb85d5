//! Snapshots for readers: the state of all workspaces as of one commit, for as long as they hold it. Taking a snapshot never waits.

use super::Engine;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use std::sync::Arc;

/// The stored state. While the database cannot be written, only time passes in it.
#[derive(Debug)]
pub struct Snapshot {
    /// The state of every workspace.
    pub workspaces: Workspaces,
    /// The number of groups committed since the start.
    pub commit: u64,
    /// The clock at that commit.
    pub at: Timestamp,
}

impl Engine {
    /// The state as of the newest commit. It contains the effect of every answered command.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.load_full()
    }

    /// The same, with the current time, which is never behind the snapshot's clock.
    #[must_use]
    pub fn present(&self) -> (Arc<Snapshot>, Timestamp) {
        let snapshot = self.snapshot();
        let now = self.now().max(snapshot.workspaces.clock());
        (snapshot, now)
    }
}
