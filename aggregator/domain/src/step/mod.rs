//! `step(state, command, context)`: the only way the state changes. Deterministic: the same state, command
//! and context give the same state and the same changes. A command is validated before it changes anything: one that
//! is rejected leaves the state as it was.

mod agents;
mod beat;
mod change;
mod configure;
mod context;
mod declare;
mod existing;
mod fold;
mod heard;
mod manual;
mod place;
mod recompute;
mod rejected;
mod report;
mod reported;
mod tick;
mod touched;

pub use agents::{Admission, AgentChange};
pub use beat::{Beat, DesiredHeartbeat, LOCATION, Tells, VOICE};
pub use change::{Change, RawObservation};
pub use configure::{
    Configure, DesiredComponent, DesiredGroup, DesiredItem, DesiredLink, DesiredPage, components_of,
};
pub use context::{Context, Ids};
pub(crate) use fold::Folded;
pub use fold::{KEPT, RULES_KEPT};
pub use recompute::witnesses_of;
pub use rejected::{Rejected, RejectedKind};
pub use reported::{DeclaredCheck, Observed, Proof, Record, RecordKind, Report, SnapshotState, When};
use touched::Changes;
pub(crate) use touched::Touched;

use super::credentials::{Redeemed, TokenHash};
use super::rows::{Author, Write, audit, make};
use super::state::{AgentKey, ComponentKey, ResponseHour, State};
use super::status::Status;
use super::time::Timestamp;
use super::voices::Refusal;
use std::borrow::Borrow;

/// What can be asked of the engine.
#[derive(Clone, Debug)]
pub enum Command {
    /// A batch of an agent.
    Report(Box<Report>),
    /// Time has passed.
    Tick,
    /// Until now nobody could call us: stopped, asleep, or unable to write.
    Away {
        /// Since then.
        from: Timestamp,
    },
    /// These, one after the other, as one: all of them or none.
    Together(Vec<Command>),
    /// The file of one workspace was read.
    Configure(Box<Configure>),
    /// These are the heartbeats that the file of one workspace declares.
    DeclareHeartbeats {
        /// Workspace by name; made if it does not exist.
        workspace: String,
        /// All of them.
        heartbeats: Vec<DesiredHeartbeat>,
    },
    /// A heartbeat's caller has called.
    Beat(Box<Beat>),
    /// All files were read, and these workspaces are what they are of.
    KeepWorkspaces(Vec<String>),
    /// There is an agent of this name: the built-in one, which needs no credential.
    AddAgent {
        /// Workspace by name; made if it does not exist.
        workspace: String,
        /// Unique in the workspace.
        name: String,
        /// Failure domain.
        location: String,
    },
    /// What an operator changes of an agent.
    ChangeAgent {
        /// Its workspace, by name.
        workspace: String,
        /// Its name.
        agent: String,
        /// What.
        change: AgentChange,
    },
    /// An agent exchanges a token of one use for a credential.
    Redeem {
        /// Hash of the token.
        token: TokenHash,
        /// Hash of the credential.
        credential: TokenHash,
    },
    /// The address of a heartbeat has another token, or none any more.
    SetHeartbeatToken {
        /// The workspace, by name.
        workspace: String,
        /// The check's name.
        check: String,
        /// Hash of the token; `None`: the address is taken away.
        token: Option<TokenHash>,
    },
    /// The agent is no longer asked for its checks.
    Dismiss {
        /// Which.
        agent: AgentKey,
    },
    /// What our file says of who may report the checks of one workspace.
    JudgeReporters {
        /// Workspace by name; made if it does not exist.
        workspace: String,
        /// Whoever joins others waits until an operator allows it.
        asks: bool,
        /// Hash of the definition of each check that the file declares, heartbeats apart.
        definitions: Vec<(String, Vec<u8>)>,
    },
    /// An operator says whose definition of a check holds.
    ChooseDefinition {
        /// The workspace, by name.
        workspace: String,
        /// The check's name.
        check: String,
        /// The agent's name.
        agent: String,
    },
    /// What ended long ago is kept in less detail.
    Fold {
        /// Before.
        before: Timestamp,
        /// Of as many tracks as this at most.
        limit: usize,
    },
    /// A person says what a component is.
    SetManual {
        /// Which.
        component: ComponentKey,
        /// What it is.
        status: Status,
        /// Until then; `None`: until released.
        until: Option<Timestamp>,
    },
    /// The response-time chart of a component was worked out again.
    SetResponse {
        /// Which.
        component: ComponentKey,
        /// Oldest first.
        hours: Vec<ResponseHour>,
    },
    /// What a person said of a component no longer holds.
    ReleaseManual {
        /// Which.
        component: ComponentKey,
    },
}

impl Command {
    /// Its name, for the log and the audit.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Report(_) => "report",
            Self::Tick => "tick",
            Self::Away { .. } => "away",
            Self::Together(_) => "together",
            Self::Configure(_) => "configure",
            Self::DeclareHeartbeats { .. } => "declare_heartbeats",
            Self::Beat(_) => "beat",
            Self::KeepWorkspaces(_) => "keep_workspaces",
            Self::AddAgent { .. } => "add_agent",
            Self::ChangeAgent { change, .. } => change.name(),
            Self::Redeem { .. } => "enrol",
            Self::SetHeartbeatToken { .. } => "set_heartbeat_token",
            Self::Dismiss { .. } => "dismiss",
            Self::JudgeReporters { .. } => "judge_reporters",
            Self::ChooseDefinition { .. } => "choose_definition",
            Self::Fold { .. } => "fold",
            Self::SetManual { .. } => "set_manual",
            Self::SetResponse { .. } => "set_response",
            Self::ReleaseManual { .. } => "release_manual",
        }
    }
}

