//! Counters of the engine for operators. They can be read at any time.

use skerry_domain::state::WorkspaceAgent;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
use std::sync::{Mutex, PoisonError};

/// Counters of the engine for operators.
#[derive(Debug, Default)]
pub struct Health {
    /// Commands committed.
    pub commands: AtomicU64,
    /// Raw observations committed.
    pub observations: AtomicU64,
    /// Hard transitions committed.
    pub transitions: AtomicU64,
    /// Groups committed.
    pub commits: AtomicU64,
    /// Commits that failed.
    pub failed_commits: AtomicU64,
    /// Time spent committing, µs.
    pub commit_us: AtomicU64,
    /// Whether writing currently fails.
    pub unwritable: AtomicBool,
    /// The clock at the last turn of the loop, ms.
    pub turned_at: AtomicI64,
    /// Counters of each agent since the start.
    pub agents: Mutex<BTreeMap<WorkspaceAgent, AgentCounts>>,
    /// Whether the writer has ended.
    pub(super) ended: AtomicBool,
}

/// Counters of one agent since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentCounts {
    /// Records that never arrived: its sequence jumped.
    pub missing: u64,
    /// Records that it discarded.
    pub lost: u64,
    /// Checks of others that it began to report.
    pub joined: u64,
    /// Batches refused because two delivered under its name.
    pub refused_as_clone: u64,
}

impl Health {
    pub(super) fn count(&self, agent: WorkspaceAgent, change: impl FnOnce(&mut AgentCounts)) {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        change(agents.entry(agent).or_default());
    }

    /// Batches of an agent that were refused because another delivers under its name.
    pub(super) fn refused_as_clone(&self, agent: WorkspaceAgent) -> u64 {
        let agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        agents.get(&agent).map_or(0, |counts| counts.refused_as_clone)
    }
}
