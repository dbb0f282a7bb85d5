//! Heartbeats: what a call and its absence make true. The voice that tells of them is our own, at a location
//! that no agent may have; our own absence is never taken for a caller's.

use super::configure::{add_agent, workspace_for};
use super::declare::declare;
use super::recompute::{Earliest, recompute};
use super::report::open_state;
use super::reported::DeclaredCheck;
use super::{Change, Changes, RawObservation, Rejected};
use crate::heartbeat::{Expected, Heartbeat, Lateness, Started};
use crate::interval::{Interval, append};
use crate::schedule::Due;
use crate::state::{CheckKey, LastRun, State, TrackKey, Witnessed, WorkspaceKey};
use crate::time::Timestamp;
use crate::track::{Hard, Seen, Span};
use crate::verdict::Live;
use skerry_protocol::wire::{Outcome, Reason};
use std::collections::BTreeSet;

/// Our own voice, in the list of agents.
pub const VOICE: &str = "aggregator (heartbeats)";
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
pub struct Beat {
    /// Whose check it is.
    pub workspace: WorkspaceKey,
    /// The check's name.
    pub check: String,
    /// What it tells.
    pub tells: Tells,
    /// The caller's name for the run; empty where it has none.
    pub run: String,
    /// How long it took, as the caller says, ms.
    pub took_ms: Option<u64>,
    /// In the caller's words; private.
    pub detail: String,
}

/// What a call tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
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
    let voice = add_agent(state, workspace, VOICE, LOCATION, now, changes);
    let inventory: Vec<DeclaredCheck> = desired
        .iter()
        .map(|one| DeclaredCheck {
            name: one.check.clone(),
            definition: one.definition.clone(),
            interval_ms: one.expected.longest(),
        })
        .collect();
    let mut earliest = Earliest::default();
    declare(state, voice, &inventory, now, changes, &mut earliest);
    let (mut kept, mut lost) = (BTreeSet::new(), Vec::new());
    for one in desired {
        let check = state.check_names[&(workspace_key, one.check.clone())];
        let track = state.track_of[&(voice, check)];
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
    recompute(state, &earliest, changes);
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
fn begun(track: TrackKey, witnessed: &Witnessed, expected: &Expected, now: Timestamp) -> Heartbeat {
    let (heard, expected) = (last_good_call(witnessed), expected.clone());
    let known = Heartbeat { track, expected, expected_since: None, heard, started: None };
    let late = known.lateness(&[], now) != Lateness::InTime;
    Heartbeat { expected_since: late.then_some(now), ..known }
}

/// An `up` that is still believed was told by a call; nothing else makes one.
fn last_good_call(witnessed: &Witnessed) -> Option<Timestamp> {
    let open = witnessed.track.spans.last().filter(|_| !witnessed.track.silent);
    open.filter(|open| open.state == Hard::Up).map(|open| open.last)
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
pub(super) fn beat(
    state: &mut State,
    beat: &Beat,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let named = (beat.workspace, beat.check.clone());
    let unknown = || Rejected::not_found("check", "there is no heartbeat of this name");
    let check = state.check_names.get(&named).copied().ok_or_else(unknown)?;
    let heartbeat = state.heartbeats.get_mut(&check).ok_or_else(unknown)?;
    if beat.tells != Tells::Nothing {
        changes.touched.heartbeat(check);
    }
    let (hard, outcome, reason) = match beat.tells {
        Tells::Nothing => return Ok(()),
        Tells::Start => {
            heartbeat.started = Some(Started { at: now, run: beat.run.clone() });
            state.reschedule(Due::Heartbeat(check));
            return Ok(());
        }
        Tells::Success => (Hard::Up, Outcome::Up, Reason::None),
        Tells::Failure => (Hard::Down, Outcome::Down, Reason::ReportedFailure),
    };
    heartbeat.heard = Some(now);
    // Only the run that told its start has a duration; the end of another leaves it under way.
    let ended = heartbeat.started.take_if(|started| started.run.eq_ignore_ascii_case(&beat.run));
    let took = ended.and_then(|started| u64::try_from(now - started.at).ok());
    // One that hangs has had its say: what is told now is the news.
    if heartbeat.started.as_ref().is_some_and(|started| heartbeat.hangs(started, now)) {
        heartbeat.started = None;
    }
    let total_us = took.or(beat.took_ms).map(|ms| ms.saturating_mul(1_000).min(i64::MAX as u64));
    let track = heartbeat.track;
    let raw = RawObservation { at: now, track, outcome, reason, total_us, phases: None };
    changes.push(Change::Raw(raw));
    let seen = Said { hard, since: now, at: now, outcome, reason, detail: &beat.detail, total_us };
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
        let Some(witnessed) = state.tracks.get(&heartbeat.track) else { continue };
        // Before it was declared again it could not be called either, and what held then was judged by what was
        // expected then.
        let declared = witnessed.declared.last().map_or(Timestamp(0), |newest| newest.from);
        match witnessed.late(heartbeat.lateness(&witnessed.blind(&state.blind), now)) {
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
                let hard = Hard::Down;
                let seen = Said { hard, since, at: now, outcome, reason, detail, total_us: None };
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
    let Some(witnessed) = state.tracks.get_mut(&track) else { return };
    let open = witnessed.track.spans.last().filter(|_| !witnessed.track.silent);
    witnessed.live = open.map(|open| Live { span: Span { last: now, ..*open }, flapping: false });
    state.reschedule(Due::Track(track));
}

/// What held until it was due is not known to hold any longer.
fn lose_sight(state: &mut State, track: TrackKey, due: Timestamp, changes: &mut Changes) {
    let Some(witnessed) = state.tracks.get_mut(&track) else { return };
    let hard = open_state(witnessed);
    if hard != Hard::Unknown {
        witnessed.track.observe(Seen { at: due, hard, since: None, flapping: false }, i64::MAX);
        witnessed.track.fall_silent();
        let mut earliest = Earliest::default();
        earliest.note(witnessed.check, due);
        changes.touched.spans(track, due);
        changes.touched.track(track);
        recompute(state, &earliest, changes);
    }
}

/// What is true of a heartbeat from now on.
struct Said<'a> {
    hard: Hard,
    since: Timestamp,
    at: Timestamp,
    outcome: Outcome,
    reason: Reason,
    detail: &'a str,
    total_us: Option<u64>,
}

impl Said<'_> {
    fn take(&self, state: &mut State, track: TrackKey, changes: &mut Changes) {
        let Some(witnessed) = state.tracks.get_mut(&track) else { return };
        let before = open_state(witnessed);
        let changed = before != self.hard;
        let since = changed.then_some(self.since);
        // One state holds from call to call; only what nobody knows stays a gap.
        let unbroken = if witnessed.track.silent { -1 } else { i64::MAX };
        let seen = Seen { at: self.at, hard: self.hard, since, flapping: false };
        let mut earliest = Earliest::default();
        if let Some(from) = witnessed.track.observe(seen, unbroken) {
            earliest.note(witnessed.check, from);
            changes.touched.spans(track, from);
        }
        witnessed.note_run(LastRun {
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
        recompute(state, &earliest, changes);
    }
}
