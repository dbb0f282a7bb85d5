//! Heartbeats: what a call and its absence make true. The voice that tells of them is our own, at a location
//! that no agent may have; our own absence is never taken for a caller's.

use super::configure::{add_agent, workspace_for};
use super::declare::declare;
use super::recompute::{RecomputeFrom, recompute};
use super::report::open_state;
use super::reported::DeclaredCheck;
use super::{Change, Changes, RawObservation, Rejected};
use crate::heartbeat::{Expected, Heartbeat, Lateness, Started};
use crate::interval::{Interval, append};
use crate::schedule::Due;
use crate::state::{AgentCheck, CheckKey, LastRun, State, TrackKey, WorkspaceKey};
use crate::time::Timestamp;
use crate::track::{HardState, Span, TrackObservation};
use crate::verdict::Live;
use skerry_protocol::wire::{Outcome, Reason};
use std::collections::BTreeSet;

/// Our own voice, in the list of agents.
pub const HEARTBEAT_AGENT: &str = "aggregator (heartbeats)";
/// Absences that are remembered; a job that called before so many of them is missed all the same.
const MOST_BLIND: usize = 1_000;
/// Where it stands.
pub const LOCATION: &str = "aggregator";

/// A heartbeat that the file declares.
#[derive(Clone, Debug)]
pub struct DesiredHeartbeat {
    /// The check's name.
    pub check: String,
    /// Hash of its definition.
    pub definition: Vec<u8>,
    /// What is expected of its caller.
    pub expected: Expected,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatPing {
    /// Whose check it is.
    pub workspace: WorkspaceKey,
    /// The check's name.
    pub check: String,
    /// What it tells.
    pub kind: PingKind,
    /// The caller's name for the run; empty where it has none.
    pub run: String,
    /// How long it took, as the caller says, ms.
    pub took_ms: Option<u64>,
    /// In the caller's words; private.
    pub detail: String,
}

/// What a call tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PingKind {
    /// The job begins.
    Start,
    /// It ended well.
    Success,
    /// It failed.
    Failure,
    /// Something for the log; it changes nothing.
    Nothing,
}

/// The heartbeats of one workspace are these.
pub(super) fn declare_all(
    state: &mut State,
    workspace: &str,
    desired: &[DesiredHeartbeat],
    now: Timestamp,
    changes: &mut Changes,
) {
    let workspace_key = workspace_for(state, workspace, changes);
    let of_workspace = |state: &State, check: &CheckKey| state.checks[check].workspace == workspace_key;
    let before: Vec<CheckKey> =
        state.heartbeats.keys().filter(|check| of_workspace(state, check)).copied().collect();
    if desired.is_empty() && before.is_empty() {
        return;
    }
    // First what was expected until now is judged.
    tick(state, now, changes);
    let agent = add_agent(state, workspace, HEARTBEAT_AGENT, LOCATION, now, changes);
    let inventory: Vec<DeclaredCheck> = desired
        .iter()
        .map(|one| DeclaredCheck {
            name: one.check.clone(),
            definition: one.definition.clone(),
            interval_ms: one.expected.longest(),
        })
        .collect();
    let mut recompute_from = RecomputeFrom::default();
    declare(state, agent, &inventory, now, changes, &mut recompute_from);
    let (mut kept, mut lost) = (BTreeSet::new(), Vec::new());
    for one in desired {
        let check = state.check_names[&(workspace_key, one.check.clone())];
        let track = state.track_of[&(agent, check)];
        kept.insert(check);
        let known = state.heartbeats.get(&check);
        let heartbeat = match known {
            Some(known) => changed(known, track, &one.expected, now),
            None => {
                let heartbeat = begun(track, &state.tracks[&track], &one.expected, now);
                // What it was due by while it was not declared is not known any more.
                lost.extend(heartbeat.expected_since.map(|_| track));
                heartbeat
            }
        };
        if known != Some(&heartbeat) {
            state.heartbeats.insert(check, heartbeat);
            changes.touched.heartbeat(check);
        }
        state.tracks.get_mut(&track).expect("declared above").live = None;
        state.reschedule(Due::Track(track));
    }
    for gone in before.into_iter().filter(|check| !kept.contains(check)) {
        if let Some(heartbeat) = state.heartbeats.remove(&gone) {
            keep_as_evidence(state, heartbeat.track, now);
        }
        state.reschedule(Due::Heartbeat(gone));
        changes.touched.heartbeat(gone);
    }
    recompute(state, &recompute_from, changes);
    for track in lost {
        lose_sight(state, track, now, changes);
    }
    for check in kept {
        state.reschedule(Due::Heartbeat(check));
    }
}

