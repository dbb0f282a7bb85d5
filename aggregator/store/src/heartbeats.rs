//! Heartbeats as rows, when nobody could call, and the tokens of their addresses, of which only hashes are stored.

use super::tokens::workspace_row;
use super::write::Group;
use super::{Store, StoreError, token_hash};
use rusqlite::TransactionBehavior;
use skerry_domain::state::{CheckKey, WorkspaceKey};
use skerry_protocol::schedule::Schedule;

/// One address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatToken {
    /// Of its token.
    pub hash: [u8; 32],
    /// Whose it is.
    pub workspace: WorkspaceKey,
    /// Its workspace's name.
    pub workspace_name: String,
    /// The check's name.
    pub check: String,
    /// The last call that told of an end, ms.
    pub heard_ms: Option<i64>,
}

impl Store {
    /// Every address of every workspace.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn heartbeat_tokens(&self) -> Result<Vec<HeartbeatToken>, StoreError> {
        let sql = "SELECT heartbeat_token.token_hash, heartbeat_token.workspace, workspace.name, check_name, heard_ms
             FROM heartbeat_token JOIN workspace ON workspace.key = heartbeat_token.workspace
             LEFT JOIN \"check\" ON \"check\".workspace = workspace.key AND \"check\".name = check_name
             LEFT JOIN heartbeat ON heartbeat.\"check\" = \"check\".key ORDER BY workspace.name, check_name";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(HeartbeatToken {
                hash: row.get(0)?,
                workspace: WorkspaceKey(row.get(1)?),
                workspace_name: row.get(2)?,
                check: row.get(3)?,
                heard_ms: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Lets `check` be called with `token`; a former token of it opens nothing any more.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn give_heartbeat(&mut self, workspace: &str, check: &str, token: &str) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let workspace = workspace_row(&transaction, workspace)?;
        let sql = "INSERT INTO heartbeat_token (token_hash, workspace, check_name) VALUES (?1, ?2, ?3)
             ON CONFLICT (workspace, check_name) DO UPDATE SET token_hash = excluded.token_hash";
        transaction.execute(sql, (token_hash(token), workspace, check))?;
        Ok(transaction.commit()?)
    }

    /// Takes the address of a check away.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; `false`: it has none.
    pub fn take_heartbeat(&mut self, workspace: &str, check: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM heartbeat_token WHERE check_name = ?2
             AND workspace = (SELECT key FROM workspace WHERE name = ?1)";
        Ok(self.connection.execute(sql, (workspace, check))? == 1)
    }
}

impl Group<'_> {
    pub(super) fn blind(&self) -> Result<(), StoreError> {
        self.run("DELETE FROM blind", [])?;
        for blind in &self.state.blind {
            self.run("INSERT INTO blind (from_ms, to_ms) VALUES (?1, ?2)", [blind.from.0, blind.to.0])?;
        }
        Ok(())
    }

    pub(super) fn heartbeat(&self, key: CheckKey) -> Result<(), StoreError> {
        let Some(heartbeat) = self.state.heartbeats.get(&key) else {
            return self.run("DELETE FROM heartbeat WHERE \"check\" = ?1", [key.0]);
        };
        let sql = "INSERT OR REPLACE INTO heartbeat
                 (\"check\", workspace, track, period_ms, grace_ms, heard_ms, started_ms, started_run,
                  expected_since_ms, schedule, time_zone)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let schedule = heartbeat.expected.schedule.as_ref();
        let row = (
            key.0,
            self.state.checks[&key].workspace.0,
            heartbeat.track.0,
            heartbeat.expected.period,
            heartbeat.expected.grace,
            heartbeat.heard.map(|at| at.0),
            heartbeat.started.as_ref().map(|started| started.at.0),
            heartbeat.started.as_ref().map(|started| &started.run),
            heartbeat.expected_since.map(|at| at.0),
            schedule.map(Schedule::expression),
            schedule.map(Schedule::zone_name),
        );
        self.run(sql, row)
    }
}
