//! Incidents as people open, update, approve and delete them.

use super::problem::{self, ProblemChange};
use super::timeline::{NewUpdate, add_update, check_display_at, times};
use super::{Change, Changes, Context, Rejected, affected, automatic, hold, limits, linked, no_component};
use crate::holds::Source;
use crate::incident::{Body, Impact, Incident, IncidentStatus, StatusChange, Title};
use crate::problem::Problem;
use crate::schedule::Due;
use crate::state::{ComponentKey, IncidentKey, PageKey, ProblemKey, State};
use crate::status::Status;
use crate::text::Text;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// An incident that a person opens.
#[derive(Clone, Debug, PartialEq)]
pub struct NewIncident {
    /// The page that shows it.
    pub page: PageKey,
    /// Its title, plain text.
    pub title: Text,
    /// Its state. One that is opened as resolved began and ended in this moment.
    pub status: IncidentStatus,
    /// The text of its first update, Markdown. `None`: it has no update yet.
    pub body: Option<Text>,
    /// Components that it names. With a status the component is held at it until the incident is resolved. Without any, it
    /// names those that its problems affect.
    pub components: Vec<(ComponentKey, Option<Status>)>,
    /// The impact that is shown instead of the one of its components.
    pub impact_override: Option<Impact>,
    /// It waits for approval.
    pub draft: bool,
    /// When it began and ended, if it is entered afterwards. It then holds no status.
    pub backfilled: Option<(Timestamp, Timestamp)>,
    /// Problems that it announces.
    pub problems: Vec<ProblemKey>,
}

/// A change of an incident by a person. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IncidentChange {
    /// Another title.
    pub title: Option<Text>,
    /// Another state. Together with a body or components it makes an update; alone too.
    pub status: Option<IncidentStatus>,
    /// The text of a new update.
    pub body: Option<Text>,
    /// Statuses that the update sets.
    pub components: Vec<(ComponentKey, Option<Status>)>,
    /// Another override of the impact; `Some(None)` removes it.
    pub impact_override: Option<Option<Impact>>,
    /// The time that is shown for the update; a future one is refused.
    pub display_at: Option<Timestamp>,
    /// What becomes of the statuses that the incident holds, if it is resolved. Components that the change sets are
    /// always set.
    pub release: bool,
}

/// Opens an incident.
pub(super) fn open(
    state: &mut State,
    new: &NewIncident,
    context: Context,
    changes: &mut Changes,
) -> Result<IncidentKey, Rejected> {
    let now = context.now;
    if state.pages.get(&new.page).is_none_or(|page| page.archived) {
        return Err(Rejected::not_found("page", "there is no such page"));
    }
    check_components(state, new.page, &new.components)?;
    linked::check_problems(state, &new.problems)?;
    let (started_at, ended_at) = times(new.backfilled, now)?;
    if new.draft && new.status == IncidentStatus::Resolved && ended_at.is_none() {
        return Err(Rejected::invalid("status", "a draft is not opened as resolved"));
    }
    let ends = ended_at.is_some() || new.status == IncidentStatus::Resolved;
    if !ends {
        limits::check_open(state)?;
        limits::check_incident(state, (new.page, None), (new.body.as_ref(), &new.components))?;
    }
    let key = IncidentKey::next(&mut state.counters.incidents);
    let status = if ended_at.is_some() { IncidentStatus::Resolved } else { new.status };
    let incident = Incident {
        id: context.ids.id("incident", key.0),
        page: new.page,
        title: Title::Written(new.title.clone()),
        status: IncidentStatus::Investigating,
        impact: Impact::None,
        impact_override: new.impact_override,
        automatic: false,
        touched: true,
        backfilled: ended_at.is_some(),
        created_at: now,
        published_at: (!new.draft).then_some(now),
        approved: false,
        spreads: false,
        started_at,
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
    for problem in &new.problems {
        state.set_problem(key, *problem, true);
    }
    changes.touched.incident(key);
    changes.push(Change::IncidentChanged(key));
    let display_at = ended_at.unwrap_or(now);
    let (body, components) = (new.body.as_ref(), new.components.as_slice());
    let by_problems = components.is_empty() && status != IncidentStatus::Resolved;
    let affected =
        if by_problems { affected::affected_by(state, new.page, &new.problems) } else { Vec::new() };
    let posted = Posted { status, body, components, affected, released: &[], display_at };
    post(state, key, posted, context, changes)?;
    state.reschedule(Due::Incident(key));
    Ok(key)
}

fn check_components(
    state: &State,
    page: PageKey,
    components: &[(ComponentKey, Option<Status>)],
) -> Result<(), Rejected> {
    for (key, _) in components {
        let component = state.components.get(key).ok_or_else(no_component)?;
        if component.page != page || component.archived {
            let name = &component.settings.name;
            return Err(Rejected::invalid("components", format!("{name:?} is on no such page")));
        }
    }
    let once: BTreeSet<ComponentKey> = components.iter().map(|(key, _)| *key).collect();
    if once.len() < components.len() {
        return Err(Rejected::invalid("components", "a component is named twice"));
    }
    Ok(())
}

/// What a person adds to the timeline.
struct Posted<'a> {
    status: IncidentStatus,
    body: Option<&'a Text>,
    components: &'a [(ComponentKey, Option<Status>)],
    /// Further components that it names as the checks see them.
    affected: Vec<StatusChange>,
    /// Components whose holds end with it.
    released: &'a [ComponentKey],
    display_at: Timestamp,
}

