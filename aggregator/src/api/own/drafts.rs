//! Drafts of incidents. An operator publishes what a person began; the draft of a problem needs an admin.

use super::incidents::{named, object};
use super::list::Part;
use crate::api::call::{Call, Plan};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::api::v1::incidents::{new_incident, update_of};
use skerry_domain::access::Role;
use skerry_domain::incident::Incident;
use skerry_domain::rows::Subject;
use skerry_domain::state::IncidentKey;
use skerry_domain::step::{Answer, Command, NewIncident};

/// `GET /api/v1/pages/{page}/drafts`.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page, _) = call.page()?;
    let all = call.state.incidents.values().rev().filter(|one| one.page == page);
    Part::of(call)?.take(all, |one| !one.is_published(), |one| &one.id, |one| object(call, one))
}

/// `POST /api/v1/pages/{page}/drafts`: the fields of an incident of `/v1`.
pub(in crate::api) fn create(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (new, notes) = new_incident(call, call.body.within("incident"))?;
    let command = Command::OpenIncident(Box::new(NewIncident { draft: true, ..new }));
    Ok(Plan::new(command).noting(notes))
}

pub(in crate::api) fn shown_new(call: &Call<'_>, answer: &Answer) -> Result<Reply, Refusal> {
    let Answer::Incident(key) = answer else { return Err(Refusal::not_found()) };
    let incident = call.state.incidents.get(key).ok_or_else(Refusal::not_found)?;
    let version = call.state.version(&Subject::Incident(*key));
    Ok(Reply::created(object(call, incident)).versioned(version))
}

/// `PATCH /api/v1/pages/{page}/drafts/{incident}`: the fields of an incident of `/v1`.
pub(in crate::api) fn change(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, incident) = draft(call)?;
    let (change, notes) = update_of(call, incident, call.body.within("incident"))?;
    let command = Command::UpdateIncident { incident: key, change: Box::new(change) };
    Ok(Plan::new(command).about(Subject::Incident(key)).noting(notes))
}

/// `POST /api/v1/pages/{page}/drafts/{incident}/approve`: visitors see it.
pub(in crate::api) fn approve(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, incident) = draft(call)?;
    if incident.automatic {
        call.caller.must_be(Role::Admin)?;
    }
    let plan = Plan::new(Command::PublishIncident { incident: key }).about(Subject::Incident(key));
    // A draft that changes meanwhile is looked at again; a client that names what it read is safe before that, too.
    Ok(Plan { unless_changed: true, ..plan })
}

/// `DELETE /api/v1/pages/{page}/drafts/{incident}`: 204.
pub(in crate::api) fn discard(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, incident) = draft(call)?;
    call.caller.may_delete(incident)?;
    let plan = Plan::new(Command::DeleteIncident { incident: key }).about(Subject::Incident(key));
    Ok(Plan { unless_changed: true, ..plan })
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    super::incidents::get(call)
}

fn draft<'a>(call: &Call<'a>) -> Result<(IncidentKey, &'a Incident), Refusal> {
    let (key, incident) = named(call)?;
    if incident.is_published() { Err(Refusal::not_found()) } else { Ok((key, incident)) }
}