/// A known heartbeat, with what is expected of it from now on.
fn changed(known: &Heartbeat, track: TrackKey, expected: &Expected, now: Timestamp) -> Heartbeat {
    let expected_since = if known.expected == *expected { known.expected_since } else { Some(now) };
    Heartbeat { track, expected: expected.clone(), expected_since, ..known.clone() }
}

/// A new heartbeat. One that was declared before goes on from what was heard then, or no call would ever be due.
fn begun(track: TrackKey, agent_check: &AgentCheck, expected: &Expected, now: Timestamp) -> Heartbeat {
    let (last_ping, expected) = (last_good_call(agent_check), expected.clone());
    let known = Heartbeat { track, expected, expected_since: None, last_ping, started: None };
    let late = known.lateness(&[], now) != Lateness::InTime;
    Heartbeat { expected_since: late.then_some(now), ..known }
}

/// An `up` that is still believed was told by a call; nothing else makes one.
fn last_good_call(agent_check: &AgentCheck) -> Option<Timestamp> {
    let open = agent_check.track.spans.last().filter(|_| !agent_check.track.silent);
    open.filter(|open| open.state == HardState::Up).map(|open| open.last)
}

/// Nobody could call us from then until now. What every heartbeat was called after is forgotten: no call of before
/// that is missing.
pub(super) fn away(state: &mut State, from: Timestamp, now: Timestamp, changes: &mut Changes) {
    let waits = state.heartbeats.values().filter_map(Heartbeat::waits_since).min();
    let before = state.blind.len();
    state.blind.retain(|blind| waits.is_some_and(|waits| blind.to > waits));
    if waits.is_some_and(|waits| now > waits) && from < now {
        let from = state.blind.last().map_or(from, |last| from.max(last.to));
        append(&mut state.blind, Interval { from, to: now, value: () });
        let many = state.blind.len().saturating_sub(MOST_BLIND);
        state.blind.drain(..many);
        changes.touched.blind();
    } else if state.blind.len() != before {
        changes.touched.blind();
    }
    if changes.touched.blind {
        let all: Vec<CheckKey> = state.heartbeats.keys().copied().collect();
        all.into_iter().for_each(|check| state.reschedule(Due::Heartbeat(check)));
    }
}

/// A call has come.
pub(super) fn ping(
    state: &mut State,
    ping: &HeartbeatPing,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let named = (ping.workspace, ping.check.clone());
    let unknown = || Rejected::not_found("check", "there is no heartbeat of this name");
    let check = state.check_names.get(&named).copied().ok_or_else(unknown)?;
    let heartbeat = state.heartbeats.get_mut(&check).ok_or_else(unknown)?;
    if ping.kind != PingKind::Nothing {
        changes.touched.heartbeat(check);
    }
    let (hard, outcome, reason) = match ping.kind {
        PingKind::Nothing => return Ok(()),
        PingKind::Start => {
            heartbeat.started = Some(Started { at: now, run: ping.run.clone() });
            state.reschedule(Due::Heartbeat(check));
            return Ok(());
        }
        PingKind::Success => (HardState::Up, Outcome::Up, Reason::None),
        PingKind::Failure => (HardState::Down, Outcome::Down, Reason::ReportedFailure),
    };
    heartbeat.last_ping = Some(now);
    // Only the run that told its start has a duration; the end of another leaves it under way.
    let ended = heartbeat.started.take_if(|started| started.run.eq_ignore_ascii_case(&ping.run));
    let took = ended.and_then(|started| u64::try_from(now - started.at).ok());
    // One that hangs has had its say: what is told now is the news.
    if heartbeat.started.as_ref().is_some_and(|started| heartbeat.hangs(started, now)) {
        heartbeat.started = None;
    }
    let total_us = took.or(ping.took_ms).map(|ms| ms.saturating_mul(1_000).min(i64::MAX as u64));
    let track = heartbeat.track;
    let raw = RawObservation { at: now, track, outcome, reason, total_us, phases: None };
    changes.push(Change::Raw(raw));
    let seen = NewState { hard, since: now, at: now, outcome, reason, detail: &ping.detail, total_us };
    seen.take(state, track, changes);
    state.reschedule(Due::Heartbeat(check));
    Ok(())
}

