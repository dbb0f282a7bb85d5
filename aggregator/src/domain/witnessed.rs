//! One agent's view of one check, with what is known of how it looks.

use super::former::Former;
use super::interval::Interval;
use super::state::{AgentKey, CheckKey};
use super::time::Timestamp;
use super::track::Track;
use super::verdict::Live;

/// What one agent sees of one check.
#[derive(Clone, Debug, PartialEq)]
pub struct Witnessed {
    /// Who.
    pub agent: AgentKey,
    /// What.
    pub check: CheckKey,
    /// The hard states over time.
    pub track: Track,
    /// When the agent declared the check.
    pub declared: Vec<Interval<()>>,
    /// Interval of the check at this agent, ms.
    pub interval_ms: i64,
    /// The one before, where this process saw it change: what still waits in the agent's spool was seen by it.
    pub former_interval: Option<Former<i64>>,
    /// Hash of the definition at this agent.
    pub definition: Vec<u8>,
    /// Silent for so long that its location has left the denominator.
    pub left: bool,
    /// From a snapshot ahead of the track, while history drains.
    pub live: Option<Live>,
    /// Operators were told by this process that it is silent.
    pub called_silent: bool,
}

impl Witnessed {
    /// Silence limit after the newest evidence: three intervals and ten seconds, ms.
    #[must_use]
    pub fn silence(&self) -> i64 {
        self.silence_after(self.evidence())
    }

    /// The same after other evidence: what was seen by a longer interval of before has that one's time.
    #[must_use]
    pub fn silence_after(&self, evidence: Option<Timestamp>) -> i64 {
        let former = self.former_interval.as_ref().filter(|one| evidence.is_some_and(|at| at < one.to));
        let interval = former.map_or(self.interval_ms, |one| one.value.max(self.interval_ms));
        interval.saturating_mul(3).saturating_add(10_000)
    }

    /// Does the agent say now that the check flaps?
    #[must_use]
    pub fn says_flapping(&self) -> bool {
        self.track.flapping() || self.live.is_some_and(|live| live.flapping)
    }

    /// Its silence was declared, and not even a snapshot speaks since.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.track.silent && self.live.is_none()
    }

    /// The agent runs the check now.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        self.declared.last().is_some_and(|newest| newest.to == Timestamp::FAR)
    }

    /// Newest conclusive evidence.
    #[must_use]
    pub fn evidence(&self) -> Option<Timestamp> {
        let last = self.track.spans.last().map(|span| span.last);
        last.max(self.live.as_ref().map(|live| live.span.last))
    }
}
