//! `step(state, command, now)`: the only way the state changes. Deterministic: the same state, command
//! and time give the same state and the same changes. Fresh ids arrive inside the command.

mod beat;
mod configure;
mod heard;
mod manual;
mod recompute;
mod report;
mod reported;
mod tick;

pub use beat::{Beat, DesiredHeartbeat, LOCATION, Tells, VOICE};
pub use configure::{
    Configure, DesiredComponent, DesiredGroup, DesiredItem, DesiredLink, DesiredPage, components_of,
};
pub(crate) use recompute::witnesses_of;
pub use reported::{DeclaredCheck, Observed, Record, RecordKind, Report, SnapshotState, When};

use super::component::Automatic;
use super::interval::Interval;
use super::state::{
    AgentKey, CheckKey, ComponentKey, GroupKey, PageKey, ResponseHour, State, TrackKey, WorkspaceKey,
};
use super::status::Status;
use super::time::Timestamp;
use super::track::Hard;

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
    /// An agent is enrolled.
    AddAgent {
        /// Workspace by name; made if it does not exist.
        workspace: String,
        /// Unique in the workspace.
        name: String,
        /// Failure domain.
        location: String,
    },
    /// An agent was enrolled beside us, or moved; its row is there.
    KnowAgent {
        /// Its row.
        agent: AgentKey,
        /// Its workspace's row.
        workspace: WorkspaceKey,
        /// Its name.
        name: String,
        /// Failure domain.
        location: String,
    },
    /// An agent was disabled or revoked beside us.
    Dismiss {
        /// Which.
        agent: AgentKey,
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

/// One row to write, or one thing to tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A workspace was made.
    WorkspaceAdded(WorkspaceKey),
    /// An agent was made, or its location changed.
    AgentSaved(AgentKey),
    /// An agent stands elsewhere from now on: where it stood before.
    AgentMoved(AgentKey),
    /// An agent's sequence moved on.
    EpochMoved {
        /// Whose.
        agent: AgentKey,
        /// Which spool.
        epoch: [u8; 16],
    },
    /// Two speak for one agent: a batch was refused.
    CloneRefused(AgentKey),
    /// An agent says nothing conclusive any more of checks that it runs. Nothing to store.
    FellSilent {
        /// Who.
        agent: AgentKey,
        /// Of which.
        checks: Vec<CheckKey>,
    },
    /// An agent that had fallen silent says something conclusive again. Nothing to store.
    HeardAgain {
        /// Who.
        agent: AgentKey,
        /// Of which checks.
        checks: Vec<CheckKey>,
        /// From the last evidence before the silence to now, of the check that was longest without, ms.
        silent_ms: i64,
    },
    /// An agent was silent for 24 hours: it no longer counts for these checks. Nothing to store.
    Left {
        /// Who.
        agent: AgentKey,
        /// For which.
        checks: Vec<CheckKey>,
    },
    /// Sequences that are not here.
    Gap {
        /// Whose.
        agent: AgentKey,
        /// Which spool.
        epoch: [u8; 16],
        /// First missing.
        from: u64,
        /// First not missing.
        to: u64,
        /// They were here: the agent was told so. Else they never arrived.
        acknowledged: bool,
    },
    /// Records below the mark came again that a lost reply does not explain. Nothing to store.
    OldCopy {
        /// Whose.
        agent: AgentKey,
        /// The newest of them.
        newest: u64,
        /// The mark.
        through: u64,
    },
    /// Records the agent itself gave up.
    Lost {
        /// Whose.
        agent: AgentKey,
        /// How many.
        count: u64,
        /// In its words.
        why: String,
        /// Oldest one, where known.
        from: Option<Timestamp>,
        /// Newest one, where known.
        to: Option<Timestamp>,
    },
    /// A check was made or its settings changed.
    CheckSaved(CheckKey),
    /// When we could not be called is no longer what it was.
    BlindChanged,
    /// What is expected or was last heard of a heartbeat changed, or it is none any more.
    HeartbeatSaved(CheckKey),
    /// A track was made or moved on: its head and its flags.
    TrackMoved(TrackKey),
    /// A check was declared or is no longer: the newest two stretches of it.
    DeclaredChanged(TrackKey),
    /// Spans of a track are no longer what they were from an instant on.
    SpansChanged {
        /// Which.
        track: TrackKey,
        /// From here on.
        from: Timestamp,
    },
    /// A raw observation to keep.
    Raw(RawObservation),
    /// A hard transition, for the log and for operators.
    Transition {
        /// Which.
        track: TrackKey,
        /// When the run began.
        since: Timestamp,
        /// When it was confirmed.
        at: Timestamp,
        /// From.
        from: Hard,
        /// To.
        to: Hard,
        /// Why.
        reason: skerry_protocol::wire::Reason,
        /// In the agent's words; private.
        detail: String,
    },
    /// The automatic layer of a component, from an instant on.
    Automatic {
        /// Which.
        component: ComponentKey,
        /// From here on.
        from: Timestamp,
        /// What holds now, contiguous to [`Timestamp::FAR`].
        intervals: Vec<Interval<Automatic>>,
    },
    /// The manual layer of a component, from an instant on.
    Manual {
        /// Which.
        component: ComponentKey,
        /// From here on.
        from: Timestamp,
        /// What holds now.
        intervals: Vec<Interval<Status>>,
    },
    /// A page was made, changed, archived or revived.
    PageSaved(PageKey),
    /// A group was.
    GroupSaved(GroupKey),
    /// A component or its links were.
    ComponentSaved(ComponentKey),
    /// What a page shows of a component is no longer what it was. Nothing to store.
    Shown(ComponentKey),
}

