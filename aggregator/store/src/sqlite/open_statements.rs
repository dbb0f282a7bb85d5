//! The statements of one transaction. SQLite's SQL is long, and a look-up by it costs as much as to run it.

use super::StoreError;
use rusqlite::{CachedStatement, Connection};
use skerry_domain::rows::Columns;

/// More of them at once is rare: the oldest is closed.
const MOST: usize = 16;

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Inserts a row or replaces the row of its key.
    Put,
    /// Inserts a row with a new key.
    Insert,
    /// Updates these columns.
    Update(Columns),
}

/// Statements that are kept until the end of the transaction, by table and what they do.
pub(super) struct OpenStatements<'a> {
    connection: &'a Connection,
    open: Vec<(&'static str, Does, CachedStatement<'a>)>,
}

impl<'a> OpenStatements<'a> {
    pub(super) fn on(connection: &'a Connection) -> Self {
        Self { connection, open: Vec::new() }
    }

    /// The statement; `sql` is asked once.
    pub(super) fn of<S: AsRef<str>>(
        &mut self,
        table: &'static str,
        does: Does,
        sql: impl FnOnce() -> S,
    ) -> Result<&mut CachedStatement<'a>, StoreError> {
        let known = self.open.iter().rposition(|(of, one, _)| *one == does && *of == table);
        let index = match known {
            Some(index) => index,
            None => {
                let statement = self.connection.prepare_cached(sql().as_ref())?;
                if self.open.len() == MOST {
                    self.open.remove(0);
                }
                self.open.push((table, does, statement));
                self.open.len() - 1
            }
        };
        Ok(&mut self.open[index].2)
    }
}
