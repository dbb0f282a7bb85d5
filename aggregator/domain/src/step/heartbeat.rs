//! Heartbeats: the effects of a ping and of its absence. Their reporter is the aggregator itself, at a location that no
//! agent may have. Time in which the aggregator was unreachable never counts against a job.

use super::configure::add_agent;
use super::declare::declare;
use super::recompute::{RecomputeFrom, recompute};
use super::report::open_state;
use super::reported::DeclaredCheck;
use super::{Change, Changes, RawObservation, Rejected};
use crate::heartbeat::{Expected, Heartbeat, Lateness, Started};
use crate::labels::Labels;
use crate::problem::Severity;
use crate::schedule::Due;
use crate::state::{AgentCheck, CheckKey, LastRun, State, TrackKey};
use crate::time::Timestamp;
use crate::track::{HardState, Span, TrackObservation};
use crate::verdict::Live;
use skerry_protocol::wire::{Outcome, Reason};
use std::collections::BTreeSet;

/// Name of the internal agent that reports heartbeats.
pub const HEARTBEAT_AGENT: &str = "aggregator (heartbeats)";
/// Location of the internal agent.
pub const LOCATION: &str = "aggregator";

/// A heartbeat that the configuration declares.
#[derive(Clone, Debug)]
pub struct DesiredHeartbeat {
    /// The check's name.
    pub check: String,
    /// Hash of its definition.
    pub definition: Vec<u8>,
    /// What is expected of the job.
    pub expected: Expected,
    /// The severity of its problems.
    pub severity: Severity,
    /// The names of the checks that it depends on, each once.
    pub depends_on: Vec<String>,
    /// Its labels.
    pub labels: Labels,
}

/// One ping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatPing {
    /// The check's name.
    pub check: String,
    /// What it reports.
    pub kind: PingKind,
    /// The job's name for the run; empty if it has none.
    pub run: String,
    /// Duration according to the job, ms.
    pub took_ms: Option<u64>,
    /// Text from the job; private.
    pub detail: String,
}

/// What a ping reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PingKind {
    /// The job begins.
    Start,
    /// It succeeded.
    Success,
    /// It failed.
    Failure,
    /// A line for the log; it changes nothing.
    Nothing,
}

/// Replaces the declared heartbeats.
pub(super) fn declare_all(
    state: &mut State,
    desired: &[DesiredHeartbeat],
    now: Timestamp,
    changes: &mut Changes,
) {
    let before: Vec<CheckKey> = state.heartbeats.keys().copied().collect();
    if desired.is_empty() && before.is_empty() {
        return;
    }
    // First evaluate what was expected until now.
    tick(state, now, changes);
    let agent = add_agent(state, HEARTBEAT_AGENT, LOCATION, now, changes);
    let inventory: Vec<DeclaredCheck> = desired
        .iter()
        .map(|one| DeclaredCheck {
            name: one.check.clone(),
            definition: one.definition.clone(),
            interval_ms: one.expected.longest(),
            severity: one.severity,
            depends_on: one.depends_on.clone(),
            labels: one.labels.clone(),
        })
        .collect();
    let mut recompute_from = RecomputeFrom::default();
    declare(state, agent, &inventory, now, changes, &mut recompute_from);
    let (mut kept, mut lost) = (BTreeSet::new(), Vec::new());
    for one in desired {
        let check = state.check_names[one.check.as_str()];
        let track = state.track_of[&(agent, check)];
        kept.insert(check);
        let known = state.heartbeats.get(&check);
        let heartbeat = match known {
            Some(known) => changed(known, track, &one.expected, now),
            None => {
                let heartbeat = begun(track, &state.tracks[&track], &one.expected, now);
                // Nothing is known about pings that were due while it was not declared.
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

/// A known heartbeat with its new expectation.
fn changed(known: &Heartbeat, track: TrackKey, expected: &Expected, now: Timestamp) -> Heartbeat {
    let expected_since = if known.expected == *expected { known.expected_since } else { Some(now) };
    Heartbeat { track, expected: expected.clone(), expected_since, ..known.clone() }
}

/// A new heartbeat. One that was declared before continues from its last ping; otherwise no ping would ever be due.
fn begun(track: TrackKey, agent_check: &AgentCheck, expected: &Expected, now: Timestamp) -> Heartbeat {
    let (last_ping, expected) = (last_good_call(agent_check), expected.clone());
    let known = Heartbeat { track, expected, expected_since: None, last_ping, started: None };
    let late = known.lateness(&[], now) != Lateness::InTime;
    Heartbeat { expected_since: late.then_some(now), ..known }
}

/// An open `up` comes from a ping; nothing else produces one.
fn last_good_call(agent_check: &AgentCheck) -> Option<Timestamp> {
    let open = agent_check.track.spans.last().filter(|_| !agent_check.track.silent);
    open.filter(|open| open.state == HardState::Up).map(|open| open.last)
}

/// A ping was received.
pub(super) fn ping(
    state: &mut State,
    ping: &HeartbeatPing,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let unknown = || Rejected::not_found("check", "there is no heartbeat of this name");
    let check = state.check_names.get(ping.check.as_str()).copied().ok_or_else(unknown)?;
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
    // Only the run that reported its start has a duration; the end of another run leaves it in progress.
    let ended = heartbeat.started.take_if(|started| started.run.eq_ignore_ascii_case(&ping.run));
    let took = ended.and_then(|started| u64::try_from(now - started.at).ok());
    // A run that exceeded its time was already reported as missed; this ping supersedes it.
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

/// Time has passed without a ping.
pub(super) fn tick(state: &mut State, now: Timestamp, changes: &mut Changes) {
    state.ticked_at = now;
    let mut judged = Vec::new();
    let mut late = Vec::new();
    for due in state.schedule.due(now) {
        let Due::Heartbeat(check) = due else { continue };
        judged.push(due);
        let Some(heartbeat) = state.heartbeats.get(&check) else { continue };
        let Some(agent_check) = state.tracks.get(&heartbeat.track) else { continue };
        // Before it was declared again it could not be pinged either, and that time was judged by the expectation of
        // that time.
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

/// The check is no longer a heartbeat: its last known state is that no ping was late until now.
fn keep_as_evidence(state: &mut State, track: TrackKey, now: Timestamp) {
    let Some(agent_check) = state.tracks.get_mut(&track) else { return };
    let open = agent_check.track.spans.last().filter(|_| !agent_check.track.silent);
    agent_check.live = open.map(|open| Live { span: Span { last: now, ..*open }, flapping: false });
    state.reschedule(Due::Track(track));
}

/// The state that held until `due` is unknown from then on.
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

/// The new state of a heartbeat.
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
        // A state holds from ping to ping; only unknown time stays a gap.
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
