//! Deliveries: what is due, what became of others, and how many there are.

use super::sql::value;
use super::{Sqlite, StoreError};
use rusqlite::Params;
use skerry_domain::delivery::{Delivery, DeliveryState, PRIORITIES};
use skerry_domain::rows::{DeliveryRow, Record, Value};
use skerry_domain::state::{NoticeKey, SubscriberKey, WorkspaceKey};
use skerry_domain::subscriber::Channel;
use skerry_domain::time::Timestamp;

/// A delivery of any workspace.
pub type WorkspaceDelivery = (WorkspaceKey, Delivery);

/// The place of a delivery among those of its channel that are due: the most urgent first, then by the time at which they are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DuePosition {
    priority: i64,
    next_at: i64,
    queued_at: i64,
    workspace: i64,
    key: i64,
}

impl DuePosition {
    /// That of a delivery, as it was read.
    #[must_use]
    pub fn of((workspace, delivery): &WorkspaceDelivery) -> Self {
        Self {
            priority: delivery.priority,
            next_at: delivery.next_at.unwrap_or(delivery.updated_at).0,
            queued_at: delivery.queued_at.0,
            workspace: workspace.0,
            key: delivery.key.0,
        }
    }

    /// Before all of a priority.
    fn before(priority: i64) -> Self {
        Self { priority, next_at: i64::MIN, queued_at: i64::MIN, workspace: i64::MIN, key: i64::MIN }
    }
}

/// Deliveries of a channel that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// By which they go.
    pub channel: Channel,
    /// How many.
    pub count: u64,
    /// When the oldest of them was made.
    pub oldest: Timestamp,
}

/// Which deliveries of a workspace are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveriesOf {
    /// All.
    Workspace,
    /// Those to a subscriber.
    Subscriber(SubscriberKey),
    /// Those of a notice that are in a state. `None`: those that carry no notice.
    Notice(Option<NoticeKey>, DeliveryState),
}