/// What the sender of a command hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Done,
    /// A report was taken.
    Acknowledged {
        /// Everything of the epoch up to here.
        through: u64,
        /// The checks of this agent are not known to this process.
        want_inventory: bool,
        /// A delivery of somebody else in its name was refused recently.
        contested: bool,
        /// Its spool is an old copy: nothing above `through` was taken of it, it has to begin a new one.
        old_copy: bool,
    },
    /// Another speaks for this agent: nothing was taken.
    Cloned(Refusal),
    /// An agent was added, found or changed.
    Agent(AgentKey),
    /// So many tracks were folded.
    Folded(usize),
    /// What became of a token of one use.
    Redeemed(Redeemed),
}

/// The outcome of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Stepped {
    /// For the sender.
    pub answer: Answer,
    /// What happened, in order: for the log and the publisher.
    pub changes: Vec<Change>,
    /// What is to be written, by value.
    pub rows: Vec<Write>,
}

/// Applies one command. A time that lies before the state's clock is raised to it: our own clock never
/// goes back.
///
/// # Errors
/// [`Rejected`]; then the state is as it was.
pub fn step(state: &mut State, command: impl Borrow<Command>, context: Context) -> Result<Stepped, Rejected> {
    step_by(state, command.borrow(), context, None)
}

/// The same of a command that somebody asks for: what it changes of what people set stands in the audit.
///
/// # Errors
/// As [`step`].
pub fn step_audited(
    state: &mut State,
    command: impl Borrow<Command>,
    context: Context,
    author: &Author,
) -> Result<Stepped, Rejected> {
    step_by(state, command.borrow(), context, Some(author))
}

fn step_by(
    state: &mut State,
    command: &Command,
    context: Context,
    author: Option<&Author>,
) -> Result<Stepped, Rejected> {
    let (clock, counters) = (state.clock, state.counters);
    let before = author.map(|_| state.clone());
    let now = context.now.max(clock);
    let mut changes = Changes::default();
    state.clock = now;
    let answer = apply(state, command, Context { now, ..context }, &mut changes);
    let Changes { events, touched } = changes;
    let answer = answer.inspect_err(|_| state.clock = clock)?;
    let audited = author.zip(before).map(|(author, before)| audit(&before, state, &touched, author, now));
    let mut rows = make(state, &touched, &events, counters, now);
    rows.extend(audited.into_iter().flatten());
    Ok(Stepped { answer, changes: events, rows })
}

fn apply(
    state: &mut State,
    command: &Command,
    context: Context,
    changes: &mut Changes,
) -> Result<Answer, Rejected> {
    let now = context.now;
    match command {
        Command::Together(commands) => return together(state, commands, context, changes),
        Command::Report(report) => return report::report(state, report, now, changes),
        Command::Away { from } => beat::away(state, *from, now, changes),
        Command::Tick => tick::tick(state, now, changes),
        Command::Configure(desired) => configure::configure(state, (**desired).clone(), context, changes),
        Command::DeclareHeartbeats { workspace, heartbeats } => {
            beat::declare_all(state, workspace, heartbeats, now, changes);
        }
        Command::Beat(call) => beat::beat(state, call, now, changes)?,
        Command::AddAgent { workspace, name, location } => {
            let key = configure::add_agent(state, workspace, name, location, now, changes);
            return Ok(Answer::Agent(key));
        }
        Command::ChangeAgent { workspace, agent, change } => {
            return agents::change(state, (workspace, agent), change.clone(), now, changes);
        }
        Command::Redeem { token, credential } => {
            return agents::redeem(state, token, *credential, now, changes);
        }
        Command::SetHeartbeatToken { workspace, check, token } => {
            agents::set_heartbeat_token(state, workspace, check, *token, changes)?;
        }
        Command::JudgeReporters { workspace, asks, definitions } => {
            let workspace = configure::workspace_for(state, workspace, changes);
            declare::judge_by_file(state, workspace, *asks, definitions, now, changes);
        }
        Command::ChooseDefinition { workspace, check, agent } => {
            let (check, definition) = agents::definition_of(state, workspace, check, agent)?;
            declare::choose(state, check, definition, now, changes);
        }
        Command::Dismiss { agent } => declare::dismiss(state, *agent, now, changes)?,
        Command::KeepWorkspaces(names) => configure::keep_workspaces(state, names, changes),
        Command::Fold { before, limit } => {
            return Ok(Answer::Folded(fold::fold(state, *before, *limit, now, changes)));
        }
        Command::SetManual { component, status, until } => {
            manual::set(state, *component, *status, *until, now, changes)?;
        }
        Command::SetResponse { component, hours } => chart(state, *component, hours, changes)?,
        Command::ReleaseManual { component } => manual::release(state, *component, now, changes)?,
    }
    Ok(Answer::Done)
}

/// All of them or none: the first that is rejected takes back those before it.
fn together(
    state: &mut State,
    commands: &[Command],
    context: Context,
    changes: &mut Changes,
) -> Result<Answer, Rejected> {
    let before = state.clone();
    for command in commands {
        if let Err(rejected) = apply(state, command, context, changes) {
            *state = before;
            return Err(rejected);
        }
    }
    Ok(Answer::Done)
}

fn chart(
    state: &mut State,
    key: ComponentKey,
    hours: &[ResponseHour],
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let component = state.components.get_mut(&key).ok_or_else(no_component)?;
    if *component.response != *hours {
        component.response = hours.to_vec().into();
        changes.push(Change::Shown(key));
    }
    Ok(())
}

fn no_component() -> Rejected {
    Rejected::not_found("component", "there is no such component")
}

fn no_agent() -> Rejected {
    Rejected::not_found("agent", "this agent is not known here")
}
