//! Forgets what has not been used for more than a year: tracks, checks that no agent, page or file names any more, and
//! agents that were revoked or removed. Bars, percentages and past days come from the layers, which stay. Answers to
//! requests of clients are forgotten after a day.

use super::agents::forget_enrolments;
use super::{Changes, RULES_KEPT, expire, once, team};
use crate::credentials::Standing;
use crate::schedule::Due;
use crate::state::{Agent, AgentCheck, AgentKey, CheckKey, State, TrackKey};
use crate::time::{DAY, Timestamp};
use crate::verdict::Quorum;

/// How long a track is kept after the agent last ran the check, ms. What is left of its notes for operators is
/// deleted with it.
const FORGOTTEN_AFTER: i64 = RULES_KEPT + 10 * DAY;

/// Forgets at most `limit` tracks, checks and agents together, and answers that have expired; returns how many.
pub(super) fn forget(state: &mut State, limit: usize, now: Timestamp, changes: &mut Changes) -> usize {
    let answers = once::forget_expired(state, now, changes);
    let subscribers =
        expire::forget_suppressed(state, now, changes) + expire::forget_over(state, now, changes);
    let told = team::forget_told(state, now, changes);
    let before = now - FORGOTTEN_AFTER;
    let tracks = state.tracks.iter().filter(|(_, one)| is_over(state, one, before)).take(limit);
    let tracks: Vec<_> = tracks.map(|(key, _)| *key).collect();
    tracks.iter().for_each(|key| forget_track(state, *key, changes));
    let checks = state.checks.keys().filter(|key| is_unnamed(state, **key)).take(limit - tracks.len());
    let checks: Vec<_> = checks.copied().collect();
    checks.iter().for_each(|key| forget_check(state, *key, changes));
    let room = limit - tracks.len() - checks.len();
    let has_none = |key: AgentKey| state.tracks_of(key).next().is_none();
    let agents =
        state.agents.iter().filter(|(key, one)| is_dismissed(one, before) && has_none(**key)).take(room);
    let agents: Vec<_> = agents.map(|(key, _)| *key).collect();
    agents.iter().for_each(|key| forget_agent(state, *key, changes));
    answers + subscribers + told + tracks.len() + checks.len() + agents.len()
}

/// Whether the agent has neither run nor reported the check since `before`. A track with a known state stays while a
/// component depends on it: it is the last known state.
fn is_over(state: &State, agent_check: &AgentCheck, before: Timestamp) -> bool {
    let ended = match agent_check.declared.last() {
        Some(last) => last.to < before,
        None => is_dismissed(&state.agents[&agent_check.agent], before),
    };
    let known = agent_check.track.last();
    let told = known.max(agent_check.last_run.as_ref().map(|run| run.at));
    ended && told.is_none_or(|at| at < before) && (known.is_none() || !is_shown(state, agent_check.check))
}

fn is_shown(state: &State, check: CheckKey) -> bool {
    let feeds = |key| {
        state
            .components
            .get(key)
            .is_some_and(|one| one.links.iter().any(|link| link.check == check && link.to == Timestamp::FAR))
    };
    state.heartbeats.contains_key(&check) || state.checks[&check].components.iter().any(feeds)
}

/// Whether no track is left, no page shows or ever showed the check, and neither a file nor an operator configures it.
fn is_unnamed(state: &State, key: CheckKey) -> bool {
    let check = &state.checks[&key];
    check.tracks.is_empty()
        && check.components.is_empty()
        && check.quorum == Quorum::default()
        && check.file_definition.is_none()
        && check.chosen_definition.is_none()
        && !state.heartbeats.contains_key(&key)
}

/// Whether the agent is revoked or removed and last delivered before `before`. An agent that never delivered stays: its
/// age is unknown.
fn is_dismissed(agent: &Agent, before: Timestamp) -> bool {
    matches!(agent.standing, Standing::Revoked | Standing::Removed)
        && agent.last_seen.is_some_and(|seen| seen < before)
}

fn forget_track(state: &mut State, key: TrackKey, changes: &mut Changes) {
    state.set_parents(key, &[]);
    let Some(agent_check) = state.tracks.remove(&key) else { return };
    state.track_of.remove(&(agent_check.agent, agent_check.check));
    if let Some(check) = state.checks.get_mut(&agent_check.check) {
        check.tracks.retain(|track| *track != key);
    }
    state.reschedule(Due::Track(key));
    changes.touched.forgotten_track(key);
}

fn forget_check(state: &mut State, key: CheckKey, changes: &mut Changes) {
    let Some(check) = state.checks.remove(&key) else { return };
    state.check_names.remove(&check.name);
    state.verdicts.remove(&key);
    state.reschedule(Due::Verdict(key));
    changes.touched.forgotten_check(key);
}

fn forget_agent(state: &mut State, key: AgentKey, changes: &mut Changes) {
    forget_enrolments(state, |one| one.agent == key, changes);
    if state.agents.remove(&key).is_some() {
        changes.touched.forgotten_agent(key);
    }
}
