//! The whole state, as it was when the last transaction was committed.

use super::tokens::BESIDE;
use super::{Standing, Store, StoreError, rows};
use rusqlite::Row;
use skerry_domain::check_verdict::CheckVerdict;
use skerry_domain::former::Former;
use skerry_domain::heartbeat::{Expected, Heartbeat, Started};
use skerry_domain::interval::Interval;
use skerry_domain::layers::Layers;
use skerry_domain::shared_vec::SharedVec;
use skerry_domain::state::{
    Agent, AgentKey, Check, CheckKey, Component, ComponentKey, Counters, Epoch, Group, GroupKey, LastRun,
    Link, Outcomes, Page, PageItem, PageKey, State, Told, TrackKey, Witnessed, Workspace, WorkspaceKey,
};
use skerry_domain::time::Timestamp;
use skerry_domain::track::{Span, Track};
use skerry_domain::voices::Voices;
use skerry_protocol::wire::{Outcome, Reason};

impl Store {
    /// Reads the state. `ready_at` is the moment silence is counted from at the earliest.
    ///
    /// # Errors
    /// [`StoreError`]; a value that no version writes is named.
    pub fn load(&self, ready_at: Timestamp) -> Result<State, StoreError> {
        let mut state = State { ready_at, ..State::default() };
        let mut load = Load { store: self, state: &mut state };
        load.tenants()?;
        load.checks()?;
        load.tracks()?;
        load.heartbeats()?;
        load.blind()?;
        load.pages()?;
        load.components()?;
        load.layers()?;
        state.counters = self.counters()?;
        // The first tick works each verdict out: what only a snapshot said is not stored.
        for check in state.checks.keys() {
            state.verdicts.insert(*check, CheckVerdict::default());
        }
        state.derive_schedule();
        Ok(state)
    }

    /// Rows of agents and workspaces that the command line made beside the engine do not count.
    pub(super) fn counters(&self) -> Result<Counters, StoreError> {
        let sql = "SELECT (SELECT max(key) FROM workspace WHERE key < ?1), (SELECT max(key) FROM agent WHERE key < ?1),
             (SELECT max(key) FROM \"check\"), (SELECT max(key) FROM track), (SELECT max(key) FROM page),
             (SELECT max(key) FROM page_group), (SELECT max(key) FROM component)";
        Ok(self.connection.query_row(sql, [BESIDE], |row| {
            let greatest = |column| row.get::<_, Option<i64>>(column).map(Option::unwrap_or_default);
            Ok(Counters {
                workspaces: greatest(0)?,
                agents: greatest(1)?,
                checks: greatest(2)?,
                tracks: greatest(3)?,
                pages: greatest(4)?,
                groups: greatest(5)?,
                components: greatest(6)?,
            })
        })?)
    }

    fn each(
        &self,
        sql: &str,
        mut row: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(sql)?;
        let mut found = statement.query([])?;
        while let Some(next) = found.next()? {
            row(next)?;
        }
        Ok(())
    }
}

struct Load<'a> {
    store: &'a Store,
    state: &'a mut State,
}

