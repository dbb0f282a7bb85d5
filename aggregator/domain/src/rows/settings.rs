//! Rows of settings, made from the state; `None`: the state has nothing with that key.

use super::pages;
use super::value::Lines;
use super::{AgentRow, CheckRow, ComponentRow, GroupRow, HeartbeatRow, PageRow, WorkspaceRow};
use crate::state::{AgentKey, CheckKey, ComponentKey, GroupKey, PageKey, State, Workspace};
use skerry_protocol::schedule::Schedule;

pub(super) fn workspace_row(state: &State) -> Option<WorkspaceRow> {
    let workspace = state.workspace.clone();
    let Workspace { key, name, asks, incidents, incidents_origin, sanitiser, sanitiser_origin, stored } =
        workspace;
    stored.then_some(WorkspaceRow {
        key,
        name,
        ask_reporters: asks,
        draft_from: incidents.draft_from,
        publish_from: incidents.publish_from,
        resolve_after: incidents.resolve_after,
        remind_after: incidents.remind_after,
        private_suffixes: sanitiser.private_suffixes.map(Lines),
        secret_patterns: sanitiser.secret_patterns.map(Lines),
        incidents_origin,
        sanitiser_origin,
    })
}

pub(super) fn agent_row(state: &State, key: AgentKey) -> Option<AgentRow> {
    let agent = state.agents.get(&key)?;
    Some(AgentRow {
        workspace: state.workspace.key,
        key,
        name: agent.name.clone(),
        location: agent.location.clone(),
        token_hash: agent.credential,
        standing: agent.standing,
        former_name: agent.former_name.clone(),
        cloned_ms: agent.cloned_at,
        checks: agent.permit.checks.clone().map(Lines),
        moved_from: agent.moved_from.clone(),
    })
}

pub(super) fn check_row(state: &State, key: CheckKey) -> Option<CheckRow> {
    let check = state.checks.get(&key)?;
    Some(CheckRow {
        workspace: state.workspace.key,
        key,
        name: check.name.clone(),
        quorum: check.quorum,
        definition: check.definition.clone(),
        file_definition: check.file_definition.clone(),
    })
}

pub(super) fn heartbeat_row(state: &State, check: CheckKey) -> Option<HeartbeatRow> {
    let heartbeat = state.heartbeats.get(&check)?;
    let expected = &heartbeat.expected;
    let schedule = expected.schedule.as_ref();
    let started = heartbeat.started.as_ref();
    Some(HeartbeatRow {
        workspace: state.workspace.key,
        check,
        track: heartbeat.track,
        period_ms: expected.period,
        grace_ms: expected.grace,
        heard_ms: heartbeat.last_ping,
        started_ms: started.map(|started| started.at),
        started_run: started.map(|started| started.run.clone()),
        expected_since_ms: heartbeat.expected_since,
        schedule: schedule.map(|one| Schedule::expression(one).to_owned()),
        time_zone: schedule.map(|one| Schedule::zone_name(one).to_owned()),
    })
}

pub(super) fn page_row(state: &State, key: PageKey) -> Option<PageRow> {
    Some(pages::page(state.workspace.key, key, state.pages.get(&key)?))
}

pub(super) fn group_row(state: &State, key: GroupKey) -> Option<GroupRow> {
    let group = state.groups.get(&key)?;
    Some(pages::group(state.workspace.key, key, group))
}

pub(super) fn component_row(state: &State, key: ComponentKey) -> Option<ComponentRow> {
    let component = state.components.get(&key)?;
    Some(pages::component(state.workspace.key, key, component))
}