/// Time has passed without a call.
pub(super) fn tick(state: &mut State, now: Timestamp, changes: &mut Changes) {
    state.ticked_at = now;
    let mut judged = Vec::new();
    let mut late = Vec::new();
    for due in state.schedule.due(now) {
        let Due::Heartbeat(check) = due else { continue };
        judged.push(due);
        let Some(heartbeat) = state.heartbeats.get(&check) else { continue };
        let Some(agent_check) = state.tracks.get(&heartbeat.track) else { continue };
        // Before it was declared again it could not be called either, and what held then was judged by what was
        // expected then.
        let declared = agent_check.declared.last().map_or(Timestamp(0), |newest| newest.from);
        match agent_check.late(heartbeat.lateness(&agent_check.blind(&state.blind), now)) {
            Some(Lateness::Missed { due, blind_from }) => {
                late.extend(blind_from.map(|from| (heartbeat.track, None, from.max(declared))));
                late.push((heartbeat.track, Some(due), due));
            }
            Some(Lateness::NobodyKnows(due)) => late.push((heartbeat.track, None, due.max(declared))),
            Some(Lateness::InTime) | None => {}
        }
    }
    for (track, missed, due) in late {
        match missed {
            Some(since) => {
                let reason = Reason::HeartbeatMissed;
                let outcome = Outcome::Down;
                changes.push(Change::Raw(RawObservation {
                    at: now,
                    track,
                    outcome,
                    reason,
                    total_us: None,
                    phases: None,
                }));
                let detail = "the call that was due did not come";
                let hard = HardState::Down;
                let seen = NewState { hard, since, at: now, outcome, reason, detail, total_us: None };
                seen.take(state, track, changes);
            }
            None => lose_sight(state, track, due, changes),
        }
    }
    for due in judged {
        state.reschedule(due);
    }
}

/// It is a heartbeat no more: that no call was late until now is the last that is known of it.
fn keep_as_evidence(state: &mut State, track: TrackKey, now: Timestamp) {
    let Some(agent_check) = state.tracks.get_mut(&track) else { return };
    let open = agent_check.track.spans.last().filter(|_| !agent_check.track.silent);
    agent_check.live = open.map(|open| Live { span: Span { last: now, ..*open }, flapping: false });
    state.reschedule(Due::Track(track));
}

/// What held until it was due is not known to hold any longer.
fn lose_sight(state: &mut State, track: TrackKey, due: Timestamp, changes: &mut Changes) {
    let Some(agent_check) = state.tracks.get_mut(&track) else { return };
    let hard = open_state(agent_check);
    if hard != HardState::Unknown {
        agent_check.track.observe(TrackObservation { at: due, hard, since: None, flapping: false }, i64::MAX);
        agent_check.track.fall_silent();
        let mut recompute_from = RecomputeFrom::default();
        recompute_from.note(agent_check.check, due);
        changes.touched.spans(track, due);
        changes.touched.track(track);
        recompute(state, &recompute_from, changes);
    }
}

/// What is true of a heartbeat from now on.
struct NewState<'a> {
    hard: HardState,
    since: Timestamp,
    at: Timestamp,
    outcome: Outcome,
    reason: Reason,
    detail: &'a str,
    total_us: Option<u64>,
}

impl NewState<'_> {
    fn take(&self, state: &mut State, track: TrackKey, changes: &mut Changes) {
        let Some(agent_check) = state.tracks.get_mut(&track) else { return };
        let before = open_state(agent_check);
        let changed = before != self.hard;
        let since = changed.then_some(self.since);
        // One state holds from call to call; only what nobody knows stays a gap.
        let unbroken = if agent_check.track.silent { -1 } else { i64::MAX };
        let seen = TrackObservation { at: self.at, hard: self.hard, since, flapping: false };
        let mut recompute_from = RecomputeFrom::default();
        if let Some(from) = agent_check.track.observe(seen, unbroken) {
            recompute_from.note(agent_check.check, from);
            changes.touched.spans(track, from);
        }
        agent_check.note_run(LastRun {
            at: self.at,
            outcome: self.outcome,
            reason: self.reason,
            detail: self.detail.to_owned(),
            total_us: self.total_us,
        });
        changes.touched.track(track);
        if changed {
            changes.push(Change::Transition {
                track,
                since: self.since,
                at: self.at,
                from: before,
                to: self.hard,
                reason: self.reason,
                detail: self.detail.to_owned(),
            });
        }
        recompute(state, &recompute_from, changes);
    }
}
