//! What the agent holds to be true right now, for the snapshot in each batch and for whoever asks.
//! One task writes it; no lock here is ever held over a wait.

use crate::clock::Moment;
use crate::metrics::Measured;
use skerry_protocol::wire::{Declared, Reason, State};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What is held to be true of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The hard state.
    pub state: State,
    /// It is flapping.
    pub flapping: bool,
    /// Start of the run that confirmed it.
    pub since: Moment,
    /// Start of the last conclusive observation of this process.
    pub evidence: Option<Moment>,
    /// Reason of the last observation.
    pub reason: Reason,
    /// The end of the certificate that was seen last, ms since 1970 UTC.
    pub certificate_ends_ms: Option<i64>,
}

/// Every check the agent runs, numbered anew whenever they change.
#[derive(Clone, Debug)]
pub struct Declarations {
    /// Counted up at every change, from 1.
    pub version: u64,
    /// The checks.
    pub checks: Arc<[Declared]>,
}

/// A check's place on the board.
#[derive(Clone, Copy, Debug)]
struct Posted {
    seen: Seen,
    /// The version with which its state, its flag or its certificate last changed.
    changed: u64,
}

/// The board.
#[derive(Debug)]
pub struct Board {
    seen: Mutex<BTreeMap<Arc<str>, Posted>>,
    inventory: Mutex<Declarations>,
    version: watch::Sender<u64>,
    lateness_ms: AtomicU64,
    observed: watch::Sender<bool>,
    measured: Measured,
}

impl Board {
    /// A board for these checks, of which nothing is known.
    #[must_use]
    pub fn new(checks: Vec<Declared>) -> Self {
        Self {
            seen: Mutex::default(),
            inventory: Mutex::new(Declarations { version: 1, checks: checks.into() }),
            version: watch::Sender::new(1),
            lateness_ms: AtomicU64::new(0),
            observed: watch::Sender::new(false),
            measured: Measured::default(),
        }
    }

    /// Counts up whenever a hard state changes.
    #[must_use]
    pub fn version(&self) -> u64 {
        *self.version.borrow()
    }

    /// Wakes whenever a hard state changes.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Every check whose state or flag changed after the version `known` (0: every one that has reported), by
    /// name, with the version they are of.
    #[must_use]
    pub fn read(&self, known: u64) -> (u64, Vec<(Arc<str>, Seen)>) {
        // Read first: what is posted meanwhile is told now and once more.
        let version = self.version();
        let seen = lock(&self.seen);
        let changed = seen.iter().filter(|(_, posted)| posted.changed > known);
        (version, changed.map(|(name, posted)| (Arc::clone(name), posted.seen)).collect())
    }

    /// The checks that are run.
    #[must_use]
    pub fn inventory(&self) -> Declarations {
        lock(&self.inventory).clone()
    }

    /// Greatest lateness of a start in the last minute, ms.
    #[must_use]
    pub fn lateness_ms(&self) -> u64 {
        self.lateness_ms.load(Ordering::Relaxed)
    }

    /// What is measured of the runs.
    pub(crate) fn measured(&self) -> &Measured {
        &self.measured
    }

    pub(crate) fn set_lateness_ms(&self, lateness_ms: u64) {
        self.lateness_ms.store(lateness_ms, Ordering::Relaxed);
    }

    /// Whether this process has observed anything yet.
    #[must_use]
    pub fn observed(&self) -> watch::Receiver<bool> {
        self.observed.subscribe()
    }

    pub(crate) fn note_observation(&self) {
        self.observed.send_if_modified(|observed| !std::mem::replace(observed, true));
    }

    /// Posts what is now held to be true of a check.
    pub fn put(&self, name: &Arc<str>, seen: Seen) {
        let said = |seen: &Seen| (seen.state, seen.flapping, seen.certificate_ends_ms);
        let next = self.version() + 1;
        let mut board = lock(&self.seen);
        let before = board.get(name).filter(|posted| said(&posted.seen) == said(&seen));
        let changed = before.map_or(next, |posted| posted.changed);
        board.insert(Arc::clone(name), Posted { seen, changed });
        drop(board);
        if changed == next {
            self.version.send_replace(next);
        }
    }

    pub(crate) fn remove(&self, name: &str) {
        if lock(&self.seen).remove(name).is_some() {
            self.version.send_modify(|version| *version += 1);
        }
    }

    pub(crate) fn declare(&self, checks: Vec<Declared>) {
        let mut inventory = lock(&self.inventory);
        *inventory = Declarations { version: inventory.version + 1, checks: checks.into() };
        drop(inventory);
        self.version.send_modify(|version| *version += 1);
    }
}

/// Every critical section here is one assignment, so a panic elsewhere leaves whole values behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
