//! What is older than anything that is worked out again folds: of the closed spans of a track only the days remain on
//! which it was not up, of its flaps nothing. Bars, percentages and past days are of the layers, which stay; late data
//! reaches back by days, never by [`KEPT`].

use super::forget::forget;
use super::{Changes, tick};
use crate::state::{AgentCheck, State};
use crate::time::{DAY, Timestamp};
use crate::track::HardState;

/// What evidence is kept in full, ms: the 90 days of a bar, of a day of 25 hours each, and some more.
pub const KEPT: i64 = 95 * DAY;
/// When an agent ran a check, and what held before of agents and checks, is kept for so long, ms.
pub const RULES_KEPT: i64 = 400 * DAY;

/// What a track was on days whose spans are folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    /// Spans that begin before are folded.
    pub(crate) spans_before: Timestamp,
    /// Flaps that begin before are forgotten.
    pub(crate) flaps_before: Timestamp,
    /// Stretches that begin before are forgotten.
    pub(crate) declared_before: Timestamp,
    /// Start of each day in UTC on which it was not up, with what it was.
    pub(crate) days: Vec<(Timestamp, HardState)>,
}

/// Folds what ended before `before`, of as many tracks as `limit` at most; returns of how many. Nothing that is worked
/// out again is folded. Where there is nothing left to fold, what nobody has run for longer is forgotten.
pub(super) fn fold(
    state: &mut State,
    before: Timestamp,
    limit: usize,
    now: Timestamp,
    changes: &mut Changes,
) -> usize {
    // First what has fallen silent is judged by what is about to go.
    tick::tick(state, now, changes);
    let before = before.min(now - KEPT);
    let due = state.tracks.iter().filter(|(_, one)| is_due(one, before, now)).take(limit);
    let due: Vec<_> = due.map(|(key, _)| *key).collect();
    if due.is_empty() && changes.events.is_empty() {
        return forget(state, limit, now, changes);
    }
    if !due.is_empty() {
        state.counters.folded = state.counters.folded.max(before.0);
    }
    for key in &due {
        let Some(agent_check) = state.tracks.get_mut(key) else { continue };
        let folded = fold_track(agent_check, before, now - RULES_KEPT);
        changes.touched.folded(*key, folded);
    }
    due.len()
}

/// The last span before stays: it is what was last known.
fn foldable(agent_check: &AgentCheck, before: Timestamp) -> usize {
    let spans = &agent_check.track.spans;
    spans.partition_point(|span| span.end() < before).saturating_sub(1)
}

fn is_due(agent_check: &AgentCheck, before: Timestamp, now: Timestamp) -> bool {
    foldable(agent_check, before) > 0
        || agent_check.track.flaps.first().is_some_and(|flap| flap.to < before)
        || agent_check.declared.len() > 1 && agent_check.declared[0].to < now - RULES_KEPT
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
    // The newest stays, whether it has ended or not.
    let declared = agent_check.declared.partition_point(|one| one.to < rules_before);
    let declared = declared.min(agent_check.declared.len().saturating_sub(1));
    if declared > 0 {
        agent_check.declared.edit().drain(..declared);
        folded.declared_before = agent_check.declared.first().map_or(rules_before, |first| first.from);
    }
    folded
}