/// Adds an update by a person, and holds and releases the statuses that it sets. A draft and an incident that is
/// entered afterwards set nothing.
fn post(
    state: &mut State,
    key: IncidentKey,
    posted: Posted<'_>,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    let incident = &state.incidents[&key];
    let takes_effect = !incident.backfilled && incident.is_published();
    let at = if incident.backfilled { incident.started_at } else { now };
    let mut named = posted.affected;
    let released = posted.released.iter().map(|component| (*component, None));
    for (component, status) in posted.components.iter().copied().chain(released) {
        let layers = &state.components.get(&component).ok_or_else(no_component)?.layers;
        let from = layers.status_at(at).unwrap_or(Status::Operational);
        named.push(StatusChange { component, from, to: status.unwrap_or(from), set: status.is_some() });
    }
    if takes_effect {
        for (component, status) in posted.components {
            if let Some(status) = status {
                set_hold(state, key, *component, *status, now, changes)?;
            }
        }
        posted.released.iter().for_each(|component| release(state, key, *component, now, changes));
        for change in &mut named {
            let layers = &state.components[&change.component].layers;
            change.to = layers.status_at(now).unwrap_or(change.to);
        }
    }
    let same = named.is_empty() && state.incidents[&key].status == posted.status;
    if same && posted.body.is_none() {
        return Ok(());
    }
    let update = NewUpdate {
        status: posted.status,
        body: posted.body.map(|text| Body::Written(text.clone())),
        components: named,
        display_at: posted.display_at,
        by: changes.author.clone(),
    };
    add_update(state, key, update, context, changes);
    Ok(())
}

/// Holds a component at a status. As with any hold, `operational` leaves a component that checks feed to them.
fn set_hold(
    state: &mut State,
    key: IncidentKey,
    component: ComponentKey,
    status: Status,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    hold::set(state, (component, Source::Incident(key.0)), (status, None), now, changes)
}

