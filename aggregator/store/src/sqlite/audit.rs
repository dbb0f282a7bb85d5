//! The audit log, newest first.

use super::sql::value;
use super::{Sqlite, StoreError};
use skerry_domain::rows::{AuditRow, Record, Value};
use skerry_domain::state::WorkspaceKey;

impl Sqlite {
    /// The newest entries of a workspace, at most `limit`; with `before`, those with a smaller number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit(
        &self,
        workspace: WorkspaceKey,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let columns: Vec<String> =
            AuditRow::TABLE.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let sql = format!(
            "SELECT {} FROM audit WHERE workspace = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
            columns.join(", ")
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query((workspace.0, before.unwrap_or(i64::MAX), limit as i64))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut column = 0;
            let next = || {
                column += 1;
                row.get_ref(column - 1).map_or(Value::Null, value)
            };
            found.push(AuditRow::read(next)?);
        }
        Ok(found)
    }
}
