//! Housekeeping beside the writer: roll-ups of complete hours, charts, pruning of raw observations and old notes,
//! folding, and a check of the whole database. It reads with handles of its own, and asks the writer for writes, a few
//! at a time. Nothing is deleted while the clock is unconfirmed. Nothing here is urgent. It blocks, and is never called
//! on a thread that serves.

use crate::engine::{CommandError, Engine, Maintenance};
use skerry_domain::state::{ComponentKey, ResponseHour, State, TrackKey, WorkspaceKey};
use skerry_domain::step::{Answer, Command, KEPT};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_domain::workspaces::Workspaces;
use skerry_store::{MAX_CHART_HOURS, Reader, StoreError};
use std::path::Path;
use std::time::Instant;
use tokio::runtime::Handle;

/// Rows deleted in one transaction, which limits how long the writer is busy.
const DELETED_AT_ONCE: usize = 20_000;
/// Tracks that are folded in one transaction, each with up to a year of spans.
const FOLDED_AT_ONCE: usize = 200;
/// How long hard transitions, losses and audit rows are kept for operators, ms: thirteen months. No page reads them.
const NOTES_KEPT: i64 = 400 * DAY;

/// A chart without older data shows its last three hours in steps of five minutes, ms.
const YOUNG: i64 = 3 * HOUR;
const FINE: i64 = 5 * MINUTE;

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
    charted: Vec<Chart>,
    /// Charts that are drawn from raw observations for now, and up to when.
    young: Vec<Chart>,
    fine_to: Timestamp,
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
            charted: Vec::new(),
            young: Vec::new(),
            fine_to: Timestamp::default(),
            folded_to: Timestamp::default(),
        })
    }

    /// One turn; cheap when there is nothing to do. Blocks; `runtime` waits for the engine's answers.
    ///
    /// # Errors
    /// [`Unfinished`]; no step is left half done.
    pub fn turn(&mut self, runtime: &Handle) -> Result<(), Unfinished> {
        let now = self.engine.now();
        let mut rolled_up = false;
        // Raw observations are pruned by whole hours, so that no roll-up is recomputed from a part of one.
        let kept_from = Timestamp((now - self.raw_retention).0.div_euclid(HOUR) * HOUR);
        while let Some(rolled) = self.store.next_roll_up(now)? {
            rolled_up = true;
            self.engine.maintain(Maintenance::KeepRollUp { rolled, kept_from })??;
        }
        let charts = charted(&self.engine.snapshot().workspaces);
        if rolled_up || charts != self.charted {
            // If this turn fails, the next one draws again.
            self.charted.clear();
            self.young = self.draw(&charts, now, runtime)?;
            self.fine_to = Timestamp::default();
            self.charted = charts;
        }
        let fine_to = Timestamp(now.0.div_euclid(FINE) * FINE);
        if fine_to != self.fine_to {
            self.draw_young(fine_to, runtime)?;
            self.fine_to = fine_to;
        }
        if !self.engine.clock_standing().sure {
            // Data that only looks old would be lost for good.
            return Ok(());
        }
        let limit = DELETED_AT_ONCE;
        while self.engine.maintain(Maintenance::PruneObservations { before: kept_from, limit })?? > 0 {}
        let before = now - NOTES_KEPT;
        while self.engine.maintain(Maintenance::PruneNotes { before, limit })?? > 0 {}
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

    /// Draws charts by the hour; returns those without an hour older than [`YOUNG`].
    fn draw(&self, charts: &[Chart], now: Timestamp, runtime: &Handle) -> Result<Vec<Chart>, Unfinished> {
        let from = now - MAX_CHART_HOURS * HOUR;
        let mut young = Vec::new();
        for (component, workspace, tracks) in charts {
            let hours: Vec<ResponseHour> = self.store.response_hours(*workspace, tracks, from)?;
            if hours.first().is_none_or(|first| first.hour > now - YOUNG) {
                young.push((*component, *workspace, tracks.clone()));
                continue;
            }
            self.set(*workspace, *component, hours, runtime)?;
        }
        Ok(young)
    }

    /// Draws the last hours of young charts from raw observations.
    fn draw_young(&self, to: Timestamp, runtime: &Handle) -> Result<(), Unfinished> {
        if self.young.is_empty() {
            return Ok(());
        }
        let tracks: Vec<_> =
            self.young.iter().map(|(_, workspace, tracks)| (*workspace, tracks.as_slice())).collect();
        let drawn = self.store.response_fine(&tracks, (to - YOUNG, to), FINE)?;
        for ((component, workspace, _), points) in self.young.iter().zip(drawn) {
            self.set(*workspace, *component, points, runtime)?;
        }
        Ok(())
    }

    fn set(
        &self,
        workspace: WorkspaceKey,
        component: ComponentKey,
        hours: Vec<ResponseHour>,
        runtime: &Handle,
    ) -> Result<(), Unfinished> {
        runtime.block_on(self.engine.command((workspace, Command::SetResponse { component, hours })))?;
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

/// A component with a chart, and the tracks that feed it.
type Chart = (ComponentKey, WorkspaceKey, Vec<TrackKey>);

/// Every chart that is shown.
fn charted(workspaces: &Workspaces) -> Vec<Chart> {
    workspaces.iter().flat_map(|(workspace, state)| charted_in(workspace, state)).collect()
}

fn charted_in(workspace: WorkspaceKey, state: &State) -> impl Iterator<Item = Chart> {
    let charted = state.components.iter().filter(|(_, one)| one.settings.response_time && !one.archived);
    charted.map(move |(key, component)| {
        let open = component.links.iter().filter(|link| link.to == Timestamp::FAR);
        let tracks = open.flat_map(|link| &state.checks[&link.check].tracks).copied();
        (*key, workspace, tracks.collect())
    })
}
