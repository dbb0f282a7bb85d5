//! Reads of agents and heartbeat tokens for the command line.

use crate::{AgentEntry, HeartbeatToken, Store, StoreError};
use skerry_domain::credentials::Standing;

impl Store {
    /// All heartbeat tokens of all workspaces.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn heartbeat_tokens(&self) -> Result<Vec<HeartbeatToken>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.heartbeat_tokens()
    }

    /// All agents by workspace and name. The internal agent for heartbeats is left out, unless a token for it exists.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agents(&self) -> Result<Vec<AgentEntry>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.agents()
    }

    /// The location and standing of one agent, read from its own row only, so that damage elsewhere does not prevent
    /// it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agent_named(&self, workspace: &str, name: &str) -> Result<Option<(String, Standing)>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.agent_named(workspace, name)
    }
}
