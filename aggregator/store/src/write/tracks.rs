//! What one agent saw of one check: its head, when it counted, its spans, when it flapped.

use super::Group;
use crate::StoreError;
use skerry_domain::reporters::Held;
use skerry_domain::state::TrackKey;
use skerry_domain::time::Timestamp;

impl Group<'_> {
    pub(super) fn track(&self, key: TrackKey) -> Result<(), StoreError> {
        let witnessed = &self.state.tracks[&key];
        let workspace = self.state.agents[&witnessed.agent].workspace.0;
        let open = witnessed.track.spans.last();
        let sql =
            "INSERT INTO track (key, workspace, agent, \"check\", interval_ms, definition, silent, gone,
                 state, from_ms, last_ms, held, joined_ms, settled_ms, up_ms, degraded_ms, down_ms,
                 run_ms, run_outcome, run_reason, run_detail, run_us, certificate_end)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                 ?22, ?23)
             ON CONFLICT (key) DO UPDATE SET interval_ms = excluded.interval_ms,
                 definition = excluded.definition, silent = excluded.silent, gone = excluded.gone,
                 state = excluded.state, from_ms = excluded.from_ms, last_ms = excluded.last_ms,
                 held = excluded.held, joined_ms = excluded.joined_ms, settled_ms = excluded.settled_ms,
                 up_ms = excluded.up_ms, degraded_ms = excluded.degraded_ms, down_ms = excluded.down_ms,
                 run_ms = excluded.run_ms, run_outcome = excluded.run_outcome, run_reason = excluded.run_reason,
                 run_detail = excluded.run_detail, run_us = excluded.run_us,
                 certificate_end = excluded.certificate_end";
        let outcomes = witnessed.outcomes;
        let run = witnessed.last_run.as_ref();
        let head = rusqlite::params![
            key.0,
            workspace,
            witnessed.agent.0,
            witnessed.check.0,
            witnessed.interval_ms,
            &witnessed.definition,
            witnessed.track.silent,
            witnessed.left,
            open.map(|span| span.state.name()),
            open.map(|span| span.from.0),
            open.map(|span| span.last.0),
            witnessed.held.map(Held::name),
            witnessed.joined.map(|at| at.0),
            witnessed.settled.map(|at| at.0),
            outcomes.up.map(|at| at.0),
            outcomes.degraded.map(|at| at.0),
            outcomes.down.map(|at| at.0),
            run.map(|run| run.at.0),
            run.map(|run| run.outcome as i32),
            run.map(|run| run.reason as i32),
            run.map(|run| &run.detail).filter(|detail| !detail.is_empty()),
            run.and_then(|run| run.total_us).map(|us| i64::try_from(us).unwrap_or(i64::MAX)),
            witnessed.certificate_ends.map(|at| at.0),
        ];
        self.run(sql, head)
    }

    /// The newest two stretches; those before them stand.
    pub(super) fn declared(&self, key: TrackKey) -> Result<(), StoreError> {
        let witnessed = &self.state.tracks[&key];
        let workspace = self.state.agents[&witnessed.agent].workspace.0;
        let declared = &witnessed.declared;
        let newest = &declared[declared.len().saturating_sub(2)..];
        let stand = declared.len() - newest.len();
        let after = declared[..stand].last().map_or(i64::MIN, |ended| ended.to.0);
        self.run("DELETE FROM declared WHERE track = ?1 AND from_ms >= ?2", (key.0, after))?;
        for interval in newest {
            let sql = "INSERT INTO declared (workspace, track, from_ms, to_ms) VALUES (?1, ?2, ?3, ?4)";
            self.run(sql, (workspace, key.0, interval.from.0, interval.to.0))?;
        }
        Ok(())
    }

    /// Closed spans that lie before the newest one, from the one that holds `from` on.
    pub(super) fn spans(&self, key: TrackKey, from: Timestamp) -> Result<(), StoreError> {
        let witnessed = &self.state.tracks[&key];
        let workspace = self.state.agents[&witnessed.agent].workspace.0;
        let spans = &witnessed.track.spans;
        let first = spans.partition_point(|span| span.last < from).saturating_sub(1);
        let base = spans.get(first).map_or(from, |span| span.from.min(from));
        self.run("DELETE FROM span WHERE track = ?1 AND from_ms >= ?2", (key.0, base.0))?;
        for span in spans.closed().iter().skip(first) {
            let sql = "INSERT INTO span (workspace, track, from_ms, last_ms, state)
                 VALUES (?1, ?2, ?3, ?4, ?5)";
            self.run(sql, (workspace, key.0, span.from.0, span.last.0, span.state.name()))?;
        }
        Ok(())
    }

    /// When the check flapped, from the stretch that ends at `from` or later on.
    pub(super) fn flaps(&self, key: TrackKey, from: Timestamp) -> Result<(), StoreError> {
        let witnessed = &self.state.tracks[&key];
        let workspace = self.state.agents[&witnessed.agent].workspace.0;
        let flaps = &witnessed.track.flaps;
        let newest = &flaps[flaps.partition_point(|flap| flap.to < from)..];
        let base = newest.first().map_or(from, |flap| flap.from.min(from));
        self.run("DELETE FROM flap WHERE track = ?1 AND from_ms >= ?2", (key.0, base.0))?;
        for flap in newest {
            let sql = "INSERT INTO flap (workspace, track, from_ms, to_ms) VALUES (?1, ?2, ?3, ?4)";
            self.run(sql, (workspace, key.0, flap.from.0, flap.to.0))?;
        }
        Ok(())
    }
}
