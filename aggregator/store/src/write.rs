//! Changes become rows, all of one group in one transaction.

mod tracks;

use super::{Store, StoreError, observation, rows};
use rusqlite::{Transaction, TransactionBehavior};
use skerry_domain::interval::Interval;
use skerry_domain::state::{
    AgentKey, CheckKey, ComponentKey, GroupKey, PageKey, State, TrackKey, WorkspaceKey,
};
use skerry_domain::status::Status;
use skerry_domain::step::{Change, Touched};
use skerry_domain::time::{HOUR, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

impl Store {
    /// Commits changes together; when it returns `Ok` they survive a power cut.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of the group is written.
    pub fn commit(
        &mut self,
        state: &State,
        rows: &Touched,
        changes: &[Change],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if rows.is_empty() && changes.iter().all(stores_nothing) {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Rows of one group may name each other before they stand: the commit judges.
        transaction.pragma_update(None, "defer_foreign_keys", true)?;
        let (hours, crowded) = (BTreeSet::new(), BTreeMap::new());
        let mut group = Group { transaction, state, now, hours, crowded };
        group.write(rows)?;
        for change in changes {
            group.append(change)?;
        }
        group.finish()
    }
}

/// A write for these alone would wait for the disk in vain.
fn stores_nothing(change: &Change) -> bool {
    !matches!(
        change,
        Change::Raw(_)
            | Change::Transition { .. }
            | Change::Gap { .. }
            | Change::Lost { .. }
            | Change::CloneRefused { tell: true, .. }
    )
}

pub(super) struct Group<'a> {
    transaction: Transaction<'a>,
    pub(super) state: &'a State,
    now: Timestamp,
    /// Hours that received an observation: their roll-up is to be made, once they are over.
    hours: BTreeSet<i64>,
    /// Milliseconds known to be taken, one stretch of each track at most.
    crowded: BTreeMap<TrackKey, std::ops::Range<i64>>,
}

impl Group<'_> {
    fn write(&self, rows: &Touched) -> Result<(), StoreError> {
        rows.workspaces.iter().try_for_each(|key| self.workspace(*key))?;
        rows.agents.iter().try_for_each(|key| self.agent(*key))?;
        rows.epochs.iter().try_for_each(|(agent, epoch)| self.epoch(*agent, epoch))?;
        rows.checks.iter().try_for_each(|key| self.check(*key))?;
        for (key, from) in &rows.tracks {
            self.track(*key)?;
            if *from < Timestamp::FAR {
                self.spans(*key, *from)?;
                self.flaps(*key, *from)?;
            }
        }
        rows.declared.iter().try_for_each(|key| self.declared(*key))?;
        rows.heartbeats.iter().try_for_each(|key| self.heartbeat(*key))?;
        if rows.blind {
            self.blind()?;
        }
        rows.pages.iter().try_for_each(|key| self.page(*key))?;
        rows.groups.iter().try_for_each(|key| self.group(*key))?;
        rows.components.iter().try_for_each(|key| self.component(*key))?;
        for (key, from) in &rows.automatic {
            let layer = &self.state.components[key].layers.automatic;
            self.layer(*key, "automatic", &tail(layer, *from, rows::automatic_name), *from)?;
        }
        for (key, from) in &rows.manual {
            let layer = &self.state.components[key].layers.manual;
            self.layer(*key, "manual", &tail(layer, *from, Status::name), *from)?;
        }
        Ok(())
    }

    fn append(&mut self, change: &Change) -> Result<(), StoreError> {
        match change {
            Change::CloneRefused { agent, tell: true, .. } => {
                self.run("UPDATE agent SET cloned_ms = ?2 WHERE key = ?1", (agent.0, self.now.0))
            }
            Change::Gap { agent, from, to, acknowledged, .. } => {
                let why = rows::why_of_gap(*from, *to, *acknowledged);
                self.loss(*agent, to - from, &why, None, None)
            }
            Change::Lost { agent, count, why, from, to } => self.loss(*agent, *count, why, *from, *to),
            Change::Raw(raw) => {
                self.hours.insert(raw.at.0.div_euclid(HOUR) * HOUR);
                let crowded = self.crowded.get(&raw.track).filter(|crowded| crowded.contains(&raw.at.0));
                let free = crowded.map_or(raw.at.0, |crowded| crowded.end);
                let kept = observation::insert(&self.transaction, raw, free)?;
                if kept != raw.at.0 {
                    self.crowded.insert(raw.track, raw.at.0..kept + 1);
                }
                Ok(())
            }
            Change::Transition { .. } => self.transition(change),
            _ => Ok(()),
        }
    }

    fn finish(self) -> Result<(), StoreError> {
        for hour in &self.hours {
            let sql = "INSERT INTO dirty_hour (hour_ms, times) VALUES (?1, 1)
                 ON CONFLICT (hour_ms) DO UPDATE SET times = times + 1";
            self.transaction.prepare_cached(sql)?.execute([hour])?;
        }
        Ok(self.transaction.commit()?)
    }

    pub(super) fn run(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<(), StoreError> {
        self.transaction.prepare_cached(sql)?.execute(parameters)?;
        Ok(())
    }

    fn workspace(&self, key: WorkspaceKey) -> Result<(), StoreError> {
        let workspace = &self.state.workspaces[&key];
        let sql = "INSERT INTO workspace (key, name, ask_reporters) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET ask_reporters = excluded.ask_reporters";
        self.run(sql, (key.0, &workspace.name, workspace.asks))
    }

    fn agent(&self, key: AgentKey) -> Result<(), StoreError> {
        let agent = &self.state.agents[&key];
        let sql = "INSERT INTO agent (key, workspace, name, location) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (key) DO UPDATE SET name = excluded.name, location = excluded.location";
        self.run(sql, (key.0, agent.workspace.0, &agent.name, &agent.location))?;
        self.former_locations(key)
    }

    fn epoch(&self, key: AgentKey, epoch: &[u8; 16]) -> Result<(), StoreError> {
        let agent = &self.state.agents[&key];
        let Some(position) = agent.epochs.get(epoch) else {
            return self.run("DELETE FROM agent_epoch WHERE agent = ?1 AND epoch = ?2", (key.0, epoch));
        };
        let sql = "INSERT INTO agent_epoch (workspace, agent, epoch, through, offset_ms, seen_ms, version,
                 depth, oldest_ms, lost, set_aside, lateness_ms, own_network_gone, last_record)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (agent, epoch) DO UPDATE
             SET through = excluded.through, offset_ms = excluded.offset_ms, seen_ms = excluded.seen_ms,
                 version = excluded.version, depth = excluded.depth, oldest_ms = excluded.oldest_ms,
                 lost = excluded.lost, set_aside = excluded.set_aside, lateness_ms = excluded.lateness_ms,
                 own_network_gone = excluded.own_network_gone, last_record = excluded.last_record";
        let told = &agent.told;
        let row = (
            agent.workspace.0,
            key.0,
            epoch,
            position.through as i64,
            position.offset,
            position.seen.0,
            &told.version,
            told.depth as i64,
            told.oldest_ms as i64,
            told.lost as i64,
            told.set_aside as i64,
            told.lateness_ms as i64,
            agent.own_network_gone,
            position.last_record.cast_signed(),
        );
        self.run(sql, row)
    }

    fn loss(
        &self,
        key: AgentKey,
        count: u64,
        why: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let workspace = self.state.agents[&key].workspace;
        let sql = "INSERT INTO loss (workspace, agent, noted_ms, count, why, from_ms, to_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (from, to) = (from.map(|at| at.0), to.map(|at| at.0));
        self.run(
            sql,
            (workspace.0, key.0, self.now.0, i64::try_from(count).unwrap_or(i64::MAX), why, from, to),
        )
    }

    fn check(&self, key: CheckKey) -> Result<(), StoreError> {
        let check = &self.state.checks[&key];
        let sql = "INSERT INTO \"check\" (key, workspace, name, quorum, definition, file_definition)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO UPDATE SET quorum = excluded.quorum,
                 definition = excluded.definition, file_definition = excluded.file_definition";
        let quorum = rows::quorum_name(check.quorum);
        let (definition, file) = (&check.definition, &check.file_definition);
        self.run(sql, (key.0, check.workspace.0, &check.name, quorum, definition, file))?;
        self.former_quorums(key)
    }

    fn transition(&self, change: &Change) -> Result<(), StoreError> {
        let Change::Transition { track, since, at, from, to, reason, detail } = change else { return Ok(()) };
        let workspace = self.state.agents[&self.state.tracks[track].agent].workspace;
        let sql = "INSERT INTO hard_transition
             (workspace, at_ms, track, since_ms, from_state, to_state, reason, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let (from, to) = (from.name(), to.name());
        self.run(sql, (workspace.0, at.0, track.0, since.0, from, to, reason.name(), detail))
    }

    fn page(&self, key: PageKey) -> Result<(), StoreError> {
        let page = &self.state.pages[&key];
        let settings = json(&rows::PageSettingsRow::from(&page.settings))?;
        let items = json(&page.items.iter().map(rows::PageItemRow::from).collect::<Vec<_>>())?;
        let sql = "INSERT INTO page (key, workspace, file_key, id, created_ms, archived, settings, items, public_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (key) DO UPDATE
             SET archived = excluded.archived, settings = excluded.settings, items = excluded.items,
                 public_ms = excluded.public_ms";
        let (made, public) = (page.created_at.0, page.public_since.map(|at| at.0));
        let row =
            (key.0, page.workspace.0, &page.key, &page.id, made, page.archived, settings, items, public);
        self.run(sql, row)
    }

    fn group(&self, key: GroupKey) -> Result<(), StoreError> {
        let group = &self.state.groups[&key];
        let workspace = self.state.pages[&group.page].workspace;
        let sql = "INSERT INTO page_group
             (key, workspace, page, file_key, id, created_ms, archived, name, description)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (key) DO UPDATE
             SET archived = excluded.archived, name = excluded.name, description = excluded.description";
        let row = (
            key.0,
            workspace.0,
            group.page.0,
            &group.key,
            &group.id,
            group.created_at.0,
            group.archived,
            &group.name,
            &group.description,
        );
        self.run(sql, row)
    }

    fn component(&self, key: ComponentKey) -> Result<(), StoreError> {
        let component = &self.state.components[&key];
        let workspace = self.state.pages[&component.page].workspace.0;
        let settings = json(&rows::ComponentSettingsRow::from(&component.settings))?;
        let sql = "INSERT INTO component
             (key, workspace, page, file_key, id, created_ms, archived, start_ms, settings)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (key) DO UPDATE
             SET archived = excluded.archived, start_ms = excluded.start_ms, settings = excluded.settings";
        let row = (
            key.0,
            workspace,
            component.page.0,
            &component.key,
            &component.id,
            component.created_at.0,
            component.archived,
            component.layers.start.0,
            settings,
        );
        self.run(sql, row)?;
        self.run("DELETE FROM component_link WHERE component = ?1", [key.0])?;
        for link in &component.links {
            let sql = "INSERT INTO component_link (workspace, component, \"check\", minor, from_ms, to_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            self.run(sql, (workspace, key.0, link.check.0, link.minor, link.from.0, link.to.0))?;
        }
        Ok(())
    }

    /// Replaces a layer from its first interval here on; where there is none, from `from` on.
    fn layer(
        &self,
        key: ComponentKey,
        layer: &str,
        intervals: &[(i64, i64, &str)],
        from: Timestamp,
    ) -> Result<(), StoreError> {
        let workspace = self.state.pages[&self.state.components[&key].page].workspace.0;
        let first = intervals.first().map_or(from.0, |first| first.0.min(from.0));
        let gone = "DELETE FROM status_interval WHERE component = ?1 AND layer = ?2 AND from_ms >= ?3";
        self.run(gone, (key.0, layer, first))?;
        for (from, to, status) in intervals {
            let sql = "INSERT INTO status_interval (workspace, component, layer, from_ms, to_ms, status)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            self.run(sql, (workspace, key.0, layer, from, to, status))?;
        }
        Ok(())
    }
}

/// What ends at `from` or later: an interval that was cut there has another end.
fn tail<T: Copy>(
    layer: &[Interval<T>],
    from: Timestamp,
    name: impl Fn(T) -> &'static str,
) -> Vec<(i64, i64, &'static str)> {
    let tail = &layer[layer.partition_point(|interval| interval.to < from)..];
    tail.iter().map(|interval| (interval.from.0, interval.to.0, name(interval.value))).collect()
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Strange(error.to_string()))
}
