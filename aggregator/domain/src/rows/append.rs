//! Rows of events. They are written once and never changed.

use super::Write;
use super::audit::audit_links;
use super::{LossRow, TransitionRow};
use crate::state::{AgentKey, State};
use crate::step::{Change, RawObservation};
use crate::time::Timestamp;

/// The rows that record events, besides those of the resulting state.
pub(super) fn append(state: &mut State, events: &[Change], now: Timestamp, writes: &mut Vec<Write>) {
    let mut observed: Vec<RawObservation> = Vec::new();
    for event in events {
        match event {
            Change::Raw(raw) => observed.push(*raw),
            Change::Transition { .. } => writes.extend(transition(state, event)),
            Change::Gap { agent, from, to, acknowledged, .. } => {
                let why = why_of_gap(*from, *to, *acknowledged);
                writes.push(loss(state, *agent, now, to - from, why, (None, None)));
            }
            Change::ChecksChosen { component, joined, left, actor: Some(actor) } => {
                writes.extend(audit_links(state, *component, (joined, left), actor, now));
            }
            Change::Lost { agent, count, why, from, to } => {
                writes.push(loss(state, *agent, now, *count, why.clone(), (*from, *to)));
            }
            _ => {}
        }
    }
    if !observed.is_empty() {
        writes.push(Write::Observe(state.workspace.key, observed));
    }
}

fn loss(
    state: &mut State,
    agent: AgentKey,
    noted_ms: Timestamp,
    count: u64,
    why: String,
    (from_ms, to_ms): (Option<Timestamp>, Option<Timestamp>),
) -> Write {
    let workspace = state.workspace.key;
    state.counters.losses += 1;
    let number = state.counters.losses;
    Write::Append(LossRow { workspace, number, agent, noted_ms, count, why, from_ms, to_ms }.into())
}

fn transition(state: &mut State, event: &Change) -> Option<Write> {
    let Change::Transition { track, since, at, from, to, reason, detail } = event else { return None };
    state.counters.transitions += 1;
    let row = TransitionRow {
        workspace: state.workspace.key,
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
