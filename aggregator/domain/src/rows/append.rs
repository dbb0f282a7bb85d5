//! Rows of events. They are written once and never changed.

use super::Write;
use super::declared::{LossRow, TransitionRow};
use crate::state::{AgentKey, State, TrackKey, WorkspaceKey};
use crate::step::{Change, RawObservation};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The rows that record events, besides those of the resulting state.
pub(super) fn append(state: &mut State, events: &[Change], now: Timestamp, writes: &mut Vec<Write>) {
    let mut observed: BTreeMap<WorkspaceKey, Vec<RawObservation>> = BTreeMap::new();
    for event in events {
        match event {
            Change::Raw(raw) => observed.entry(workspace_of(state, raw.track)).or_default().push(*raw),
            Change::Transition { .. } => writes.extend(transition(state, event)),
            Change::Gap { agent, from, to, acknowledged, .. } => {
                let why = why_of_gap(*from, *to, *acknowledged);
                writes.push(loss(state, *agent, now, to - from, why, (None, None)));
            }
            Change::Lost { agent, count, why, from, to } => {
                writes.push(loss(state, *agent, now, *count, why.clone(), (*from, *to)));
            }
            _ => {}
        }
    }
    writes.extend(observed.into_iter().map(|(workspace, raw)| Write::Observe(workspace, raw)));
}

pub(super) fn workspace_of(state: &State, track: TrackKey) -> WorkspaceKey {
    state.agents[&state.tracks[&track].agent].workspace
}

fn loss(
    state: &mut State,
    agent: AgentKey,
    noted_ms: Timestamp,
    count: u64,
    why: String,
    (from_ms, to_ms): (Option<Timestamp>, Option<Timestamp>),
) -> Write {
    let workspace = state.agents[&agent].workspace;
    state.counters.losses += 1;
    let number = state.counters.losses;
    Write::Append(LossRow { workspace, number, agent, noted_ms, count, why, from_ms, to_ms }.into())
}

fn transition(state: &mut State, event: &Change) -> Option<Write> {
    let Change::Transition { track, since, at, from, to, reason, detail } = event else { return None };
    state.counters.transitions += 1;
    let row = TransitionRow {
        workspace: workspace_of(state, *track),
        number: state.counters.transitions,
        at_ms: *at,
        track: *track,
        since_ms: *since,
        from_state: *from,
        to_state: *to,
        reason: reason.name().to_owned(),
        detail: detail.clone(),
    };
    Some(Write::Append(row.into()))
}

/// The record of a gap in an agent's sequence, for operators.
fn why_of_gap(from: u64, to: u64, acknowledged: bool) -> String {
    let known = if acknowledged { ": acknowledged before, not in this database" } else { "" };
    format!("the sequence jumps from {from} to {to}{known}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Agent, AgentCheck, CheckKey};
    use skerry_protocol::wire::{Outcome, Reason};

    /// A tick hears the heartbeats of all workspaces at once.
    #[test]
    fn observations_of_one_step_stand_in_their_own_workspaces() {
        let mut state = State::default();
        let mut events = Vec::new();
        for number in 1..=2 {
            let (workspace, agent, track) = (WorkspaceKey(number), AgentKey(number), TrackKey(number));
            state.agents.insert(agent, Agent::new(workspace, "heartbeats", "here"));
            state.tracks.insert(track, AgentCheck::new(agent, CheckKey(number), 1_000));
            let (outcome, reason) = (Outcome::Up, Reason::None);
            let phases = Default::default();
            let raw =
                RawObservation { at: Timestamp(number), track, outcome, reason, total_us: None, phases };
            events.push(Change::Raw(raw));
        }
        let mut writes = Vec::new();
        append(&mut state, &events, Timestamp(9), &mut writes);
        let placed: Vec<_> = writes
            .iter()
            .map(|write| match write {
                Write::Observe(workspace, raw) => (workspace.0, raw.iter().map(|one| one.track.0).collect()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(placed, [(1, vec![1]), (2, vec![2])]);
    }
}
