//! What one agent sees of one check, and since when it counts.

use super::former::Former;
use super::heartbeat::Lateness;
use super::interval::Interval;
use super::reporters::Held;
use super::shared_vec::SharedVec;
use super::state::{AgentKey, CheckKey};
use super::time::Timestamp;
use super::track::{HardState, Track};
use super::verdict::Live;
use skerry_protocol::check::silence_limit_ms;
use skerry_protocol::wire::{Outcome, Reason};
use std::borrow::Cow;

/// What one agent sees of one check.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentCheck {
    /// Who.
    pub agent: AgentKey,
    /// What.
    pub check: CheckKey,
    /// The hard states over time.
    pub track: Track,
    /// When the agent ran the check and counted for it.
    pub declared: SharedVec<Interval<()>>,
    /// Why it runs the check and does not count.
    pub held: Option<Held>,
    /// When it began to report what others reported before; what it saw earlier does not count.
    pub joined: Option<Timestamp>,
    /// The newest evidence when the agent's present spool began.
    pub settled: Option<Timestamp>,
    /// The newest observation of each outcome.
    pub outcomes: Outcomes,
    /// Interval of the check at this agent, ms.
    pub interval_ms: i64,
    /// The one before, where this process saw it change: what still waits in the agent's spool was seen by it.
    pub former_interval: Option<Former<i64>>,
    /// Hash of the definition at this agent.
    pub definition: Vec<u8>,
    /// Silent for so long that its location has left the denominator.
    pub excluded: bool,
    /// From a snapshot ahead of the track, while history drains.
    pub live: Option<Live>,
    /// Operators were told by this process that it is silent.
    pub called_silent: bool,
    /// Its last run, conclusive or not. For operators: nothing is judged by it.
    pub last_run: Option<LastRun>,
    /// The end of the certificate that it saw last.
    pub certificate_ends: Option<Timestamp>,
}

/// What the last run of a check at an agent said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// When it began.
    pub at: Timestamp,
    /// What was seen.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// Words for operators; empty where there are none.
    pub detail: String,
    /// How long it took, µs.
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
    /// Takes note of an observation.
    pub fn note(&mut self, outcome: Outcome, at: Timestamp) {
        let newest = match outcome {
            Outcome::Up => &mut self.up,
            Outcome::Degraded => &mut self.degraded,
            Outcome::Down => &mut self.down,
            Outcome::Inconclusive => return,
        };
        *newest = (*newest).max(Some(at));
    }

    /// The newest observation that stands in no run which confirms `hard`; such a run began after it.
    #[must_use]
    pub fn outside_a_run_to(&self, hard: HardState) -> Option<Timestamp> {
        match hard {
            HardState::Down => self.up.max(self.degraded),
            // Of bad ones after an up, or of those that are not down after a down.
            HardState::Degraded => self.up.zip(self.down).map(|(up, down)| up.min(down)),
            HardState::Up => self.down,
            HardState::Unknown => None,
        }
    }
}

impl AgentCheck {
    /// What an agent saw of a check that it has not reported yet.
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
            outcomes: Outcomes::default(),
            interval_ms,
            former_interval: None,
            definition: Vec::new(),
            excluded: false,
            live: None,
            called_silent: false,
            last_run: None,
            certificate_ends: None,
        }
    }

    /// Keeps what a run said, unless a later one is known.
    pub fn note_run(&mut self, run: LastRun) {
        if self.last_run.as_ref().is_none_or(|last| last.at <= run.at) {
            self.last_run = Some(run);
        }
    }

    /// Silence limit after the newest evidence: three intervals and ten seconds, ms.
    #[must_use]
    pub fn silence(&self) -> i64 {
        self.silence_after(self.said_at())
    }

    /// The same after other evidence: what was seen by a longer interval of before has that one's time.
    #[must_use]
    pub fn silence_after(&self, evidence: Option<Timestamp>) -> i64 {
        let former = self.former_interval.as_ref().filter(|one| evidence.is_some_and(|at| at < one.to));
        let interval = former.map_or(self.interval_ms, |one| one.value.max(self.interval_ms));
        silence_limit_ms(interval)
    }

    /// Does the agent say now that the check flaps?
    #[must_use]
    pub fn says_flapping(&self) -> bool {
        self.track.flapping() || self.live.is_some_and(|live| live.flapping)
    }

    /// When it could not be called, oldest end first: when nobody could, and when the check was not declared between two
    /// times that it was.
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

    /// What a call that is late changes of what is held of a heartbeat; `None`: nothing.
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

    /// Its silence was declared, and not even a snapshot speaks since.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.track.silent && self.live.is_none()
    }

    /// The agent runs the check now, whether or not it counts.
    #[must_use]
    pub fn is_run(&self) -> bool {
        self.is_declared() || self.held.is_some()
    }

    /// The agent runs the check now and counts for it.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        self.declared.last().is_some_and(|newest| newest.to == Timestamp::FAR)
    }

    /// Newest conclusive evidence; none of one that does not count. Of a heartbeat [`super::state::State::evidence`] knows
    /// more.
    #[must_use]
    pub fn evidence(&self) -> Option<Timestamp> {
        if self.held.is_some() {
            return None;
        }
        self.said_at()
    }

    /// When it last said something conclusive, whether or not that counts.
    #[must_use]
    pub fn said_at(&self) -> Option<Timestamp> {
        let last = self.track.spans.last().map(|span| span.last);
        last.max(self.live.as_ref().map(|live| live.span.last))
    }
}
