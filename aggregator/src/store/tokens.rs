//! Credentials of agents. Only a hash is stored: what leaks from here opens nothing.

use super::{Store, StoreError};
use crate::domain::state::{AgentKey, WorkspaceKey};
use rusqlite::{OptionalExtension, TransactionBehavior};

/// Row keys made beside a running engine lie above those that it gives out.
pub(super) const BESIDE: i64 = 1 << 40;

fn beside() -> i64 {
    BESIDE + i64::from(u32::from_le_bytes(crate::random::bytes()))
}

/// Whose credential it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentIdentity {
    /// The agent.
    pub agent: AgentKey,
    /// Its workspace.
    pub workspace: WorkspaceKey,
    /// Its name.
    pub name: String,
    /// The failure domain it stands in.
    pub location: String,
}

/// What is stored of a token: 160 random bits need no slow hash.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

impl Store {
    /// The agent a token belongs to.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; a token nobody has is `None`.
    pub fn agent_by_token(&self, token: &str) -> Result<Option<AgentIdentity>, StoreError> {
        let sql = "SELECT key, workspace, name, location FROM agent WHERE token_hash = ?1";
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row([token_hash(token)], |row| {
                Ok(AgentIdentity {
                    agent: AgentKey(row.get(0)?),
                    workspace: WorkspaceKey(row.get(1)?),
                    name: row.get(2)?,
                    location: row.get(3)?,
                })
            })
            .optional()?;
        Ok(found)
    }

    /// Lets an agent deliver with `token`; a former token of it opens nothing any more. An agent that the
    /// engine does not know yet is taken up by it with its first batch.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn enrol_agent(
        &mut self,
        workspace: &str,
        name: &str,
        location: &str,
        token: &str,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let made = "INSERT INTO workspace (key, name) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
        transaction.execute(made, (beside(), workspace))?;
        let found = "SELECT key FROM workspace WHERE name = ?1";
        let workspace: i64 = transaction.query_row(found, [workspace], |row| row.get(0))?;
        let sql = "INSERT INTO agent (key, workspace, name, location, token_hash)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (workspace, name) DO UPDATE
             SET location = excluded.location, token_hash = excluded.token_hash";
        transaction.execute(sql, (beside(), workspace, name, location, token_hash(token)))?;
        Ok(transaction.commit()?)
    }
}
