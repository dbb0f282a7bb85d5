//! Incidents, and maintenance as Statuspage's scheduled incidents.

use super::maintenance;
use super::objects::{Writer, statuses};
use super::texts::Texts;
use crate::api::call::{Call, Plan};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use skerry_domain::access::Resource;
use skerry_domain::incident::{Impact, Incident, IncidentStatus};
use skerry_domain::rows::Subject;
use skerry_domain::state::{ComponentKey, IncidentKey, PageKey, WindowKey};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command, IncidentChange, MAX_OPEN_INCIDENTS, NewIncident};
use skerry_domain::time::{MINUTE, Timestamp};

/// What Statuspage's clients may send with a change of an incident, without effect here.
pub(super) const UNUSED: [&str; 20] = [
    "auto_transition_deliver_notifications_at_end",
    "auto_transition_deliver_notifications_at_start",
    "auto_transition_to_maintenance_state",
    "auto_transition_to_operational_state",
    "auto_tweet_at_beginning",
    "auto_tweet_on_completion",
    "auto_tweet_on_creation",
    "auto_tweet_one_hour_before",
    "backfill_date",
    "backfilled",
    "deliver_notifications",
    "impact_override",
    "metadata",
    "reminder_intervals",
    "scheduled_auto_completed",
    "scheduled_auto_in_progress",
    "scheduled_auto_transition",
    "scheduled_for",
    "scheduled_until",
    "wants_twitter_update",
];

/// A component that a request names, with the status that it sets.
pub(super) type Named = (ComponentKey, Option<Status>);

/// What an id of the path names.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Incident(IncidentKey),
    Maintenance(WindowKey),
}

/// `GET …/incidents/{incident}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    match target(call)? {
        Target::Incident(key) => show_incident(call, key, Reply::ok),
        Target::Maintenance(key) => maintenance::show(call, key, Reply::ok),
    }
}

/// `POST …/incidents`.
pub(in crate::api) fn create(call: &Call<'_>) -> Result<Plan, Refusal> {
    let mut fields = call.body.within("incident");
    let status = fields.words("status");
    let planned = status.as_deref().is_some_and(maintenance::is_status);
    if planned || fields.words("scheduled_for").is_some() {
        return maintenance::create(call, fields);
    }
    call.must_reach(Resource::Incidents, true)?;
    let (incident, notes) = new_incident(call, fields)?;
    Ok(Plan::new(Command::OpenIncident(Box::new(incident))).noting(notes))
}

/// The incident that the fields of a request describe, and what was removed from its texts.
///
/// # Errors
/// 422.
pub(in crate::api) fn new_incident(
    call: &Call<'_>,
    mut fields: Fields<'_>,
) -> Result<(NewIncident, Vec<String>), Refusal> {
    let (page, settings) = call.page()?;
    let open = call.state.open_incidents.iter().filter_map(|key| call.state.incidents.get(key));
    let open = open.filter(|one| one.page == page).count();
    call.must_leave_room("incidents and drafts that are open", open, MAX_OPEN_INCIDENTS)?;
    let mut texts = Texts::of(call)?;
    let title = texts.title(&mut fields, "name");
    if title.is_none() && fields.words("name").is_none() {
        fields.refuse("Name can't be blank");
    }
    let status = read_status(&mut fields);
    let body = texts.body(&mut fields, &["body", "message"]);
    let impact_override = impact(&mut fields).flatten();
    let components = set_components(call, page, &mut fields);
    let backfilled = backfilled(&mut fields, &settings.settings.time_zone);
    if backfilled.is_some() && components.iter().any(|(_, status)| status.is_some()) {
        fields
            .refuse("components cannot be set by an incident that is backfilled: name them in component_ids");
    }
    fields.finish()?;
    let Some(title) = title else { return Err(Refusal::invalid("Name can't be blank")) };
    let status = status.unwrap_or(IncidentStatus::Investigating);
    let incident = NewIncident {
        page,
        title,
        status,
        body,
        components,
        impact_override,
        draft: false,
        backfilled,
        problems: Vec::new(),
    };
    Ok((incident, texts.removed()))
}

pub(in crate::api) fn shown_new(call: &Call<'_>, answer: &Answer) -> Result<Reply, Refusal> {
    match answer {
        Answer::Incident(key) => show_incident(call, *key, Reply::created),
        Answer::Window(key) => maintenance::show(call, *key, Reply::created),
        _ => Err(Refusal::not_found()),
    }
}

