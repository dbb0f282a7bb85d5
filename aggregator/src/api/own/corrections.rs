//! Corrections of the past of a page's components.

use super::list::Part;
use crate::api::call::{Call, Plan};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use serde_json::{Value, json};
use skerry_domain::correction::Correction;
use skerry_domain::rows::Subject;
use skerry_domain::state::{CorrectionKey, State};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command, NewCorrection};

/// `GET /api/v1/pages/{page}/corrections`.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page, _) = call.page()?;
    let of_page =
        |one: &&Correction| call.state.components.get(&one.component).is_some_and(|one| one.page == page);
    let corrections = call.state.corrections.values().rev().filter(of_page);
    Part::of(call)?.take(corrections, |_| true, |one| &one.id, |one| object(call.state, one))
}

/// `POST /api/v1/pages/{page}/corrections`: `component_id`, `from`, `to` (now), `status`, `reason`.
pub(in crate::api) fn create(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (page, _) = call.page()?;
    let mut fields = call.body.fields();
    fields.only(&["component_id", "from", "to", "status", "reason"]);
    let id = fields.words("component_id");
    let component = id.as_ref().and_then(|id| call.component_of(page, id)).map(|(key, _)| key);
    if let Some(id) = id.filter(|_| component.is_none()) {
        fields.refuse(format!("component_id: this page has no component {id:?}"));
    }
    let from = fields.instant("from");
    let to = fields.instant("to").unwrap_or(call.now);
    let status = fields.choice("status", Status::from_name, &Status::ALL.map(Status::name));
    let reason = fields.words("reason");
    let missing = [
        ("component_id", component.is_none()),
        ("from", from.is_none()),
        ("status", status.is_none()),
        ("reason", reason.is_none()),
    ];
    for (name, missing) in missing {
        if missing && fields.value(name).is_none() {
            fields.refuse(format!("{name} is missing"));
        }
    }
    fields.finish()?;
    let all = (component, from, status, reason);
    let (Some(component), Some(from), Some(status), Some(reason)) = all else {
        return Err(Refusal::invalid("component_id, from, status and reason are required"));
    };
    let new = NewCorrection { component, from, to, status, reason };
    Ok(Plan::new(Command::Correct(Box::new(new))))
}

pub(in crate::api) fn shown_new(call: &Call<'_>, answer: &Answer) -> Result<Reply, Refusal> {
    let Answer::Correction(key) = answer else { return Err(Refusal::not_found()) };
    let correction = call.state.corrections.get(key).ok_or_else(Refusal::not_found)?;
    Ok(Reply::created(object(call.state, correction)))
}

/// `DELETE /api/v1/pages/{page}/corrections/{correction}`: undoes it. It stays in the list.
pub(in crate::api) fn undo(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, correction) = named(call)?;
    if correction.undone.is_some() {
        return Err(Refusal::new(409, "this correction is undone already"));
    }
    Ok(Plan::new(Command::UndoCorrection { correction: key }).about(Subject::Correction(key)))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    let (key, correction) = named(call)?;
    Ok(Reply::ok(object(call.state, correction)).versioned(call.state.version(&Subject::Correction(key))))
}

fn named<'a>(call: &Call<'a>) -> Result<(CorrectionKey, &'a Correction), Refusal> {
    let (page, _) = call.page()?;
    let key = call.state.correction_with_id(call.parameter("correction")).ok_or_else(Refusal::not_found)?;
    let correction = &call.state.corrections[&key];
    let on_page = call.state.components.get(&correction.component).is_some_and(|one| one.page == page);
    if on_page { Ok((key, correction)) } else { Err(Refusal::not_found()) }
}

fn object(state: &State, correction: &Correction) -> Value {
    let component = state.components.get(&correction.component);
    json!({
        "id": correction.id,
        "component_id": component.map(|one| &one.id),
        "from": correction.from.to_string(),
        "to": correction.to.to_string(),
        "status": correction.status.name(),
        "reason": correction.reason,
        "made_by": correction.made_by,
        "made_at": correction.made_at.to_string(),
        "undone_by": correction.undone.as_ref().and_then(|one| one.by.clone()),
        "undone_at": correction.undone.as_ref().map(|one| one.at.to_string()),
    })
}
