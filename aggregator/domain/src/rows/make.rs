//! Makes the rows to write, by value, from what a step touched.

use super::announcements::write_announcement;
use super::append::append;
use super::settings::{agent_row, check_row, group_row, heartbeat_row, workspace_row};
use super::table::{Key, Record};
use super::templates::write_template;
use super::value::{Bits, Field, Layer, Lines, Said, Value};
use super::{
    AgentAllowRow, AgentRow, BlindRow, CheckDefinitionRow, CheckRow, CounterRow, DeclaredRow, EnrolmentRow,
    EpochRow, FlapRow, FormerLocationRow, FormerQuorumRow, HeartbeatRow, HeartbeatTokenRow, IntervalRow, Row,
    SpanDayRow, SpanRow, TrackRow,
};
use super::{Write, access, chunks, corrections, holds, incidents, notices, pages, problems, team, windows};
use crate::component::Automatic;
use crate::credentials::TokenHash;
use crate::interval::Interval;
use crate::state::{
    AgentCheck, AgentKey, CheckKey, Component, ComponentKey, Counters, State, TrackKey, WorkspaceKey,
};
use crate::step::{Change, Folded, Touched};
use crate::table::Table;
use crate::time::Timestamp;
use crate::track::Span;

/// The tracks and the components before a step.
pub(crate) type Former = (Table<TrackKey, AgentCheck>, Table<ComponentKey, Component>);

/// The rows of everything that was touched and of the events; `counters`, before the step too, are `None` in a new workspace.
pub(crate) fn make(
    state: &mut State,
    touched: &Touched,
    events: &[Change],
    (counters, former): (Option<Counters>, &Former),
    now: Timestamp,
) -> Vec<Write> {
    let mut writes = Vec::new();
    append(state, events, now, &mut writes);
    count(state, counters, &mut writes);
    let mut make = Make { workspace: state.workspace.key, state, former: &former.0, writes };
    if touched.workspace {
        make.put_if_held(workspace_row(state));
    }
    touched.agents.iter().for_each(|key| make.agent(*key));
    touched.epochs.iter().for_each(|(agent, epoch)| make.epoch(*agent, epoch));
    touched.allowed.iter().for_each(|key| make.allowed(*key));
    touched.enrolments.iter().for_each(|token| make.enrolment(*token));
    touched.heartbeat_tokens.iter().for_each(|check| make.heartbeat_token(check));
    touched.chosen.iter().for_each(|key| make.chosen(*key));
    touched.checks.iter().for_each(|key| make.check(*key));
    for (key, from) in &touched.tracks {
        make.track(*key);
        if *from < Timestamp::FAR {
            make.spans(*key, *from);
            make.flaps(*key, *from);
        }
    }
    touched.declared.iter().for_each(|key| make.declared(*key));
    touched.folded.iter().for_each(|(key, folded)| make.folded(*key, folded));
    touched.heartbeats.iter().for_each(|key| make.heartbeat(*key));
    touched.forgotten_tracks.iter().for_each(|key| make.forgotten_track(*key));
    touched.forgotten_checks.iter().for_each(|key| make.forgotten_check(*key));
    if touched.blind {
        make.blind();
    }
    touched.forgotten_agents.iter().for_each(|key| make.forgotten_agent(*key));
    touched.pages.iter().for_each(|key| pages::write_page(state, *key, &mut make.writes));
    touched.groups.iter().for_each(|key| make.put_if_held(group_row(state, *key)));
    let components = touched.components.iter();
    components.for_each(|key| pages::write_component(state, &former.1, *key, &mut make.writes));
    touched.automatic.iter().for_each(|(key, from)| make.automatic(*key, *from));
    let packed = touched.packed.iter();
    packed.for_each(|(key, count)| chunks::write_chunks(state, *key, *count, &mut make.writes));
    touched.holds.iter().for_each(|(of, key)| holds::write_hold(state, *of, *key, &mut make.writes));
    touched.problems.iter().for_each(|key| make.put_if_held(problems::problem_row(state, *key)));
    for (key, number) in &touched.problem_events {
        make.put_if_held(problems::event_row(state, *key, *number));
    }
    touched.forgotten_problems.iter().for_each(|key| problems::forget(state, *key, &mut make.writes));
    touched.incidents.iter().for_each(|key| incidents::write_incident(state, *key, &mut make.writes));
    for (key, number) in &touched.incident_updates {
        incidents::write_update(state, *key, *number, &mut make.writes);
    }
    windows::write_touched(state, touched, &mut make.writes);
    touched.announcements.iter().for_each(|key| write_announcement(state, *key, &mut make.writes));
    touched.templates.iter().for_each(|key| write_template(state, *key, &mut make.writes));
    touched.corrections.iter().for_each(|key| make.put_if_held(corrections::correction_row(state, *key)));
    touched.api_tokens.iter().for_each(|key| access::write_token(state, *key, &mut make.writes));
    touched.answers.iter().for_each(|request| access::write_answered(state, request, &mut make.writes));
    notices::write_touched(state, touched, &mut make.writes);
    touched.told.iter().for_each(|key| team::write_told(state, key, &mut make.writes));
    make.writes
}

