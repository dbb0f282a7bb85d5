//! Problems: private records of detected faults, with the evidence for them.

use super::incident::IncidentRules;
use super::keys::{AgentKey, CheckKey, ProblemKey};
use super::shared_vec::SharedVec;
use super::state::State;
use super::time::Timestamp;
use super::verdict::Verdict;
use skerry_protocol::wire::Reason;

pub use skerry_protocol::check::Severity;

/// What has the problem. At most one problem of each is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemSubject {
    /// A check.
    Check(CheckKey),
    /// An agent that no longer reports.
    Agent(AgentKey),
}

/// How bad a problem is, in the order of `Ord` from mild to grave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// An agent no longer reports.
    Silent,
    /// Fewer locations than the quorum say down.
    BelowQuorum,
    /// The verdict is degraded.
    Degraded,
    /// The verdict is down.
    Down,
}

impl Level {
    /// All, mild first.
    pub const ALL: [Self; 4] = [Self::Silent, Self::BelowQuorum, Self::Degraded, Self::Down];

    /// The name for operators, in JSON and in stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::BelowQuorum => "below_quorum",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Whether visitors may hear of a fault at this level.
    #[must_use]
    pub fn is_public(self) -> bool {
        self >= Self::Degraded
    }

    /// The level of a verdict; `None`: it is no fault.
    #[must_use]
    pub fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Down => Some(Self::Down),
            Verdict::Degraded => Some(Self::Degraded),
            Verdict::Up | Verdict::Unknown => None,
        }
    }

    /// The severity of a problem at this level: that of the check, one step lower while it is only degraded, `low`
    /// below the quorum.
    #[must_use]
    pub fn severity(self, of_check: Severity) -> Severity {
        match self {
            Self::Down => of_check,
            Self::Degraded => match of_check {
                Severity::Critical => Severity::High,
                Severity::High => Severity::Medium,
                Severity::Medium | Severity::Low => Severity::Low,
            },
            Self::Silent => Severity::Medium,
            Self::BelowQuorum => Severity::Low,
        }
    }
}

/// A problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// What has it.
    pub subject: ProblemSubject,
    /// When the fault began, by the evidence.
    pub began: Timestamp,
    /// When the problem was recorded.
    pub opened: Timestamp,
    /// When the fault ended, by the evidence. `None`: it lasts.
    pub ended: Option<Timestamp>,
    /// Its current level, or the last one.
    pub level: Level,
    /// Its gravest level so far.
    pub worst: Level,
    /// The highest severity so far, by the rule of [`Level::severity`].
    pub severity: Severity,
    /// The severity that an operator chose.
    pub severity_override: Option<Severity>,
    /// An operator keeps it private: it leads to no incident.
    pub private: bool,
    /// It was recorded from history after it had ended: it leads to no incident.
    pub late: bool,
    /// It ended because nothing runs the check any more.
    pub withdrawn: bool,
    /// How often the verdict changed while the check flapped.
    pub flaps: u64,
    /// When an operator acknowledged it.
    pub acknowledged: Option<Acknowledged>,
    /// The evidence and the actions of operators, in order.
    pub events: SharedVec<ProblemEvent>,
}

impl Problem {
    /// The severity that counts.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity_override.unwrap_or(self.severity)
    }

    /// Whether its incident would be published without approval if an operator chose this severity (`None`: that of the
    /// rule), which it is not at the present one.
    #[must_use]
    pub fn would_publish(&self, rules: &IncidentRules, chosen: Option<Severity>) -> bool {
        let publishes = |severity| rules.publish_from.is_some_and(|least| severity >= least);
        self.is_open() && publishes(chosen.unwrap_or(self.severity)) && !publishes(self.severity())
    }

    /// Whether it lasts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// The newest known reason.
    #[must_use]
    pub fn reason(&self) -> Reason {
        let reasons = self.events.iter().rev().map(|event| event.reason);
        reasons.into_iter().find(|reason| *reason != Reason::None).unwrap_or(Reason::None)
    }
}

/// The acknowledgement of a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// When.
    pub at: Timestamp,
    /// The operator, as in the audit.
    pub by: String,
}

/// One entry in the history of a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemEvent {
    /// Its place in the problem's history, from 1.
    pub number: i64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub kind: ProblemEventKind,
    /// The level from here on.
    pub level: Level,
    /// The reason that the agents give.
    pub reason: Reason,
    /// The agents that agree, each as `name (location)`.
    pub reporters: Vec<String>,
    /// An operator's note.
    pub note: Option<String>,
    /// The operator, as in the audit.
    pub by: Option<String>,
}

/// What happened to a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemEventKind {
    /// It was recorded.
    Opened,
    /// It became graver.
    Grew,
    /// It became milder.
    Eased,
    /// It ended.
    Ended,
    /// An operator acknowledged it.
    Acknowledged,
    /// An operator added a note.
    Note,
    /// An operator changed its severity.
    Severity,
    /// An operator made it private.
    Private,
    /// An operator allowed incidents for it again.
    Public,
}

impl ProblemEventKind {
    /// All.
    pub const ALL: [Self; 9] = [
        Self::Opened,
        Self::Grew,
        Self::Eased,
        Self::Ended,
        Self::Acknowledged,
        Self::Note,
        Self::Severity,
        Self::Private,
        Self::Public,
    ];

    /// The name for operators, in JSON and in stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Grew => "grew",
            Self::Eased => "eased",
            Self::Ended => "ended",
            Self::Acknowledged => "acknowledged",
            Self::Note => "note",
            Self::Severity => "severity",
            Self::Private => "private",
            Self::Public => "public",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl State {
    /// The open problem of a subject.
    #[must_use]
    pub fn open_problem(&self, subject: ProblemSubject) -> Option<ProblemKey> {
        self.open_problems.get(&subject).copied()
    }

    /// The problem with this id.
    #[must_use]
    pub fn problem_with_id(&self, id: &str) -> Option<ProblemKey> {
        self.problems.iter().rev().find(|(_, problem)| problem.id == id).map(|(key, _)| *key)
    }

    /// The severity of a check: the highest that an agent that runs it declares.
    #[must_use]
    pub fn severity_of(&self, check: CheckKey) -> Severity {
        let tracks = self.checks.get(&check).into_iter().flat_map(|check| &check.tracks);
        let run = tracks.filter_map(|track| self.tracks.get(track)).filter(|one| one.is_run());
        run.map(|one| one.severity).max().unwrap_or(Severity::High)
    }
}
