//! Events of a step, for the log, the publisher and notices. Touched rows are recorded separately (`touched.rs`).

use crate::check_verdict::ReportedBy;
use crate::clone_detection::Refusal;
use crate::delivery;
use crate::reporters::Held;
use crate::state::{
    AgentKey, AnnouncementKey, CheckKey, ComponentKey, GroupKey, IncidentKey, PageKey, ProblemKey,
    SubscriberKey, TrackKey, WindowKey,
};
use crate::time::Timestamp;
use crate::track::HardState;
use crate::verdict::Evaluation;

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An agent has a new location; its row keeps the former one.
    AgentMoved(AgentKey),
    /// Old spools of an agent were forgotten.
    EpochsForgotten {
        /// The agent.
        agent: AgentKey,
        /// The epochs.
        epochs: Vec<[u8; 16]>,
    },
    /// Two sessions deliver as one agent: a batch was refused.
    CloneRefused {
        /// The agent.
        agent: AgentKey,
        /// Why.
        why: Refusal,
        /// Report this refusal to operators; refusals soon after are only counted.
        tell: bool,
    },
    /// An agent begins a new spool and proves that it had the former one.
    SpoolReplaced {
        /// The agent.
        agent: AgentKey,
        /// Everything of the former up to here is committed.
        through: u64,
    },
    /// An agent began to report checks that others report.
    Joined {
        /// The agent.
        agent: AgentKey,
        /// The checks.
        checks: Vec<CheckKey>,
    },
    /// An agent runs checks without counting for them.
    NotCounted {
        /// The agent.
        agent: AgentKey,
        /// Why.
        why: Held,
        /// The checks.
        checks: Vec<CheckKey>,
    },
    /// An agent that did not count for checks counts now.
    CountsAgain {
        /// The agent.
        agent: AgentKey,
        /// The checks.
        checks: Vec<CheckKey>,
    },
    /// An agent no longer reports anything conclusive about checks that it runs.
    FellSilent {
        /// The agent.
        agent: AgentKey,
        /// The checks.
        checks: Vec<CheckKey>,
    },
    /// An agent that had fallen silent reports something conclusive again.
    ReportsAgain {
        /// The agent.
        agent: AgentKey,
        /// The checks.
        checks: Vec<CheckKey>,
        /// The longest silence among these checks, from the last evidence to now, ms.
        silent_ms: i64,
    },
    /// An agent was silent for 24 hours: it no longer counts for these checks.
    Excluded {
        /// The agent.
        agent: AgentKey,
        /// The checks.
        checks: Vec<CheckKey>,
    },
    /// Sequence numbers that are missing.
    Gap {
        /// The agent.
        agent: AgentKey,
        /// Which spool.
        epoch: [u8; 16],
        /// First missing.
        from: u64,
        /// First not missing.
        to: u64,
        /// They were acknowledged to the agent and are lost here. Otherwise they never arrived.
        acknowledged: bool,
    },
    /// Records below the mark were sent again, and a lost reply does not explain it.
    OldCopy {
        /// The agent.
        agent: AgentKey,
        /// The newest of them.
        newest: u64,
        /// The mark.
        through: u64,
    },
    /// Records that the agent discarded.
    Lost {
        /// The agent.
        agent: AgentKey,
        /// How many.
        count: u64,
        /// The agent's reason.
        why: String,
        /// The oldest one, if known.
        from: Option<Timestamp>,
        /// The newest one, if known.
        to: Option<Timestamp>,
    },
    /// A raw observation to keep.
    Raw(RawObservation),
    /// A hard transition, for the log and for operators.
    Transition {
        /// The track.
        track: TrackKey,
        /// When the run began.
        since: Timestamp,
        /// When it was confirmed.
        at: Timestamp,
        /// The former state.
        from: HardState,
        /// The new state.
        to: HardState,
        /// Why.
        reason: skerry_protocol::wire::Reason,
        /// Text from the agent; private.
        detail: String,
    },
    /// The verdict of a check changed, or the verdict of a past stretch became known.
    Verdict {
        /// The check.
        check: CheckKey,
        /// The former evaluation.
        from: Evaluation,
        /// The new evaluation.
        to: Evaluation,
        /// When it began. `None`: there was never any evidence.
        since: Option<Timestamp>,
        /// For a past stretch: its end. A stretch of which one end moved is reported again.
        until: Option<Timestamp>,
        /// The reason; none is kept for the past.
        reason: skerry_protocol::wire::Reason,
        /// The agents that agree; empty for the past.
        reported_by: Vec<ReportedBy>,
        /// It ended longer ago than the silence limit: it opens no problem.
        late: bool,
    },
    /// Fewer locations than the quorum say that a check is down, or no longer; or an agent that said so fell silent, or
    /// is heard again.
    DissentChanged(CheckKey),
    /// A check depends on other checks than before.
    DependenciesChanged(CheckKey),
    /// Agents whose labels of a check count give it different ones.
    LabelsDiffer(CheckKey),
    /// Labels that an agent gives to checks would feed a component, and wait for an operator's permission.
    LabelsWait {
        /// The agent.
        agent: AgentKey,
        /// The checks.
        checks: Vec<CheckKey>,
    },
    /// The labels of an agent choose more checks for a component than are taken.
    LabelsBeyondLimit {
        /// The agent.
        agent: AgentKey,
        /// The component.
        component: ComponentKey,
    },
    /// Other checks than before feed a component that chooses them by labels.
    ChecksChosen {
        /// The component.
        component: ComponentKey,
        /// The checks that feed it from now on.
        joined: Vec<CheckKey>,
        /// The checks that no longer do.
        left: Vec<CheckKey>,
        /// Who caused it, as in the audit, unless the audit of the command has it.
        actor: Option<String>,
    },
    /// No agent runs a check any more that has a problem.
    NobodyRuns(CheckKey),
    /// A problem opened, changed or ended.
    ProblemChanged(ProblemKey),
    /// An incident was created or changed.
    IncidentChanged(IncidentKey),
    /// An incident of this page was deleted.
    IncidentDeleted {
        /// The page.
        page: PageKey,
        /// It was published, not a draft.
        published: bool,
    },
    /// All problems of an incident that a person touched have ended: a person decides what follows.
    IncidentAsks(IncidentKey),
    /// A published incident had no update for long.
    IncidentReminder(IncidentKey),
    /// A page was created, changed, archived or revived.
    PageSaved(PageKey),
    /// The same for a group.
    GroupSaved(GroupKey),
    /// The same for a component or its links.
    ComponentSaved(ComponentKey),
    /// What a page shows of a component changed.
    ComponentChanged(ComponentKey),
    /// A planned window was planned, changed, began or ended.
    MaintenanceChanged(WindowKey),
    /// A planned window begins within an hour.
    MaintenanceReminder(WindowKey),
    /// What this page shows of an announcement changed.
    AnnouncementChanged(AnnouncementKey, PageKey),
    /// So many mails bounce that nobody is removed for it.
    BouncesAreMany,
    /// A subscriber was removed since its mailbox stayed full.
    MailboxStayedFull {
        /// Its id.
        subscriber: String,
        /// On how many days it was full.
        days: usize,
    },
    /// A subscriber was removed, and its address is not written to for a while.
    SubscriberSuppressed {
        /// Its id.
        subscriber: String,
        /// Why.
        refusal: delivery::Refusal,
        /// The last answer, without the address.
        answer: Option<String>,
    },
    /// The endpoint of a subscriber failed until the last attempt, or wants no more.
    SubscriberQuarantined(SubscriberKey),
    /// The past of a component was corrected, however long ago; or data changed it that is later than a spool keeps any.
    PastCorrected(ComponentKey),
}

/// One observation as kept for the raw retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawObservation {
    /// Start of the run on the aggregator's clock.
    pub at: Timestamp,
    /// The track it belongs to.
    pub track: TrackKey,
    /// The outcome.
    pub outcome: skerry_protocol::wire::Outcome,
    /// Why.
    pub reason: skerry_protocol::wire::Reason,
    /// Total duration, µs. `None`: not measured.
    pub total_us: Option<u64>,
    /// Phases.
    pub phases: Option<skerry_protocol::wire::Phases>,
}