/// The counters of assigned keys; all of them in a new workspace, since one without a row continues where any other
/// workspace is: former versions had one counter for all workspaces.
fn count(state: &mut State, before: Option<Counters>, writes: &mut Vec<Write>) {
    let (workspace, new) = (state.workspace.key, before.is_none());
    for ((name, last), (_, former)) in
        state.counters.named().into_iter().zip(before.unwrap_or_default().named())
    {
        if new || last != former {
            let (name, last) = (name.to_owned(), *last);
            writes.push(Write::Put(CounterRow { workspace, name, last }.into()));
        }
    }
}

struct Make<'a> {
    workspace: WorkspaceKey,
    state: &'a State,
    /// The tracks before the step.
    former: &'a Table<TrackKey, AgentCheck>,
    writes: Vec<Write>,
}

impl Make<'_> {
    fn put(&mut self, row: impl Into<Row>) {
        self.writes.push(Write::Put(row.into()));
    }

    /// Writes nothing if the state no longer holds the row.
    fn put_if_held<R: Into<Row>>(&mut self, row: Option<R>) {
        self.writes.extend(row.map(|row| Write::Put(row.into())));
    }

    /// Replaces the rows whose key begins with `prefix`, from `from` on.
    fn replace<R: Record + Into<Row>>(
        &mut self,
        prefix: impl IntoIterator<Item = Value<'static>>,
        from: Option<i64>,
        rows: impl Iterator<Item = R>,
    ) {
        let (prefix, rows) = (Key::of::<R>(prefix), rows.map(Into::into).collect());
        self.writes.push(Write::Replace { prefix, from, rows });
    }

    fn agent(&mut self, key: AgentKey) {
        let agent = &self.state.agents[&key];
        let workspace = self.workspace;
        self.put_if_held(agent_row(self.state, key));
        for former in &agent.former_locations {
            let (to_ms, location) = (former.to, former.value.clone());
            self.put(FormerLocationRow { workspace, agent: key, to_ms, location });
        }
    }

    fn allowed(&mut self, key: AgentKey) {
        let agent = &self.state.agents[&key];
        let workspace = self.workspace;
        let row = |check: &String| AgentAllowRow { workspace, agent: key, check_name: check.clone() };
        let prefix = [workspace.value(), key.value()].map(Value::into_owned);
        self.replace(prefix, None, agent.permit.allowed.iter().map(row));
    }

    /// Deletes the row if the state no longer holds it.
    fn enrolment(&mut self, token_hash: TokenHash) {
        let workspace = self.workspace;
        match self.state.enrolments.get(&token_hash) {
            Some(one) => {
                let (agent, until_ms, used_ms) = (one.agent, one.until, one.used);
                self.put(EnrolmentRow { workspace, token_hash, agent, until_ms, used_ms });
            }
            None => {
                let values = [workspace.value(), token_hash.value()].map(Value::into_owned);
                self.writes.push(Write::Delete(Key::of::<EnrolmentRow>(values)));
            }
        }
    }

    /// Deletes the row if the state no longer holds it.
    fn heartbeat_token(&mut self, check: &str) {
        let (workspace, check_name) = (self.workspace, check.to_owned());
        match self.state.heartbeat_tokens.get(check).copied() {
            Some(token_hash) => self.put(HeartbeatTokenRow { workspace, check_name, token_hash }),
            None => {
                let values = [workspace.value(), check_name.value()].map(Value::into_owned);
                self.writes.push(Write::Delete(Key::of::<HeartbeatTokenRow>(values)));
            }
        }
    }

    fn chosen(&mut self, key: CheckKey) {
        let check = &self.state.checks[&key];
        if let Some(definition) = check.chosen_definition.clone() {
            let (workspace, check_name) = (self.workspace, check.name.clone());
            self.put(CheckDefinitionRow { workspace, check_name, definition });
        }
    }

    /// Deletes the row if the state no longer holds it.
    fn epoch(&mut self, key: AgentKey, epoch: &[u8; 16]) {
        let agent = &self.state.agents[&key];
        let workspace = self.workspace;
        let Some(position) = agent.epochs.get(epoch) else {
            let values = [workspace.value(), key.value(), epoch.value()].map(Value::into_owned);
            self.writes.push(Write::Delete(Key::of::<EpochRow>(values)));
            return;
        };
        let told = &agent.self_report;
        self.put(EpochRow {
            workspace,
            agent: key,
            epoch: *epoch,
            through: position.through,
            offset_ms: position.offset,
            seen_ms: position.seen,
            version: told.version.clone(),
            depth: told.depth,
            oldest_ms: told.oldest_ms,
            lost: told.lost,
            set_aside: told.set_aside,
            lateness_ms: told.lateness_ms,
            own_network_gone: agent.own_network_gone,
            last_record: Bits(position.last_record),
        });
    }

    fn check(&mut self, key: CheckKey) {
        let check = &self.state.checks[&key];
        let workspace = self.workspace;
        self.put_if_held(check_row(self.state, key));
        for former in &check.former_quorums {
            self.put(FormerQuorumRow { workspace, check: key, to_ms: former.to, quorum: former.value });
        }
    }

    /// Most steps change few columns of a track.
    fn track(&mut self, key: TrackKey) {
        let agent_check = &self.state.tracks[&key];
        let workspace = self.workspace;
        let row = track_row(workspace, key, agent_check);
        let Some(former) = self.former.get(&key) else { return self.put(row) };
        let changed = row.changed_since(&track_row(workspace, key, former));
        if !changed.is_empty() {
            self.writes.push(Write::Update(row.into(), changed));
        }
    }

    /// Closed spans before the newest one, starting with the one that contains `from`. Written only if they changed: the
    /// first span of a track closes none.
    fn spans(&mut self, track: TrackKey, from: Timestamp) {
        let spans = &self.state.tracks[&track].track.spans;
        let first = spans.partition_point(|span| span.last < from).saturating_sub(1);
        let base = spans.get(first).map_or(from, |span| span.from.min(from));
        let closed = spans.closed().get(first..).unwrap_or_default();
        let former = self.former.get(&track).map_or(&[][..], |former| former.track.spans.closed());
        if former[former.partition_point(|span| span.from < base)..] == *closed {
            return;
        }
        let workspace = self.workspace;
        let row = |span: &Span| SpanRow {
            workspace,
            track,
            from_ms: span.from,
            last_ms: span.last,
            state: span.state,
        };
        self.replace(of_track(workspace, track), Some(base.0), closed.iter().map(row));
    }

    /// Flapping stretches that end at `from` or later. Written only if they changed.
    fn flaps(&mut self, track: TrackKey, from: Timestamp) {
        let flaps = &self.state.tracks[&track].track.flaps;
        let newest = &flaps[flaps.partition_point(|flap| flap.to < from)..];
        let base = newest.first().map_or(from, |flap| flap.from.min(from));
        let former = self.former.get(&track).map_or(&[][..], |former| &former.track.flaps);
        if former[former.partition_point(|flap| flap.from < base)..] == *newest {
            return;
        }
        let workspace = self.workspace;
        let row = |flap: &Interval<()>| FlapRow { workspace, track, from_ms: flap.from, to_ms: flap.to };
        self.replace(of_track(workspace, track), Some(base.0), newest.iter().map(row));
    }

    /// The newest two stretches; earlier ones do not change.
    fn declared(&mut self, track: TrackKey) {
        let workspace = self.workspace;
        let declared = &self.state.tracks[&track].declared;
        let newest = &declared[declared.len().saturating_sub(2)..];
        let stand = declared.len() - newest.len();
        let after = declared[..stand].last().map_or(i64::MIN, |ended| ended.to.0);
        let row = |one: &Interval<()>| DeclaredRow { workspace, track, from_ms: one.from, to_ms: one.to };
        self.replace(of_track(workspace, track), Some(after), newest.iter().map(row));
    }

    fn folded(&mut self, track: TrackKey, folded: &Folded) {
        let workspace = self.workspace;
        for (day_ms, state) in &folded.days {
            self.put(SpanDayRow { workspace, track, day_ms: *day_ms, state: *state });
        }
        let begins = [
            (Key::of::<SpanRow>(of_track(workspace, track)), folded.spans_before),
            (Key::of::<FlapRow>(of_track(workspace, track)), folded.flaps_before),
            (Key::of::<DeclaredRow>(of_track(workspace, track)), folded.declared_before),
        ];
        let pruned = begins.into_iter().filter(|(_, before)| *before > Timestamp(0));
        self.writes.extend(pruned.map(|(prefix, before)| Write::Prune { prefix, before: before.0 }));
    }

    fn forgotten_track(&mut self, track: TrackKey) {
        let of = || of_track(self.workspace, track);
        let rows = [
            Key::of::<SpanRow>(of()),
            Key::of::<SpanDayRow>(of()),
            Key::of::<FlapRow>(of()),
            Key::of::<DeclaredRow>(of()),
            Key::of::<TrackRow>(of()),
        ];
        self.writes.extend(rows.map(Write::Delete));
    }

    fn forgotten_agent(&mut self, agent: AgentKey) {
        let of = || [self.workspace.value(), agent.value()].map(Value::into_owned);
        let rows = [
            Key::of::<EpochRow>(of()),
            Key::of::<FormerLocationRow>(of()),
            Key::of::<AgentAllowRow>(of()),
            Key::of::<AgentRow>(of()),
        ];
        self.writes.extend(rows.map(Write::Delete));
    }

    fn forgotten_check(&mut self, check: CheckKey) {
        let of = || [self.workspace.value(), check.value()].map(Value::into_owned);
        self.writes.extend([Key::of::<FormerQuorumRow>(of()), Key::of::<CheckRow>(of())].map(Write::Delete));
    }

    /// Deletes the row if the state no longer holds it.
    fn heartbeat(&mut self, check: CheckKey) {
        let workspace = self.workspace;
        let Some(row) = heartbeat_row(self.state, check) else {
            let values = [workspace.value(), check.value()].map(Value::into_owned);
            self.writes.push(Write::Delete(Key::of::<HeartbeatRow>(values)));
            return;
        };
        self.put(row);
    }

    fn blind(&mut self) {
        let workspace = self.workspace;
        let row = |one: &Interval<()>| BlindRow { workspace, from_ms: one.from, to_ms: one.to };
        self.replace([workspace.value().into_owned()], None, self.state.blind.iter().map(row));
    }

    /// Intervals that end at `from` or later: an interval that was cut at `from` has a new end.
    fn automatic(&mut self, component: ComponentKey, from: Timestamp) {
        let (workspace, layer) = (self.workspace, Layer::Automatic);
        let intervals = self.state.components[&component].layers.automatic.recent();
        let tail = &intervals[intervals.partition_point(|interval| interval.to < from)..];
        let base = tail.first().map_or(from, |first| first.from.min(from));
        let row = |one: &Interval<Automatic>| IntervalRow {
            workspace,
            component,
            layer,
            from_ms: one.from,
            to_ms: one.to,
            status: Said(one.value),
        };
        let prefix = [workspace.value(), component.value(), layer.value()].map(Value::into_owned);
        self.replace(prefix, Some(base.0), tail.iter().map(row));
    }
}

