//! What the file and commands at run time do alike to a component: its links, when its history begins, and its automatic
//! layer.

use super::declare::check_for;
use super::recompute::component_from;
use super::{Change, Changes, DesiredLink};
use crate::days;
use crate::interval::{Interval, append};
use crate::layers::Layers;
use crate::shared_vec::SharedVec;
use crate::state::{CheckKey, Component, ComponentKey, ComponentSettings, Link, Origin, PageKey, State};
use crate::time::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// A component without a past.
pub(super) fn new(
    page: PageKey,
    key: String,
    id: String,
    settings: ComponentSettings,
    now: Timestamp,
) -> Component {
    Component {
        page,
        key,
        origin: Origin::File,
        id,
        created_at: now,
        archived: false,
        settings,
        links: Vec::new(),
        selected: Vec::new(),
        layers: Layers { start: now, ..Layers::default() },
        holds: SharedVec::default(),
        windows: SharedVec::default(),
        noticed: Timestamp(0),
        response: SharedVec::default(),
    }
}

/// Saves a component with the checks that feed it from now on, unless it chooses them by labels, and, if it has one, the
/// local midnight of its start date.
pub(super) fn save(
    state: &mut State,
    key: ComponentKey,
    mut component: Component,
    (links, starts_at): (&[DesiredLink], Option<Timestamp>),
    now: Timestamp,
    changes: &mut Changes,
) {
    let chooses = component.settings.selector.is_some();
    if !chooses {
        let former = component.links.clone();
        component.links = linked(component.links, wanted(state, links, now, changes), now);
        note_feeds(state, key, &former, &component.links);
    }
    select(&mut component.selected, chooses, now);
    component.layers.start = starts_at.unwrap_or(component.created_at);
    if component.links.is_empty() && component.selected.is_empty() {
        let told_from = told_from(state, component.page, &component.layers);
        component.layers.start = component.layers.start.max(told_from);
    }
    let changed = state.components.get(&key) != Some(&component);
    state.components.insert(key, component);
    if changed {
        changes.push(Change::ComponentSaved(key));
    }
    // Also if nothing changed: an earlier release may have evaluated unknown checks differently.
    component_from(state, key, now, changes);
}

/// Begins the history of what was made at run time on a page anew, after the zone of the page or its visibility changed.
pub(super) fn begin_anew(
    state: &mut State,
    page: PageKey,
    zone: &TimeZone,
    now: Timestamp,
    changes: &mut Changes,
) {
    let is_meant = |one: &Component| one.page == page && one.origin == Origin::Runtime && !one.archived;
    for key in state.components.keys_where(|_, one| is_meant(one)) {
        let component = state.components[&key].clone();
        let (links, starts_at) = (links_of(state, &component), starts_at(&component.settings, zone));
        save(state, key, component, (&links, starts_at), now, changes);
    }
}

/// Local midnight of the start date.
pub(super) fn starts_at(settings: &ComponentSettings, zone: &TimeZone) -> Option<Timestamp> {
    settings.start_date.and_then(|date| days::begin(date, zone))
}

/// The checks that feed a component now.
pub(super) fn links_of(state: &State, component: &Component) -> Vec<DesiredLink> {
    let open = component.links.iter().filter(|link| link.to == Timestamp::FAR);
    open.map(|link| DesiredLink { check: state.checks[&link.check].name.clone(), minor: link.minor })
        .collect()
}

/// When a component that no check feeds becomes visible: with its first status, or when its page becomes public.
fn told_from(state: &State, page: PageKey, layers: &Layers) -> Timestamp {
    let said = layers.manual.first().map(|first| first.from);
    let public = state.pages.get(&page).and_then(|page| page.public_since);
    said.into_iter().chain(public).min().unwrap_or(Timestamp::FAR)
}

/// Notes from when on labels choose the checks of a component, or no longer.
fn select(selected: &mut Vec<Interval<()>>, chooses: bool, now: Timestamp) {
    let open = selected.last_mut().filter(|last| last.to == Timestamp::FAR);
    match open {
        Some(open) if !chooses => open.to = now,
        None if chooses => append(selected, Interval { from: now, to: Timestamp::FAR, value: () }),
        _ => {}
    }
    selected.retain(|one| one.from < one.to);
}

/// The links that begin now to checks of these names.
fn wanted(state: &mut State, links: &[DesiredLink], now: Timestamp, changes: &mut Changes) -> Vec<Link> {
    let begin = |link: &DesiredLink| Link {
        check: check_for(state, &link.check, changes),
        minor: link.minor,
        from: now,
        to: Timestamp::FAR,
    };
    links.iter().map(begin).collect()
}

/// `links` without those that are no longer wanted, which end, and with new ones.
pub(super) fn linked(mut links: Vec<Link>, wanted: Vec<Link>, now: Timestamp) -> Vec<Link> {
    let what = |link: &Link| (link.check, link.minor);
    let all: BTreeSet<_> = wanted.iter().map(what).collect();
    for open in links.iter_mut().filter(|link| link.to == Timestamp::FAR) {
        if !all.contains(&what(open)) {
            open.to = now;
        }
    }
    links.retain(|link| link.from < link.to);
    let open = links.iter().filter(|link| link.to == Timestamp::FAR);
    let mut open: BTreeSet<_> = open.map(what).collect();
    links.extend(wanted.into_iter().filter(|link| open.insert(what(link))));
    links
}

/// Notes with each check whether it feeds the component, or did: `former` are the links before.
pub(super) fn note_feeds(state: &mut State, component: ComponentKey, former: &[Link], links: &[Link]) {
    let checks = |links: &[Link]| -> BTreeSet<CheckKey> { links.iter().map(|link| link.check).collect() };
    let (before, now) = (checks(former), checks(links));
    for check in before.difference(&now) {
        if let Some(check) = state.checks.get_mut(check) {
            check.components.retain(|one| *one != component);
        }
    }
    for check in now {
        if !state.checks[&check].components.contains(&component) {
            state.checks.get_mut(&check).expect("linked checks exist").components.push(component);
        }
    }
}
