//! Restores the state from rows, one after another. A row may refer only to what was restored before it. The open span
//! of a track is part of the track row, so closed spans are inserted before it.

use super::table::Record;
use super::value::{Layer, Misread};
use super::{
    AgentAllowRow, AgentRow, BlindRow, CheckDefinitionRow, CheckRow, ComponentRow, DeclaredRow, EnrolmentRow,
    EpochRow, FlapRow, FormerLocationRow, FormerQuorumRow, GroupRow, HeartbeatRow, HeartbeatTokenRow,
    IntervalRow, LinkRow, PageRow, SelectionRow, SpanRow, TrackRow, WorkspaceRow, pages,
};
use crate::clone_detection::Sessions;
use crate::credentials::Enrolment;
use crate::former::Former;
use crate::heartbeat::{Expected, Heartbeat, Started};
use crate::incident::IncidentRules;
use crate::interval::Interval;
use crate::state::{
    Agent, AgentCheck, Check, Component, Epoch, LastRun, Link, Outcomes, SelfReport, State, Workspace,
};
use crate::text::SanitiserSettings;
use crate::track::{Span, Track};
use skerry_protocol::schedule::Schedule;
use skerry_protocol::wire::{Outcome, Reason};

/// A row that is part of the state.
pub trait Restore: Record {
    /// Adds the row to the state. A row that refers to something missing is ignored.
    ///
    /// # Errors
    /// [`Misread`]: no version writes such a row.
    fn restore(self, state: &mut State) -> Result<(), Misread>;
}

macro_rules! restored {
    ($($row:ty: |$one:ident, $state:ident| $body:block)*) => {$(
        impl Restore for $row {
            fn restore(self, $state: &mut State) -> Result<(), Misread> {
                let $one = self;
                $body;
                Ok(())
            }
        }
    )*};
}

restored! {
    WorkspaceRow: |row, state| {
        let incidents = IncidentRules {
            draft_from: row.draft_from,
            publish_from: row.publish_from,
            resolve_after: row.resolve_after,
            remind_after: row.remind_after,
        };
        let (key, name, asks) = (row.key, row.name, row.ask_reporters);
        let sanitiser = SanitiserSettings {
            private_suffixes: row.private_suffixes.map(|lines| lines.0),
            secret_patterns: row.secret_patterns.map(|lines| lines.0),
        };
        let (incidents_origin, sanitiser_origin) = (row.incidents_origin, row.sanitiser_origin);
        state.workspace =
            Workspace { key, name, asks, incidents, incidents_origin, sanitiser, sanitiser_origin, stored: true }
    }
    BlindRow: |row, state| {
        let blind = Interval { from: row.from_ms, to: row.to_ms, value: () };
        if !state.blind.contains(&blind) {
            state.blind.push(blind);
        }
    }
    AgentRow: |row, state| {
        let mut agent = Agent::new(&row.name, &row.location);
        agent.permit.checks = row.checks.map(|checks| checks.0);
        if let Some(credential) = row.token_hash {
            state.credentials.insert(credential, row.key);
        }
        state.agents.insert(row.key, Agent {
            credential: row.token_hash,
            standing: row.standing,
            former_name: row.former_name,
            cloned_at: row.cloned_ms,
            moved_from: row.moved_from,
            ..agent
        })
    }
    AgentAllowRow: |row, state| {
        if let Some(agent) = state.agents.get_mut(&row.agent) {
            agent.permit.allowed.insert(row.check_name);
        }
    }
    EnrolmentRow: |row, state| {
        let enrolment = Enrolment { agent: row.agent, until: row.until_ms, used: row.used_ms };
        state.enrolments.insert(row.token_hash, enrolment)
    }
    CheckDefinitionRow: |row, state| {
        let check = state.check_names.get(&row.check_name).copied();
        if let Some(check) = check.and_then(|key| state.checks.get_mut(&key)) {
            check.chosen_definition = Some(row.definition);
        }
    }
    HeartbeatTokenRow: |row, state| {
        state.heartbeat_addresses.insert(row.token_hash, row.check_name.clone());
        state.heartbeat_tokens.insert(row.check_name, row.token_hash)
    }
    FormerLocationRow: |row, state| {
        if let Some(agent) = state.agents.get_mut(&row.agent) {
            agent.former_locations.push(Former { to: row.to_ms, value: row.location });
        }
    }
    CheckRow: |row, state| {
        state.check_names.insert(row.name.clone(), row.key);
        let (definition, file_definition) = (row.definition, row.file_definition);
        let check = Check::new(&row.name);
        state.checks.insert(row.key, Check { quorum: row.quorum, definition, file_definition, ..check })
    }
    FormerQuorumRow: |row, state| {
        if let Some(check) = state.checks.get_mut(&row.check) {
            check.former_quorums.push(Former { to: row.to_ms, value: row.quorum });
        }
    }
    DeclaredRow: |row, state| {
        if let Some(agent_check) = state.tracks.get_mut(&row.track) {
            agent_check.declared.push(Interval { from: row.from_ms, to: row.to_ms, value: () });
        }
    }
    SpanRow: |row, state| {
        if let Some(agent_check) = state.tracks.get_mut(&row.track) {
            // The newest span is there already.
            let span = Span { from: row.from_ms, last: row.last_ms, state: row.state };
            agent_check.track.spans.push_closed(span);
        }
    }
    FlapRow: |row, state| {
        if let Some(agent_check) = state.tracks.get_mut(&row.track) {
            agent_check.track.flaps.push(Interval { from: row.from_ms, to: row.to_ms, value: () });
        }
    }
    PageRow: |row, state| {
        state.pages.insert(row.key, row.into())
    }
    GroupRow: |row, state| {
        state.groups.insert(row.key, row.into())
    }
    ComponentRow: |row, state| {
        state.components.insert(row.key, Component::from(row))
    }
    SelectionRow: |row, state| {
        if let Some(component) = state.components.get_mut(&row.component) {
            component.selected.push(Interval { from: row.from_ms, to: row.to_ms, value: () });
        }
    }
    LinkRow: |row, state| {
        if let Some(component) = state.components.get_mut(&row.component) {
            let link = Link { check: row.check, minor: row.minor, from: row.from_ms, to: row.to_ms };
            let at = component.links.partition_point(|one| one.from <= link.from);
            component.links.insert(at, link);
        }
        if let Some(check) = state.checks.get_mut(&row.check)
            && !check.components.contains(&row.component)
        {
            check.components.push(row.component);
        }
    }
}

