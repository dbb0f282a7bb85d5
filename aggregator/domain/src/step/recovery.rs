//! How automatic incidents recover: with the end of their last problem to `monitoring`, and from there to `resolved`; and
//! the reminders of those that wait for a person.

use super::automatic::{SPREAD, announce_suggested, automatic_update, lasts, name_further_components};
use super::{Change, Changes, Context};
use crate::agent_check::AgentCheck;
use crate::automatic_text::{AutomaticEvent, AutomaticText, ReasonClass};
use crate::incident::{Incident, IncidentStatus, StatusChange};
use crate::problem::{Problem, ProblemSubject};
use crate::schedule::Due;
use crate::state::{ComponentKey, IncidentKey, ProblemKey, State};
use crate::status::Status;
use crate::time::{SECOND, Timestamp};
use crate::verdict::Verdict;

/// A problem is a fault again: incidents that announce it have not recovered, even if nothing may be said of it now.
pub(super) fn problem_lasts(state: &mut State, key: ProblemKey, changes: &mut Changes) {
    let open = state.incidents_of(key).filter(|key| state.open_incidents.contains(key));
    for key in open.collect::<Vec<IncidentKey>>() {
        let incident = state.incidents.get_mut(&key).expect("the index names incidents");
        if incident.recovered_at.take().is_some() {
            changes.touched.incident(key);
            changes.push(Change::IncidentChanged(key));
            state.reschedule(Due::Incident(key));
        }
    }
}

/// A problem has ended. With the last one, an incident that nobody touched goes to `monitoring`; another one waits for
/// a person.
pub(super) fn problem_ended(state: &mut State, key: ProblemKey, context: Context, changes: &mut Changes) {
    let open = state.incidents_of(key).filter(|key| state.open_incidents.contains(key));
    let incidents: Vec<IncidentKey> = open.collect();
    for key in incidents {
        let incident = &state.incidents[&key];
        let all = || incident.problems.iter().filter_map(|key| state.problems.get(key));
        if all().any(lasts) || incident.recovered_at.is_some() {
            continue;
        }
        let since = all().filter_map(|problem| problem.ended).max().unwrap_or(context.now);
        let withdrawn = all().any(|problem| problem.withdrawn);
        let follows = incident.follows_problems() && !withdrawn;
        let incident = state.incidents.get_mut(&key).expect("looked up above");
        incident.recovered_at = Some(context.now);
        incident.touched |= withdrawn;
        changes.touched.incident(key);
        state.reschedule(Due::Incident(key));
        let incident = &state.incidents[&key];
        if follows && incident.status != IncidentStatus::Monitoring {
            let (event, class) = (AutomaticEvent::Recovered, ReasonClass::Unknown);
            let text = AutomaticText { event, class, since };
            let components = restored(state, key);
            automatic_update(state, key, IncidentStatus::Monitoring, text, components, context, changes);
        } else {
            changes.push(Change::IncidentAsks(key));
            changes.push(Change::IncidentChanged(key));
        }
    }
}

/// The components of an incident, each with the status that it has now.
fn restored(state: &State, key: IncidentKey) -> Vec<StatusChange> {
    let of = |(component, from): (ComponentKey, Status)| {
        let layers = &state.components.get(&component)?.layers;
        let to = layers.status_at(state.clock).unwrap_or(from);
        Some(StatusChange { component, from, to, set: false })
    };
    state.incidents[&key].components().into_iter().filter_map(of).collect()
}

/// What is due to time alone: further components, the end of `monitoring`, and a reminder.
pub(super) fn due(state: &mut State, key: IncidentKey, context: Context, changes: &mut Changes) {
    let Some(incident) = state.incidents.get(&key) else { return };
    let now = context.now;
    let rules = state.workspace.incidents;
    let resolves = resolves_at(incident, rules.resolve_after).is_some_and(|at| at <= now);
    if resolves && !is_run(state, incident) {
        let incident = state.incidents.get_mut(&key).expect("looked up above");
        incident.touched = true;
        changes.touched.incident(key);
        changes.push(Change::IncidentAsks(key));
        changes.push(Change::IncidentChanged(key));
    } else if resolves && !is_well(state, incident) {
        state.incidents.get_mut(&key).expect("looked up above").recovered_at = Some(now);
        changes.touched.incident(key);
    } else if resolves {
        let since = incident.recovered_at.unwrap_or(now);
        let (event, class) = (AutomaticEvent::Resolved, ReasonClass::Unknown);
        let text = AutomaticText { event, class, since };
        let components = restored(state, key);
        automatic_update(state, key, IncidentStatus::Resolved, text, components, context, changes);
        announce_suggested(state, key, context, changes);
        return;
    }
    if state.incidents[&key].follows_problems() {
        name_further_components(state, key, context, changes);
    }
    let incident = state.incidents.get_mut(&key).expect("looked up above");
    if reminds_at(incident, rules.remind_after).is_some_and(|at| at <= now) {
        incident.reminded_at = Some(now);
        changes.touched.incident(key);
        changes.push(Change::IncidentReminder(key));
    }
    state.reschedule(Due::Incident(key));
}

/// Whether every check that had a problem is up and does not flap. Otherwise the incident waits for `resolve_after` anew.
fn is_well(state: &State, incident: &Incident) -> bool {
    let problems = incident.problems.iter().filter_map(|key| state.problems.get(key));
    let is_up = |problem: &Problem| match problem.subject {
        ProblemSubject::Check(check) => state.verdicts.get(&check).is_none_or(|kept| {
            kept.evaluation.verdict == Verdict::Up && !kept.evaluation.flapping && !kept.silent_fault
        }),
        ProblemSubject::Agent(_) => true,
    };
    problems.into_iter().all(is_up)
}

/// Whether every check that had a problem is still run. Otherwise nothing will ever say that it is well.
fn is_run(state: &State, incident: &Incident) -> bool {
    let problems = incident.problems.iter().filter_map(|key| state.problems.get(key));
    let is_run = |problem: &Problem| match problem.subject {
        ProblemSubject::Check(check) => {
            let tracks = state.checks.get(&check).into_iter().flat_map(|check| &check.tracks);
            tracks.filter_map(|track| state.tracks.get(track)).any(AgentCheck::is_declared)
        }
        ProblemSubject::Agent(_) => true,
    };
    problems.into_iter().all(is_run)
}

/// When an incident that nobody touched is resolved by itself: never at once, since a fault that is seen no more may be
/// there still.
fn resolves_at(incident: &Incident, after: i64) -> Option<Timestamp> {
    let waits = incident.follows_problems() && incident.status == IncidentStatus::Monitoring;
    incident.recovered_at.filter(|_| waits).map(|recovered| recovered + after.max(SECOND))
}

/// When the owner of a published incident is reminded of a missing update.
fn reminds_at(incident: &Incident, after: i64) -> Option<Timestamp> {
    let active = incident.is_open() && incident.is_published();
    active.then(|| incident.reminded_at.unwrap_or(incident.updated_at).max(incident.updated_at) + after)
}

impl State {
    /// When a tick has something to do for an incident.
    pub(crate) fn incident_due(&self, key: IncidentKey) -> Option<Timestamp> {
        let incident = self.incidents.get(&key)?;
        let rules = self.workspace.incidents;
        let spreads = incident.follows_problems() && incident.spreads;
        let last = incident.updates.last().map(|update| update.created_at + SPREAD);
        let times = [
            resolves_at(incident, rules.resolve_after),
            reminds_at(incident, rules.remind_after),
            last.filter(|_| spreads),
        ];
        times.into_iter().flatten().min()
    }
}
