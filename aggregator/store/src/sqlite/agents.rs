//! What commands read of agents beside a running aggregator.

use super::{Sqlite, StoreError};
use rusqlite::OptionalExtension;
use skerry_domain::credentials::Standing;

impl Sqlite {
    /// One agent and where it stands, read from its own row alone: what it told of itself, and what else is in the
    /// database, keeps no operator from it.
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
    Standing::read(name).ok_or_else(|| StoreError::Strange(format!("a standing {name:?}")))
}
