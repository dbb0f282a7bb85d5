//! A check as one agent observes it, and since when the agent counts for it.

use super::former::Former;
use super::heartbeat::Lateness;
use super::interval::Interval;
use super::labels::Labels;
use super::problem::Severity;
use super::reporters::Held;
use super::shared_vec::SharedVec;
use super::state::{AgentKey, CheckKey};
use super::time::Timestamp;
use super::track::{HardState, Track};
use super::verdict::Live;
use skerry_protocol::check::silence_limit_ms;
use skerry_protocol::wire::{Outcome, Reason};
use std::borrow::Cow;

/// A check as one agent observes it.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentCheck {
    /// The agent.
    pub agent: AgentKey,
    /// The check.
    pub check: CheckKey,
    /// Its hard states over time.
    pub track: Track,
    /// When the agent ran the check and counted for it.
    pub declared: SharedVec<Interval<()>>,
    /// Why the agent runs the check without counting for it.
    pub held: Option<Held>,
    /// When the agent began to report a check that others already reported; its earlier observations do not count.
    pub joined: Option<Timestamp>,
    /// The newest evidence at the time the agent's current spool began.
    pub settled: Option<Timestamp>,
    /// Since when its state is what its newest hard transition said: no later transition begins before.
    pub transition: Option<Timestamp>,
    /// The newest observation of each outcome.
    pub outcomes: Outcomes,
    /// Interval of the check at this agent, ms.
    pub interval_ms: i64,
    /// The previous interval, if this process saw it change: records still in the agent's spool were made with it.
    pub former_interval: Option<Former<i64>>,
    /// Hash of the definition at this agent.
    pub definition: Vec<u8>,
    /// The severity of its problems, as the agent declares it.
    pub severity: Severity,
    /// The names of the checks that it depends on, as the agent declares them.
    pub depends_on: Vec<String>,
    /// Its labels, as the agent declares them.
    pub labels: Labels,
    /// Whether it was silent for so long that it is excluded from the denominator.
    pub excluded: bool,
    /// The state from a snapshot that is ahead of the track, while history drains.
    pub live: Option<Live>,
    /// Whether this process has reported the silence to operators.
    pub called_silent: bool,
    /// Its last run, conclusive or not. For operators only: no verdict depends on it.
    pub last_run: Option<LastRun>,
    /// The expiry of the last certificate that the agent saw.
    pub certificate_ends: Option<Timestamp>,
}

/// The last run of a check at an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// When it began.
    pub at: Timestamp,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason.
    pub reason: Reason,
    /// Text for operators; may be empty.
    pub detail: String,
    /// Duration, µs.
    pub total_us: Option<u64>,
}

/// When each conclusive outcome was last observed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Up.
    pub up: Option<Timestamp>,
    /// Degraded.
    pub degraded: Option<Timestamp>,
    /// Down.
    pub down: Option<Timestamp>,
}

impl Outcomes {
    /// Records an observation.
    pub fn note(&mut self, outcome: Outcome, at: Timestamp) {
        let newest = match outcome {
            Outcome::Up => &mut self.up,
            Outcome::Degraded => &mut self.degraded,
            Outcome::Down => &mut self.down,
            Outcome::Inconclusive => return,
        };
        *newest = (*newest).max(Some(at));
    }

    /// The newest observation that cannot be part of a run confirming `hard`; such a run began after it.
    #[must_use]
    pub fn outside_a_run_to(&self, hard: HardState) -> Option<Timestamp> {
        match hard {
            HardState::Down => self.up.max(self.degraded),
            // Bad outcomes after an up, or outcomes other than down after a down.
            HardState::Degraded => self.up.zip(self.down).map(|(up, down)| up.min(down)),
            HardState::Up => self.down,
            HardState::Unknown => None,
        }
    }
}

