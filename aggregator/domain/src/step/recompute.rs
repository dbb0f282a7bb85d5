//! Recomputes verdicts and automatic layers after evidence changed.

use super::{Change, Changes};
use crate::check_verdict::{self, CheckVerdict};
use crate::component::{self, LinkedCheck};
use crate::interval::{Interval, append};
use crate::layers::{lay, splice};
use crate::problem::ProblemSubject;
use crate::published::SETTLED;
use crate::schedule::Due;
use crate::state::{CheckKey, Component, ComponentKey, State, TrackKey};
use crate::time::Timestamp;
use crate::verdict::{self, Evaluation, Quorums, Reporter, Verdict};
use skerry_protocol::wire::Reason;
use std::collections::{BTreeMap, BTreeSet};

/// Checks whose past or present changed its meaning, each with the earliest changed instant.
#[derive(Debug, Default)]
pub(super) struct RecomputeFrom {
    checks: BTreeMap<CheckKey, Timestamp>,
    /// Checks with a new or expired state from a snapshot: the history stays, the current verdict may change.
    live: BTreeSet<CheckKey>,
    /// Checks whose history changed while a snapshot is ahead of it: their verdict may have changed.
    behind_snapshot: BTreeSet<CheckKey>,
}

impl RecomputeFrom {
    pub(super) fn note(&mut self, check: CheckKey, from: Timestamp) {
        let recompute_from = self.checks.entry(check).or_insert(from);
        *recompute_from = (*recompute_from).min(from);
    }

    pub(super) fn note_live(&mut self, check: CheckKey) {
        self.live.insert(check);
    }

    pub(super) fn note_behind_snapshot(&mut self, check: CheckKey) {
        self.behind_snapshot.insert(check);
    }
}

/// Recomputes the verdict of every changed check, and the automatic layer of every component that it feeds, from the
/// changed instant on.
pub(super) fn recompute(state: &mut State, recompute_from: &RecomputeFrom, changes: &mut Changes) {
    for (check, from) in &recompute_from.checks {
        judge(state, *check, Some(*from), changes);
    }
    let mut live = recompute_from.live.clone();
    for check in recompute_from.live.union(&recompute_from.behind_snapshot) {
        if !recompute_from.checks.contains_key(check) && judge(state, *check, None, changes) {
            live.insert(*check);
        }
    }
    let mut components: BTreeMap<ComponentKey, Timestamp> = BTreeMap::new();
    for (check, from) in &recompute_from.checks {
        for component in &state.checks[check].components {
            let recompute_from = components.entry(*component).or_insert(*from);
            *recompute_from = (*recompute_from).min(*from);
        }
    }
    for (component, from) in components {
        component_from(state, component, from, changes);
    }
    let moved: BTreeSet<ComponentKey> =
        live.iter().flat_map(|check| &state.checks[check].components).copied().collect();
    if moved.is_empty() {
        return;
    }
    let shown = |change: &Change| {
        if let Change::ComponentChanged(component) = change { Some(*component) } else { None }
    };
    let shown: BTreeSet<ComponentKey> = changes.events.iter().filter_map(shown).collect();
    changes.extend(moved.difference(&shown).map(|component| Change::ComponentChanged(*component)));
}

/// Updates the verdict of a check; returns whether its evaluation changed. `changed`: the earliest instant whose
/// meaning changed.
pub(super) fn judge(
    state: &mut State,
    check: CheckKey,
    changed: Option<Timestamp>,
    changes: &mut Changes,
) -> bool {
    let now = state.clock;
    let former = state.verdicts.get(&check);
    let kept = check_verdict::judge(state, check, former, changed, now);
    if let Some(changed) = changed {
        changes.rejudged.insert(check);
        let silence = |track: &TrackKey| state.tracks[track].silence();
        let silence = state.checks[&check].tracks.iter().map(silence).max().unwrap_or(0);
        for past in check_verdict::past(state, check, changed, now) {
            changes.push(Change::Verdict {
                check,
                from: past.before,
                to: past.evaluation,
                since: Some(past.from),
                until: Some(past.to),
                reason: Reason::None,
                reported_by: Vec::new(),
                late: now - past.to > silence,
            });
        }
    }
    let from = former.map_or(CheckVerdict::default().evaluation, |former| former.evaluation);
    let moved = from != kept.evaluation;
    if moved {
        changes.push(Change::Verdict {
            check,
            from,
            to: kept.evaluation,
            since: kept.since,
            until: None,
            reason: kept.reason,
            reported_by: kept.reported_by.clone(),
            late: false,
        });
    }
    let evidence = |kept: &CheckVerdict| (!kept.below_quorum.is_empty(), kept.silent_fault);
    if former.map(evidence).unwrap_or_default() != evidence(&kept) {
        changes.push(Change::DissentChanged(check));
    }
    if kept.evaluation.verdict == Verdict::Unknown
        && state.open_problem(ProblemSubject::Check(check)).is_some()
        && !state.checks[&check].tracks.iter().any(|track| state.tracks[track].is_declared())
    {
        changes.push(Change::NobodyRuns(check));
    }
    if former != Some(&kept) {
        state.verdicts.insert(check, kept);
        state.reschedule(Due::Verdict(check));
    }
    moved
}

