//! Housekeeping beside the writer: roll-ups of complete hours, charts, pruning of raw observations and old notes,
//! folding, and a check of the whole database. It reads with handles of its own, and asks the writer for writes, a few
//! at a time. Nothing is deleted while the clock is unconfirmed. Nothing here is urgent. It blocks, and is never called
//! on a thread that serves.

mod charts;

use crate::engine::{CommandError, Engine, Maintenance};
use charts::Charts;
use skerry_domain::notice;
use skerry_domain::state::TrackKey;
use skerry_domain::step::{Answer, Command, KEPT};
use skerry_domain::time::{DAY, HOUR, Timestamp};
use skerry_store::{Reader, StoreError};
use std::path::Path;
use std::time::Instant;
use tokio::runtime::Handle;

/// Rows deleted in one transaction, which limits how long the writer is busy.
const DELETED_AT_ONCE: usize = 20_000;
/// Tracks that are folded in one transaction, each with up to a year of spans.
const FOLDED_AT_ONCE: usize = 200;
/// How long hard transitions, losses and audit rows are kept for operators, ms: thirteen months. No page reads them.
const NOTES_KEPT: i64 = 400 * DAY;

/// Why a turn was not completed.
#[derive(Debug, thiserror::Error)]
pub enum Unfinished {
    /// The database failed; the next turn tries again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine is gone or busy.
    #[error(transparent)]
    Refused(#[from] CommandError),
}

/// Remembers what was last done.
#[derive(Debug)]
pub struct Housekeeping {
    store: Reader,
    engine: Engine,
    raw_retention: i64,
    charts: Charts,
    /// The day on which history was last folded.
    folded_to: Timestamp,
}

impl Housekeeping {
    /// Opens its own handle. `raw_retention` in ms.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn new(database: &Path, engine: Engine, raw_retention: i64) -> Result<Self, StoreError> {
        Ok(Self {
            store: Reader::open(database)?,
            engine,
            raw_retention,
            charts: Charts::default(),
            folded_to: Timestamp::default(),
        })
    }

    /// One turn; cheap when there is nothing to do. Blocks; `runtime` waits for the engine's answers.
    ///
    /// # Errors
    /// [`Unfinished`]; no step is left half done.
    pub fn turn(&mut self, runtime: &Handle) -> Result<(), Unfinished> {
        let now = self.engine.now();
        // Raw observations are pruned by whole hours, so that no roll-up is recomputed from a part of one.
        let kept_from = Timestamp((now - self.raw_retention).0.div_euclid(HOUR) * HOUR);
        while let Some(rolled) = self.store.next_roll_up(now)? {
            let hour = rolled.hour();
            self.engine.maintain(Maintenance::KeepRollUp { rolled, kept_from })??;
            self.charts.rolled_up(hour);
        }
        let snapshot = self.engine.snapshot();
        self.charts.turn(
            &self.store,
            &snapshot.workspaces,
            (now, kept_from),
            |(workspace, component), windows| {
                let draw = Command::SetResponse { component, windows };
                runtime.block_on(self.engine.command((workspace, draw)))?;
                Ok(())
            },
        )?;
        self.engine.maintain(Maintenance::EraseFromLog)??;
        if !self.engine.clock_standing().sure {
            // Data that only looks old would be lost for good.
            return Ok(());
        }
        let limit = DELETED_AT_ONCE;
        while self.engine.maintain(Maintenance::PruneObservations { before: kept_from, limit })?? > 0 {}
        let before = now - NOTES_KEPT;
        while self.engine.maintain(Maintenance::PruneNotes { before, limit })?? > 0 {}
        let before = now - notice::KEPT;
        while self.engine.maintain(Maintenance::PruneDeliveries { before, limit })?? > 0 {}
        self.fold(now, runtime)
    }

    /// Once a day: reduces the detail of history that no bar and no chart reads any more.
    fn fold(&mut self, now: Timestamp, runtime: &Handle) -> Result<(), Unfinished> {
        let today = Timestamp(now.0.div_euclid(DAY) * DAY);
        if self.folded_to == today {
            return Ok(());
        }
        let (before, limit) = (today - KEPT, FOLDED_AT_ONCE);
        for (workspace, _) in self.engine.snapshot().workspaces.iter() {
            let mut next = Some(TrackKey(0));
            while let Some(after) = next {
                let fold = (workspace, Command::Fold { before, limit, after });
                next = match runtime.block_on(self.engine.command(fold))? {
                    Answer::Folded { after, .. } => after,
                    _ => None,
                };
            }
        }
        let mut after = 0;
        loop {
            let days_before = today - NOTES_KEPT;
            after =
                self.engine.maintain(Maintenance::CompactHours { before, days_before, after, limit })??;
            if after == 0 {
                break;
            }
        }
        self.folded_to = today;
        Ok(())
    }
}

/// Checks the whole database and reports damage that a start does not notice.
pub fn inspect(database: &Path) {
    let begun = Instant::now();
    match Reader::open(database).and_then(|store| store.check_all()) {
        Ok(()) => tracing::debug!(took = ?begun.elapsed(), "the database was checked and is sound"),
        Err(error @ StoreError::Damaged { .. }) => {
            tracing::error!(%error, "the database is damaged: the pages stay, but what is damaged cannot be read or written");
        }
        Err(error) => tracing::warn!(%error, "the database could not be checked"),
    }
}