/// `PATCH` and `PUT` of an incident. With a text, a state or components it adds an update.
pub(in crate::api) fn change(call: &Call<'_>) -> Result<Plan, Refusal> {
    let fields = call.body.within("incident");
    let key = match target(call)? {
        Target::Maintenance(key) => return maintenance::change(call, key, fields),
        Target::Incident(key) => key,
    };
    let incident = &call.state.incidents[&key];
    let (change, notes) = update_of(call, incident, fields)?;
    let subject = Subject::Incident(key);
    if change == IncidentChange::default() {
        // A client that sends back what it read changes nothing.
        return Ok(Plan::new(Command::Together(Vec::new())).about(subject));
    }
    let command = Command::UpdateIncident { incident: key, change: Box::new(change) };
    Ok(Plan::new(command).about(subject).noting(notes))
}

/// The title as visitors read it: a client that sends it back does not change it.
fn shown_title(call: &Call<'_>, incident: &Incident) -> Option<String> {
    skerry_publish::incident_view(call.state, incident).map(|view| view.title.one_line())
}

/// The change that the fields of a request describe, and what was removed from its texts.
///
/// # Errors
/// 422.
pub(in crate::api) fn update_of(
    call: &Call<'_>,
    incident: &Incident,
    mut fields: Fields<'_>,
) -> Result<(IncidentChange, Vec<String>), Refusal> {
    let mut texts = Texts::of(call)?;
    let title = texts
        .title(&mut fields, "name")
        .filter(|title| Some(title.public.one_line()) != shown_title(call, incident));
    let wanted = read_status(&mut fields);
    let change = IncidentChange {
        title,
        body: texts.body(&mut fields, &["body", "message"]),
        status: wanted.filter(|wanted| *wanted != incident.status),
        components: set_components(call, incident.page, &mut fields),
        impact_override: impact(&mut fields).filter(|wanted| *wanted != incident.impact_override),
        display_at: None,
        release: false,
    };
    fields.must_change_something(&UNUSED);
    fields.finish()?;
    Ok((change, texts.removed()))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

/// `DELETE …/incidents/{incident}`: answers with what it was. Maintenance is cancelled.
pub(in crate::api) fn delete(call: &Call<'_>) -> Result<Plan, Refusal> {
    match target(call)? {
        Target::Incident(incident) => {
            call.caller.may_delete(&call.state.incidents[&incident])?;
            let command = Command::DeleteIncident { incident };
            Ok(Plan::new(command).about(Subject::Incident(incident)))
        }
        Target::Maintenance(window) => {
            let command = Command::CancelWindow { window, body: None };
            Ok(Plan::new(command).about(Subject::Window(window)))
        }
    }
}

/// Clients decode an object here, and look at nothing but its id.
pub(in crate::api) fn shown_deleted(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    let id = call.parameter("incident");
    get(call).or_else(|_| Ok(Reply::ok(serde_json::json!({ "id": id }))))
}

/// `PATCH` and `PUT` of an update: its text, or the time that is shown.
pub(in crate::api) fn edit_update(call: &Call<'_>) -> Result<Plan, Refusal> {
    let update = call.parameter("update").to_owned();
    let mut fields = call.body.within("incident_update");
    let mut texts = Texts::of(call)?;
    let body = texts.body(&mut fields, &["body"]).map(Box::new);
    let display_at = fields.instant("display_at");
    fields.must_change_something(&["deliver_notifications", "wants_twitter_update"]);
    fields.finish()?;
    let (command, subject) = match target(call)? {
        Target::Incident(incident) => {
            let exists = call.state.incidents[&incident].updates.iter().any(|one| one.id == update);
            exists.then_some(()).ok_or_else(Refusal::not_found)?;
            (Command::EditUpdate { incident, update, body, display_at }, Subject::Incident(incident))
        }
        Target::Maintenance(window) => {
            let exists = call.state.windows[&window].updates.iter().any(|one| one.id == update);
            exists.then_some(()).ok_or_else(Refusal::not_found)?;
            (Command::EditWindowUpdate { window, update, body, display_at }, Subject::Window(window))
        }
    };
    let plan = Plan::new(command).about(subject).noting(texts.removed());
    Ok(Plan { unless_changed: true, ..plan })
}

pub(in crate::api) fn shown_update(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    let (_, page) = call.page()?;
    let writer = Writer::new(call, page);
    let incident = match target(call)? {
        Target::Incident(key) => writer.incident(key, &call.state.incidents[&key]),
        Target::Maintenance(key) => writer.maintenance(key, &call.state.windows[&key]),
    };
    let update = incident.and_then(|incident| incident.into_update(call.parameter("update")));
    update.map(Reply::ok).ok_or_else(Refusal::not_found)
}

/// What the path names: a published incident of the page, or maintenance that is not private.
///
/// # Errors
/// 404.
pub(super) fn target(call: &Call<'_>) -> Result<Target, Refusal> {
    let (page, _) = call.page()?;
    let (state, id) = (call.state, call.parameter("incident"));
    if let Some(key) = state.incident_with_id(id) {
        let incident = &state.incidents[&key];
        if incident.page == page && incident.is_published() {
            call.must_reach(Resource::Incidents, call.writes)?;
            return Ok(Target::Incident(key));
        }
    } else if let Some(key) = state.window_with_id(id)
        && state.windows[&key].page == Some(page)
    {
        call.must_reach(Resource::Maintenance, call.writes)?;
        return Ok(Target::Maintenance(key));
    }
    Err(Refusal::not_found())
}

/// The published incident that the path names.
///
/// # Errors
/// 404.
pub(super) fn incident<'a>(call: &Call<'a>) -> Result<(IncidentKey, &'a Incident), Refusal> {
    match target(call)? {
        Target::Incident(key) => Ok((key, &call.state.incidents[&key])),
        Target::Maintenance(_) => Err(Refusal::not_found()),
    }
}

