//! What the command line changed beside us: agents that were renamed, moved, disabled or revoked are noticed
//! within seconds, heard from or not.

use crate::domain::state::State;
use crate::domain::step::Command;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::store::{AgentIdentity, Standing, Store};
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
    let agents = tokio::task::spawn_blocking(move || Store::beside(&database)?.agents()).await??;
    let commands = engine.look_async(move |state, _| news(state, agents)).await?;
    for command in commands {
        engine.command(command).await?;
    }
    Ok(())
}

/// What the state does not know yet. Agents that were never heard are met with their first batch.
fn news(state: &State, agents: Vec<AgentIdentity>) -> Vec<Command> {
    let mut commands = Vec::new();
    for row in agents {
        let Some(known) = state.agents.get(&row.agent) else { continue };
        let asked = |track: &crate::domain::state::Witnessed| {
            track.agent == row.agent && track.declared.last().is_some_and(|open| open.to == Timestamp::FAR)
        };
        if row.standing != Standing::Active && state.tracks.values().any(asked) {
            commands.push(Command::Dismiss { agent: row.agent });
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
