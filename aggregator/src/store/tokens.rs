//! Credentials of agents. Only a hash is stored: what leaks from here opens nothing.

use super::{Store, StoreError};
use crate::domain::state::{AgentKey, WorkspaceKey};
use rusqlite::OptionalExtension;

/// Whose credential it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentIdentity {
    /// The agent.
    pub agent: AgentKey,
    /// Its workspace.
    pub workspace: WorkspaceKey,
    /// Its name.
    pub name: String,
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
        let sql = "SELECT key, workspace, name FROM agent WHERE token_hash = ?1";
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row([token_hash(token)], |row| {
                Ok(AgentIdentity {
                    agent: AgentKey(row.get(0)?),
                    workspace: WorkspaceKey(row.get(1)?),
                    name: row.get(2)?,
                })
            })
            .optional()?;
        Ok(found)
    }

    /// Gives an agent a new token; the former one opens nothing any more.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn set_agent_token(&mut self, agent: AgentKey, token: &str) -> Result<(), StoreError> {
        let sql = "UPDATE agent SET token_hash = ?2 WHERE key = ?1";
        self.connection.execute(sql, (agent.0, token_hash(token)))?;
        Ok(())
    }
}
