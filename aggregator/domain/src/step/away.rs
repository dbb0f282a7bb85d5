//! Absences of the aggregator: a ping may have been missed in them, and no agent could deliver.

use super::recompute::{RecomputeFrom, recompute};
use super::{Changes, fold};
use crate::absence::{self, leaves};
use crate::heartbeat::Heartbeat;
use crate::interval::{Interval, append};
use crate::schedule::Due;
use crate::state::{AgentCheck, CheckKey, State, TrackKey};
use crate::time::Timestamp;

/// How many absences are remembered for the pings of jobs; a ping expected before that many counts as missed.
const MOST_FOR_PINGS: usize = 1_000;

/// Records that the aggregator was unreachable from then until now. Absences before the last ping of every heartbeat
/// are forgotten, as no ping can be missing in them, unless they keep a silent agent in the denominator.
pub(super) fn away(state: &mut State, from: Timestamp, now: Timestamp, changes: &mut Changes) {
    let waits = state.heartbeats.values().filter_map(Heartbeat::waits_since).min();
    let mut absences = state.blind.clone();
    let from = absences.last().map_or(from, |last| from.max(last.to));
    append(&mut absences, Interval { from, to: now, value: () });
    absences.retain(|one| absence::counts(one) || waits.is_some_and(|waits| one.to > waits));
    let short = absences.iter().filter(|one| !absence::counts(one)).count();
    let mut many = short.saturating_sub(MOST_FOR_PINGS);
    absences.retain(|one| {
        let forgotten = many > 0 && !absence::counts(one);
        many -= usize::from(forgotten);
        !forgotten
    });
    if absences == state.blind {
        return;
    }
    let counted =
        absences.last().filter(|last| last.to == now && absence::counts(last)).map(|last| last.from);
    state.blind = absences;
    changes.touched.blind();
    let heartbeats: Vec<CheckKey> = state.heartbeats.keys().copied().collect();
    heartbeats.into_iter().for_each(|check| state.reschedule(Due::Heartbeat(check)));
    if let Some(from) = counted {
        stay(state, from, changes);
    }
}

/// Agents that are silent stay in the denominator for longer: whoever would have left since `from`.
fn stay(state: &mut State, from: Timestamp, changes: &mut Changes) {
    let unheard = |one: &AgentCheck| {
        let newest = one.track.spans.last();
        let holds = newest.filter(|_| !one.track.silent);
        let heard = newest.map(|newest| newest.last).max(one.declared.last().map(|declared| declared.from));
        match holds {
            Some(newest) => newest.from > from,
            None => heard.is_some_and(|heard| leaves(&state.blind, heard) > from),
        }
    };
    let tracks: Vec<(TrackKey, CheckKey)> =
        state.tracks.iter().filter(|(_, one)| unheard(one)).map(|(key, one)| (*key, one.check)).collect();
    let mut recompute_from = RecomputeFrom::default();
    for (track, check) in tracks {
        recompute_from.note(check, from);
        state.reschedule(Due::Track(track));
    }
    recompute(state, &recompute_from, changes);
}

/// Forgets absences that keep nobody in the denominator of a verdict whose rules are still kept.
pub(super) fn forget(state: &mut State, now: Timestamp, changes: &mut Changes) {
    let waits = state.heartbeats.values().filter_map(Heartbeat::waits_since).min();
    let before = now - fold::RULES_KEPT;
    let kept = |one: &Interval<()>| {
        leaves(&state.blind, one.to) >= before || waits.is_some_and(|waits| one.to > waits)
    };
    let absences: Vec<Interval<()>> = state.blind.iter().filter(|one| kept(one)).copied().collect();
    if absences.len() < state.blind.len() {
        state.blind = absences;
        changes.touched.blind();
    }
}
