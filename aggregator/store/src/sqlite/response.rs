//! Response times for charts: those of the last day from raw observations, those of longer windows from the histograms
//! of hours, to within 1 %.

use super::latency::{Latencies, latency_of};
use super::{Sqlite, StoreError};
use rusqlite::OptionalExtension;
use skerry_domain::response::{Measured, ResponsePoint, ResponseWindow, step_of};
use skerry_domain::state::{TrackKey, WorkspaceKey};
use skerry_domain::time::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Response times in steps, and all of them merged in a form that others can be added to.
#[derive(Clone, Debug, Default)]
pub struct ResponseSteps {
    points: Vec<ResponsePoint>,
    /// Packed; empty for no response times.
    merged: Vec<u8>,
}

impl ResponseSteps {
    /// One window of these and of `later` ones, in steps of `step` ms.
    ///
    /// # Errors
    /// [`StoreError::Unexpected`].
    pub fn followed_by(&self, later: &Self, step: i64) -> Result<ResponseWindow, StoreError> {
        let mut all = Latencies::new();
        for merged in [&self.merged, &later.merged].into_iter().filter(|merged| !merged.is_empty()) {
            all.add(merged)?;
        }
        let points = self.points.iter().chain(&later.points).copied().collect();
        Ok(ResponseWindow { step, points, all: all.percentiles() })
    }
}

impl Sqlite {
    /// Response times of some charts from raw observations in `[from, to)`, oldest first. A chart is given by its tracks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn measured(
        &self,
        charts: &[(WorkspaceKey, &[TrackKey])],
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Vec<Measured>>, StoreError> {
        let mut charts_of: HashMap<i64, Vec<usize>> = HashMap::new();
        for (chart, (workspace, tracks)) in charts.iter().enumerate() {
            for slot in tracks.iter().filter_map(|track| self.slot_of(*workspace, *track).transpose()) {
                charts_of.entry(slot?).or_default().push(chart);
            }
        }
        let mut measured: Vec<Vec<Measured>> = vec![Vec::new(); charts.len()];
        self.each_observation(from, to, |raw| {
            let Some(total_us) = latency_of(&raw) else { return };
            for chart in charts_of.get(&raw.slot).into_iter().flatten() {
                measured[*chart].push(Measured { at: raw.at, total_us });
            }
        })?;
        Ok(measured)
    }

    /// Response times in `[from, to)`, merged over some tracks, in steps of `step` ms, which are whole hours. An hour that
    /// cannot be read is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn response_steps(
        &self,
        workspace: WorkspaceKey,
        tracks: &[TrackKey],
        (from, to): (Timestamp, Timestamp),
        step: i64,
    ) -> Result<ResponseSteps, StoreError> {
        let mut steps: BTreeMap<Timestamp, Latencies> = BTreeMap::new();
        let sql = "SELECT hour_ms, latency FROM hour WHERE slot = ?1 AND hour_ms >= ?2 AND hour_ms < ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        for track in tracks {
            let Some(slot) = self.slot_of(workspace, *track)? else { continue };
            let mut rows = statement.query([slot, from.0, to.0])?;
            while let Some(row) = rows.next()? {
                let at = step_of(Timestamp(row.get(0)?), step);
                let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                if let Err(error) = steps.entry(at).or_insert_with(Latencies::new).add(bytes) {
                    tracing::debug!(slot, %at, %error, "an hour of a check cannot be read: no chart shows it");
                }
            }
        }
        let mut all = Latencies::new();
        for latencies in steps.values() {
            all.merge(latencies)?;
        }
        let point = |(at, latencies): (&Timestamp, &Latencies)| {
            Some(ResponsePoint { at: *at, of: latencies.percentiles()? })
        };
        let merged = if all.percentiles().is_some() { all.packed()? } else { Vec::new() };
        Ok(ResponseSteps { points: steps.iter().filter_map(point).collect(), merged })
    }

    fn slot_of(&self, workspace: WorkspaceKey, track: TrackKey) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT slot FROM slot WHERE workspace = ?1 AND track = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row((workspace.0, track.0), |row| row.get(0)).optional()?)
    }
}