fn show_incident(
    call: &Call<'_>,
    key: IncidentKey,
    reply: fn(super::objects::Incident) -> Reply,
) -> Result<Reply, Refusal> {
    let (_, page) = call.page()?;
    let incident = call.state.incidents.get(&key).ok_or_else(Refusal::not_found)?;
    let shown = Writer::new(call, page).incident(key, incident).ok_or_else(Refusal::not_found)?;
    let shown = shown.delivering(delivers(call));
    Ok(reply(shown).versioned(call.state.version(&Subject::Incident(key))))
}

/// What a request says of notifications: it is answered as it was sent.
pub(super) fn delivers(call: &Call<'_>) -> Option<bool> {
    call.body.within("incident").boolean("deliver_notifications")
}

fn read_status(fields: &mut Fields<'_>) -> Option<IncidentStatus> {
    let known = IncidentStatus::ALL.map(IncidentStatus::name);
    fields.choice("status", IncidentStatus::from_name, &known)
}

/// `Some(None)`: the impact follows the components again.
fn impact(fields: &mut Fields<'_>) -> Option<Option<Impact>> {
    let known = Impact::ALL.map(Impact::name);
    if fields.has("impact_override") && fields.words("impact_override").is_none() {
        return Some(None);
    }
    fields.choice("impact_override", Impact::from_name, &known).map(Some)
}

/// The components that an incident sets. What is under maintenance is said by maintenance alone.
fn set_components(call: &Call<'_>, page: PageKey, fields: &mut Fields<'_>) -> Vec<Named> {
    let named = components(call, page, fields);
    if named.iter().any(|(_, status)| *status == Some(Status::UnderMaintenance)) {
        fields.refuse("components: an incident does not set under_maintenance: schedule maintenance instead");
    }
    named
}

/// The components of a request: `components` with a status each, or a list of ids there or in `component_ids`.
pub(super) fn components(call: &Call<'_>, page: PageKey, fields: &mut Fields<'_>) -> Vec<Named> {
    let mut named: Vec<(String, Option<Status>)> = Vec::new();
    match fields.value("components") {
        Some(serde_json::Value::Array(_)) => {
            named.extend(fields.list("components").unwrap_or_default().into_iter().map(|id| (id, None)));
        }
        Some(_) => {
            for (id, status) in fields.map("components").unwrap_or_default() {
                let known = Status::from_name(&status);
                if known.is_none() && !status.is_empty() {
                    let all = statuses().join(", ");
                    fields.refuse(format!("components: {status:?} is not one of {all}"));
                }
                named.push((id, known));
            }
        }
        None => {}
    }
    // A status that is given counts before an id alone.
    named.extend(fields.list("component_ids").unwrap_or_default().into_iter().map(|id| (id, None)));
    call.components_of(page, named, fields)
}

/// The beginning and the end of an incident that is entered afterwards: `backfill_date` is a day or an instant, and the end
/// is a minute later, since Statuspage names none.
fn backfilled(fields: &mut Fields<'_>, zone: &str) -> Option<(Timestamp, Timestamp)> {
    let dated = fields.words("backfill_date").is_some();
    let wanted = fields.boolean("backfilled").unwrap_or(dated);
    if !wanted {
        return None;
    }
    let Some(text) = fields.words("backfill_date") else {
        fields.refuse("backfill_date is missing: say on which day the incident was");
        return None;
    };
    let day = || {
        let date: jiff::civil::Date = text.parse().ok()?;
        Some(date.in_tz(zone).ok()?.timestamp())
    };
    let at = text.parse::<jiff::Timestamp>().ok().or_else(day).map(|at| Timestamp(at.as_millisecond()));
    if at.is_none() {
        fields.refuse(format!("backfill_date {text:?} is no day: write it such as 2026-11-30"));
    }
    at.map(|at| (at, at + MINUTE))
}
