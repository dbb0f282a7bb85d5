//! Automatic incidents: made from problems, followed to their end, and left to people as soon as a person touched them.

use super::affected::{changes_of, outside_windows, worse};
use super::timeline::{NewUpdate, add_update, shows};
use super::{Change, Changes, Context};
use crate::automatic_text::{AutomaticEvent, AutomaticText, ReasonClass};
use crate::incident::{
    Body, CORRELATED, Impact, Incident, IncidentStatus, IncidentUpdate, StatusChange, Title,
};
use crate::problem::{Problem, ProblemSubject};
use crate::schedule::Due;
use crate::state::{ComponentKey, IncidentKey, PageKey, ProblemKey, State};
use crate::time::{MINUTE, Timestamp};
use std::collections::BTreeSet;

/// The shortest time between two automatic updates that only add components, ms.
pub(super) const SPREAD: i64 = MINUTE;

/// Makes the incidents that a problem calls for, or adds it to those that it belongs to. Nothing happens twice.
pub(super) fn announce(state: &mut State, key: ProblemKey, context: Context, changes: &mut Changes) {
    let Some(problem) = state.problems.get(&key).filter(|problem| lasts(problem)) else { return };
    let (began, reason) = (problem.began, problem.reason());
    let least = state.workspace.incidents.publish_from;
    let publish = !problem.private && least.is_some_and(|least| problem.severity() >= least);
    let text = AutomaticText { event: AutomaticEvent::Began, class: ReasonClass::of(reason), since: began };
    let mut pages = outside_windows(state, problem, context.now);
    pages.retain(|page, _| calls_for_incident(state, problem) && !is_announced(state, *page, key));
    let known = state.incidents_of(key).filter(|key| state.open_incidents.contains(key));
    for incident in known.collect::<Vec<_>>() {
        join(state, incident, key, (text, publish), context, changes);
    }
    for (page, components) in pages {
        match related(state, page, key) {
            Some(incident) if joins(state, incident, key) => {
                join(state, incident, key, (text, publish), context, changes);
            }
            Some(incident) => suggest(state, incident, key, changes),
            None => {
                let components = changes_of(state, &components, began);
                draft(state, (page, key), components, (text, publish), context, changes);
            }
        }
    }
}

/// Whether the fault lasts, so that visitors may hear of it.
pub(super) fn lasts(problem: &Problem) -> bool {
    problem.is_open() && problem.level.is_public()
}

/// Whether a problem that lasts leads to an incident.
fn calls_for_incident(state: &State, problem: &Problem) -> bool {
    let least = state.workspace.incidents.draft_from;
    least.is_some_and(|least| problem.severity() >= least) && !problem.private
}

/// The open automatic incident of a page that a problem belongs to: one that has a problem of the same check, or whose
/// first problem began at about the same time, unless a person said that it does not.
fn related(state: &State, page: PageKey, key: ProblemKey) -> Option<IncidentKey> {
    let problem = &state.problems[&key];
    let of_page =
        state.open_incidents.iter().copied().filter(|incident| state.incidents[incident].page == page);
    let belongs = |incident: &IncidentKey| {
        let incident = &state.incidents[incident];
        let all = || incident.problems.iter().filter_map(|key| state.problems.get(key));
        let first = all().map(|one| one.began).min();
        let near = first.is_some_and(|first| (problem.began - first).abs() <= CORRELATED);
        let same = near || all().any(|one| one.subject == problem.subject);
        incident.automatic && same && !incident.refused.contains(&key)
    };
    of_page.filter(belongs).max()
}

/// Whether an incident of the page announces the problem, or did until a person resolved it.
fn is_announced(state: &State, page: PageKey, problem: ProblemKey) -> bool {
    let announces = |incident: &Incident| incident.page == page && (incident.is_open() || incident.touched);
    state.incidents_of(problem).any(|key| state.incidents.get(&key).is_some_and(announces))
}

/// Whether a problem that belongs to an incident joins it without being asked: into one that a person touched or
/// published only the same check again.
fn joins(state: &State, key: IncidentKey, problem: ProblemKey) -> bool {
    let incident = &state.incidents[&key];
    let subject = state.problems[&problem].subject;
    let again =
        incident.problems.iter().filter_map(|key| state.problems.get(key)).any(|one| one.subject == subject);
    again || (incident.follows_problems() && !incident.approved)
}

fn suggest(state: &mut State, key: IncidentKey, problem: ProblemKey, changes: &mut Changes) {
    let incident = state.incidents.get_mut(&key).expect("the index names incidents");
    if !incident.problems.contains(&problem) && incident.suggested.insert(problem) {
        changes.touched.incident(key);
        changes.push(Change::IncidentChanged(key));
    }
}

