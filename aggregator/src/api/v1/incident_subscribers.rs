//! Who follows one incident, or one maintenance, by itself.

use super::incidents::Target;
use super::subscriber_object::object;
use super::subscribers::{ask_again, command, named, new_subscriber, sent_already};
use crate::api::call::{Call, Plan};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use skerry_domain::state::{Page, SubscriberKey, WindowKey};
use skerry_domain::step::SubscriberCommand;
use skerry_domain::subscriber::{Scope, Subscriber};

/// The default and greatest number that is answered at once, as Statuspage has it.
const LIMIT: u64 = 100;

/// `GET …/incidents/{incident}/subscribers`.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page_key, page) = call.page()?;
    let target = target(call)?;
    let mut query = call.query.fields();
    let limit = query.number("per_page").or_else(|| query.number("limit")).unwrap_or(LIMIT).clamp(1, LIMIT);
    let skipped = (query.number("page").unwrap_or(1).max(1) - 1).saturating_mul(limit);
    query.finish()?;
    let all = call.state.subscribers_of(page_key, SubscriberKey(0));
    let all =
        all.filter_map(|key| call.state.subscribers.get(&key)).filter(|one| follows(&one.scope, target));
    let part = all.skip(usize::try_from(skipped).unwrap_or(usize::MAX)).take(limit as usize);
    Ok(Reply::ok(part.map(|one| object(call, page, one)).collect::<Vec<_>>()))
}

/// `GET …/incidents/{incident}/subscribers/{subscriber}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page, _, one) = follower(call)?;
    Ok(Reply::ok(object(call, page, one)))
}

/// `POST …/incidents/{incident}/subscribers`.
pub(in crate::api) fn create(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (page, _) = call.page()?;
    let mut scope = Scope::default();
    match target(call)? {
        Target::Incident(key) => scope.incidents.insert(key),
        Target::Maintenance(key) => scope.windows.insert(key),
    };
    let (new, notes) = new_subscriber(call, page, call.body.within("subscriber"), scope)?;
    Ok(Plan::new(command(SubscriberCommand::Ask(new))).noting(notes))
}

/// `DELETE …/incidents/{incident}/subscribers/{subscriber}`: it follows this one no longer; who followed nothing else is
/// removed. 200 with what it was.
pub(in crate::api) fn delete(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (page, key, one) = follower(call)?;
    let mut scope = one.scope.clone();
    match target(call)? {
        Target::Incident(key) => scope.incidents.remove(&key),
        Target::Maintenance(key) => scope.windows.remove(&key),
    };
    let change = if scope == Scope::default() {
        SubscriberCommand::Leave(key)
    } else {
        SubscriberCommand::Choose(key, scope)
    };
    Ok(Plan::new(command(change)).answered(Reply::ok(object(call, page, one))))
}

/// `POST …/incidents/{incident}/subscribers/{subscriber}/resend_confirmation`.
pub(in crate::api) fn resend(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (_, _, one) = follower(call)?;
    Ok(Plan::new(ask_again(call, one)).noting(sent_already(call, one)))
}

fn follower<'a>(call: &Call<'a>) -> Result<(&'a Page, SubscriberKey, &'a Subscriber), Refusal> {
    let target = target(call)?;
    let found = named(call)?;
    if follows(&found.2.scope, target) { Ok(found) } else { Err(Refusal::not_found()) }
}

/// The published incident, or the maintenance, that the path names. The scope of a token for subscribers is enough.
fn target(call: &Call<'_>) -> Result<Target, Refusal> {
    let (page, _) = call.page()?;
    let (state, id) = (call.state, call.parameter("incident"));
    let incident = state
        .incident_with_id(id)
        .filter(|key| state.incidents.get(key).is_some_and(|one| one.page == page && one.is_published()));
    let window = || {
        let of_page = |key: &WindowKey| state.windows.get(key).is_some_and(|one| one.page == Some(page));
        state.window_with_id(id).filter(of_page).map(Target::Maintenance)
    };
    incident.map(Target::Incident).or_else(window).ok_or_else(Refusal::not_found)
}

fn follows(scope: &Scope, target: Target) -> bool {
    match target {
        Target::Incident(key) => scope.incidents.contains(&key),
        Target::Maintenance(key) => scope.windows.contains(&key),
    }
}
