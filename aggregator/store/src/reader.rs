//! Short reads while the writer works. They see committed data only and write nothing.

use crate::sqlite::Sqlite;
use crate::{
    AgentEntry, DeliveriesOf, DuePosition, HeartbeatToken, ResponseSteps, RollUp, StoreError,
    StoredObservation, Waiting, WorkspaceDelivery,
};
use skerry_domain::clock::SavedClock;
use skerry_domain::credentials::Standing;
use skerry_domain::delivery::{Delivery, DeliveryState};
use skerry_domain::response::Measured;
use skerry_domain::rows::{AuditRow, Record};
use skerry_domain::state::{NoticeKey, SubscriberKey, TrackKey, WorkspaceKey};
use skerry_domain::subscriber::Channel;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use std::path::Path;

/// A handle for reads.
#[derive(Debug)]
pub enum Reader {
    /// The file that the writer uses.
    Sqlite(Sqlite),
}

impl Reader {
    /// Opens the database at `path` for short reads: takes no lock and migrates nothing.
    ///
    /// # Errors
    /// [`StoreError`], also if the schema has another version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
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

    /// All heartbeat tokens of all workspaces.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn heartbeat_tokens(&self) -> Result<Vec<HeartbeatToken>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.heartbeat_tokens()
    }

    /// Computes the agents-up of the oldest complete hour that needs one. This is the slow part, and it writes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_roll_up(&self, now: Timestamp) -> Result<Option<RollUp>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.next_roll_up(now)
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

    /// The newest entries of the audit log of a workspace, at most `limit`; with `before`, those with a smaller number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit(
        &self,
        workspace: WorkspaceKey,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.audit(workspace, before, limit)
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

    /// The random id of this aggregator, created with its database.
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

    /// All agents by workspace and name. The internal agent for heartbeats is left out, unless a token for it exists.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agents(&self) -> Result<Vec<AgentEntry>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.agents()
    }

    /// The location and standing of one agent, read from its own row only, so that damage elsewhere does not prevent
    /// it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agent_named(&self, workspace: &str, name: &str) -> Result<Option<(String, Standing)>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.agent_named(workspace, name)
    }

    /// Deliveries of a channel whose time has come, in the order of [`DuePosition`]; at most `limit`, those after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn due_deliveries(
        &self,
        channel: Channel,
        now: Timestamp,
        after: Option<DuePosition>,
        limit: usize,
    ) -> Result<Vec<WorkspaceDelivery>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.due_deliveries(channel, now, after, limit)
    }

    /// When the next delivery is due that is not due at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_delivery(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.next_delivery(now)
    }

    /// The delivery with this id, of any workspace.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delivery_with_id(&self, id: &str) -> Result<Option<WorkspaceDelivery>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.delivery_with_id(id)
    }

    /// Deliveries of a notice after the row key `after`, in the order of their keys, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deliveries_of_notice(
        &self,
        notice: (WorkspaceKey, NoticeKey),
        after: i64,
        limit: usize,
    ) -> Result<Vec<WorkspaceDelivery>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.deliveries_of_notice(notice, after, limit)
    }

    /// The newest deliveries to a subscriber, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deliveries_to(
        &self,
        subscriber: (WorkspaceKey, SubscriberKey),
        limit: usize,
    ) -> Result<Vec<WorkspaceDelivery>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.deliveries_to(subscriber, limit)
    }

    /// Deliveries before the row key `before`, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deliveries_before(
        &self,
        of: (WorkspaceKey, DeliveriesOf),
        before: i64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.deliveries_before(of, before, limit)
    }

    /// How many deliveries of a notice are in each state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delivery_counts(
        &self,
        notice: (WorkspaceKey, NoticeKey),
    ) -> Result<Vec<(DeliveryState, u64)>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.delivery_counts(notice)
    }

    /// How many deliveries of all workspaces that were tried or changed at `since` or later are in each state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delivery_counts_since(&self, since: Timestamp) -> Result<Vec<(DeliveryState, u64)>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.delivery_counts_since(since)
    }

    /// The deliveries that wait, of all workspaces, by channel.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_deliveries(&self) -> Result<Vec<Waiting>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.waiting_deliveries()
    }
}
