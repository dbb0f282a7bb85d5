//! Carries a request out through an engine: that of the running aggregator, or one of the command's own.

use super::consequences::{announced, corrected, planned, series_begins, series_now, window_now};
use super::left_behind::left_behind;
use super::lookup::components;
use super::request::{Beside, Done, Prepared, Request, Told};
use crate::engine::{Actor, CommandError, Engine, Envelope};
use skerry_domain::holds::{Hold, Source};
use skerry_domain::state::{Component, ComponentKey, IncidentKey, State, SubscriberKey};
use skerry_domain::step::Answer;
use skerry_domain::subscriber::SubscriberState;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Target;

/// Carries a request out; returns when it is durable.
///
/// # Errors
/// Why it was not carried out, for an operator.
pub(super) async fn execute(
    engine: &Engine,
    uid: u32,
    request: Request,
    beside: Beside<'_>,
) -> Result<Done, String> {
    let (snapshot, now) = engine.present();
    let prepared = request.prepare(&snapshot.workspaces, now, beside)?;
    drop(snapshot);
    let Prepared { workspace, command, expected, notes, subject, numbers, next } = prepared;
    let envelope = Envelope::by(Actor::Cli { uid }, Target::Name(workspace.clone()), command);
    let answer = engine.command(envelope.expecting(expected)).await.map_err(|error| error_text(&error))?;
    let mut done = Done { id: None, notes, numbers, next };
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
                done.notes.extend(series_begins(state, *key));
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
        Told::NewSubscriber => {
            if let Answer::Subscriber(key) = answer {
                subscribed(state, *key, done);
            }
        }
        Told::Subscriber(id) => done.id = Some(id),
        Told::Link(key, before) => linked(state, key, before, done),
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

fn subscribed(state: &State, key: SubscriberKey, done: &mut Done) {
    let Some(one) = state.subscribers.get(&key) else { return };
    done.id = Some(one.id.clone());
    let waits = one.state != SubscriberState::Active || one.wanted.is_some();
    let note = "A link to confirm is sent to this address, at most once a day. It gets nothing else until its owner confirms.";
    done.notes.extend(waits.then(|| note.to_owned()));
}

/// Says so if the address was sent a link `before`, and gets none now.
fn linked(state: &State, key: SubscriberKey, before: Option<Timestamp>, done: &mut Done) {
    let Some(one) = state.subscribers.get(&key) else { return };
    done.id = Some(one.id.clone());
    let note = "A link was sent to this address within 24 hours: it gets one a day, and nothing is sent now.";
    done.notes.extend((one.asked_at == before).then(|| note.to_owned()));
}

/// The status of a component, who holds it, and what ends what an incident or the REST API holds.
pub(super) fn component_now(state: &State, key: ComponentKey, now: Timestamp) -> Vec<String> {
    let Some(component) = state.components.get(&key) else { return Vec::new() };
    let name = &component.settings.name;
    let status = component.layers.status_at(now).map_or("without data", |status| status.name());
    let mut notes = vec![format!("{name} is {status} now.")];
    let active = component.holds.iter().filter(|hold| hold.from <= now && now < hold.to);
    notes.extend(active.map(|hold| {
        let until = Some(hold.to).filter(|to| *to != Timestamp::FAR);
        let until = until.map(|to| format!(" until {to}")).unwrap_or_default();
        let ends = ends_by(state, key, hold).unwrap_or_default();
        format!("{} holds it at {}{until}{ends}.", holder(state, hold), hold.status.name())
    }));
    notes
}

/// Who set a hold: "A person", "The REST API", "Incident abc".
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

/// ": skerry-aggregator component release … ends that"
fn ends_by(state: &State, key: ComponentKey, hold: &Hold) -> Option<String> {
    let component = state.components.get(&key)?;
    match hold.source {
        Source::Person => None,
        Source::Rest => {
            let page = &state.pages.get(&component.page)?.id;
            let path = format!("/api/v1/pages/{page}/components/{}/holds/rest", component.id);
            Some(format!(": DELETE {path} ends that"))
        }
        Source::Incident(incident) => {
            let incident = &state.incidents.get(&IncidentKey(incident))?.id;
            Some(format!(": {} ends that", release_of(state, key, incident)))
        }
    }
}

/// The command that releases what an incident holds.
pub(super) fn release_of(state: &State, key: ComponentKey, incident: &str) -> String {
    let component = state.components.get(&key);
    let named = |one: &Component| {
        let name = &one.settings.name;
        let several = components(state, None).filter(|(_, other)| other.settings.name == *name).count() > 1;
        if several { one.id.clone() } else { format!("{name:?}") }
    };
    let component = component.map_or_else(String::new, named);
    format!("skerry-aggregator component release {component} --incident {incident}")
}