impl Sqlite {
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
        // A range of times is searched for each priority alone: the index begins with the channel and it.
        let which = "INDEXED BY delivery_due
                     WHERE channel = ?1 AND priority = ?2 AND next_ms IS NOT NULL AND next_ms <= ?3 AND next_ms >= ?4
                       AND (next_ms, queued_ms, workspace, key) > (?4, ?5, ?6, ?7)
                     ORDER BY next_ms, queued_ms, workspace, key LIMIT ?8";
        let mut due = Vec::new();
        for priority in PRIORITIES.skip_while(|one| after.is_some_and(|after| *one < after.priority)) {
            let from = after.filter(|after| after.priority == priority);
            let from = from.unwrap_or(DuePosition::before(priority));
            let begin = (from.next_at, from.queued_at, from.workspace, from.key);
            let rest = (limit - due.len()) as i64;
            let bound = (channel.name(), priority, now.0, begin.0, begin.1, begin.2, begin.3, rest);
            due.extend(self.deliveries(which, bound)?);
        }
        Ok(due)
    }

    /// When the next delivery is due that is not due at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_delivery(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(next_ms) FROM delivery INDEXED BY delivery_due
                   WHERE channel = ?1 AND priority = ?2 AND next_ms IS NOT NULL AND next_ms > ?3";
        let mut first = None;
        let mut statement = self.connection.prepare_cached(sql)?;
        for channel in Channel::ALL {
            for priority in PRIORITIES {
                let bound = (channel.name(), priority, now.0);
                let next: Option<i64> = statement.query_row(bound, |row| row.get(0))?;
                first = [first, next].into_iter().flatten().min();
            }
        }
        Ok(first.map(Timestamp))
    }

    /// The delivery with this id, of any workspace.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delivery_with_id(&self, id: &str) -> Result<Option<WorkspaceDelivery>, StoreError> {
        Ok(self.deliveries("WHERE id = ?1", [id])?.pop())
    }

    /// Deliveries of a notice after the row key `after`, in the order of their keys, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deliveries_of_notice(
        &self,
        (workspace, notice): (WorkspaceKey, NoticeKey),
        after: i64,
        limit: usize,
    ) -> Result<Vec<WorkspaceDelivery>, StoreError> {
        let which = "INDEXED BY delivery_of_notice
                     WHERE workspace = ?1 AND notice = ?2 AND key > ?3 ORDER BY key LIMIT ?4";
        self.deliveries(which, (workspace.0, notice.0, after, limit as i64))
    }

    /// The newest deliveries to a subscriber, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deliveries_to(
        &self,
        (workspace, subscriber): (WorkspaceKey, SubscriberKey),
        limit: usize,
    ) -> Result<Vec<WorkspaceDelivery>, StoreError> {
        let which = "INDEXED BY delivery_of_subscriber
                     WHERE workspace = ?1 AND subscriber = ?2 ORDER BY key DESC LIMIT ?3";
        self.deliveries(which, (workspace.0, subscriber.0, limit as i64))
    }

    /// Deliveries before the row key `before`, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deliveries_before(
        &self,
        (workspace, which): (WorkspaceKey, DeliveriesOf),
        before: i64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (workspace, limit) = (workspace.0, limit as i64);
        let found = match which {
            DeliveriesOf::Workspace => {
                let which = "WHERE workspace = ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3";
                self.deliveries(which, (workspace, before, limit))
            }
            DeliveriesOf::Subscriber(subscriber) => {
                let which = "INDEXED BY delivery_of_subscriber
                             WHERE workspace = ?1 AND subscriber = ?2 AND key < ?3 ORDER BY key DESC LIMIT ?4";
                self.deliveries(which, (workspace, subscriber.0, before, limit))
            }
            DeliveriesOf::Notice(notice, state) => {
                // IS finds those without a notice, too.
                let which =
                    "INDEXED BY delivery_of_notice WHERE workspace = ?1 AND notice IS ?2 AND state = ?3
                             AND key < ?4 ORDER BY key DESC LIMIT ?5";
                let notice = notice.map(|notice| notice.0);
                self.deliveries(which, (workspace, notice, state.name(), before, limit))
            }
        };
        Ok(found?.into_iter().map(|(_, delivery)| delivery).collect())
    }

    /// How many deliveries of a notice are in each state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delivery_counts(
        &self,
        (workspace, notice): (WorkspaceKey, NoticeKey),
    ) -> Result<Vec<(DeliveryState, u64)>, StoreError> {
        let sql = "SELECT state, count(*) FROM delivery INDEXED BY delivery_of_notice
                   WHERE workspace = ?1 AND notice = ?2 GROUP BY state";
        self.counts(sql, (workspace.0, notice.0))
    }

    /// How many deliveries of all workspaces that were tried or changed at `since` or later are in each state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delivery_counts_since(&self, since: Timestamp) -> Result<Vec<(DeliveryState, u64)>, StoreError> {
        let sql = "SELECT state, count(*) FROM delivery INDEXED BY delivery_age WHERE updated_ms >= ?1 GROUP BY state";
        self.counts(sql, (since.0,))
    }

    fn counts(&self, sql: &str, bound: impl Params) -> Result<Vec<(DeliveryState, u64)>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(bound)?;
        let mut counts = Vec::new();
        while let Some(row) = rows.next()? {
            let (name, count): (String, i64) = (row.get(0)?, row.get(1)?);
            counts.extend(DeliveryState::from_name(&name).map(|state| (state, count.unsigned_abs())));
        }
        Ok(counts)
    }

    /// The deliveries that wait, of all workspaces, by channel.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_deliveries(&self) -> Result<Vec<Waiting>, StoreError> {
        let sql = "SELECT channel, count(*), min(queued_ms) FROM delivery INDEXED BY delivery_due
                   WHERE next_ms IS NOT NULL GROUP BY channel";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut waiting = Vec::new();
        while let Some(row) = rows.next()? {
            let (name, count, oldest): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let channel = Channel::from_name(&name);
            waiting.extend(channel.map(|channel| Waiting {
                channel,
                count: count.unsigned_abs(),
                oldest: Timestamp(oldest),
            }));
        }
        Ok(waiting)
    }

    /// Empties the log if it may hold an address that was erased from the database; the next call tries again while another
    /// process reads.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn erase_from_log(&mut self) -> Result<(), StoreError> {
        self.is_in_place()?;
        if self.log_holds_erased {
            let busy: i64 =
                self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            self.log_holds_erased = busy != 0;
        }
        Ok(())
    }

    /// Deletes deliveries that ended before `before`, about `limit` of them. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune_deliveries(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.is_in_place()?;
        let sql = "DELETE FROM delivery WHERE (workspace, key) IN (
                       SELECT workspace, key FROM delivery
                       WHERE updated_ms < ?1 AND next_ms IS NULL ORDER BY updated_ms LIMIT ?2)";
        Ok(self.connection.prepare_cached(sql)?.execute((before.0, limit as i64))?)
    }

    fn deliveries(&self, which: &str, bound: impl Params) -> Result<Vec<WorkspaceDelivery>, StoreError> {
        let columns: Vec<String> =
            DeliveryRow::TABLE.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let sql = format!("SELECT {} FROM delivery {which}", columns.join(", "));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(bound)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut column = 0;
            let next = || {
                column += 1;
                row.get_ref(column - 1).map_or(Value::Null, value)
            };
            let row = DeliveryRow::read(next)?;
            found.push((row.workspace, row.into()));
        }
        Ok(found)
    }
}
