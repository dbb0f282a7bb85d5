//! What held before: quorums of checks and locations of agents, each up to when.

use super::write::Group;
use super::{StoreError, rows};
use skerry_domain::state::{AgentKey, CheckKey};

impl Group<'_> {
    /// Where it stood before; its row is another's to write.
    pub(super) fn former_locations(&self, key: AgentKey) -> Result<(), StoreError> {
        let agent = &self.state.agents[&key];
        for former in &agent.former_locations {
            let sql = "INSERT OR REPLACE INTO former_location (workspace, agent, to_ms, location)
                 VALUES (?1, ?2, ?3, ?4)";
            self.run(sql, (agent.workspace.0, key.0, former.to.0, &former.value))?;
        }
        Ok(())
    }

    /// What had to agree before.
    pub(super) fn former_quorums(&self, key: CheckKey) -> Result<(), StoreError> {
        let check = &self.state.checks[&key];
        for former in &check.former_quorums {
            let sql = "INSERT OR REPLACE INTO former_quorum (workspace, \"check\", to_ms, quorum)
                 VALUES (?1, ?2, ?3, ?4)";
            let quorum = rows::quorum_name(former.value);
            self.run(sql, (check.workspace.0, key.0, former.to.0, quorum))?;
        }
        Ok(())
    }
}
