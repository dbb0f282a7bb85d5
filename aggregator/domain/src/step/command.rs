//! What can be asked of the engine, and what the sender hears.

use super::{AgentChange, Configure, DesiredHeartbeat, HeartbeatPing, Report};
use crate::clone_detection::Refusal;
use crate::credentials::{Redeemed, TokenHash};
use crate::holds::Source;
use crate::state::{AgentKey, ComponentKey, ResponseHour, WindowKey};
use crate::status::Status;
use crate::time::Timestamp;

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
    HeartbeatPing(Box<HeartbeatPing>),
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
    /// A source holds a status on a component, in place of what it held. `operational` on a linked component releases
    /// what it held to automatic.
    SetHold {
        /// Which.
        component: ComponentKey,
        /// Who.
        source: Source,
        /// What it is.
        status: Status,
        /// Until then. `None`: until released; through REST on a linked component for [`super::REST_HOLDS`].
        until: Option<Timestamp>,
    },
    /// What a source held on a component no longer holds.
    ReleaseHold {
        /// Which.
        component: ComponentKey,
        /// Whose.
        source: Source,
    },
    /// Components will be under maintenance for a time.
    PlanWindow {
        /// Which; of one workspace.
        components: Vec<ComponentKey>,
        /// From then; now at the earliest.
        from: Timestamp,
        /// Until then.
        to: Timestamp,
    },
    /// A planned window does not take place. One that runs ends now; one that has ended cannot be cancelled.
    CancelWindow {
        /// Which.
        window: WindowKey,
    },
    /// The response-time chart of a component was worked out again.
    SetResponse {
        /// Which.
        component: ComponentKey,
        /// Oldest first.
        hours: Vec<ResponseHour>,
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
            Self::HeartbeatPing(_) => "beat",
            Self::KeepWorkspaces(_) => "keep_workspaces",
            Self::AddAgent { .. } => "add_agent",
            Self::ChangeAgent { change, .. } => change.name(),
            Self::Redeem { .. } => "enrol",
            Self::SetHeartbeatToken { .. } => "set_heartbeat_token",
            Self::Dismiss { .. } => "dismiss",
            Self::JudgeReporters { .. } => "judge_reporters",
            Self::ChooseDefinition { .. } => "choose_definition",
            Self::Fold { .. } => "fold",
            Self::SetHold { .. } => "set_hold",
            Self::ReleaseHold { .. } => "release_hold",
            Self::PlanWindow { .. } => "plan_window",
            Self::CancelWindow { .. } => "cancel_window",
            Self::SetResponse { .. } => "set_response",
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
    /// A window was planned.
    Window(WindowKey),
    /// So many tracks were folded.
    Folded(usize),
    /// What became of a token of one use.
    Redeemed(Redeemed),
}