impl Restore for EpochRow {
    /// The self report comes from the spool that delivered last.
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let Some(agent) = state.agents.get_mut(&self.agent) else { return Ok(()) };
        let (through, seen) = (self.through, self.seen_ms);
        let epoch = Epoch { through, offset: self.offset_ms, seen, last_record: self.last_record.0 };
        agent.epochs.insert(self.epoch, epoch);
        if agent.last_seen.is_some_and(|last| last > seen) {
            return Ok(());
        }
        agent.sessions = Sessions::of_spool(self.epoch, seen);
        agent.last_seen = Some(seen);
        agent.skew = self.offset_ms.max(-i64::MAX);
        agent.own_network_gone = self.own_network_gone;
        agent.self_report = SelfReport {
            version: self.version,
            depth: self.depth,
            oldest_ms: self.oldest_ms,
            lost: self.lost,
            set_aside: self.set_aside,
            lateness_ms: self.lateness_ms,
        };
        Ok(())
    }
}

impl Restore for TrackRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let last_run = self.run_ms.map(|at| LastRun {
            at,
            outcome: self.run_outcome.unwrap_or(Outcome::Inconclusive),
            reason: self.run_reason.unwrap_or(Reason::None),
            detail: self.run_detail.unwrap_or_default(),
            total_us: self.run_us,
        });
        let open = match (self.state, self.from_ms, self.last_ms) {
            (Some(state), Some(from), Some(last)) => vec![Span { from, last, state }],
            _ => Vec::new(),
        };
        let agent_check = AgentCheck {
            track: Track::new(open, self.silent),
            definition: self.definition,
            severity: self.severity,
            excluded: self.gone,
            held: self.held,
            joined: self.joined_ms,
            settled: self.settled_ms,
            transition: self.transition_ms,
            outcomes: Outcomes { up: self.up_ms, degraded: self.degraded_ms, down: self.down_ms },
            certificate_ends: self.certificate_end,
            last_run,
            labels: pages::labels_of(self.labels),
            ..AgentCheck::new(self.agent, self.check, self.interval_ms)
        };
        state.tracks.insert(self.key, agent_check);
        state.track_of.insert((self.agent, self.check), self.key);
        state.set_parents(self.key, &self.depends_on.unwrap_or_default().0);
        if let Some(check) = state.checks.get_mut(&self.check) {
            check.tracks.push(self.key);
        }
        Ok(())
    }
}

impl Restore for HeartbeatRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let schedule = match (self.schedule, self.time_zone) {
            (Some(schedule), Some(zone)) => {
                let wrong = |error| {
                    let found = format!("a schedule {schedule:?} in {zone:?}: {error}");
                    Misread { column: "heartbeat.schedule".to_owned(), found }
                };
                Some(Schedule::parse(&schedule, &zone).map_err(wrong)?)
            }
            _ => None,
        };
        let expected = Expected { period: self.period_ms, schedule, grace: self.grace_ms };
        let run = self.started_run.unwrap_or_default();
        let heartbeat = Heartbeat {
            track: self.track,
            expected,
            expected_since: self.expected_since_ms,
            last_ping: self.heard_ms,
            started: self.started_ms.map(|at| Started { at, run }),
        };
        state.heartbeats.insert(self.check, heartbeat);
        Ok(())
    }
}

impl Restore for IntervalRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let Some(component) = state.components.get_mut(&self.component) else { return Ok(()) };
        let (from, to, layers) = (self.from_ms, self.to_ms, &mut component.layers);
        match self.layer {
            Layer::Automatic => layers.automatic.edit().push(Interval { from, to, value: self.status.0 }),
        }
        Ok(())
    }
}
