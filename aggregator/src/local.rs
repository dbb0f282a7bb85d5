//! The built-in agents, one for each workspace whose file has `[local_agent]`: begun, changed and ended as the files say.

use crate::config::{Config, LocalAgent};
use crate::engine::Engine;
use crate::ingest::authenticate::LocalDelivery;
use anyhow::Context;
use skerry_agent::run::{Agent, AgentHandle, AgentSettings, MAX_IN_FLIGHT};
use skerry_agent::spool::{Limits, last_epoch};
use skerry_domain::state::{self as domain, WorkspaceAgent};
use skerry_domain::step::{Answer, Command};
use skerry_domain::workspaces::Target;
use skerry_protocol::words::count;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Those that run.
pub(crate) struct LocalAgents {
    engine: Engine,
    aggregator_id: String,
    database: PathBuf,
    running: Vec<Running>,
}

struct Running {
    workspace: String,
    name: String,
    location: String,
    agent: WorkspaceAgent,
    handle: AgentHandle,
}

impl Running {
    /// It is the one that the file wants, but for its checks.
    fn is(&self, workspace: &str, local: &LocalAgent) -> bool {
        self.workspace == workspace && self.name == local.name && self.location == local.location
    }
}

impl LocalAgents {
    pub(crate) fn new(engine: Engine, aggregator_id: String, database: PathBuf) -> Self {
        Self { engine, aggregator_id, database, running: Vec::new() }
    }

    /// Ends those that no file wants any more, gives the others their checks, and begins new ones.
    ///
    /// # Errors
    /// Of the first that cannot be begun or told; the others follow.
    pub(crate) async fn follow(&mut self, configs: &[Config]) -> anyhow::Result<()> {
        let mut followed = Ok(());
        for running in std::mem::take(&mut self.running) {
            let declared = configs.iter().find(|config| config.workspace == running.workspace);
            match declared.and_then(|config| config.local_agent.as_ref()) {
                Some(local) if running.is(&running.workspace, local) => self.running.push(running),
                local => followed = followed.and(self.end(running, local).await),
            }
        }
        for config in configs {
            followed = followed.and(self.keep(config).await);
        }
        followed
    }

    async fn keep(&mut self, config: &Config) -> anyhow::Result<()> {
        let Some(local) = &config.local_agent else { return Ok(()) };
        match self.running.iter().find(|running| running.is(&config.workspace, local)) {
            Some(running) => {
                running.handle.set_self_test(local.self_test.clone());
                running.handle.reload(config.local_checks().cloned().collect()).await
            }
            None => self.begin(config, local).await,
        }
    }

    async fn begin(&mut self, config: &Config, local: &LocalAgent) -> anyhow::Result<()> {
        let workspace = &config.workspace;
        let agent = add_agent(&self.engine, workspace, &local.name, &local.location).await?;
        let delivery = LocalDelivery {
            engine: self.engine.clone(),
            aggregator_id: self.aggregator_id.clone(),
            agent,
            name: local.name.clone(),
        };
        // Beside the database, one for each workspace.
        let spool_path = self.database.with_file_name(format!("spool-{workspace}.db"));
        self.set_aside_anothers(&spool_path, agent).await?;
        let settings = AgentSettings {
            name: local.name.clone(),
            location: local.location.clone(),
            spool_path,
            spool_limits: Limits::default(),
            max_in_flight: MAX_IN_FLIGHT,
            self_test: local.self_test.clone(),
            checks: config.local_checks().cloned().collect(),
        };
        let handle = Agent::start(settings, delivery.shared())
            .with_context(|| format!("the built-in agent of workspace {workspace:?} cannot be started"))?;
        let (workspace, name, location) = (workspace.clone(), local.name.clone(), local.location.clone());
        self.running.push(Running { workspace, name, location, agent, handle });
        Ok(())
    }

    /// One with another name is another agent, and begins with a spool of its own: what was acknowledged to the one
    /// before it is nothing that this one lost.
    async fn set_aside_anothers(&self, spool: &Path, agent: WorkspaceAgent) -> anyhow::Result<()> {
        let Some(epoch) = last_epoch(spool) else { return Ok(()) };
        let (snapshot, (workspace, agent)) = (self.engine.snapshot(), agent);
        let sent_from_it = |agent: &domain::Agent| agent.epochs.contains_key(&epoch);
        let own = snapshot.workspaces.get(workspace).and_then(|state| state.agents.get(&agent));
        let all = || snapshot.workspaces.iter().flat_map(|(_, state)| state.agents.values());
        if own.is_some_and(sent_from_it) || !all().any(sent_from_it) {
            return Ok(());
        }
        for part in ["", "-wal", "-shm", ".lock"] {
            let beside = |end: &str| {
                let mut path = spool.as_os_str().to_owned();
                path.push(end);
                PathBuf::from(path)
            };
            match std::fs::rename(beside(part), beside(&format!(".former{part}"))) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("{} cannot be set aside", spool.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What it saw is taken; then its checks are asked of nobody, unless it goes on elsewhere.
    async fn end(&self, running: Running, local: Option<&LocalAgent>) -> anyhow::Result<()> {
        let Running { workspace, name, location, agent, handle } = running;
        let checks = count(handle.status().states.len(), "check");
        handle.stop().await;
        if let Some(local) = local.filter(|local| local.name == name) {
            let to = &local.location;
            tracing::info!(
                "the built-in agent {name:?} of workspace {workspace:?} moves from {location:?} to {to:?}"
            );
            return Ok(());
        }
        let (of, agent) = agent;
        self.engine.command((of, Command::Dismiss { agent })).await?;
        tracing::warn!(
            "the built-in agent {name:?} of workspace {workspace:?} has ended, since no [local_agent] declares it any \
             more: it no longer runs its {checks}"
        );
        Ok(())
    }

    /// In the order in which data walks: before the writer stops.
    pub(crate) async fn stop(&mut self) {
        for running in self.running.drain(..) {
            running.handle.stop().await;
        }
    }
}

/// Enrols an agent, or finds it.
async fn add_agent(
    engine: &Engine,
    workspace: &str,
    name: &str,
    location: &str,
) -> anyhow::Result<WorkspaceAgent> {
    let command = Command::AddAgent { name: name.to_owned(), location: location.to_owned() };
    let answer = engine.command((Target::Name(workspace.to_owned()), command)).await?;
    let snapshot = engine.snapshot();
    let state = snapshot.workspaces.named(workspace).context("the workspace was just created")?;
    match answer {
        Answer::Agent(key) => Ok((state.workspace.key, key)),
        other => anyhow::bail!("the engine answered {other:?} to a new agent"),
    }
}
