//! How far something has come that follows the publications from outside: for metrics.

use skerry_domain::time::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Counters of one cache or copy.
#[derive(Debug)]
pub struct Progress {
    name: String,
    successes: AtomicU64,
    failures: AtomicU64,
    pending: AtomicU64,
    /// ms since 1970; 0: never.
    last_success: AtomicI64,
}

impl Progress {
    pub(super) fn new(name: String) -> Self {
        let (successes, failures) = Default::default();
        Self { name, successes, failures, pending: AtomicU64::new(0), last_success: AtomicI64::new(0) }
    }

    pub(super) fn succeeded(&self, now: Timestamp) {
        self.successes.fetch_add(1, Ordering::Relaxed);
        self.last_success.store(now.0, Ordering::Relaxed);
    }

    /// Something is still to be done, even if nothing could be counted.
    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.pending.fetch_max(1, Ordering::Relaxed);
    }

    pub(super) fn set_pending(&self, pending: usize) {
        self.pending.store(pending as u64, Ordering::Relaxed);
    }

    pub(super) fn one_is_done(&self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }

    /// What operators know it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How often it succeeded.
    #[must_use]
    pub fn successes(&self) -> u64 {
        self.successes.load(Ordering::Relaxed)
    }

    /// How often it failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// How much is still to be done.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// When it last succeeded.
    #[must_use]
    pub fn last_success(&self) -> Option<Timestamp> {
        Some(Timestamp(self.last_success.load(Ordering::Relaxed))).filter(|at| at.0 > 0)
    }
}
