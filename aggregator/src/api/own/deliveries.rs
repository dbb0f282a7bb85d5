//! Deliveries: one notice to one subscriber, with what became of it.

use super::list::{Part, no_entry};
use crate::api::call::{Call, Plan};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::subscriptions::address::channel_of;
use crate::subscriptions::deliveries::{
    Wanted, again, list as listed, may_be_tried, notices_of_incident, notices_of_window, object,
};
use serde_json::json;
use skerry_domain::access::Role;
use skerry_domain::delivery::{Delivery, DeliveryState};
use skerry_domain::state::{NoticeKey, SubscriberKey};
use skerry_domain::step::Answer;

/// What cannot be read, for the log.
const WHAT: &str = "the list of deliveries";

/// `GET /api/v1/deliveries`: those of an `incident`, a `maintenance` or a `notice`, to a `subscriber` or an `address`, in a
/// `state`.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut query = call.query.fields();
    let notices = notices(call, &mut query);
    let subscribers = subscribers(call, &mut query)?;
    let names: Vec<&str> = DeliveryState::ALL.iter().map(|one| one.name()).collect();
    let states = query.choice("state", DeliveryState::from_name, &names).into_iter().collect();
    query.finish()?;
    let wanted = Wanted { notices, subscribers, states };
    let part = Part::of(call)?;
    let after = part.after().map(|id| with_id(call, id)?.ok_or_else(|| no_entry(id))).transpose()?;
    let limit = part.limit + 1;
    let found = call.stored(WHAT, |reader| listed(reader, call.state, &wanted, after.as_ref(), limit))?;
    let whole = call.sees_addresses();
    Ok(part.answer(&found, |one| object(call.state, one, whole), |one| json!(one.id)))
}

/// `GET /api/v1/deliveries/{delivery}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::ok(object(call.state, &named(call)?, call.sees_addresses())))
}

/// `POST /api/v1/deliveries/{delivery}/retry`: tries it now.
pub(in crate::api) fn retry(call: &Call<'_>) -> Result<Plan, Refusal> {
    let delivery = named(call)?;
    let refused = |why: String| Refusal::new(409, format!("this delivery {why}"));
    may_be_tried(call.state, &delivery, call.now).map_err(refused)?;
    Ok(Plan::new(again(call.state, &delivery, call.intake, call.now)))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

fn named(call: &Call<'_>) -> Result<Delivery, Refusal> {
    with_id(call, call.parameter("delivery"))?.ok_or_else(Refusal::not_found)
}

/// The delivery of the caller's workspace with this id.
fn with_id(call: &Call<'_>, id: &str) -> Result<Option<Delivery>, Refusal> {
    let found = call.stored(WHAT, |reader| reader.delivery_with_id(id))?;
    Ok(found.filter(|(workspace, _)| *workspace == call.state.workspace.key).map(|(_, one)| one))
}

/// The notices that the fields name; `None`: they name none.
pub(super) fn notices(call: &Call<'_>, fields: &mut Fields<'_>) -> Option<Vec<NoticeKey>> {
    let state = call.state;
    let mut all = None;
    for name in ["incident", "maintenance", "notice"] {
        let Some(id) = fields.words(name) else { continue };
        let found = match name {
            "incident" => state.incident_with_id(&id).map(|key| notices_of_incident(state, key)),
            "maintenance" => state.window_with_id(&id).map(|key| notices_of_window(state, key)),
            _ => state.notice_with_id(&id).map(|key| vec![key]),
        };
        match (found, &mut all) {
            (None, _) => fields.refuse(format!("{name}: there is none with this id")),
            (Some(found), None) => all = Some(found),
            (Some(_), Some(_)) => fields.refuse("name one of incident, maintenance and notice"),
        }
    }
    all
}

/// The subscribers that the fields name; `None`: they name none.
fn subscribers(call: &Call<'_>, fields: &mut Fields<'_>) -> Result<Option<Vec<SubscriberKey>>, Refusal> {
    if let Some(text) = fields.words("address") {
        call.caller.must_be(Role::Admin)?;
        let channel = channel_of(&text);
        let Ok(address) = call.intake.address(channel, &text) else { return Ok(Some(Vec::new())) };
        let pages = call.state.pages.keys();
        return Ok(Some(
            pages.filter_map(|page| call.state.subscriber_at(*page, channel, &address)).collect(),
        ));
    }
    let Some(id) = fields.words("subscriber") else { return Ok(None) };
    let found = call.state.subscriber_with_id(&id);
    if found.is_none() {
        fields.refuse("subscriber: there is none with this id");
    }
    Ok(found.map(|key| vec![key]))
}
