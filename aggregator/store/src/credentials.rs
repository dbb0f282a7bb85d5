//! Agents, their credentials and the tokens that make them, as the command line changes them beside a running aggregator.

use crate::{AgentEntry, AgentIdentity, HeartbeatToken, Redeemed, Standing, Store, StoreError};
use skerry_domain::state::WorkspaceKey;
use skerry_domain::time::Timestamp;

impl Store {
    /// Gives the agent another name. Its batches may go on speaking of it by the old one.
    ///
    /// # Errors
    /// [`StoreError`], also where the name is taken; `false`: there is no such agent.
    pub fn rename_agent(&mut self, workspace: &str, name: &str, to: &str) -> Result<bool, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.rename_agent(workspace, name, to)
    }

    /// Says that an agent stands elsewhere. Its batches may go on saying where it stood.
    ///
    /// # Errors
    /// [`StoreError`]; `false`: there is no such agent.
    pub fn move_agent(&mut self, workspace: &str, name: &str, location: &str) -> Result<bool, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.move_agent(workspace, name, location)
    }

    /// Takes an agent out of every list. It has no credential any more and its name is free; what it saw stays.
    ///
    /// # Errors
    /// [`StoreError`]; `false`: there is no such agent.
    pub fn remove_agent(&mut self, workspace: &str, name: &str) -> Result<bool, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.remove_agent(workspace, name)
    }

    /// Limits an agent to checks whose names fit one of the patterns; without any it may report every check.
    ///
    /// # Errors
    /// [`StoreError`]; `false`: there is no such agent.
    pub fn limit_agent(
        &mut self,
        workspace: &str,
        name: &str,
        patterns: &[String],
    ) -> Result<bool, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.limit_agent(workspace, name, patterns)
    }

    /// Lets an agent join others in reporting a check.
    ///
    /// # Errors
    /// [`StoreError`]; `false`: there is no such agent.
    pub fn allow_agent(&mut self, workspace: &str, name: &str, check: &str) -> Result<bool, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.allow_agent(workspace, name, check)
    }

    /// Sets whether the agent is taken. One that is revoked has no credential and no token any more.
    ///
    /// # Errors
    /// [`StoreError`]; `false`: there is no such agent.
    pub fn set_standing(
        &mut self,
        workspace: &str,
        name: &str,
        standing: Standing,
    ) -> Result<bool, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.set_standing(workspace, name, standing)
    }

    /// Every address of every workspace.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn heartbeat_tokens(&self) -> Result<Vec<HeartbeatToken>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.heartbeat_tokens()
    }

    /// Lets `check` be called with `token`; a former token of it opens nothing any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn give_heartbeat(&mut self, workspace: &str, check: &str, token: &str) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.give_heartbeat(workspace, check, token)
    }

    /// Takes the address of a check away.
    ///
    /// # Errors
    /// [`StoreError`]; `false`: it has none.
    pub fn take_heartbeat(&mut self, workspace: &str, check: &str) -> Result<bool, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.take_heartbeat(workspace, check)
    }

    /// All agents by workspace and name; our own voice for heartbeats is none, unless somebody has a token for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn roll(&self) -> Result<Vec<AgentEntry>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.roll()
    }

    /// The agent a token belongs to.
    ///
    /// # Errors
    /// [`StoreError`]; a token nobody has is `None`.
    pub fn agent_by_token(&self, token: &str) -> Result<Option<AgentIdentity>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.agent_by_token(token)
    }

    /// Every agent of every workspace.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agents(&self) -> Result<Vec<AgentIdentity>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.agents()
    }

    /// Key and name of every workspace.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn workspaces(&self) -> Result<Vec<(WorkspaceKey, String)>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.workspaces()
    }

    /// Makes the workspaces of these names that are missing, before the engine reads the state: one that a command
    /// made a moment ago is found, and one that a command is about to make is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn make_workspaces<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.make_workspaces(names)
    }

    /// Lets an agent deliver with `token`; a former token of it opens nothing any more. An agent that the
    /// engine does not know yet is taken up by it with its first batch.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn enrol_agent(
        &mut self,
        workspace: &str,
        name: &str,
        location: &str,
        token: &str,
    ) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.enrol_agent(workspace, name, location, token)
    }

    /// Makes the agent if need be, and lets whoever brings `token` before `until` have its credential, once.
    /// What the agent delivers with now holds until then; a former token of this kind no longer does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn offer_enrolment(
        &mut self,
        workspace: &str,
        name: &str,
        location: &str,
        token: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let Self::Sqlite(backend) = self;
        backend.offer_enrolment(workspace, name, location, token, until)
    }

    /// Exchanges a token of one use for `credential`, which the agent delivers with from now on.
    ///
    /// # Errors
    /// [`StoreError`]; then the token was not used.
    pub fn redeem(&mut self, token: &str, credential: &str, now: Timestamp) -> Result<Redeemed, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.redeem(token, credential, now)
    }

    /// Says that the definition with which that agent runs a check is the one that holds.
    ///
    /// # Errors
    /// [`StoreError`]; `false`: that agent does not run it, or has not told how.
    pub fn choose_definition(
        &mut self,
        workspace: &str,
        check: &str,
        agent: &str,
    ) -> Result<bool, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.choose_definition(workspace, check, agent)
    }

    /// Every definition that an operator chose: workspace, name of the check, hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn chosen_definitions(&self) -> Result<Vec<(WorkspaceKey, String, Vec<u8>)>, StoreError> {
        let Self::Sqlite(backend) = self;
        backend.chosen_definitions()
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
