//! The end of what is kept for a while, a little at a time.

use super::{Store, StoreError, observation};
use rusqlite::OptionalExtension;
use skerry_domain::time::Timestamp;

impl Store {
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

    /// Deletes what is told to operators alone, hard transitions and losses, of before `before`: those among the
    /// `limit` oldest rows of each. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn prune_notes(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.is_in_place()?;
        let mut deleted = 0;
        for (table, at) in [("hard_transition", "at_ms"), ("loss", "noted_ms")] {
            let sql = format!(
                "DELETE FROM {table} WHERE rowid IN (SELECT id FROM (SELECT rowid AS id, {at} AS at FROM {table}
                     ORDER BY rowid LIMIT ?2) WHERE at < ?1)"
            );
            deleted += self.connection.prepare_cached(&sql)?.execute((before.0, limit as i64))?;
        }
        Ok(deleted)
    }
}