fn draft(
    state: &mut State,
    (page, problem): (PageKey, ProblemKey),
    components: Vec<StatusChange>,
    (text, publish): (AutomaticText, bool),
    context: Context,
    changes: &mut Changes,
) {
    let key = IncidentKey::next(&mut state.counters.incidents);
    let now = context.now;
    let incident = Incident {
        id: context.ids.id("incident", key.0),
        page,
        title: Title::Automatic,
        status: IncidentStatus::Investigating,
        impact: Impact::None,
        impact_override: None,
        automatic: true,
        touched: false,
        backfilled: false,
        created_at: now,
        published_at: publish.then_some(now),
        approved: false,
        spreads: false,
        started_at: text.since,
        identified_at: None,
        monitoring_at: None,
        resolved_at: None,
        updated_at: now,
        reminded_at: None,
        recovered_at: None,
        postmortem: None,
        problems: BTreeSet::new(),
        suggested: BTreeSet::new(),
        refused: BTreeSet::new(),
        updates: Vec::new().into(),
    };
    state.incidents.insert(key, incident);
    state.open_incidents.insert(key);
    state.set_problem(key, problem, true);
    automatic_update(state, key, IncidentStatus::Investigating, text, components, context, changes);
}

/// Announces the problems that were only suggested to an incident which has ended.
pub(super) fn announce_suggested(
    state: &mut State,
    key: IncidentKey,
    context: Context,
    changes: &mut Changes,
) {
    let Some(incident) = state.incidents.get(&key).filter(|incident| !incident.is_open()) else { return };
    let suggested: Vec<ProblemKey> = incident.suggested.iter().copied().collect();
    suggested.into_iter().for_each(|problem| announce(state, problem, context, changes));
}

/// Adds a problem to an automatic incident, with the components that it did not name yet, or that are worse. An update
/// that only adds components waits until a minute after the last one.
fn join(
    state: &mut State,
    key: IncidentKey,
    problem: ProblemKey,
    (text, publish): (AutomaticText, bool),
    context: Context,
    changes: &mut Changes,
) {
    let is_new = state.set_problem(key, problem, true);
    let incident = state.incidents.get_mut(&key).expect("the index names incidents");
    incident.suggested.remove(&problem);
    if is_new {
        incident.started_at = incident.started_at.min(text.since);
    }
    let recurs = incident.recovered_at.take().is_some();
    let publishes = publish && !incident.is_published() && incident.follows_problems();
    if publishes {
        incident.published_at = Some(context.now);
        incident.updated_at = context.now;
    }
    if is_new || recurs || publishes {
        changes.touched.incident(key);
        changes.push(Change::IncidentChanged(key));
    }
    if !incident.follows_problems() {
        return;
    }
    if incident.status == IncidentStatus::Monitoring {
        let text = AutomaticText { event: AutomaticEvent::Recurred, ..text };
        let components = worse(state, key, &state.incidents[&key].problems);
        automatic_update(state, key, IncidentStatus::Investigating, text, components, context, changes);
    } else {
        name_further_components(state, key, context, changes);
    }
}

/// Says which further components are affected. Visitors hear of them at most once a minute; a draft names them at once.
pub(super) fn name_further_components(
    state: &mut State,
    key: IncidentKey,
    context: Context,
    changes: &mut Changes,
) {
    let components = worse(state, key, &state.incidents[&key].problems);
    let incident = &state.incidents[&key];
    let next = incident.updates.last().map(|update| update.created_at + SPREAD);
    let early = incident.is_published() && next.is_some_and(|next| context.now < next);
    let waits = !components.is_empty() && early;
    if incident.spreads != waits {
        state.incidents.get_mut(&key).expect("looked up above").spreads = waits;
        changes.touched.incident(key);
    }
    if !waits {
        name_components(state, key, components, context, changes);
    }
    state.reschedule(Due::Incident(key));
}

/// A person added a problem to an open incident: the components that it affects are named at once. An incident that follows
/// its problems has not recovered if the problem lasts.
pub(super) fn follow_linked(
    state: &mut State,
    key: IncidentKey,
    problem: ProblemKey,
    context: Context,
    changes: &mut Changes,
) {
    let incident = &state.incidents[&key];
    let found = state.problems.get(&problem).filter(|problem| lasts(problem));
    match found.filter(|_| incident.follows_problems() && incident.status == IncidentStatus::Monitoring) {
        Some(found) => {
            let (event, class) = (AutomaticEvent::Recurred, ReasonClass::of(found.reason()));
            let text = AutomaticText { event, class, since: found.began };
            let components = worse(state, key, &incident.problems);
            automatic_update(state, key, IncidentStatus::Investigating, text, components, context, changes);
        }
        None => {
            let components = worse(state, key, &BTreeSet::from([problem]));
            name_components(state, key, components, context, changes);
        }
    }
}

