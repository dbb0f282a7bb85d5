//! Deliveries: what is due, what became of others, and how many there are.

use super::sql::value;
use super::{Sqlite, StoreError};
use rusqlite::Params;
use skerry_domain::delivery::{Delivery, DeliveryState, PRIORITIES};
use skerry_domain::rows::{DeliveryRow, Record, Value};
use skerry_domain::state::{NoticeKey, SubscriberKey, WorkspaceKey};
use skerry_domain::time::Timestamp;

/// A delivery of any workspace.
pub type WorkspaceDelivery = (WorkspaceKey, Delivery);

/// Deliveries that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// When the oldest of them was made.
    pub oldest: Option<Timestamp>,
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
    /// Deliveries whose time has come, the most urgent first and then by that time; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn due_deliveries(&self, now: Timestamp, limit: usize) -> Result<Vec<WorkspaceDelivery>, StoreError> {
        // A range of times is searched for each priority alone: the index begins with it.
        let which = "INDEXED BY delivery_due
                     WHERE priority = ?1 AND next_ms IS NOT NULL AND next_ms <= ?2 ORDER BY next_ms LIMIT ?3";
        let mut due = Vec::new();
        for priority in PRIORITIES {
            due.extend(self.deliveries(which, (priority, now.0, (limit - due.len()) as i64))?);
        }
        Ok(due)
    }

    /// When the next delivery is due that is not due at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_delivery(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(next_ms) FROM delivery INDEXED BY delivery_due
                   WHERE priority = ?1 AND next_ms IS NOT NULL AND next_ms > ?2";
        let mut first = None;
        for priority in PRIORITIES {
            let mut statement = self.connection.prepare_cached(sql)?;
            let next: Option<i64> = statement.query_row((priority, now.0), |row| row.get(0))?;
            first = [first, next].into_iter().flatten().min();
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
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query((workspace.0, notice.0))?;
        let mut counts = Vec::new();
        while let Some(row) = rows.next()? {
            let (name, count): (String, i64) = (row.get(0)?, row.get(1)?);
            counts.extend(DeliveryState::from_name(&name).map(|state| (state, count.unsigned_abs())));
        }
        Ok(counts)
    }

    /// The deliveries that wait, of all workspaces.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_deliveries(&self) -> Result<Waiting, StoreError> {
        let sql =
            "SELECT count(*), min(queued_ms) FROM delivery INDEXED BY delivery_due WHERE next_ms IS NOT NULL";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?));
        let (count, oldest) = self.connection.prepare_cached(sql)?.query_row([], read)?;
        Ok(Waiting { count: count.unsigned_abs(), oldest: oldest.map(Timestamp) })
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
