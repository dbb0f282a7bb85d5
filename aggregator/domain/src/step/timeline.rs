//! The timeline of incidents: new updates of people and of the program, and edits of their texts.

use super::incident::no_incident;
use super::{Change, Changes, Context, Rejected, limits};
use crate::incident::{Body, FormerText, Impact, Incident, IncidentStatus, IncidentUpdate, StatusChange};
use crate::schedule::Due;
use crate::state::{ComponentKey, IncidentKey, State};
use crate::text::Text;
use crate::time::Timestamp;

/// An update that has no number yet.
pub(super) struct NewUpdate {
    pub(super) status: IncidentStatus,
    pub(super) body: Option<Body>,
    pub(super) components: Vec<StatusChange>,
    pub(super) display_at: Timestamp,
    pub(super) by: Option<String>,
}

/// Adds an update to the timeline, and sets what follows from it: the state with its stamp, and the impact.
pub(super) fn add_update(
    state: &mut State,
    key: IncidentKey,
    update: NewUpdate,
    context: Context,
    changes: &mut Changes,
) {
    let counter = &mut state.counters.incident_updates;
    *counter += 1;
    let number = *counter;
    let NewUpdate { status, body, components, display_at, by } = update;
    let id = context.ids.id("incident_update", number);
    // Its impact is public.
    let shown = components.iter().filter(|change| shows(state, change.component));
    let worst = shown.map(|change| Impact::of(change.to)).max();
    let incident = state.incidents.get_mut(&key).expect("the caller looked it up");
    incident.impact = incident.impact.max(worst.unwrap_or_default());
    let (created_at, edited_at, former) = (context.now, None, Vec::new());
    incident.updates.push(IncidentUpdate {
        number,
        id,
        status,
        body,
        created_at,
        display_at,
        edited_at,
        components,
        by,
        former,
    });
    set_status(incident, status, display_at);
    incident.updated_at = context.now;
    incident.reminded_at = None;
    if incident.is_open() {
        state.open_incidents.insert(key);
    } else {
        state.open_incidents.remove(&key);
    }
    changes.touched.incident(key);
    changes.touched.incident_update(key, number);
    changes.push(Change::IncidentChanged(key));
    state.reschedule(Due::Incident(key));
}

/// Whether visitors see a component.
pub(super) fn shows(state: &State, component: ComponentKey) -> bool {
    state.components.get(&component).is_some_and(|one| one.settings.public && !one.archived)
}

/// Enters a state, with its stamp; one that it already has keeps its stamp.
fn set_status(incident: &mut Incident, status: IncidentStatus, at: Timestamp) {
    let enters = incident.status != status;
    if status != IncidentStatus::Resolved
        && let Some(postmortem) = &mut incident.postmortem
    {
        // What is open again is not over.
        postmortem.published_at = None;
    }
    incident.status = status;
    let (monitoring_at, resolved_at) = (incident.monitoring_at, incident.resolved_at);
    (incident.monitoring_at, incident.resolved_at) = match status {
        IncidentStatus::Investigating | IncidentStatus::Identified => (None, None),
        IncidentStatus::Monitoring => (monitoring_at.filter(|_| !enters).or(Some(at)), None),
        IncidentStatus::Resolved => (monitoring_at, resolved_at.filter(|_| !enters).or(Some(at))),
    };
    if status == IncidentStatus::Identified {
        incident.identified_at.get_or_insert(at);
    }
}

/// Nothing that people enter was earlier: 2000-01-01T00:00:00Z. What is older is a typing mistake.
const EARLIEST: Timestamp = Timestamp(946_684_800_000);

/// When an incident begins, and ends if it is entered afterwards.
pub(super) fn times(
    backfilled: Option<(Timestamp, Timestamp)>,
    now: Timestamp,
) -> Result<(Timestamp, Option<Timestamp>), Rejected> {
    match backfilled {
        Some((from, to)) if from >= to => {
            Err(Rejected::invalid("backfilled", "an incident must end after it begins"))
        }
        Some((_, to)) if to > now => {
            Err(Rejected::invalid("backfilled", "an incident that is entered afterwards has ended"))
        }
        Some((from, _)) if from < EARLIEST => {
            let reason =
                "an incident that is entered afterwards began in 2000 or later: correct its beginning";
            Err(Rejected::invalid("backfilled", reason))
        }
        Some((from, to)) => Ok((from, Some(to))),
        None => Ok((now, None)),
    }
}

/// Refuses a time at which an update is shown, if it is later than now or a typing mistake. It may be earlier than what
/// it is about, whose beginning people may learn late.
pub(super) fn check_display_at(at: Option<Timestamp>, now: Timestamp) -> Result<(), Rejected> {
    let Some(at) = at else { return Ok(()) };
    if at > now {
        return Err(Rejected::invalid("display_at", "an update is not shown as later than now"));
    }
    if at < EARLIEST {
        let reason = format!("an update is shown as of {EARLIEST} at the earliest: correct its time");
        return Err(Rejected::invalid("display_at", reason));
    }
    Ok(())
}

/// Replaces the text of an update. The former text is kept for operators.
pub(super) fn edit_update(
    state: &mut State,
    (key, id): (IncidentKey, &str),
    (body, display_at): (Option<&Text>, Option<Timestamp>),
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    let incident = state.incidents.get(&key).ok_or_else(no_incident)?;
    let no_update = || Rejected::not_found("update", "this incident has no such update");
    let place = incident.updates.iter().position(|update| update.id == id).ok_or_else(no_update)?;
    check_display_at(display_at, now)?;
    if let Some(body) = body {
        let former = match &incident.updates[place].body {
            Some(Body::Written(text)) => Some(text),
            Some(Body::Automatic(_)) | None => None,
        };
        limits::check_edit(state, Some(incident.page), former, body)?;
    }
    let incident = state.incidents.get_mut(&key).expect("looked up above");
    let update = &mut incident.updates.edit()[place];
    if let Some(body) = body {
        let text = match &update.body {
            Some(Body::Written(text)) => text.written.clone(),
            Some(Body::Automatic(_)) | None => String::new(),
        };
        limits::keep_former(&mut update.former, FormerText { to: now, written: text });
        update.body = Some(Body::Written(body.clone()));
        update.edited_at = Some(now);
    }
    if let Some(at) = display_at {
        update.display_at = at;
    }
    let number = update.number;
    incident.touched = true;
    incident.updated_at = now;
    changes.touched.incident(key);
    changes.touched.incident_update(key, number);
    changes.push(Change::IncidentChanged(key));
    state.reschedule(Due::Incident(key));
    Ok(())
}