/// Changes an incident and adds an update to its timeline.
pub(super) fn update(
    state: &mut State,
    key: IncidentKey,
    change: &IncidentChange,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    let incident = state.incidents.get(&key).ok_or_else(no_incident)?;
    check_components(state, incident.page, &change.components)?;
    check_display_at(change.display_at, now)?;
    let (display_at, former) = (change.display_at.unwrap_or(now), incident.status);
    let status = change.status.unwrap_or(former);
    if former == IncidentStatus::Resolved && status == former {
        hold::check_confirmed(incident, &change.components)?;
    }
    // Whoever resolves it makes room.
    let resolves = status == IncidentStatus::Resolved && former != status;
    if !resolves && (status != former || change.body.is_some() || !change.components.is_empty()) {
        let written = (change.body.as_ref(), change.components.as_slice());
        limits::check_incident(state, (incident.page, Some(key)), written)?;
    }
    let incident = state.incidents.get_mut(&key).expect("looked up above");
    incident.touched = true;
    if let Some(title) = &change.title {
        incident.title = Title::Written(title.clone());
    }
    if let Some(impact) = change.impact_override {
        incident.impact_override = impact;
    }
    incident.updated_at = now;
    changes.touched.incident(key);
    changes.push(Change::IncidentChanged(key));
    if former == IncidentStatus::Resolved && status != former {
        state.incidents.get_mut(&key).expect("looked up above").backfilled = false;
    }
    let released =
        if resolves && change.release { others(state, key, &change.components) } else { Vec::new() };
    let (body, components) = (change.body.as_ref(), change.components.as_slice());
    let affected = Vec::new();
    let posted = Posted { status, body, components, affected, released: &released, display_at };
    post(state, key, posted, context, changes)?;
    automatic::announce_suggested(state, key, context, changes);
    state.reschedule(Due::Incident(key));
    Ok(())
}

/// The components of an incident that a change does not set.
fn others(state: &State, key: IncidentKey, changed: &[(ComponentKey, Option<Status>)]) -> Vec<ComponentKey> {
    let is_set = |component: &ComponentKey| changed.iter().any(|(one, _)| one == component);
    let all = state.incidents[&key].components().into_iter().map(|(component, _)| component);
    all.filter(|one| !is_set(one) && state.components.contains_key(one)).collect()
}

fn release(
    state: &mut State,
    key: IncidentKey,
    component: ComponentKey,
    now: Timestamp,
    changes: &mut Changes,
) {
    if state.components.contains_key(&component) {
        let released = hold::release(state, component, Source::Incident(key.0), now, changes);
        debug_assert!(released.is_ok(), "the component exists");
    }
}

/// Publishes a draft. Its statuses take effect now.
pub(super) fn publish(
    state: &mut State,
    key: IncidentKey,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let incident = state.incidents.get_mut(&key).ok_or_else(no_incident)?;
    if incident.is_published() {
        return Ok(());
    }
    incident.published_at = Some(context.now);
    incident.approved = true;
    incident.updated_at = context.now;
    let mut set: BTreeMap<ComponentKey, Status> = BTreeMap::new();
    if incident.is_open() {
        let changes = incident.updates.iter().flat_map(|update| &update.components);
        set.extend(changes.filter(|change| change.set).map(|change| (change.component, change.to)));
    }
    for (component, status) in set {
        set_hold(state, key, component, status, context.now, changes)?;
    }
    changes.touched.incident(key);
    changes.push(Change::IncidentChanged(key));
    state.reschedule(Due::Incident(key));
    Ok(())
}

/// Deletes an incident and releases what it holds. The audit keeps its rows. The open problems of an automatic one stay
/// private from now on, so that it does not come back.
pub(super) fn delete(
    state: &mut State,
    key: IncidentKey,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let incident = state.incidents.get(&key).ok_or_else(no_incident)?;
    let (page, published) = (incident.page, incident.is_published());
    let (by_itself, problems) = (incident.automatic, incident.problems.clone());
    let suggested: Vec<ProblemKey> = incident.suggested.iter().copied().collect();
    // Their rows are part of the audit.
    incident.updates.iter().for_each(|update| changes.touched.incident_update(key, update.number));
    for (component, _) in incident.components() {
        release(state, key, component, context.now, changes);
    }
    for problem in problems {
        state.set_problem(key, problem, false);
        if by_itself && state.problems.get(&problem).is_some_and(Problem::is_open) {
            problem::change(state, problem, &ProblemChange::SetPrivate(true), context, changes)?;
        }
    }
    state.incidents.remove(&key);
    state.open_incidents.remove(&key);
    changes.touched.incident(key);
    changes.push(Change::IncidentDeleted { page, published });
    state.reschedule(Due::Incident(key));
    suggested.into_iter().for_each(|problem| automatic::announce(state, problem, context, changes));
    Ok(())
}

pub(super) fn no_incident() -> Rejected {
    Rejected::not_found("incident", "there is no such incident")
}
