//! The writer's side of what is kept: named operations, each by the backend that was chosen when it was opened. What a
//! backend must do stands in `tests/conformance.rs`.

use crate::sqlite::Sqlite;
use crate::{Fence, RollUp, StoreError, StoredObservation};
use skerry_domain::clock::SavedClock;
use skerry_domain::rows::{Record, Write};
use skerry_domain::state::{ResponseHour, State, TrackKey, WorkspaceKey};
use skerry_domain::time::Timestamp;
use std::path::Path;

/// The writer's handle. There is one in a process, and it belongs to the engine.
#[derive(Debug)]
pub enum Store {
    /// One file.
    Sqlite(Sqlite),
}

impl Store {
    /// Opens the database for the one writer, makes it when it is missing, and migrates it.
    ///
    /// # Errors
    /// [`StoreError`]; the file is as it was.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Sqlite::open(path).map(Self::Sqlite)
    }

    /// The same of a database that is there.
    ///
    /// # Errors
    /// [`StoreError`], also where there is none; then none is made.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        Sqlite::open_existing(path).map(Self::Sqlite)
    }

    /// The same for a process that is to serve: a command that has the database for a moment, such as `agent list`
    /// just before, must not keep it from starting. Waits at most five seconds.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_to_serve(path: &Path) -> Result<Self, StoreError> {
        Sqlite::open_to_serve(path).map(Self::Sqlite)
    }

    /// A second handle on the same database for short reads and for the command line: no lock on the
    /// process, nothing is migrated.
    ///
    /// # Errors
    /// [`StoreError`], also when the schema is another one.
    pub fn beside(path: &Path) -> Result<Self, StoreError> {
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

    /// Keeps the clock.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_clock(&mut self, kept: &SavedClock) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.keep_clock(kept)
    }

    /// Our clock was ahead by `by`, and it is `now`: every instant that is stored and lies ahead of it is moved back
    /// by that, but not before what was stored until then. Order is kept. What lay between is forgotten.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is moved.
    pub fn set_back(&mut self, now: Timestamp, by: i64, kept: &SavedClock) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.set_back(now, by, kept)
    }

    /// The roll-up of the oldest hour that needs one, if any is over: all that takes long, and no writing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_roll_up(&self, now: Timestamp) -> Result<Option<RollUp>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.next_roll_up(now)
    }

    /// Keeps a roll-up; an hour that something was added to since it was made stays to be done again.
    /// Of an hour before `kept_from` raw observations are gone: what is rolled up of it stays as it is.
    ///
    /// # Errors
    /// [`StoreError`]; the hour stays to be done.
    pub fn keep_roll_up(&mut self, rolled: RollUp, kept_from: Timestamp) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.keep_roll_up(rolled, kept_from)
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

    /// Agents, their workspaces and the tokens by which they enrol, and nothing else: damage elsewhere keeps no
    /// operator from those.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_agents(&self) -> Result<State, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.load_agents()
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

    /// Whether what is written goes to the file at the path of the database, and not to one that was deleted, moved or
    /// replaced, and what was written is still there.
    ///
    /// # Errors
    /// [`StoreError::Gone`], [`StoreError::Cut`].
    pub fn is_in_place(&self) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.is_in_place()
    }

    /// Where the database lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        let Self::Sqlite(backend) = self;
        backend.path()
    }

    /// The random id of this aggregator, made with its database.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn aggregator_id(&self) -> Result<String, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.aggregator_id()
    }

    /// A write that changes nothing, to learn whether writing works again. SQLite leaves out the writing of a row
    /// that is as it was, but not that of a version.
    ///
    /// # Errors
    /// [`StoreError`] while it does not.
    pub fn try_write(&mut self) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.try_write()
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

    /// Deletes raw observations older than `before`, oldest first, about `limit` of them. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune_observations(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.prune_observations(before, limit)
    }

    /// Deletes what is told to operators alone of before `before`: those among the `limit` oldest rows of each table and
    /// workspace. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune_notes(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.prune_notes(before, limit)
    }

    /// Brings the hours of some slots before `before` down to days, and ends days before `days_before`: of `limit` slots
    /// after `after`. Returns the last of them; 0: there are no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn compact_hours(
        &mut self,
        before: Timestamp,
        days_before: Timestamp,
        after: usize,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.compact_hours(before, days_before, after, limit)
    }

    /// Commits rows together; when it returns `Ok` they survive a power cut.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of the group is written.
    pub fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.commit(writes)
    }

    /// The same, only if `fence` still holds; the number of the commit goes up by one.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where it does not; as [`Self::commit`].
    pub fn commit_fenced(&mut self, writes: &[Write], fence: Option<Fence>) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.commit_fenced(writes, fence)
    }
}
