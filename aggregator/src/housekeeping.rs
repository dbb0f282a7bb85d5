//! What is done beside the writer: roll-ups of ended hours, charts, the end of raw observations and of old
//! notes, a look through the whole database. Reads by handles of its own; what it writes it asks the writer to, a
//! little at a time. Nothing is deleted on the word of a clock that nothing confirms. Nothing here is in a hurry. It blocks, and is never called on a thread that serves.

use crate::engine::{CommandError, Engine, Maintenance};
use skerry_domain::state::{ComponentKey, ResponseHour, State, TrackKey, WorkspaceKey};
use skerry_domain::step::{Answer, Command, KEPT};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_store::{MAX_CHART_HOURS, Reader, StoreError};
use std::path::Path;
use std::time::Instant;
use tokio::runtime::Handle;

/// Rows deleted in one transaction: the writer waits no longer than that takes.
const DELETED_AT_ONCE: usize = 20_000;
/// Tracks that are folded in one transaction, a year of spans of each at most.
const FOLDED_AT_ONCE: usize = 200;
/// Hard transitions and losses are told to operators for so long, ms: thirteen months. No page reads them.
const NOTES_KEPT: i64 = 400 * DAY;

/// A chart that has nothing older shows its last three hours in stretches of five minutes, ms.
const YOUNG: i64 = 3 * HOUR;
const FINE: i64 = 5 * MINUTE;

/// Why a turn did not end.
#[derive(Debug, thiserror::Error)]
pub enum Unfinished {
    /// The database said no; the next turn tries again.
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
    /// Charts that are drawn from raw observations so far, and up to when.
    young: Vec<Chart>,
    fine_to: Timestamp,
    /// What was older than a bar on this day is folded.
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
    /// [`Unfinished`]; nothing is half done.
    pub fn turn(&mut self, runtime: &Handle) -> Result<(), Unfinished> {
        let now = self.engine.now();
        let mut rolled_up = false;
        // Raw observations end with a whole hour, so that no roll-up is made again of half of one.
        let kept_from = Timestamp((now - self.raw_retention).0.div_euclid(HOUR) * HOUR);
        while let Some(rolled) = self.store.next_roll_up(now)? {
            rolled_up = true;
            self.engine.maintain(Maintenance::KeepRollUp { rolled, kept_from })??;
        }
        let charts = charted(&self.engine.snapshot().state);
        if rolled_up || charts != self.charted {
            // Drawn again at the next turn, should this one break off.
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
            // What is not as old as it looks would be gone for good.
            return Ok(());
        }
        let limit = DELETED_AT_ONCE;
        while self.engine.maintain(Maintenance::PruneObservations { before: kept_from, limit })?? > 0 {}
        let before = now - NOTES_KEPT;
        while self.engine.maintain(Maintenance::PruneNotes { before, limit })?? > 0 {}
        self.fold(now, runtime)
    }

    /// Once a day: what no bar and no chart reads any more is kept in less detail.
    fn fold(&mut self, now: Timestamp, runtime: &Handle) -> Result<(), Unfinished> {
        let today = Timestamp(now.0.div_euclid(DAY) * DAY);
        if self.folded_to == today {
            return Ok(());
        }
        let (before, limit) = (today - KEPT, FOLDED_AT_ONCE);
        while runtime.block_on(self.engine.command(Command::Fold { before, limit }))? != Answer::Folded(0) {}
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

    /// By the hour; returns the charts that have no hour older than what is drawn finer.
    fn draw(&self, charts: &[Chart], now: Timestamp, runtime: &Handle) -> Result<Vec<Chart>, Unfinished> {
        let from = now - MAX_CHART_HOURS * HOUR;
        let mut young = Vec::new();
        for (component, workspace, tracks) in charts {
            let hours: Vec<ResponseHour> = self.store.response_hours(*workspace, tracks, from)?;
            if hours.first().is_none_or(|first| first.hour > now - YOUNG) {
                young.push((*component, *workspace, tracks.clone()));
                continue;
            }
            self.set(*component, hours, runtime)?;
        }
        Ok(young)
    }

    /// What is over of the last hours, from the raw observations.
    fn draw_young(&self, to: Timestamp, runtime: &Handle) -> Result<(), Unfinished> {
        if self.young.is_empty() {
            return Ok(());
        }
        let tracks: Vec<_> =
            self.young.iter().map(|(_, workspace, tracks)| (*workspace, tracks.as_slice())).collect();
        let drawn = self.store.response_fine(&tracks, (to - YOUNG, to), FINE)?;
        for ((component, ..), points) in self.young.iter().zip(drawn) {
            self.set(*component, points, runtime)?;
        }
        Ok(())
    }

    fn set(
        &self,
        component: ComponentKey,
        hours: Vec<ResponseHour>,
        runtime: &Handle,
    ) -> Result<(), Unfinished> {
        runtime.block_on(self.engine.command(Command::SetResponse { component, hours }))?;
        Ok(())
    }
}

/// Reads the whole database and tells operators when it is damaged where a start does not look.
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

/// A component with a chart, and who measures what feeds it.
type Chart = (ComponentKey, WorkspaceKey, Vec<TrackKey>);

/// Every chart that is shown.
fn charted(state: &State) -> Vec<Chart> {
    let charted = state.components.iter().filter(|(_, one)| one.settings.response_time && !one.archived);
    charted
        .map(|(key, component)| {
            let open = component.links.iter().filter(|link| link.to == Timestamp::FAR);
            let tracks = open.flat_map(|link| &state.checks[&link.check].tracks).copied();
            (*key, state.pages[&component.page].workspace, tracks.collect())
        })
        .collect()
}
