//! Tokens of heartbeats; only their hashes are stored.

use super::{Sqlite, StoreError};
use skerry_domain::state::WorkspaceKey;

/// The token of one heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatToken {
    /// SHA-256.
    pub hash: [u8; 32],
    /// The workspace of the check.
    pub workspace: WorkspaceKey,
    /// The name of that workspace.
    pub workspace_name: String,
    /// The name of the check.
    pub check: String,
    /// The last ping that reported the end of a run, ms.
    pub heard_ms: Option<i64>,
}

impl Sqlite {
    /// All tokens of all workspaces.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn heartbeat_tokens(&self) -> Result<Vec<HeartbeatToken>, StoreError> {
        let sql = "SELECT heartbeat_token.token_hash, heartbeat_token.workspace, workspace.name, check_name, heard_ms
             FROM heartbeat_token JOIN workspace ON workspace.key = heartbeat_token.workspace
             LEFT JOIN \"check\" ON \"check\".workspace = workspace.key AND \"check\".name = check_name
             LEFT JOIN heartbeat ON heartbeat.workspace = workspace.key AND heartbeat.\"check\" = \"check\".key
             ORDER BY workspace.name, check_name";
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
}
