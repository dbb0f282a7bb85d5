//! Statuses of a component that checks do not decide: who holds it at what, until when.

use crate::api::call::{Call, Plan};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::api::v1::components::named;
use serde_json::{Value, json};
use skerry_domain::holds::{Hold, Source};
use skerry_domain::rows::Subject;
use skerry_domain::state::{IncidentKey, State};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command};
use skerry_domain::time::Timestamp;

/// `GET /api/v1/pages/{page}/components/{component}/holds`: those that are active, the newest first: it shows.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (_, component) = named(call)?;
    let active = component.holds.iter().rev().filter(|hold| hold.from <= call.now && call.now < hold.to);
    let data: Vec<Value> = active.map(|hold| object(call.state, hold)).collect();
    Ok(Reply::ok(json!({ "data": data, "next": null })))
}

/// `PUT /api/v1/pages/{page}/components/{component}/holds/rest`: `status`, `until` (a day for a component with checks).
pub(in crate::api) fn set(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (component, _) = named(call)?;
    if call.parameter("source") != "rest" {
        return Err(Refusal::invalid("through this interface a status is set as rest: PUT …/holds/rest"));
    }
    let mut fields = call.body.fields();
    fields.only(&["status", "until"]);
    let status = fields.choice("status", Status::from_name, &Status::ALL.map(Status::name));
    let until = fields.instant("until");
    fields.finish()?;
    let status = status.ok_or_else(|| Refusal::invalid("status is missing"))?;
    let command = Command::SetHold { component, source: Source::Rest, status, until };
    Ok(Plan::new(command).about(Subject::Hold(component, Source::Rest)))
}

/// `DELETE /api/v1/pages/{page}/components/{component}/holds/{source}`: `rest`, `person` or the id of an incident.
pub(in crate::api) fn release(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (component, held) = named(call)?;
    let source = match call.parameter("source") {
        "rest" => Source::Rest,
        "person" => Source::Person,
        id => Source::Incident(call.state.incident_with_id(id).ok_or_else(Refusal::not_found)?.0),
    };
    let active = held.holds.iter().any(|hold| hold.source == source && call.now < hold.to);
    active.then_some(()).ok_or_else(Refusal::not_found)?;
    let plan = Plan::new(Command::ReleaseHold { component, source });
    Ok(plan.about(Subject::Hold(component, source)))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    list(call)
}

fn object(state: &State, hold: &Hold) -> Value {
    let (source, incident) = match hold.source {
        Source::Person => ("person", None),
        Source::Rest => ("rest", None),
        Source::Incident(key) => ("incident", state.incidents.get(&IncidentKey(key)).map(|one| &one.id)),
    };
    json!({
        "source": source,
        "incident": incident,
        "status": hold.status.name(),
        "from": hold.from.to_string(),
        "until": (hold.to != Timestamp::FAR).then(|| hold.to.to_string()),
    })
}
