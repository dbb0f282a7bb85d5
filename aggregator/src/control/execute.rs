//! Carries a request out through an engine: that of the running aggregator, or one of the command's own.

use super::consequences::{announced, corrected, planned, series_now, window_now};
use super::lookup::held_by;
use super::request::{Done, Prepared, Request, Told};
use crate::engine::{Actor, CommandError, Engine, Envelope};
use skerry_domain::holds::{Hold, Source};
use skerry_domain::state::{ComponentKey, IncidentKey, State};
use skerry_domain::step::Answer;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Target;
use std::collections::BTreeSet;

/// Carries a request out; returns when it is durable.
///
/// # Errors
/// Why it was not carried out, for an operator.
pub(super) async fn execute(engine: &Engine, uid: u32, request: Request) -> Result<Done, String> {
    let (snapshot, now) = engine.present();
    let prepared = request.prepare(&snapshot.workspaces, now)?;
    drop(snapshot);
    let Prepared { workspace, command, expected, notes, subject } = prepared;
    let envelope = Envelope::by(Actor::Cli { uid }, Target::Name(workspace.clone()), command);
    let answer = engine.command(envelope.expecting(expected)).await.map_err(|error| error_text(&error))?;
    let mut done = Done { id: None, notes };
    let (snapshot, now) = engine.present();
    if let (Some(state), Some(subject)) = (snapshot.workspaces.named(&workspace), subject) {
        tell(state, subject, &answer, now, &mut done);
    }
    Ok(done)
}

/// The message for the operator on the command line.
fn error_text(error: &CommandError) -> String {
    match error {
        CommandError::Rejected(rejected) => rejected.reason.clone(),
        other => format!("{other}; nothing was changed"),
    }
}

fn tell(state: &State, subject: Told, answer: &Answer, now: Timestamp, done: &mut Done) {
    let id_of = |key: IncidentKey| state.incidents.get(&key).map(|incident| incident.id.clone());
    match subject {
        Told::NewIncident => {
            if let Answer::Incident(key) = answer {
                done.id = id_of(*key);
            }
        }
        Told::Incident(key) => done.id = id_of(key),
        Told::Resolved(key, set) => {
            done.id = id_of(key);
            done.notes.extend(left_behind(state, key, &set, now));
        }
        Told::Component(key) => done.notes.extend(component_now(state, key, now)),
        Told::NewWindow => {
            if let Answer::Window(key) = answer
                && let Some(window) = state.windows.get(key)
            {
                done.id = Some(window.id.clone());
                done.notes.extend(planned(state, window));
            }
        }
        Told::Window(key, former) => {
            done.id = Some(former.id.clone());
            done.notes.extend(window_now(state, key, &former, now));
        }
        Told::NewSeries => {
            if let Answer::Series(key) = answer {
                done.id = state.series.get(key).map(|series| series.id.clone());
                done.notes.extend(series_now(state, *key, now));
            }
        }
        Told::Series(key) => {
            done.id = state.series.get(&key).map(|series| series.id.clone());
            done.notes.extend(series_now(state, key, now));
        }
        Told::NewAnnouncement => {
            if let Answer::Announcement(key) = answer {
                done.id = state.announcements.get(key).map(|one| one.id.clone());
                done.notes.extend(announced(state, *key));
            }
        }
        Told::Announcement(key, id) => {
            done.id = Some(id);
            done.notes.extend(announced(state, key));
        }
        Told::NewTemplate => {
            if let Answer::Template(key) = answer {
                done.id = state.templates.get(key).map(|one| one.id.clone());
            }
        }
        Told::Template(id) => done.id = Some(id),
        Told::NewCorrection => {
            if let Answer::Correction(key) = answer {
                done.id = state.corrections.get(key).map(|one| one.id.clone());
                done.notes.extend(corrected(state, *key));
            }
        }
        Told::Correction(key) => {
            done.id = state.corrections.get(&key).map(|one| one.id.clone());
            done.notes.extend(corrected(state, key));
        }
    }
}

/// What a resolved incident leaves: statuses that it still holds, components without any, problems that last.
fn left_behind(state: &State, key: IncidentKey, set: &BTreeSet<ComponentKey>, now: Timestamp) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(incident) = state.incidents.get(&key) else { return notes };
    let id = &incident.id;
    for (component, status) in held_by(state, key, now).into_iter().filter(|(key, _)| !set.contains(key)) {
        let name = &state.components[&component].settings.name;
        notes.push(format!(
            "{name} stays {}: skerry-aggregator component release {name:?} --incident {id} ends that",
            status.name()
        ));
    }
    for (component, _) in incident.components() {
        let Some(component) = state.components.get(&component).filter(|one| !one.is_linked()) else {
            continue;
        };
        if component.layers.status_at(now).is_none() {
            let name = &component.settings.name;
            notes.push(format!(
                "{name} has no status now: skerry-aggregator component set {name:?} operational"
            ));
        }
    }
    let problems = incident.problems.iter().filter_map(|key| state.problems.get(key));
    let lasting = problems.filter(|problem| problem.is_open());
    notes.extend(lasting.map(|problem| format!("problem {} still lasts", problem.id)));
    notes
}

/// The status of a component, and who holds it.
pub(super) fn component_now(state: &State, key: ComponentKey, now: Timestamp) -> Vec<String> {
    let Some(component) = state.components.get(&key) else { return Vec::new() };
    let name = &component.settings.name;
    let status = component.layers.status_at(now).map_or("without data", |status| status.name());
    let mut notes = vec![format!("{name} is {status} now.")];
    let active = component.holds.iter().filter(|hold| hold.from <= now && now < hold.to);
    notes.extend(active.map(|hold| {
        let until = (hold.to != Timestamp::FAR).then(|| format!(" until {}", hold.to));
        format!("{} holds it at {}{}.", holder(state, hold), hold.status.name(), until.unwrap_or_default())
    }));
    notes
}

/// Who set a hold: "a person", "the REST API", "incident abc".
fn holder(state: &State, hold: &Hold) -> String {
    match hold.source {
        Source::Person => "A person".to_owned(),
        Source::Rest => "The REST API".to_owned(),
        Source::Incident(key) => {
            let id = state.incidents.get(&IncidentKey(key)).map_or("that is deleted", |one| one.id.as_str());
            format!("Incident {id}")
        }
    }
}
