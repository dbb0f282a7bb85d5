//! What an incident leaves behind once it is resolved or deleted, and what its author might not expect.

use super::execute::release_of;
use super::lookup::{held_by, subject};
use skerry_domain::component::Automatic;
use skerry_domain::incident::{Incident, IncidentStatus};
use skerry_domain::problem::Problem;
use skerry_domain::state::{Component, ComponentKey, IncidentKey, State};
use skerry_domain::status::Status;
use skerry_domain::step::IncidentChange;
use skerry_domain::time::Timestamp;
use std::collections::BTreeSet;

/// What a resolved incident leaves: statuses that it still holds, components that are still down or without a status,
/// problems that last.
pub(super) fn left_behind(
    state: &State,
    key: IncidentKey,
    set: &BTreeSet<ComponentKey>,
    now: Timestamp,
) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(incident) = state.incidents.get(&key) else { return notes };
    let id = &incident.id;
    if !incident.is_published() {
        notes.push("It was a draft: no visitor saw it.".to_owned());
    }
    let held: Vec<_> = held_by(state, key, now).into_iter().filter(|(key, _)| !set.contains(key)).collect();
    for (component, status) in &held {
        let name = &state.components[component].settings.name;
        let release = release_of(state, *component, id);
        notes.push(format!("{name} stays {}: {release} ends that", status.name()));
    }
    let others = incident.components().into_iter().map(|(key, _)| key);
    for key in others.filter(|key| held.iter().all(|(held, _)| held != key)) {
        notes.extend(state.components.get(&key).and_then(|component| shown(component, now)));
    }
    let problems = incident.problems.iter().filter_map(|key| state.problems.get(key));
    let lasting = problems.filter(|problem| problem.is_open());
    notes.extend(lasting.map(|problem| {
        let subject = subject(state, problem);
        format!("problem {} ({subject}) still lasts", problem.id)
    }));
    notes
}

/// What visitors read of a component that is not well, or has no status.
fn shown(component: &Component, now: Timestamp) -> Option<String> {
    let name = &component.settings.name;
    match component.layers.status_at(now) {
        None if !component.is_linked() => {
            Some(format!("{name} has no status now: skerry-aggregator component set {name:?} operational"))
        }
        None | Some(Status::Operational | Status::UnderMaintenance) => None,
        Some(status) if by_checks(component, now) == Some(status) => {
            Some(format!("{name} is still {} by its checks, and visitors read that", status.name()))
        }
        Some(status) => Some(format!("{name} is still {}, and visitors read that", status.name())),
    }
}

/// The status that the checks of a component say now.
fn by_checks(component: &Component, now: Timestamp) -> Option<Status> {
    let layer = component.layers.automatic.recent().iter().rfind(|one| one.from <= now && now < one.to)?;
    match layer.value {
        Automatic::Known(status) | Automatic::Partly(status) => Some(status),
        Automatic::NoData => None,
    }
}

/// What visitors see of a postmortem after it was changed.
pub(super) fn postmortem_seen(incident: &Incident, published: Option<bool>) -> &'static str {
    let former = incident.postmortem.as_ref().is_some_and(|postmortem| postmortem.published_at.is_some());
    match published.unwrap_or(former) {
        _ if !incident.is_published() => "The incident is a draft: no visitor sees it.",
        true => "Visitors read it on the page of the incident.",
        false if former => "Visitors no longer see it; --publish shows it again.",
        false => "Visitors do not see it; --publish shows it.",
    }
}

/// What a deleted incident means for the problems that it came from.
pub(super) fn deleted(state: &State, incident: &Incident) -> Vec<String> {
    let problems = incident.problems.iter().filter_map(|key| state.problems.get(key));
    let kept = problems.filter(|problem| incident.automatic && problem.is_open() && !problem.private);
    let note = |problem: &Problem| {
        let (id, subject) = (&problem.id, subject(state, problem));
        format!(
            "Problem {id} ({subject}) lasts and is private from now on, so that the incident does not come back: \
             skerry-aggregator problem public {id} lets it lead to one again."
        )
    };
    kept.map(note).collect()
}

/// Refuses to resolve an incident that holds statuses without saying what becomes of them.
pub(super) fn must_hold_nothing(
    state: &State,
    key: IncidentKey,
    set: &BTreeSet<ComponentKey>,
    now: Timestamp,
) -> Result<(), String> {
    let held = held_by(state, key, now).into_iter().filter(|(key, _)| !set.contains(key));
    let named = |(key, status): (ComponentKey, Status)| {
        let component = &state.components[&key];
        let checks = by_checks(component, now).filter(|found| *found != Status::Operational);
        let checks = checks.map_or_else(String::new, |found| format!("; its checks say {}", found.name()));
        format!("{} ({}{checks})", component.settings.name, status.name())
    };
    let held: Vec<String> = held.map(named).collect();
    if held.is_empty() {
        return Ok(());
    }
    let id = &state.incidents[&key].id;
    Err(format!(
        "incident {id} holds the status of {}. Say --release, and checks decide again, or --keep, and it stays; \
         or set one, such as --component NAME=operational",
        held.join(", ")
    ))
}

/// What the operator might not expect of a change.
pub(super) fn consequences(incident: &Incident, change: &IncidentChange) -> Vec<String> {
    let mut notes = Vec::new();
    if !incident.is_open() && change.status.is_some_and(|status| status != IncidentStatus::Resolved) {
        notes.push("It is reopened.".to_owned());
    }
    if incident.follows_problems() && change.status != Some(IncidentStatus::Resolved) {
        notes.push(
            "From now on it no longer follows its problems by itself: it waits for you to resolve it."
                .to_owned(),
        );
    }
    if !incident.is_published() && change.components.iter().any(|(_, status)| status.is_some()) {
        notes.push("It is a draft: its statuses take effect when it is approved.".to_owned());
    }
    notes
}
