//! What the command line changed beside us: agents that were renamed, moved, limited, allowed, disabled, revoked or removed,
//! and definitions that were chosen, are noticed within seconds, heard from or not.

use crate::engine::Engine;
use skerry_domain::state::{State, Witnessed, WorkspaceKey};
use skerry_domain::step::Command;
use skerry_store::{AgentIdentity, Standing, Store, StoreError};
use std::path::PathBuf;
use std::time::Duration;

const OFTEN: Duration = Duration::from_secs(5);

/// Follows the rows of agents in `database` until the task is ended.
pub fn follow(engine: Engine, database: PathBuf) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut often = tokio::time::interval(OFTEN);
        loop {
            often.tick().await;
            if let Err(error) = turn(&engine, &database).await {
                tracing::warn!("changes to agents wait for the next turn: {error:#}");
            }
        }
    })
}

async fn turn(engine: &Engine, database: &std::path::Path) -> anyhow::Result<()> {
    let database = database.to_owned();
    let read = move || {
        let store = Store::beside(&database)?;
        Ok::<_, StoreError>((store.agents()?, store.chosen_definitions()?))
    };
    let (agents, definitions) = tokio::task::spawn_blocking(read).await??;
    let commands = news(&engine.snapshot().state, agents, definitions);
    for command in commands {
        engine.command(command).await?;
    }
    Ok(())
}

/// What the state does not know yet. Agents that were never heard are met with their first batch.
fn news(
    state: &State,
    agents: Vec<AgentIdentity>,
    definitions: Vec<(WorkspaceKey, String, Vec<u8>)>,
) -> Vec<Command> {
    let mut commands = Vec::new();
    for (workspace, name, definition) in definitions {
        let Some(check) = state.check_names.get(&(workspace, name)).copied() else { continue };
        if state.checks[&check].chosen_definition.as_ref() != Some(&definition) {
            commands.push(Command::ChooseDefinition { check, definition });
        }
    }
    for row in agents {
        let Some(known) = state.agents.get(&row.agent) else { continue };
        let asked = |track: &Witnessed| track.agent == row.agent && track.is_run();
        let removed = row.standing == Standing::Removed;
        let is_asked = row.standing != Standing::Active && state.tracks.values().any(asked);
        if is_asked || removed != known.removed {
            commands.push(Command::Dismiss { agent: row.agent, removed });
        }
        if known.permit != row.permit {
            commands.push(Command::Permit { agent: row.agent, permit: row.permit });
        }
        if known.name != row.name || known.location != row.location {
            commands.push(Command::KnowAgent {
                agent: row.agent,
                workspace: row.workspace,
                name: row.name,
                location: row.location,
            });
        }
    }
    commands
}
