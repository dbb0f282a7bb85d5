//! What happened in a step, for the log, the publisher and whoever is told. Rows are touched beside it (`touched.rs`).

use crate::check_verdict::ReportedBy;
use crate::clone_detection::Refusal;
use crate::reporters::Held;
use crate::state::{AgentKey, CheckKey, ComponentKey, GroupKey, PageKey, TrackKey};
use crate::time::Timestamp;
use crate::track::HardState;
use crate::verdict::Evaluation;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An agent stands elsewhere from now on: where it stood before.
    AgentMoved(AgentKey),
    /// Spools of an agent that were closed long ago are remembered no more.
    EpochsForgotten {
        /// Whose.
        agent: AgentKey,
        /// Which.
        epochs: Vec<[u8; 16]>,
    },
    /// Two speak for one agent: a batch was refused.
    CloneRefused {
        /// Whose.
        agent: AgentKey,
        /// Why.
        why: Refusal,
        /// Operators are told now; refusals soon after are counted only.
        tell: bool,
    },
    /// An agent begins a new spool and shows proof of the former.
    SpoolReplaced {
        /// Whose.
        agent: AgentKey,
        /// Everything of the former up to here is committed.
        through: u64,
    },
    /// An agent began to report checks that others report.
    Joined {
        /// Who.
        agent: AgentKey,
        /// Which.
        checks: Vec<CheckKey>,
    },
    /// An agent runs checks and does not count for them.
    NotCounted {
        /// Who.
        agent: AgentKey,
        /// Why.
        why: Held,
        /// Which.
        checks: Vec<CheckKey>,
    },
    /// An agent that did not count for checks counts now.
    CountsAgain {
        /// Who.
        agent: AgentKey,
        /// Which.
        checks: Vec<CheckKey>,
    },
    /// An agent says nothing conclusive any more of checks that it runs.
    FellSilent {
        /// Who.
        agent: AgentKey,
        /// Of which.
        checks: Vec<CheckKey>,
    },
    /// An agent that had fallen silent says something conclusive again.
    ReportsAgain {
        /// Who.
        agent: AgentKey,
        /// Of which checks.
        checks: Vec<CheckKey>,
        /// From the last evidence before the silence to now, of the check that was longest without, ms.
        silent_ms: i64,
    },
    /// An agent was silent for 24 hours: it no longer counts for these checks.
    Excluded {
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
    /// Records below the mark came again that a lost reply does not explain.
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
        from: HardState,
        /// To.
        to: HardState,
        /// Why.
        reason: skerry_protocol::wire::Reason,
        /// In the agent's words; private.
        detail: String,
    },
    /// What is held to be true of a check changed, or it is known only now what held during a stretch of the past.
    Verdict {
        /// Of which.
        check: CheckKey,
        /// What held before.
        from: Evaluation,
        /// What holds.
        to: Evaluation,
        /// Since when. `None`: nobody ever said anything.
        since: Option<Timestamp>,
        /// Where it is of the past: until when. A stretch of which one end moved is told again.
        until: Option<Timestamp>,
        /// Why; of the past no reason is kept.
        reason: skerry_protocol::wire::Reason,
        /// Who says so; of the past nobody.
        reported_by: Vec<ReportedBy>,
        /// It ended longer ago than the silence limit: no problem opens by it.
        late: bool,
    },
    /// A page was made, changed, archived or revived.
    PageSaved(PageKey),
    /// A group was.
    GroupSaved(GroupKey),
    /// A component or its links were.
    ComponentSaved(ComponentKey),
    /// What a page shows of a component is no longer what it was.
    ComponentChanged(ComponentKey),
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
