//! Folds history that is too old to be recomputed. Of the closed spans of a track only the days remain on which it was
//! not up; its flapping stretches are dropped. Bars, percentages and past days come from the layers, which stay. Late
//! data reaches back a few days, never [`KEPT`].

use super::forget::forget;
use super::recompute::reporters_of;
use super::{Answer, Changes, Context, away, selection, tick};
use crate::state::{AgentCheck, State, TrackKey};
use crate::time::{DAY, Timestamp};
use crate::track::HardState;
use crate::verdict::last_known_stretch;
use std::ops::Bound;

/// How long evidence is kept in full, ms: the 90 days of a bar, at up to 25 hours each, with a margin.
pub const KEPT: i64 = 95 * DAY;
/// How long declarations of checks, and former rules of agents and checks, are kept, ms.
pub const RULES_KEPT: i64 = 400 * DAY;

/// What was folded of a track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    /// Spans that begin before this instant are folded.
    pub(crate) spans_before: Timestamp,
    /// Flapping stretches that begin before this instant are forgotten.
    pub(crate) flaps_before: Timestamp,
    /// Declarations that begin before this instant are forgotten.
    pub(crate) declared_before: Timestamp,
    /// The start of each day (UTC) on which it was not up, with its state.
    pub(crate) days: Vec<(Timestamp, HardState)>,
}

/// Folds what ended before `before`, for at most `limit` tracks after the track `after`. Nothing that may be recomputed is
/// folded. If nothing is left to fold, answers that have expired are forgotten, and checks, agents and what labels once
/// chose that have not been used for a year.
pub(super) fn fold(
    state: &mut State,
    before: Timestamp,
    (limit, after): (usize, TrackKey),
    context: Context,
    changes: &mut Changes,
) -> Answer {
    let now = context.now;
    // First process due silence, while the evidence for it is still there.
    tick::tick(state, context, changes);
    away::forget(state, now, changes);
    let before = before.min(now - KEPT);
    let tracks = state.tracks.range((Bound::Excluded(after), Bound::Unbounded));
    let due = tracks.filter(|(_, one)| is_due(state, one, before, now)).take(limit);
    let due: Vec<_> = due.map(|(key, _)| *key).collect();
    let Some(last) = due.last().copied() else {
        selection::forget_old(state, now, changes);
        // What the tick changed may be folded.
        let count = match pack(state, limit, changes) {
            0 if changes.events.is_empty() => forget(state, limit, now, changes),
            packed => packed,
        };
        let is_done = count == 0 && changes.events.is_empty();
        return Answer::Folded { count, after: (!is_done).then_some(after) };
    };
    state.counters.folded = state.counters.folded.max(before.0);
    for key in &due {
        let needed_from = needed_from(state, &state.tracks[key], before);
        let Some(agent_check) = state.tracks.get_mut(key) else { continue };
        let folded = fold_track(agent_check, needed_from, now - RULES_KEPT);
        changes.touched.folded(*key, folded);
    }
    Answer::Folded { count: due.len(), after: Some(last) }
}

/// Packs what can no longer change in the automatic layers of at most `limit` components; returns of how many.
fn pack(state: &mut State, limit: usize, changes: &mut Changes) -> usize {
    // Nothing before this instant is computed again.
    let before = Timestamp(state.counters.folded);
    let due = state.components.iter().filter(|(_, one)| one.layers.automatic.can_pack(before));
    let due: Vec<_> = due.map(|(key, _)| *key).take(limit).collect();
    for key in &due {
        let Some(component) = state.components.get_mut(key) else { continue };
        let layer = &mut component.layers.automatic;
        let former = layer.chunks().len();
        layer.pack(before);
        changes.touched.packed(*key, layer.chunks().len() - former);
    }
    due.len()
}

/// The number of spans to fold. The last span before `before` stays, as the last known state.
fn foldable(agent_check: &AgentCheck, before: Timestamp) -> usize {
    let spans = &agent_check.track.spans;
    spans.partition_point(|span| span.end() < before).saturating_sub(1)
}

/// The instant before which nothing of a check is needed any more: what its last known verdict depends on stays.
fn needed_from(state: &State, agent_check: &AgentCheck, before: Timestamp) -> Timestamp {
    let (reporters, quorums) = reporters_of(state, agent_check.check);
    let known = last_known_stretch(&reporters, quorums, before);
    known.map_or(before, |stretch| before.min(stretch.from - 2 * DAY))
}

/// Whether anything of a track is folded: until nothing is, the caller asks again.
fn is_due(state: &State, agent_check: &AgentCheck, before: Timestamp, now: Timestamp) -> bool {
    let folds = |before: Timestamp| {
        foldable(agent_check, before) > 0
            || agent_check.track.flaps.first().is_some_and(|flap| flap.to < before)
    };
    let forgets = agent_check.declared.len() > 1 && agent_check.declared[0].to < now - RULES_KEPT;
    // Without anything old there is no need to look up the verdict.
    forgets || (folds(before) && folds(needed_from(state, agent_check, before)))
}

fn fold_track(agent_check: &mut AgentCheck, before: Timestamp, rules_before: Timestamp) -> Folded {
    let mut folded = Folded::default();
    let spans = foldable(agent_check, before);
    let forgotten = agent_check.track.spans.forget(spans);
    for span in forgotten.iter().filter(|span| span.state != HardState::Up) {
        let mut day = span.from.0.div_euclid(DAY) * DAY;
        while day < span.end().0 {
            let one = (Timestamp(day), span.state);
            if !folded.days.contains(&one) {
                folded.days.push(one);
            }
            day += DAY;
        }
    }
    if spans > 0 {
        folded.spans_before = agent_check.track.spans.first().map_or(before, |first| first.from);
    }
    let flaps = agent_check.track.flaps.partition_point(|flap| flap.to < before);
    if flaps > 0 {
        agent_check.track.flaps.edit().drain(..flaps);
        folded.flaps_before = agent_check.track.flaps.first().map_or(before, |first| first.from);
    }
    // The newest declaration stays, whether it has ended or not.
    let declared = agent_check.declared.partition_point(|one| one.to < rules_before);
    let declared = declared.min(agent_check.declared.len().saturating_sub(1));
    if declared > 0 {
        agent_check.declared.edit().drain(..declared);
        folded.declared_before = agent_check.declared.first().map_or(rules_before, |first| first.from);
    }
    folded
}
