//! What the agent holds to be true right now, for the snapshot in each batch and for whoever asks.
//! One task writes it; no lock here is ever held over a wait.

use crate::clock::Moment;
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
}

/// Every check the agent runs, numbered anew whenever they change.
#[derive(Clone, Debug)]
pub struct Declarations {
    /// Counted up at every change, from 1.
    pub version: u64,
    /// The checks.
    pub checks: Arc<[Declared]>,
}

/// The board.
#[derive(Debug)]
pub struct Board {
    seen: Mutex<BTreeMap<Arc<str>, Seen>>,
    inventory: Mutex<Declarations>,
    version: watch::Sender<u64>,
    lateness_ms: AtomicU64,
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

    /// Every check that has reported, by name, with the version they are of.
    #[must_use]
    pub fn read(&self) -> (u64, Vec<(Arc<str>, Seen)>) {
        let version = self.version();
        let seen = lock(&self.seen);
        (version, seen.iter().map(|(name, seen)| (Arc::clone(name), *seen)).collect())
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

    pub(crate) fn set_lateness_ms(&self, lateness_ms: u64) {
        self.lateness_ms.store(lateness_ms, Ordering::Relaxed);
    }

    pub(crate) fn put(&self, name: &Arc<str>, seen: Seen) {
        let before = lock(&self.seen).insert(Arc::clone(name), seen);
        let said = |seen: &Seen| (seen.state, seen.flapping);
        if before.as_ref().map(said) != Some(said(&seen)) {
            self.version.send_modify(|version| *version += 1);
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
