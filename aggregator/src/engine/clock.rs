//! The writer's part in timekeeping: it stores the clock once a minute, sets it back together with what was stored
//! while it was ahead, and records when the aggregator was unreachable.

use super::writer::Writer;
use super::{lock, read};
use skerry_domain::state::State;
use skerry_domain::step::{Change, Command};
use skerry_domain::time::{MINUTE, SECOND, Timestamp};
use skerry_domain::workspaces::Outcome;
use std::sync::atomic::Ordering;

impl Writer {
    /// Notes that the aggregator has been unreachable since `from`.
    pub(super) fn note_away(&mut self, from: Timestamp) {
        self.away_since = Some(self.away_since.map_or(from, |since| since.min(from)));
    }

    /// Records that in the state, unless nothing can be written yet.
    pub(super) fn away(&mut self) -> Option<Outcome> {
        let from = self.away_since.filter(|_| self.failed_at.is_none())?;
        self.step_time(&Command::Away { from })
    }

    /// Stores the clock if it changed or a minute has passed. `last`: the program is stopping.
    pub(super) fn keep_clock(&mut self, last: bool) {
        let (kept, standing) = {
            let clock = lock(&self.clock);
            (clock.kept(), clock.standing())
        };
        self.workspaces.set_unsure(standing.unsure_ms);
        let due = self.kept_clock.as_ref().is_none_or(|former| {
            let drifted = (kept.at - former.at) - (kept.boot_ms - former.boot_ms);
            last || former.sure != kept.sure || drifted.abs() > SECOND || kept.at - former.at >= MINUTE
        });
        if !due || self.failed_at.is_some() {
            return;
        }
        match self.store.save_clock(&kept) {
            Ok(()) => self.kept_clock = Some(kept),
            // If this fails, the next commit fails and reports it.
            Err(error) => tracing::debug!(%error, "the clock is not stored"),
        }
    }

    /// Sets the clock back if it is known to be ahead, together with what was stored. The state is reloaded from the
    /// store, so nothing in it lies ahead.
    pub(super) fn set_back_if_due(&mut self) {
        let now = read(&self.clock);
        let Some(by) = lock(&self.clock).back_by() else { return };
        if self.failed_at.is_some() {
            return;
        }
        let right = now - by;
        let mut kept = lock(&self.clock).kept();
        (kept.at, kept.proved) = (kept.at - by, kept.proved.min(kept.at - by));
        if let Err(error) = self.store.set_back(right, by, &kept) {
            tracing::warn!(%error, "our clock cannot be set back yet");
            return;
        }
        self.workspaces.set_back(right);
        lock(&self.clock).set_back(by);
        self.away_since = self.away_since.map(|since| since.min(right));
        self.kept_clock = Some(kept);
        self.health.turned_at.store(right.0, Ordering::Relaxed);
        if !self.reload() {
            // The stored data is right and is read back before anything else is written.
            self.failed_at = Some(std::time::Instant::now());
        }
        self.publish();
        let pages_of = |(key, state): (_, &State)| {
            state.pages.keys().map(move |page| (key, Change::PageSaved(*page))).collect::<Vec<_>>()
        };
        let _ = self.changed.send(self.workspaces.iter().flat_map(pages_of).collect());
    }
}
