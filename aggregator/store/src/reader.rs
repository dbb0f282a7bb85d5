//! Short reads beside the writer. They see what was committed, and write nothing.

use crate::sqlite::Sqlite;
use crate::{AgentEntry, HeartbeatToken, RollUp, StoreError, StoredObservation};
use skerry_domain::clock::SavedClock;
use skerry_domain::credentials::Standing;
use skerry_domain::rows::Record;
use skerry_domain::state::{ResponseHour, State, TrackKey, WorkspaceKey};
use skerry_domain::time::Timestamp;
use std::path::Path;

/// A handle for reads.
#[derive(Debug)]
pub enum Reader {
    /// On the file that the writer serves from.
    Sqlite(Sqlite),
}

impl Reader {
    /// Opens what the writer at `path` keeps, for short reads: it is not locked, and nothing is migrated.
    ///
    /// # Errors
    /// [`StoreError`], also when the schema is another one.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Sqlite::beside(path).map(Self::Sqlite)
    }

    /// The clock as it was last kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clock(&self) -> Result<Option<SavedClock>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.clock()
    }

    /// The time that the aggregator goes by, for a command beside it; the wall clock's where it is not known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn time(&self) -> Result<Timestamp, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.time()
    }

    /// Every address of every workspace.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn heartbeat_tokens(&self) -> Result<Vec<HeartbeatToken>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.heartbeat_tokens()
    }

    /// The roll-up of the oldest hour that needs one, if any is over: all that takes long, and no writing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_roll_up(&self, now: Timestamp) -> Result<Option<RollUp>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.next_roll_up(now)
    }

    /// Response times by hour of some tracks merged, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn response_hours(
        &self,
        workspace: WorkspaceKey,
        tracks: &[TrackKey],
        from: Timestamp,
    ) -> Result<Vec<ResponseHour>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.response_hours(workspace, tracks, from)
    }

    /// Response times of some charts by stretches of `step` ms, from the raw observations that began in
    /// `[from, to)`, oldest first; each chart is the tracks that feed it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn response_fine(
        &self,
        charts: &[(WorkspaceKey, &[TrackKey])],
        within: (Timestamp, Timestamp),
        step: i64,
    ) -> Result<Vec<Vec<ResponseHour>>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.response_fine(charts, within, step)
    }

    /// Reads the state. `ready_at` is the moment silence is counted from at the earliest.
    ///
    /// # Errors
    /// [`StoreError`]; a value that no version writes is named.
    pub fn load(&self, ready_at: Timestamp) -> Result<State, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.load(ready_at)
    }

    /// Every row of a table, in the order of the keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn rows<R: Record>(&self) -> Result<Vec<R>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.rows()
    }

    /// Reads the whole file, which takes a second or two for each gigabyte, and says whether it is sound.
    /// The writer goes on meanwhile; the write-ahead log cannot begin anew before the end.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn check_all(&self) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.check_all()
    }

    /// The random id of this aggregator, made with its database.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn aggregator_id(&self) -> Result<String, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.aggregator_id()
    }

    /// Raw observations of a workspace with `from <= at < to`, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn observations(
        &self,
        workspace: WorkspaceKey,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<StoredObservation>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.observations(workspace, from, to)
    }

    /// All agents by workspace and name; our own voice for heartbeats is none, unless somebody has a token for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn roll(&self) -> Result<Vec<AgentEntry>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.roll()
    }

    /// One agent and where it stands, read from its own row alone: what it told of itself, and what else is in the
    /// database, keeps no operator from it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agent_named(&self, workspace: &str, name: &str) -> Result<Option<(String, Standing)>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.agent_named(workspace, name)
    }
}
