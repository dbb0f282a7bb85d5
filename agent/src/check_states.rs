//! The present state of every check, read by the uplink's snapshots and by the status output. One task writes
//! it; no lock is held across an await.

use crate::clock::ClockReading;
use crate::metrics::ProbeMetrics;
use skerry_protocol::wire::{Declared, Reason, State};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The present state of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckState {
    /// The hard state.
    pub state: State,
    /// Whether the check is flapping.
    pub flapping: bool,
    /// Start of the run that confirmed the state.
    pub since: ClockReading,
    /// Start of the last conclusive observation by this process.
    pub evidence: Option<ClockReading>,
    /// Reason of the last observation.
    pub reason: Reason,
    /// Expiry of the certificate seen last, ms since 1970 UTC.
    pub certificate_ends_ms: Option<i64>,
}

/// The inventory of checks, with a version that rises with every change.
#[derive(Clone, Debug)]
pub struct VersionedInventory {
    /// Rises with every change, starting at 1.
    pub version: u64,
    /// The checks.
    pub checks: Arc<[Declared]>,
}

/// A state and the version of the table that last changed it.
#[derive(Clone, Copy, Debug)]
struct Versioned {
    seen: CheckState,
    /// The version in which state, flapping or certificate expiry last changed.
    changed: u64,
}

/// The present states of all checks.
#[derive(Debug)]
pub struct CheckStates {
    seen: Mutex<BTreeMap<Arc<str>, Versioned>>,
    inventory: Mutex<VersionedInventory>,
    version: watch::Sender<u64>,
    lateness_ms: AtomicU64,
    observed: watch::Sender<bool>,
    probe_metrics: ProbeMetrics,
}

impl CheckStates {
    /// A table for these checks, none of which has a state yet.
    #[must_use]
    pub fn new(checks: Vec<Declared>) -> Self {
        Self {
            seen: Mutex::default(),
            inventory: Mutex::new(VersionedInventory { version: 1, checks: checks.into() }),
            version: watch::Sender::new(1),
            lateness_ms: AtomicU64::new(0),
            observed: watch::Sender::new(false),
            probe_metrics: ProbeMetrics::default(),
        }
    }

    /// Version of the table: rises whenever a hard state changes.
    #[must_use]
    pub fn version(&self) -> u64 {
        *self.version.borrow()
    }

    /// Notifies on every change of a hard state.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Returns the present version and every check that changed after version `known`, sorted by name. With 0
    /// it returns every check that has reported.
    #[must_use]
    pub fn read(&self, known: u64) -> (u64, Vec<(Arc<str>, CheckState)>) {
        // The version is read first, so a state that is set meanwhile is returned now and again next time.
        let version = self.version();
        let seen = lock(&self.seen);
        let changed = seen.iter().filter(|(_, versioned)| versioned.changed > known);
        (version, changed.map(|(name, versioned)| (Arc::clone(name), versioned.seen)).collect())
    }

    /// The checks this agent runs.
    #[must_use]
    pub fn inventory(&self) -> VersionedInventory {
        lock(&self.inventory).clone()
    }

    /// Greatest start delay of the last minute, ms.
    #[must_use]
    pub fn lateness_ms(&self) -> u64 {
        self.lateness_ms.load(Ordering::Relaxed)
    }

    /// Metrics of the probes.
    pub(crate) fn probe_metrics(&self) -> &ProbeMetrics {
        &self.probe_metrics
    }

    pub(crate) fn set_lateness_ms(&self, lateness_ms: u64) {
        self.lateness_ms.store(lateness_ms, Ordering::Relaxed);
    }

    /// Becomes true with the first observation of this process.
    #[must_use]
    pub fn observed(&self) -> watch::Receiver<bool> {
        self.observed.subscribe()
    }

    pub(crate) fn mark_observed(&self) {
        self.observed.send_if_modified(|observed| !std::mem::replace(observed, true));
    }

    /// Sets the present state of a check.
    pub fn set(&self, name: &Arc<str>, seen: CheckState) {
        let said = |seen: &CheckState| (seen.state, seen.flapping, seen.certificate_ends_ms);
        let next = self.version() + 1;
        let mut states = lock(&self.seen);
        let before = states.get(name).filter(|versioned| said(&versioned.seen) == said(&seen));
        let changed = before.map_or(next, |versioned| versioned.changed);
        states.insert(Arc::clone(name), Versioned { seen, changed });
        drop(states);
        if changed == next {
            self.version.send_replace(next);
        }
    }

    pub(crate) fn remove(&self, name: &str) {
        if lock(&self.seen).remove(name).is_some() {
            self.version.send_modify(|version| *version += 1);
        }
    }

    pub(crate) fn set_inventory(&self, checks: Vec<Declared>) {
        let mut inventory = lock(&self.inventory);
        *inventory = VersionedInventory { version: inventory.version + 1, checks: checks.into() };
        drop(inventory);
        self.version.send_modify(|version| *version += 1);
    }
}

/// Each critical section is one assignment, so the value is consistent even after a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