/// Recomputes a component's automatic layer from `from` on.
pub(super) fn component_from(state: &mut State, key: ComponentKey, from: Timestamp, changes: &mut Changes) {
    let component = &state.components[&key];
    // No check fed it before it was made. Older history is folded and stays as it was computed.
    let from = from.max(component.created_at).max(Timestamp(state.counters.folded));
    let intervals = automatic_from(state, component, from);
    let mut layer = component.layers.automatic.clone();
    splice(layer.edit(), from, intervals);
    let (before, after) = (tail(component.layers.automatic.recent(), from), tail(layer.recent(), from));
    if after != before {
        if state.clock - first_difference(before, after) > SETTLED {
            changes.push(Change::PastCorrected(key));
        }
        let from = after.first().map_or(from, |first| first.from);
        changes.touched.automatic(key, from);
        changes.push(Change::ComponentChanged(key));
        state.components.get_mut(&key).expect("looked up above").layers.automatic = layer;
    }
}

/// The intervals that hold at `from` or later.
fn tail(layer: &[Interval<component::Automatic>], from: Timestamp) -> &[Interval<component::Automatic>] {
    &layer[layer.partition_point(|interval| interval.to <= from)..]
}

/// The first instant at which two layers differ.
fn first_difference<T: PartialEq>(some: &[Interval<T>], others: &[Interval<T>]) -> Timestamp {
    let same = some.iter().zip(others).take_while(|(one, other)| one == other).count();
    match (some.get(same), others.get(same)) {
        (Some(one), Some(other)) if one.from == other.from && one.value == other.value => {
            one.to.min(other.to)
        }
        (Some(one), Some(other)) => one.from.min(other.from),
        (Some(one), None) | (None, Some(one)) => one.from,
        (None, None) => Timestamp::FAR,
    }
}

fn automatic_from(
    state: &State,
    component: &Component,
    from: Timestamp,
) -> Vec<Interval<component::Automatic>> {
    if component.links.is_empty() && component.selected.is_empty() {
        return vec![Interval { from, to: Timestamp::FAR, value: BY_HAND }];
    }
    // Of a component that chooses its checks by labels, many links may be over.
    let links = component.links.iter().filter(|link| link.to > from);
    let checks: BTreeSet<CheckKey> = links.clone().map(|link| link.check).collect();
    let verdicts: BTreeMap<CheckKey, (Option<Evaluation>, Vec<Interval<Evaluation>>)> =
        checks.into_iter().map(|check| (check, timeline_of(state, check, from))).collect();
    let links: Vec<LinkedCheck<'_>> = links
        .map(|link| {
            let (before, verdict) = &verdicts[&link.check];
            LinkedCheck { minor: link.minor, from: link.from, to: link.to, before: *before, verdict }
        })
        .collect();
    let mut layer = component::automatic(&links, from);
    for alone in unlinked(component, from.max(component.created_at)) {
        lay(&mut layer, Interval { from: alone.from, to: alone.to, value: BY_HAND });
    }
    layer
}

/// The automatic status of a component that no check feeds.
const BY_HAND: component::Automatic = component::Automatic::Known(crate::status::Status::Operational);

/// When no link was in force and labels chose none, from `from` on: a component that is linked later, or no longer, keeps
/// its past.
fn unlinked(component: &Component, from: Timestamp) -> Vec<Interval<()>> {
    let links = component.links.iter().map(|link| (link.from, link.to));
    let fed = links.chain(component.selected.iter().map(|one| (one.from, one.to)));
    let mut fed: Vec<(Timestamp, Timestamp)> = fed.filter(|(_, to)| *to > from).collect();
    fed.sort_unstable();
    let (mut alone, mut at) = (Vec::new(), from);
    for (begins, ends) in fed {
        append(&mut alone, Interval { from: at, to: begins, value: () });
        at = at.max(ends);
    }
    append(&mut alone, Interval { from: at, to: Timestamp::FAR, value: () });
    alone
}

/// The evaluation of a check over time, and the last known one before it if the timeline begins with unknown.
fn timeline_of(
    state: &State,
    check: CheckKey,
    from: Timestamp,
) -> (Option<Evaluation>, Vec<Interval<Evaluation>>) {
    let (reporters, quorum) = reporters_of(state, check);
    let timeline = verdict::timeline(&reporters, quorum, from);
    let blind = timeline.first().is_some_and(|first| first.value.verdict == Verdict::Unknown);
    let before = blind.then(|| verdict::last_known(&reporters, quorum, from)).flatten();
    (before.map(|(evaluation, _)| evaluation), timeline)
}

/// All reporters of a check, past and present: first each at its current location, in the order of the tracks, then at
/// its former locations. Locations are numbered in order of appearance.
pub fn reporters_of(state: &State, check: CheckKey) -> (Vec<Reporter<'_>>, Quorums<'_>) {
    let check = &state.checks[&check];
    let mut locations: Vec<&str> = Vec::new();
    let mut number_of = |name| {
        let number = locations.iter().position(|known| *known == name).unwrap_or_else(|| {
            locations.push(name);
            locations.len() - 1
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    let (mut reporters, mut former) = (Vec::with_capacity(check.tracks.len()), Vec::new());
    for key in &check.tracks {
        let agent_check = &state.tracks[key];
        let agent = &state.agents[&agent_check.agent];
        let mut from = verdict::ALWAYS.from;
        let standing = |location, from, to| Reporter {
            location,
            within: Interval { from, to, value: () },
            track: &agent_check.track,
            declared: &agent_check.declared,
            silent: agent_check.track.silent,
            live: agent_check.live,
            absences: &state.blind,
        };
        for stood in &agent.former_locations {
            former.push(standing(number_of(&stood.value), from, stood.to));
            from = stood.to;
        }
        reporters.push(standing(number_of(&agent.location), from, Timestamp::FAR));
    }
    reporters.append(&mut former);
    (reporters, Quorums { now: check.quorum, former: &check.former_quorums })
}