/// Adds an update that names further components, if there are any. A draft has no visitors yet: its last update names them.
fn name_components(
    state: &mut State,
    key: IncidentKey,
    components: Vec<StatusChange>,
    context: Context,
    changes: &mut Changes,
) {
    if components.is_empty() {
        return;
    }
    if extend_draft(state, key, &components, context, changes) {
        return;
    }
    let incident = &state.incidents[&key];
    let all = incident.problems.iter().filter_map(|key| state.problems.get(key));
    let newest = all.filter(|problem| problem.is_open()).max_by_key(|problem| problem.began);
    let class = newest.map_or(ReasonClass::Unknown, |problem| ReasonClass::of(problem.reason()));
    let since = incident.started_at;
    let (status, text) = (incident.status, AutomaticText { event: AutomaticEvent::Spread, class, since });
    automatic_update(state, key, status, text, components, context, changes);
}

/// Whether the last update of a draft is automatic, so that it names further components.
fn extend_draft(
    state: &mut State,
    key: IncidentKey,
    components: &[StatusChange],
    context: Context,
    changes: &mut Changes,
) -> bool {
    let incident = state.incidents.get_mut(&key).expect("the caller looked it up");
    if incident.is_published() {
        return false;
    }
    let extends =
        |last: &IncidentUpdate| last.edited_at.is_none() && matches!(last.body, Some(Body::Automatic(_)));
    if !incident.updates.last().is_some_and(extends) {
        return false;
    }
    let Some(last) = incident.updates.edit().last_mut() else { return false };
    for change in components {
        match last.components.iter_mut().find(|known| known.component == change.component) {
            Some(known) => known.to = change.to,
            None => last.components.push(*change),
        }
    }
    let number = last.number;
    let worst = components.iter().map(|change| Impact::of(change.to)).max();
    incident.impact = incident.impact.max(worst.unwrap_or_default());
    incident.updated_at = context.now;
    changes.touched.incident(key);
    changes.touched.incident_update(key, number);
    changes.push(Change::IncidentChanged(key));
    state.reschedule(Due::Incident(key));
    true
}

/// Adds an automatic update to the timeline.
pub(super) fn automatic_update(
    state: &mut State,
    key: IncidentKey,
    status: IncidentStatus,
    text: AutomaticText,
    components: Vec<StatusChange>,
    context: Context,
    changes: &mut Changes,
) {
    let update = NewUpdate {
        status,
        body: Some(Body::Automatic(text)),
        components,
        display_at: context.now,
        by: None,
    };
    add_update(state, key, update, context, changes);
}

/// What a page shows of components changed: problems that a window held back, or whose components became public, may
/// call for an incident, and the impact of open incidents never falls behind.
pub(super) fn follow(state: &mut State, context: Context, changes: &mut Changes) {
    if state.open_problems.is_empty() && state.open_incidents.is_empty() {
        return;
    }
    let changed = |change: &Change| match change {
        Change::ComponentChanged(component) | Change::ComponentSaved(component) => Some(*component),
        _ => None,
    };
    let moved: BTreeSet<ComponentKey> = changes.events.iter().filter_map(changed).collect();
    if changes.events.iter().any(|change| matches!(change, Change::MaintenanceChanged(_))) {
        // A window over checks may have ended.
        let open: Vec<ProblemKey> = state.open_problems.values().copied().collect();
        open.into_iter().for_each(|key| announce(state, key, context, changes));
    }
    if moved.is_empty() {
        return;
    }
    let links = moved.iter().filter_map(|key| state.components.get(key)).flat_map(|one| &one.links);
    let checks = links.filter(|link| link.to == Timestamp::FAR).map(|link| ProblemSubject::Check(link.check));
    let problems: BTreeSet<ProblemKey> = checks.filter_map(|subject| state.open_problem(subject)).collect();
    problems.into_iter().for_each(|key| announce(state, key, context, changes));
    raise_impacts(state, &moved, changes);
}

/// Raises the impact of open incidents to the status of their components that visitors see.
fn raise_impacts(state: &mut State, moved: &BTreeSet<ComponentKey>, changes: &mut Changes) {
    let open: Vec<IncidentKey> = state.open_incidents.iter().copied().collect();
    for key in open {
        let incident = &state.incidents[&key];
        let all = incident.updates.iter().flat_map(|update| &update.components);
        let named = all.filter(|one| moved.contains(&one.component) && shows(state, one.component));
        // One that was private when it was named counts from now on.
        let statuses = named.flat_map(|one| {
            let now = state.components[&one.component].layers.status_at(state.clock);
            now.into_iter().chain([one.to])
        });
        let worst = statuses.map(Impact::of).max().unwrap_or_default();
        if worst > incident.impact {
            state.incidents.get_mut(&key).expect("the index names incidents").impact = worst;
            changes.touched.incident(key);
            changes.push(Change::IncidentChanged(key));
        }
    }
}