impl Load<'_> {
    fn tenants(&mut self) -> Result<(), StoreError> {
        let Self { store, state } = self;
        store.each("SELECT key, name, ask_reporters FROM workspace", |row| {
            let workspace = Workspace { name: row.get(1)?, asks: row.get(2)? };
            state.workspaces.insert(WorkspaceKey(row.get(0)?), workspace);
            Ok(())
        })?;
        for known in store.agents()? {
            let agent = Agent::new(known.workspace, &known.name, &known.location);
            let removed = known.standing == Standing::Removed;
            state.agents.insert(known.agent, Agent { permit: known.permit, removed, ..agent });
        }
        store.each("SELECT agent, to_ms, location FROM former_location ORDER BY agent, to_ms", |row| {
            let Some(agent) = state.agents.get_mut(&AgentKey(row.get(0)?)) else { return Ok(()) };
            agent.former_locations.push(Former { to: Timestamp(row.get(1)?), value: row.get(2)? });
            Ok(())
        })?;
        store.each("SELECT agent, epoch, through, offset_ms, seen_ms, version, depth, oldest_ms, lost, set_aside, lateness_ms,
             own_network_gone, last_record FROM agent_epoch ORDER BY seen_ms", |row| {
            let Some(agent) = state.agents.get_mut(&AgentKey(row.get(0)?)) else { return Ok(()) };
            let epoch = Epoch {
                through: row.get::<_, i64>(2)?.unsigned_abs(),
                offset: row.get(3)?,
                seen: Timestamp(row.get(4)?),
                last_record: row.get::<_, i64>(12)?.cast_unsigned(),
            };
            agent.epochs.insert(row.get(1)?, epoch);
            agent.voices = Voices::of_spool(row.get(1)?, epoch.seen);
            agent.last_seen = Some(Timestamp(row.get(4)?));
            agent.skew = row.get::<_, i64>(3)?.max(-i64::MAX);
            agent.own_network_gone = row.get(11)?;
            let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
            agent.told = Told {
                version: row.get(5)?,
                depth: number(6)?,
                oldest_ms: number(7)?,
                lost: number(8)?,
                set_aside: number(9)?,
                lateness_ms: number(10)?,
            };
            Ok(())
        })
    }

    fn checks(&mut self) -> Result<(), StoreError> {
        let Self { store, state } = self;
        let sql = "SELECT key, workspace, name, quorum, definition, file_definition,
                 (SELECT definition FROM check_definition AS chosen WHERE chosen.workspace = \"check\".workspace
                     AND chosen.check_name = \"check\".name)
             FROM \"check\"";
        store.each(sql, |row| {
            let (key, workspace) = (CheckKey(row.get(0)?), WorkspaceKey(row.get(1)?));
            let name: String = row.get(2)?;
            let quorum = rows::quorum(&row.get::<_, String>(3)?)?;
            state.check_names.insert((workspace, name.clone()), key);
            let check = Check {
                quorum,
                definition: row.get(4)?,
                file_definition: row.get(5)?,
                chosen_definition: row.get(6)?,
                ..Check::new(workspace, &name)
            };
            state.checks.insert(key, check);
            Ok(())
        })?;
        store.each("SELECT \"check\", to_ms, quorum FROM former_quorum ORDER BY \"check\", to_ms", |row| {
            let Some(check) = state.checks.get_mut(&CheckKey(row.get(0)?)) else { return Ok(()) };
            let value = rows::quorum(&row.get::<_, String>(2)?)?;
            check.former_quorums.push(Former { to: Timestamp(row.get(1)?), value });
            Ok(())
        })
    }

    fn heartbeats(&mut self) -> Result<(), StoreError> {
        let Self { store, state } = self;
        let sql = "SELECT \"check\", track, period_ms, grace_ms, heard_ms, started_ms, started_run,
                 expected_since_ms, schedule, time_zone FROM heartbeat";
        store.each(sql, |row| {
            let schedule = match (row.get::<_, Option<String>>(8)?, row.get::<_, Option<String>>(9)?) {
                (Some(schedule), Some(zone)) => Some(rows::schedule(&schedule, &zone)?),
                _ => None,
            };
            let expected = Expected { period: row.get(2)?, schedule, grace: row.get(3)? };
            let heard = row.get::<_, Option<i64>>(4)?.map(Timestamp);
            let started: Option<i64> = row.get(5)?;
            let run = row.get::<_, Option<String>>(6)?.unwrap_or_default();
            let started = started.map(|at| Started { at: Timestamp(at), run });
            let expected_since = row.get::<_, Option<i64>>(7)?.map(Timestamp);
            let track = TrackKey(row.get(1)?);
            let heartbeat = Heartbeat { track, expected, expected_since, heard, started };
            state.heartbeats.insert(CheckKey(row.get(0)?), heartbeat);
            Ok(())
        })
    }

    fn blind(&mut self) -> Result<(), StoreError> {
        let Self { store, state } = self;
        store.each("SELECT from_ms, to_ms FROM blind ORDER BY from_ms", |row| {
            state.blind.push(interval(row, 0, ())?);
            Ok(())
        })
    }

    fn tracks(&mut self) -> Result<(), StoreError> {
        let Self { store, state } = self;
        let mut open = Vec::new();
        let sql =
            "SELECT key, agent, \"check\", interval_ms, definition, silent, gone, state, from_ms, last_ms, held,
                 joined_ms, settled_ms, up_ms, degraded_ms, down_ms, certificate_end,
                 run_ms, run_outcome, run_reason, run_detail, run_us
             FROM track";
        store.each(sql, |row| {
            let (key, agent, check) = (TrackKey(row.get(0)?), AgentKey(row.get(1)?), CheckKey(row.get(2)?));
            let at = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(Timestamp));
            let held = row.get::<_, Option<String>>(10)?.as_deref().map(rows::held).transpose()?;
            let witnessed = Witnessed {
                track: Track::new(Vec::new(), row.get(5)?),
                definition: row.get(4)?,
                left: row.get(6)?,
                held,
                joined: at(11)?,
                settled: at(12)?,
                outcomes: Outcomes { up: at(13)?, degraded: at(14)?, down: at(15)? },
                certificate_ends: at(16)?,
                last_run: at(17)?.map(|at| last_run(row, at)).transpose()?,
                ..Witnessed::new(agent, check, row.get(3)?)
            };
            if let Some(name) = row.get::<_, Option<String>>(7)? {
                let (from, last) = (Timestamp(row.get(8)?), Timestamp(row.get(9)?));
                open.push((key, Span { from, last, state: rows::hard(&name)? }));
            }
            state.tracks.insert(key, witnessed);
            state.track_of.insert((agent, check), key);
            if let Some(check) = state.checks.get_mut(&check) {
                check.tracks.push(key);
            }
            Ok(())
        })?;
        store.each("SELECT track, from_ms, last_ms, state FROM span ORDER BY track, from_ms", |row| {
            let Some(witnessed) = state.tracks.get_mut(&TrackKey(row.get(0)?)) else { return Ok(()) };
            let (from, last) = (Timestamp(row.get(1)?), Timestamp(row.get(2)?));
            witnessed.track.spans.push(Span { from, last, state: rows::hard(&row.get::<_, String>(3)?)? });
            Ok(())
        })?;
        for (key, span) in open {
            if let Some(witnessed) = state.tracks.get_mut(&key) {
                witnessed.track.spans.push(span);
            }
        }
        store.each("SELECT track, from_ms, to_ms FROM flap ORDER BY track, from_ms", |row| {
            let Some(witnessed) = state.tracks.get_mut(&TrackKey(row.get(0)?)) else { return Ok(()) };
            witnessed.track.flaps.push(interval(row, 1, ())?);
            Ok(())
        })?;
        store.each("SELECT track, from_ms, to_ms FROM declared ORDER BY track, from_ms", |row| {
            let Some(witnessed) = state.tracks.get_mut(&TrackKey(row.get(0)?)) else { return Ok(()) };
            witnessed.declared.push(interval(row, 1, ())?);
            Ok(())
        })
    }

    fn pages(&mut self) -> Result<(), StoreError> {
        let Self { store, state } = self;
        let sql =
            "SELECT key, workspace, file_key, id, created_ms, archived, settings, items, public_ms FROM page";
        store.each(sql, |row| {
            let settings: rows::PageSettingsRow = json(row, 6)?;
            let items: Vec<rows::PageItemRow> = json(row, 7)?;
            let page = Page {
                workspace: WorkspaceKey(row.get(1)?),
                key: row.get(2)?,
                id: row.get(3)?,
                created_at: Timestamp(row.get(4)?),
                public_since: row.get::<_, Option<i64>>(8)?.map(Timestamp),
                archived: row.get(5)?,
                settings: settings.into(),
                items: items.into_iter().map(PageItem::from).collect(),
            };
            state.pages.insert(PageKey(row.get(0)?), page);
            Ok(())
        })?;
        let sql = "SELECT key, page, file_key, id, created_ms, archived, name, description FROM page_group";
        store.each(sql, |row| {
            let group = Group {
                page: PageKey(row.get(1)?),
                key: row.get(2)?,
                id: row.get(3)?,
                created_at: Timestamp(row.get(4)?),
                archived: row.get(5)?,
                name: row.get(6)?,
                description: row.get(7)?,
            };
            state.groups.insert(GroupKey(row.get(0)?), group);
            Ok(())
        })
    }

    fn components(&mut self) -> Result<(), StoreError> {
        let Self { store, state } = self;
        let sql = "SELECT key, page, file_key, id, created_ms, archived, start_ms, settings FROM component";
        store.each(sql, |row| {
            let settings: rows::ComponentSettingsRow = json(row, 7)?;
            let component = Component {
                page: PageKey(row.get(1)?),
                key: row.get(2)?,
                id: row.get(3)?,
                created_at: Timestamp(row.get(4)?),
                archived: row.get(5)?,
                settings: settings.into(),
                links: Vec::new(),
                layers: Layers { start: Timestamp(row.get(6)?), ..Layers::default() },
                expiry_seen: false,
                response: SharedVec::default(),
            };
            state.components.insert(ComponentKey(row.get(0)?), component);
            Ok(())
        })?;
        let sql = "SELECT component, \"check\", minor, from_ms, to_ms FROM component_link ORDER BY from_ms";
        store.each(sql, |row| {
            let (key, check) = (ComponentKey(row.get(0)?), CheckKey(row.get(1)?));
            let Some(component) = state.components.get_mut(&key) else { return Ok(()) };
            let (from, to) = (Timestamp(row.get(3)?), Timestamp(row.get(4)?));
            component.links.push(Link { check, minor: row.get(2)?, from, to });
            if let Some(check) = state.checks.get_mut(&check)
                && !check.components.contains(&key)
            {
                check.components.push(key);
            }
            Ok(())
        })
    }

    fn layers(&mut self) -> Result<(), StoreError> {
        let Self { store, state } = self;
        let sql = "SELECT component, layer, from_ms, to_ms, status FROM status_interval
             ORDER BY component, layer, from_ms";
        store.each(sql, |row| {
            let Some(component) = state.components.get_mut(&ComponentKey(row.get(0)?)) else { return Ok(()) };
            let (layer, status): (String, String) = (row.get(1)?, row.get(4)?);
            let layers = &mut component.layers;
            match layer.as_str() {
                "automatic" => layers.automatic.push(interval(row, 2, rows::automatic(&status)?)?),
                "manual" => layers.manual.push(interval(row, 2, rows::status(&status)?)?),
                "planned" => layers.planned.push(interval(row, 2, ())?),
                "corrected" => layers.corrected.push(interval(row, 2, rows::status(&status)?)?),
                other => return Err(StoreError::Strange(format!("a layer {other:?}"))),
            }
            Ok(())
        })
    }
}

/// Its columns in the query of the tracks.
fn last_run(row: &Row<'_>, at: Timestamp) -> rusqlite::Result<LastRun> {
    Ok(LastRun {
        at,
        outcome: Outcome::from_wire(row.get(18)?),
        reason: Reason::from_wire(row.get(19)?),
        detail: row.get::<_, Option<String>>(20)?.unwrap_or_default(),
        total_us: row.get::<_, Option<i64>>(21)?.map(i64::unsigned_abs),
    })
}

fn interval<T>(row: &Row<'_>, from: usize, value: T) -> Result<Interval<T>, StoreError> {
    Ok(Interval { from: Timestamp(row.get(from)?), to: Timestamp(row.get(from + 1)?), value })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| StoreError::Strange(format!("{text}: {error}")))
}
