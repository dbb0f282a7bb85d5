//! The stored state as of a start: what the writer goes on from, and what is shown of a database without one.

use super::writer::load;
use super::{Engine, Snapshot};
use crate::clock::{Clock, TimeSource};
use arc_swap::ArcSwap;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_store::{Store, StoreError};
use std::sync::{Arc, Mutex};

pub(super) struct Loaded {
    pub(super) workspaces: Workspaces,
    pub(super) clock: Clock,
    /// Up to when an aggregator ran before.
    pub(super) running_until: Timestamp,
}

impl Loaded {
    pub(super) fn of(store: &Store, source: TimeSource) -> Result<Self, StoreError> {
        let mut workspaces = load(store, Timestamp(0))?;
        let kept = store.clock()?;
        let mut clock = Clock::start(source, kept.as_ref(), workspaces.clock());
        // Only the stored time of a clock that will be set back may lie ahead.
        let running_until = kept.map_or(workspaces.clock(), |kept| kept.at.max(workspaces.clock()));
        let now = clock.now();
        workspaces.become_ready(now);
        workspaces.update_all(|state| state.derive_verdicts(now));
        workspaces.set_unsure(clock.standing().unsure_ms);
        Ok(Self { workspaces, clock, running_until })
    }
}

impl Engine {
    /// The handle of an engine without a writer: it shows what is stored, and refuses every command.
    ///
    /// # Errors
    /// [`StoreError`] when the state cannot be read.
    pub fn showing(store: &Store) -> Result<Self, StoreError> {
        let Loaded { workspaces, mut clock, .. } = Loaded::of(store, TimeSource::Host)?;
        let snapshot = Snapshot { workspaces, commit: 0, at: clock.now() };
        let snapshots = Arc::new(ArcSwap::from_pointee(snapshot));
        let [(sender, _), (history, _)] = [(); 2].map(|()| crossbeam_channel::bounded(0));
        Ok(Self::of(sender, history, snapshots, Arc::default(), Arc::new(Mutex::new(clock))))
    }
}