fn track_row(workspace: WorkspaceKey, key: TrackKey, agent_check: &AgentCheck) -> TrackRow {
    let (open, run) = (agent_check.track.spans.last(), agent_check.last_run.as_ref());
    TrackRow {
        workspace,
        key,
        agent: agent_check.agent,
        check: agent_check.check,
        interval_ms: agent_check.interval_ms,
        definition: agent_check.definition.clone(),
        silent: agent_check.track.silent,
        gone: agent_check.excluded,
        state: open.map(|span| span.state),
        from_ms: open.map(|span| span.from),
        last_ms: open.map(|span| span.last),
        held: agent_check.held,
        joined_ms: agent_check.joined,
        settled_ms: agent_check.settled,
        transition_ms: agent_check.transition,
        up_ms: agent_check.outcomes.up,
        degraded_ms: agent_check.outcomes.degraded,
        down_ms: agent_check.outcomes.down,
        run_ms: run.map(|run| run.at),
        run_outcome: run.map(|run| run.outcome),
        run_reason: run.map(|run| run.reason),
        run_detail: run.map(|run| run.detail.clone()).filter(|detail| !detail.is_empty()),
        run_us: run.and_then(|run| run.total_us),
        certificate_end: agent_check.certificate_ends,
        severity: agent_check.severity,
        depends_on: Some(Lines(agent_check.depends_on.clone())).filter(|lines| !lines.0.is_empty()),
        labels: pages::label_lines(&agent_check.labels),
    }
}

fn of_track(workspace: WorkspaceKey, track: TrackKey) -> [Value<'static>; 2] {
    [Value::Integer(workspace.0), Value::Integer(track.0)]
}