/// One observation as it is kept for the raw retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawObservation {
    /// Start of the run on our clock.
    pub at: Timestamp,
    /// Whose view of which check.
    pub track: TrackKey,
    /// What was seen.
    pub outcome: skerry_protocol::wire::Outcome,
    /// Why.
    pub reason: skerry_protocol::wire::Reason,
    /// Whole duration, µs. `None`: nobody measured one.
    pub total_us: Option<u64>,
    /// Phases.
    pub phases: Option<skerry_protocol::wire::Phases>,
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
    },
    /// Two speak for this agent: nothing was taken.
    Cloned,
    /// An agent was added or found.
    Agent(AgentKey),
    /// It names more checks than are kept of one agent.
    TooMany,
    /// It names something that does not exist.
    NotFound,
}

/// The outcome of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Stepped {
    /// For the sender.
    pub answer: Answer,
    /// For the store, the log and the publisher, in order.
    pub changes: Vec<Change>,
}

/// Applies one command. `now` that lies before the state's clock is raised to it: our own clock never
/// goes back.
pub fn step(state: &mut State, command: Command, now: Timestamp) -> Stepped {
    let now = now.max(state.clock);
    state.clock = now;
    let mut changes = Vec::new();
    let answer = match command {
        Command::Report(report) => report::report(state, &report, now, &mut changes),
        Command::Away { from } => beat::away(state, from, now, &mut changes),
        Command::Tick => tick::tick(state, now, &mut changes),
        Command::Configure(desired) => configure::configure(state, *desired, now, &mut changes),
        Command::DeclareHeartbeats { workspace, heartbeats } => {
            beat::declare_all(state, &workspace, &heartbeats, now, &mut changes)
        }
        Command::Beat(call) => beat::beat(state, &call, now, &mut changes),
        Command::AddAgent { workspace, name, location } => {
            configure::add_agent(state, &workspace, &name, &location, now, &mut changes)
        }
        Command::KnowAgent { agent, workspace, name, location } => {
            configure::know_agent(state, agent, workspace, &name, &location, now, &mut changes)
        }
        Command::Dismiss { agent } => report::dismiss(state, agent, now, &mut changes),
        Command::KeepWorkspaces(names) => configure::keep_workspaces(state, &names, &mut changes),
        Command::SetManual { component, status, until } => {
            manual::set(state, component, status, until, now, &mut changes)
        }
        Command::SetResponse { component, hours } => match state.components.get_mut(&component) {
            Some(charted) if charted.response != hours => {
                charted.response = hours;
                changes.push(Change::Shown(component));
                Answer::Done
            }
            Some(_) => Answer::Done,
            None => Answer::NotFound,
        },
        Command::ReleaseManual { component } => manual::release(state, component, now, &mut changes),
    };
    Stepped { answer, changes }
}
