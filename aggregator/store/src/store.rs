//! The writer's side of the store: named operations, carried out by the backend that was chosen when it was opened.
//! `tests/conformance.rs` specifies what a backend must do.

use crate::sqlite::Sqlite;
use crate::{Fence, ResponseSteps, RollUp, StoreError, StoredObservation};
use skerry_domain::clock::SavedClock;
use skerry_domain::response::Measured;
use skerry_domain::rows::{Record, Write};
use skerry_domain::state::{TrackKey, WorkspaceKey};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use std::path::Path;

/// The writer's handle. A process has one, and it belongs to the engine.
#[derive(Debug)]
pub enum Store {
    /// An SQLite file.
    Sqlite(Sqlite),
}

impl Store {
    /// Opens the database for the writer, creates it if it is missing, and migrates it.
    ///
    /// # Errors
    /// [`StoreError`]; the file is unchanged.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Sqlite::open(path).map(Self::Sqlite)
    }

    /// As [`Self::open`] for an existing database.
    ///
    /// # Errors
    /// [`StoreError`], also if there is no database; none is created.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        Sqlite::open_existing(path).map(Self::Sqlite)
    }

    /// As [`Self::open`] for a process that will serve. It waits up to five seconds for the lock, since a command such as
    /// `agent list` may have locked the database for a moment.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_to_serve(path: &Path) -> Result<Self, StoreError> {
        Sqlite::open_to_serve(path).map(Self::Sqlite)
    }

    /// Opens the database for short reads and the command line while another handle may write: takes no lock and migrates
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError`], also if the schema has another version.
    pub fn open_unlocked(path: &Path) -> Result<Self, StoreError> {
        Sqlite::open_unlocked(path).map(Self::Sqlite)
    }

    /// The clock as last stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clock(&self) -> Result<Option<SavedClock>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.clock()
    }

    /// The aggregator's time, for a command of its host; the wall clock's time if the stored clock is from another boot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn time(&self) -> Result<Timestamp, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.time()
    }

    /// Stores the clock.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn save_clock(&mut self, clock: &SavedClock) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.save_clock(clock)
    }

    /// Sets the clock back: it was ahead by `by`, and the time is `now`. Every stored instant after `now` is moved back
    /// by `by`, but not before the newest instant up to `now`. The order is clock; intervals that become empty are
    /// deleted.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is moved.
    pub fn set_back(&mut self, now: Timestamp, by: i64, clock: &SavedClock) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.set_back(now, by, clock)
    }

    /// Computes the roll-up of the oldest complete hour that needs one. This is the slow part, and it writes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_roll_up(&self, now: Timestamp) -> Result<Option<RollUp>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.next_roll_up(now)
    }

    /// Stores a roll-up. An hour that received observations since the roll-up was computed stays due. For an hour
    /// before `kept_from` the raw observations are gone, so existing roll-ups are not replaced.
    ///
    /// # Errors
    /// [`StoreError`]; the hour stays due.
    pub fn store_roll_up(&mut self, roll_up: RollUp, kept_from: Timestamp) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.store_roll_up(roll_up, kept_from)
    }

    /// Response times of some charts from raw observations in `[from, to)`, oldest first. A chart is given by its tracks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn measured(
        &self,
        charts: &[(WorkspaceKey, &[TrackKey])],
        within: (Timestamp, Timestamp),
    ) -> Result<Vec<Vec<Measured>>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.measured(charts, within)
    }

    /// Response times in `[from, to)`, merged over some tracks, in steps of `step` ms, which are whole hours. An hour that
    /// cannot be read is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn response_steps(
        &self,
        workspace: WorkspaceKey,
        tracks: &[TrackKey],
        within: (Timestamp, Timestamp),
        step: i64,
    ) -> Result<ResponseSteps, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.response_steps(workspace, tracks, within, step)
    }

    /// Reads all workspaces. Silence counts from `ready_at` at the earliest.
    ///
    /// # Errors
    /// [`StoreError`]; it names a value that no version writes.
    pub fn load(&self, ready_at: Timestamp) -> Result<Workspaces, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.load(ready_at)
    }

    /// Reads only workspaces, agents and enrolment tokens, so that operators can change agents despite damage
    /// elsewhere.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_agents(&self) -> Result<Workspaces, StoreError> {
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

    /// Checks the whole file, which takes a second or two per gigabyte. The writer continues meanwhile, but the
    /// write-ahead log cannot be reset until the end.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn check_all(&self) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.check_all()
    }

    /// Checks that writes go to the file at the path of the database, not to one that was deleted, moved or replaced,
    /// and that earlier writes are still there.
    ///
    /// # Errors
    /// [`StoreError::FileReplaced`], [`StoreError::LogTruncated`].
    pub fn is_in_place(&self) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.is_in_place()
    }

    /// The path of the database.
    #[must_use]
    pub fn path(&self) -> &Path {
        let Self::Sqlite(backend) = self;
        backend.path()
    }

    /// The random id of this aggregator, created with its database.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn aggregator_id(&self) -> Result<String, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.aggregator_id()
    }

    /// Writes without a change, to test whether writing works again. SQLite skips writing an unchanged row, but not the
    /// schema version.
    ///
    /// # Errors
    /// [`StoreError`] while writing fails.
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

    /// Deletes notes for operators from before `before`, among the `limit` oldest rows of each table and workspace.
    /// Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune_notes(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.prune_notes(before, limit)
    }

    /// Empties the log if it may hold an address that was erased from the database.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn erase_from_log(&mut self) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.erase_from_log()
    }

    /// Deletes deliveries that ended before `before`, about `limit` of them. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune_deliveries(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.prune_deliveries(before, limit)
    }

    /// For at most `limit` slots after `after`: compacts hours before `before` into days, and deletes days before
    /// `days_before`. Returns the last of these slots, or 0 if there are no more. A slot whose hours cannot be read
    /// keeps them.
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

    /// Commits rows in one transaction. After `Ok` they survive a power cut.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the group is written.
    pub fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.commit(writes)
    }

    /// As [`Self::commit`], but only if `fence` still applies; increments the commit number.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if it does not; otherwise as [`Self::commit`].
    pub fn commit_fenced(&mut self, writes: &[Write], fence: Option<Fence>) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.commit_fenced(writes, fence)
    }
}
