//! What an operator changes of an agent, beside a running aggregator, which follows.

use super::{Sqlite, Standing, StoreError};
use rusqlite::{OptionalExtension, TransactionBehavior};

impl Sqlite {
    /// Gives the agent another name. Its batches may go on speaking of it by the old one.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`], also where the name is taken; `false`: there is no such agent.
    pub fn rename_agent(&mut self, workspace: &str, name: &str, to: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE agent SET former_name = name, name = ?3 WHERE name = ?2
             AND workspace = (SELECT key FROM workspace WHERE name = ?1)";
        Ok(self.connection.execute(sql, (workspace, name, to))? == 1)
    }

    /// Says that an agent stands elsewhere. Its batches may go on saying where it stood.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; `false`: there is no such agent.
    pub fn move_agent(&mut self, workspace: &str, name: &str, location: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE agent SET moved_from = CASE WHEN location = ?3 THEN moved_from ELSE location END,
             location = ?3 WHERE name = ?2 AND workspace = (SELECT key FROM workspace WHERE name = ?1)";
        Ok(self.connection.execute(sql, (workspace, name, location))? == 1)
    }

    /// Takes an agent out of every list. It has no credential any more and its name is free; what it saw stays.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; `false`: there is no such agent.
    pub fn remove_agent(&mut self, workspace: &str, name: &str) -> Result<bool, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "UPDATE agent SET standing = 'removed', token_hash = NULL, former_name = NULL,
                 name = name || ' (removed, ' || key || ')'
             WHERE name = ?2 AND workspace = (SELECT key FROM workspace WHERE name = ?1) RETURNING key";
        let removed: Option<i64> =
            transaction.query_row(sql, (workspace, name), |row| row.get(0)).optional()?;
        let Some(agent) = removed else { return Ok(false) };
        transaction.execute("DELETE FROM enrolment WHERE agent = ?1", [agent])?;
        transaction.execute("DELETE FROM agent_allow WHERE agent = ?1", [agent])?;
        transaction.commit()?;
        Ok(true)
    }

    /// Limits an agent to checks whose names fit one of the patterns; without any it may report every check.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; `false`: there is no such agent.
    pub fn limit_agent(
        &mut self,
        workspace: &str,
        name: &str,
        patterns: &[String],
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE agent SET checks = ?3 WHERE name = ?2
             AND workspace = (SELECT key FROM workspace WHERE name = ?1)";
        let limit = (!patterns.is_empty()).then(|| patterns.join("\n"));
        Ok(self.connection.execute(sql, (workspace, name, limit))? == 1)
    }

    /// Lets an agent join others in reporting a check.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; `false`: there is no such agent.
    pub fn allow_agent(&mut self, workspace: &str, name: &str, check: &str) -> Result<bool, StoreError> {
        let sql = "INSERT INTO agent_allow (agent, workspace, check_name)
             SELECT agent.key, agent.workspace, ?3 FROM agent JOIN workspace ON workspace.key = agent.workspace
             WHERE workspace.name = ?1 AND agent.name = ?2
             ON CONFLICT (workspace, agent, check_name) DO UPDATE SET workspace = excluded.workspace";
        Ok(self.connection.execute(sql, (workspace, name, check))? == 1)
    }

    /// Sets whether the agent is taken. One that is revoked has no credential and no token any more.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; `false`: there is no such agent.
    pub fn set_standing(
        &mut self,
        workspace: &str,
        name: &str,
        standing: Standing,
    ) -> Result<bool, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let whose = "SELECT key FROM agent WHERE name = ?2
             AND workspace = (SELECT key FROM workspace WHERE name = ?1)";
        let found: Option<i64> =
            transaction.query_row(whose, (workspace, name), |row| row.get(0)).optional()?;
        let Some(agent) = found else { return Ok(false) };
        transaction.execute("UPDATE agent SET standing = ?2 WHERE key = ?1", (agent, standing.name()))?;
        if standing == Standing::Revoked {
            transaction.execute("UPDATE agent SET token_hash = NULL WHERE key = ?1", [agent])?;
            transaction.execute("DELETE FROM enrolment WHERE agent = ?1 AND used_ms IS NULL", [agent])?;
        }
        transaction.commit()?;
        Ok(true)
    }
}