impl AgentCheck {
    /// The entry for a check that the agent has not reported yet.
    #[must_use]
    pub fn new(agent: AgentKey, check: CheckKey, interval_ms: i64) -> Self {
        Self {
            agent,
            check,
            track: Track::default(),
            declared: SharedVec::default(),
            held: None,
            joined: None,
            settled: None,
            transition: None,
            outcomes: Outcomes::default(),
            interval_ms,
            former_interval: None,
            definition: Vec::new(),
            severity: Severity::High,
            depends_on: Vec::new(),
            labels: Labels::new(),
            excluded: false,
            live: None,
            called_silent: false,
            last_run: None,
            certificate_ends: None,
        }
    }

    /// Keeps a run, unless a later one is known.
    pub fn note_run(&mut self, run: LastRun) {
        if self.last_run.as_ref().is_none_or(|last| last.at <= run.at) {
            self.last_run = Some(run);
        }
    }

    /// The silence limit after the newest evidence: three intervals and ten seconds, ms.
    #[must_use]
    pub fn silence(&self) -> i64 {
        self.silence_after(self.said_at())
    }

    /// The silence limit after older evidence: evidence made with a longer, former interval gets the limit of that
    /// interval.
    #[must_use]
    pub fn silence_after(&self, evidence: Option<Timestamp>) -> i64 {
        let former = self.former_interval.as_ref().filter(|one| evidence.is_some_and(|at| at < one.to));
        let interval = former.map_or(self.interval_ms, |one| one.value.max(self.interval_ms));
        silence_limit_ms(interval)
    }

    /// Whether the agent currently reports that the check flaps.
    #[must_use]
    pub fn says_flapping(&self) -> bool {
        self.track.flapping() || self.live.is_some_and(|live| live.flapping)
    }

    /// When the heartbeat could not be pinged, ordered by end: while the aggregator was unreachable, and while the
    /// check was not declared between two declarations.
    pub(super) fn blind<'a>(&self, blind: &'a [Interval<()>]) -> Cow<'a, [Interval<()>]> {
        let gaps =
            self.declared.windows(2).map(|two| Interval { from: two[0].to, to: two[1].from, value: () });
        let mut all: Vec<_> = gaps.filter(|gap| gap.from < gap.to).collect();
        if all.is_empty() {
            return Cow::Borrowed(blind);
        }
        all.extend(blind);
        all.sort_by_key(|one| (one.to, one.from));
        Cow::Owned(all)
    }

    /// What a late ping changes in the state of a heartbeat; `None`: nothing.
    pub(super) fn late(&self, lateness: Lateness) -> Option<Lateness> {
        let known = !self.track.silent;
        if known && self.track.state() == HardState::Down {
            return None;
        }
        match lateness {
            Lateness::InTime => None,
            Lateness::NobodyKnows(_) => Some(lateness).filter(|_| known),
            Lateness::Missed { due, blind_from } => {
                Some(Lateness::Missed { due, blind_from: blind_from.filter(|_| known) })
            }
        }
    }

    /// Whether the state of a snapshot is ahead of the track; it then counts instead of the newest span.
    #[must_use]
    pub fn is_behind_snapshot(&self) -> bool {
        self.live.is_some_and(|live| self.track.last().is_none_or(|last| last <= live.span.last))
    }

    /// Whether silence was declared and no snapshot has arrived since.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.track.silent && self.live.is_none()
    }

    /// Whether the agent currently runs the check, counting or not.
    #[must_use]
    pub fn is_run(&self) -> bool {
        self.is_declared() || self.held.is_some()
    }

    /// Whether the agent currently runs the check and counts for it.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        self.declared.last().is_some_and(|newest| newest.to == Timestamp::FAR)
    }

    /// The newest conclusive evidence; `None` if the agent does not count. For a heartbeat use
    /// [`super::state::State::evidence`].
    #[must_use]
    pub fn evidence(&self) -> Option<Timestamp> {
        if self.held.is_some() {
            return None;
        }
        self.said_at()
    }

    /// When the agent last reported something conclusive, counting or not.
    #[must_use]
    pub fn said_at(&self) -> Option<Timestamp> {
        let last = self.track.spans.last().map(|span| span.last);
        last.max(self.live.as_ref().map(|live| live.span.last))
    }
}
