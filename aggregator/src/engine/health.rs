//! What the engine tells of itself to operators, as counters. Read beside it at any time.

use skerry_domain::state::AgentKey;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
use std::sync::{Mutex, PoisonError};

/// What the engine tells of itself to operators.
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
    /// Writing fails at present.
    pub unwritable: AtomicBool,
    /// Our clock at the last turn of the loop, ms.
    pub turned_at: AtomicI64,
    /// What befell the records of each agent since the start.
    pub agents: Mutex<BTreeMap<AgentKey, AgentCounts>>,
    /// The writer is gone.
    pub(super) ended: AtomicBool,
}

/// What befell the records of one agent since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentCounts {
    /// Records that never arrived: its sequence jumped.
    pub missing: u64,
    /// Records that it gave up itself.
    pub lost: u64,
    /// Checks of others that it began to report.
    pub joined: u64,
    /// Batches refused because two delivered under its name.
    pub refused_as_clone: u64,
}

impl Health {
    pub(super) fn count(&self, agent: AgentKey, change: impl FnOnce(&mut AgentCounts)) {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        change(agents.entry(agent).or_default());
    }

    /// Batches of an agent that were refused because another delivers under its name.
    pub(super) fn refused_as_clone(&self, agent: AgentKey) -> u64 {
        let agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        agents.get(&agent).map_or(0, |counts| counts.refused_as_clone)
    }
}
