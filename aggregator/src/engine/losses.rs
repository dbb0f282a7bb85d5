//! Counts losses that agents report: at most one log line per minute, agent and kind.

use skerry_domain::state::WorkspaceAgent;
use skerry_host::log_limit::LogLimit;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The kind of loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// The agent discarded observations.
    Lost,
    /// Records never arrived.
    Missing,
    /// Records were acknowledged and are missing.
    Forgotten,
    /// The spool is an old copy.
    OldCopy,
}

/// The losses of all agents.
#[derive(Debug, Default)]
pub(super) struct Losses(Mutex<HashMap<(WorkspaceAgent, Kind), LogLimit>>);

impl Losses {
    /// Counts `count` further observations of an agent. If a log line is due, returns the records and observations
    /// since the last one.
    pub(super) fn count(
        &self,
        agent: WorkspaceAgent,
        kind: Kind,
        count: u64,
        now: Instant,
    ) -> Option<(u64, u64)> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.entry((agent, kind)).or_default().count(count, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::state::{AgentKey, WorkspaceKey};
    use std::time::Duration;

    #[test]
    fn a_flood_of_losses_is_one_line_a_minute_of_each_agent() {
        let (losses, begun) = (Losses::default(), Instant::now());
        let count = |agent, n| {
            losses.count(
                (WorkspaceKey(1), AgentKey(agent)),
                Kind::Lost,
                2,
                begun + Duration::from_millis(10) * n,
            )
        };
        let said: Vec<_> = (0..12_001).filter_map(|n| count(1, n)).collect();
        assert_eq!(said, [(1, 2), (6_000, 12_000), (6_000, 12_000)]);
        assert_eq!(count(2, 12_001), Some((1, 2)), "another agent's is told at once");
    }
}
