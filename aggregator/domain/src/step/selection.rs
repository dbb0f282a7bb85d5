//! Components that choose their checks by labels: links open and close when agents declare checks, change their labels or
//! end them, and when the selector changes. What fed a component before stays its past.

use super::recompute::component_from;
use super::{Change, Changes, Context, RULES_KEPT, component};
use crate::rows::agent_actor;
use crate::state::{CheckKey, ComponentKey, Link, State, TrackKey};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What in a step may change which checks are chosen, beside declarations that begin and end.
#[derive(Debug, Default)]
pub(super) struct Relabelled {
    /// Checks to which an agent gave other labels.
    pub(super) checks: BTreeSet<CheckKey>,
    /// Every component chooses again.
    pub(super) all: bool,
}

/// Updates the links of components after the events of a step.
pub(super) fn follow(state: &mut State, Context { now, .. }: Context, changes: &mut Changes) {
    let moved = moved_checks(state, changes);
    if !changes.relabelled.checks.is_empty() {
        let differ = changes.relabelled.checks.iter().copied().filter(|check| state.labels_differ(*check));
        let differ: Vec<Change> = differ.map(Change::LabelsDiffer).collect();
        changes.extend(differ);
    }
    let components = affected(state, &moved, changes);
    if components.is_empty() {
        return;
    }
    changes.extend(waiting(state, &moved, &components));
    for (key, chosen) in components.iter().zip(state.chosen(&components, now)) {
        if choose(state, *key, &chosen.checks, now, changes) {
            let beyond = chosen.beyond.into_iter();
            changes.extend(beyond.map(|agent| Change::LabelsBeyondLimit { agent, component: *key }));
        }
    }
}

/// Forgets links of chosen checks that ended long ago: what happened then is no longer computed anew. Afterwards every
/// component chooses again, since of what left it within a day less may be left.
pub(super) fn forget_old(state: &mut State, now: Timestamp, changes: &mut Changes) {
    let before = now - RULES_KEPT;
    let old = |link: &Link| link.to < before;
    let components = state
        .components
        .keys_where(|_, component| !component.selected.is_empty() && component.links.iter().any(old));
    for key in components {
        let component = state.components.get_mut(&key).expect("found above");
        let former = component.links.clone();
        component.links.retain(|link| link.to >= before);
        let links = component.links.clone();
        component::note_feeds(state, key, &former, &links);
        changes.touched.component(key);
    }
    changes.relabelled.all = true;
}

/// Checks whose labels, or the agents that count for them, changed in the step.
fn moved_checks(state: &State, changes: &Changes) -> BTreeSet<CheckKey> {
    let of_track = |track: &TrackKey| state.tracks.get(track).map(|one| one.check);
    let declared = changes.touched.declared.iter().filter_map(of_track);
    declared.chain(changes.relabelled.checks.iter().copied()).collect()
}

/// Components whose choice may have changed.
fn affected(state: &State, moved: &BTreeSet<CheckKey>, changes: &Changes) -> Vec<ComponentKey> {
    // What operators allow, or a credential, may let other labels count.
    let all = changes.relabelled.all || changes.touched.workspace || !changes.touched.agents.is_empty();
    let saved = |change: &Change| if let Change::ComponentSaved(key) = change { Some(*key) } else { None };
    let saved: BTreeSet<ComponentKey> = changes.events.iter().filter_map(saved).collect();
    if moved.is_empty() && saved.is_empty() && !all {
        return Vec::new();
    }
    // Also of those that do not count: operators are told of labels that wait.
    let tracks = moved.iter().filter_map(|key| state.checks.get(key)).flat_map(|check| &check.tracks);
    let declared = tracks.filter_map(|track| state.tracks.get(track)).filter(|one| one.is_declared());
    let labels: Vec<_> = declared.map(|one| &one.labels).filter(|labels| !labels.is_empty()).collect();
    let choosing = state.components.iter().filter(|(_, one)| !one.archived);
    let choosing = choosing.filter_map(|(key, one)| Some((key, one, one.settings.selector.as_ref()?)));
    let is_meant = |key: &ComponentKey, links: &[Link]| {
        let feeds = |link: &Link| link.to == Timestamp::FAR && moved.contains(&link.check);
        all || saved.contains(key) || links.iter().any(feeds)
    };
    choosing
        .filter(|(key, one, selector)| {
            is_meant(key, &one.links) || labels.iter().any(|labels| selector.chooses(labels))
        })
        .map(|(key, ..)| *key)
        .collect()
}

/// What operators are told of labels that would feed one of these components and are not allowed to.
fn waiting(state: &State, moved: &BTreeSet<CheckKey>, components: &[ComponentKey]) -> Vec<Change> {
    let mut waiting: BTreeMap<_, Vec<CheckKey>> = BTreeMap::new();
    let selectors = || components.iter().filter_map(|key| state.components[key].settings.selector.as_ref());
    for key in moved {
        let tracks = state.checks.get(key).into_iter().flat_map(|check| &check.tracks);
        for one in tracks.map(|track| &state.tracks[track]).filter(|one| state.labels_wait(one)) {
            if selectors().any(|selector| selector.chooses(&one.labels)) {
                waiting.entry(one.agent).or_default().push(*key);
            }
        }
    }
    waiting.into_iter().map(|(agent, checks)| Change::LabelsWait { agent, checks }).collect()
}

/// Lets these checks feed a component from now on, and no others; returns whether that changed anything.
fn choose(
    state: &mut State,
    key: ComponentKey,
    chosen: &BTreeSet<CheckKey>,
    now: Timestamp,
    changes: &mut Changes,
) -> bool {
    let component = &state.components[&key];
    let minor = component.settings.selector.as_ref().is_some_and(crate::labels::Selector::is_minor);
    let before = component.links.clone();
    let wanted = chosen.iter().map(|check| Link { check: *check, minor, from: now, to: Timestamp::FAR });
    let links = component::linked(before.clone(), wanted.collect(), now);
    if links == before {
        return false;
    }
    let feeding = |links: &[Link]| -> BTreeSet<CheckKey> {
        links.iter().filter(|link| link.to == Timestamp::FAR).map(|link| link.check).collect()
    };
    let (fed, feeds) = (feeding(&before), feeding(&links));
    component::note_feeds(state, key, &before, &links);
    state.components.get_mut(&key).expect("looked up above").links = links;
    changes.touched.component(key);
    component_from(state, key, now, changes);
    changes.push(Change::ComponentChanged(key));
    let actor = changes.author.is_none().then(|| match changes.reporter {
        Some(agent) => agent_actor(state.workspace.key, agent),
        None => "scheduler".to_owned(),
    });
    changes.push(Change::ChecksChosen {
        component: key,
        joined: feeds.difference(&fed).copied().collect(),
        left: fed.difference(&feeds).copied().collect(),
        actor,
    });
    true
}
