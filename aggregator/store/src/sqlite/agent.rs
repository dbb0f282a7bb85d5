//! Reads of agents for the command line.

use super::{Sqlite, StoreError};
use rusqlite::OptionalExtension;
use skerry_domain::credentials::Standing;

impl Sqlite {
    /// The location and standing of one agent, read from its own row only, so that damage elsewhere does not prevent
    /// it.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn agent_named(&self, workspace: &str, name: &str) -> Result<Option<(String, Standing)>, StoreError> {
        let sql = "SELECT location, standing FROM agent WHERE name = ?2
             AND workspace = (SELECT key FROM workspace WHERE name = ?1)";
        let found = self.connection.query_row(sql, (workspace, name), |row| Ok((row.get(0)?, row.get(1)?)));
        let found: Option<(String, String)> = found.optional()?;
        found.map(|(location, standing)| Ok((location, standing_of(&standing)?))).transpose()
    }
}

pub(super) fn standing_of(name: &str) -> Result<Standing, StoreError> {
    Standing::read(name).ok_or_else(|| StoreError::Unexpected(format!("a standing {name:?}")))
}
