//! Deletes expired rows, a few at a time.

use super::{Sqlite, StoreError, hours, observation};
use rusqlite::{OptionalExtension, TransactionBehavior};
use skerry_domain::rows::WorkspaceRow;
use skerry_domain::time::Timestamp;

/// Once so many hours were compacted in one transaction, the next slot waits for another one: commands wait meanwhile.
/// After an upgrade a slot may have a year of them.
const HOURS_AT_ONCE: usize = 5_000;

impl Sqlite {
    /// Deletes raw observations older than `before`, oldest first, about `limit` of them. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn prune_observations(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.is_in_place()?;
        let before = observation::key_from(before);
        let nth = "SELECT key FROM observation WHERE key < ?1 ORDER BY key LIMIT 1 OFFSET ?2";
        let cut = self
            .connection
            .prepare_cached(nth)?
            .query_row((before, limit as i64), |row| row.get(0))
            .optional()?
            .unwrap_or(before);
        let sql = "DELETE FROM observation WHERE key < ?1";
        Ok(self.connection.prepare_cached(sql)?.execute([cut])?)
    }

    /// Deletes notes for operators from before `before`, among the `limit` oldest rows of each table and workspace.
    /// Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn prune_notes(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.is_in_place()?;
        let mut deleted = 0;
        for WorkspaceRow { key: workspace, .. } in self.rows()? {
            for (table, at) in [("hard_transition", "at_ms"), ("loss", "noted_ms"), ("audit", "at_ms")] {
                // Numbers grow with time: usually the oldest row tells that there is nothing to do.
                let oldest = format!("SELECT {at} FROM {table} WHERE workspace = ?1 ORDER BY number LIMIT 1");
                let oldest: Option<i64> = self
                    .connection
                    .prepare_cached(&oldest)?
                    .query_row([workspace.0], |row| row.get(0))
                    .optional()?;
                if oldest.is_none_or(|oldest| oldest >= before.0) {
                    continue;
                }
                let sql = format!(
                    "DELETE FROM {table} WHERE workspace = ?1 AND number IN (SELECT number FROM (
                         SELECT number, {at} AS at FROM {table} WHERE workspace = ?1 ORDER BY number LIMIT ?3)
                     WHERE at < ?2)"
                );
                let mut statement = self.connection.prepare_cached(&sql)?;
                deleted += statement.execute((workspace.0, before.0, limit as i64))?;
            }
        }
        Ok(deleted)
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
        self.is_in_place()?;
        let sql = "SELECT slot, workspace, track FROM slot WHERE slot > ?1 ORDER BY slot LIMIT ?2";
        let slots: Vec<(i64, i64, i64)> = {
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows = statement
                .query_map((after as i64, limit as i64), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (mut last, mut hours) = (0, 0);
        for (slot, workspace, track) in slots {
            hours += hours::compact(&transaction, slot, before)?;
            for old in [
                "DELETE FROM day WHERE slot = ?1 AND day_ms < ?2",
                "DELETE FROM hour WHERE slot = ?1 AND hour_ms < ?2",
            ] {
                transaction.prepare_cached(old)?.execute((slot, days_before.0))?;
            }
            let old = "DELETE FROM span_day WHERE day_ms < ?1 AND workspace = ?2 AND track = ?3";
            transaction.prepare_cached(old)?.execute((days_before.0, workspace, track))?;
            last = slot;
            if hours >= HOURS_AT_ONCE {
                break;
            }
        }
        transaction.commit()?;
        Ok(usize::try_from(last).unwrap_or(0))
    }
}
