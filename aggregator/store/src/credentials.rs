//! What commands read of agents and of the addresses of heartbeats.

use crate::{AgentEntry, HeartbeatToken, Store, StoreError};
use skerry_domain::credentials::Standing;

impl Store {
    /// Every address of every workspace.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn heartbeat_tokens(&self) -> Result<Vec<HeartbeatToken>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.heartbeat_tokens()
    }

    /// All agents by workspace and name; our own voice for heartbeats is none, unless somebody has a token for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn roll(&self) -> Result<Vec<AgentEntry>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.roll()
    }

    /// One agent and where it stands, read from its own row alone: what it told of itself, and what else is in the
    /// database, keeps no operator from it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agent_named(&self, workspace: &str, name: &str) -> Result<Option<(String, Standing)>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.agent_named(workspace, name)
    }
}
