//! Subscribers of a page: one at a time. Lists and what is done to many are in [`super::subscriber_lists`].

use super::subscriber_object::object;
use super::templates;
use crate::api::call::{Call, Plan};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::subscriptions::address::channel_of;
use skerry_domain::delivery::Message;
use skerry_domain::state::{Page, PageKey, SubscriberKey};
use skerry_domain::step::{Answer, Command, MAX_SUBSCRIBERS, NewSubscriber, SubscriberCommand};
use skerry_domain::subscriber::{
    Channel, Choices, Consent, LINK_OF_ADDRESS_PAUSE, Scope, Sensitive, Subscriber, SubscriberState, Updates,
};

/// Why there is no subscriber to a telephone number.
pub(super) const NO_SMS: &str = "text messages (sms) are not available here: they need a provider of telephony. \
                                 Subscribe an email address, or an endpoint";

/// `GET …/subscribers/{subscriber}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page, _, one) = named(call)?;
    Ok(Reply::ok(object(call, page, one)))
}

/// `POST …/subscribers`.
pub(in crate::api) fn create(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (page, _) = call.page()?;
    let mut fields = call.body.within("subscriber");
    let choices = choices(call, page, &mut fields, Choices::default());
    let (new, notes) = new_subscriber(call, page, fields, Scope::of_page(choices))?;
    Ok(Plan::new(command(SubscriberCommand::Ask(new))).noting(notes))
}

/// Whoever is subscribed: the answer for callers with a token, who may know it.
pub(in crate::api) fn shown_new(call: &Call<'_>, answer: &Answer) -> Result<Reply, Refusal> {
    let (_, page) = call.page()?;
    let Answer::Subscriber(key) = answer else {
        return Err(Refusal::invalid(
            "this address refused messages or complained within the last 12 months: nothing is sent to it, and it was not \
             subscribed",
        ));
    };
    let one = call.state.subscribers.get(key).ok_or_else(Refusal::not_found)?;
    Ok(Reply::created(object(call, page, one)))
}

/// `PATCH …/subscribers/{subscriber}`: without `component_ids` all components, as Statuspage has it, unless it changes
/// something else.
pub(in crate::api) fn change(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (_, key, one) = named(call)?;
    let Some(former) = &one.scope.page else {
        let reason = "it follows single incidents or maintenance, and its owner did not ask for the page: its owner can \
                      subscribe to it";
        return Err(Refusal::invalid(reason));
    };
    let mut fields = call.body.within("subscriber");
    let others = ["updates", "status_changes", "monthly"].iter().any(|name| fields.has(name));
    let keeps = others && !fields.has("component_ids");
    let components = former.components.clone().filter(|_| keeps);
    let page = Some(choices(call, one.page, &mut fields, Choices { components, ..former.clone() }));
    fields.finish()?;
    let scope = Scope { page, ..one.scope.clone() };
    Ok(Plan::new(command(SubscriberCommand::Choose(key, scope))))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

/// `DELETE …/subscribers/{subscriber}`: 200 with what it was. Its address is erased, and nothing is sent to it.
pub(in crate::api) fn delete(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (page, key, one) = named(call)?;
    let reply = Reply::ok(object(call, page, one));
    Ok(Plan::new(command(SubscriberCommand::Leave(key))).answered(reply))
}

/// What is answered once more to a request that was sent again.
pub(in crate::api) fn shown_deleted(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    Ok(Reply::ok(serde_json::json!({ "id": call.parameter("subscriber") })))
}

/// `POST …/subscribers/{subscriber}/resend_confirmation`: the link to confirm, or to manage what is confirmed.
pub(in crate::api) fn resend(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (_, _, one) = named(call)?;
    Ok(Plan::new(ask_again(call, one)).noting(sent_already(call, one)))
}

pub(in crate::api) fn shown_resent(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    let (page, _, one) = named(call)?;
    Ok(Reply::created(object(call, page, one)))
}

pub(super) fn command(command: SubscriberCommand) -> Command {
    Command::Subscriber(Box::new(command))
}

/// Sends the link to confirm, or to manage what is confirmed, once a day.
pub(super) fn ask_again(call: &Call<'_>, one: &Subscriber) -> Command {
    let to = (one.channel, one.address.clone());
    let new = call.intake.subscriber(one.page, to, one.scope.clone(), Consent::Form);
    command(SubscriberCommand::Ask(new))
}

/// Why nothing is sent now: a link was sent to the address within a day, perhaps for another page.
pub(super) fn sent_already(call: &Call<'_>, one: &Subscriber) -> Vec<String> {
    let waits = one.state != SubscriberState::Active || one.wanted.is_some();
    let message = if waits { Message::Confirm } else { Message::Manage };
    let last = call.state.last_link(one, message).filter(|at| call.now < *at + LINK_OF_ADDRESS_PAUSE);
    let said = last.map(|at| {
        format!("a link was sent to this address at {at}: it gets one a day, and nothing is sent now")
    });
    said.into_iter().collect()
}

/// The subscriber that the path names.
///
/// # Errors
/// 404.
pub(super) fn named<'a>(call: &Call<'a>) -> Result<(&'a Page, SubscriberKey, &'a Subscriber), Refusal> {
    let (page_key, page) = call.page()?;
    let key = call.state.subscriber_with_id(call.parameter("subscriber")).ok_or_else(Refusal::not_found)?;
    let one = call.state.subscribers.get(&key).filter(|one| one.page == page_key);
    Ok((page, key, one.ok_or_else(Refusal::not_found)?))
}

/// What a request says of the choices; what it leaves out is as in `known`.
pub(super) fn choices(call: &Call<'_>, page: PageKey, fields: &mut Fields<'_>, known: Choices) -> Choices {
    let chosen = templates::components(call, page, fields);
    if chosen.as_ref().is_some_and(Vec::is_empty) {
        fields.refuse("component_ids is empty: name at least one component, or leave it out for all");
    }
    let names: Vec<&str> = Updates::ALL.iter().map(|one| one.name()).collect();
    Choices {
        updates: fields.choice("updates", Updates::from_name, &names).unwrap_or(known.updates),
        components: chosen.map(|all| all.into_iter().collect()).or(known.components),
        status_changes: fields.boolean("status_changes").unwrap_or(known.status_changes),
        monthly: fields.boolean("monthly").unwrap_or(known.monthly),
    }
}

/// Whom a request subscribes to `scope`, and what its sender should know.
///
/// # Errors
/// 422.
pub(super) fn new_subscriber(
    call: &Call<'_>,
    page: PageKey,
    mut fields: Fields<'_>,
    scope: Scope,
) -> Result<(NewSubscriber, Vec<String>), Refusal> {
    if !call.caller.token.pages.is_empty() {
        let made = call.state.subscribers_of(page, SubscriberKey(0)).count();
        call.must_leave_room("subscribers", made, MAX_SUBSCRIBERS)?;
    }
    let skips = fields.boolean("skip_confirmation_notification").unwrap_or(false);
    let to = destination(call, &mut fields);
    let has_both = fields.words("email").is_some() && fields.words("endpoint").is_some();
    fields.finish()?;
    let to = to.ok_or_else(|| Refusal::invalid("email or endpoint is required"))?;
    let consent = if skips { Consent::Api } else { Consent::Form };
    let note = "email is not kept beside an endpoint: its owner manages the subscription by the link that the endpoint gets";
    let notes = has_both.then(|| note.to_owned()).into_iter().collect();
    Ok((call.intake.subscriber(page, to, scope, consent), notes))
}

/// The channel and the address that a request names. What is wrong with them is told without them.
fn destination(call: &Call<'_>, fields: &mut Fields<'_>) -> Option<(Channel, Sensitive)> {
    let names: Vec<&str> = Channel::ALL.iter().map(|one| one.name()).collect();
    let kind = fields.words("type");
    let is_sms = kind.as_deref() == Some("sms");
    if is_sms || fields.value("phone_number").is_some() || fields.value("phone_country").is_some() {
        fields.refuse(NO_SMS);
        return None;
    }
    let kind = match kind {
        Some(_) => Some(fields.choice("type", Channel::from_name, &names)?),
        None => None,
    };
    let (email, endpoint) = (fields.words("email"), fields.words("endpoint"));
    let (name, text) = match (kind, endpoint, email) {
        (Some(Channel::Email) | None, None, Some(email)) => ("email", email),
        (Some(Channel::Email), Some(_), _) => {
            fields.refuse("type is email, and there is an endpoint: leave one of them out");
            return None;
        }
        (_, Some(endpoint), _) => ("endpoint", endpoint),
        (Some(Channel::Email) | None, None, None) => {
            fields.refuse("Email can't be blank, unless there is an endpoint");
            return None;
        }
        (Some(_), None, _) => {
            fields.refuse("Endpoint can't be blank");
            return None;
        }
    };
    let guessed = if name == "email" { Channel::Email } else { channel_of(&text) };
    let channel = kind.unwrap_or(guessed);
    if name == "endpoint" && channel == Channel::Email {
        fields.refuse("endpoint is not a URL");
        return None;
    }
    match call.intake.address(channel, &text) {
        Ok(address) => Some((channel, address)),
        Err(fault) => {
            fields.refuse(format!("{name} {fault}"));
            None
        }
    }
}

/// Makes somebody hear again whose endpoint failed for too long.
pub(super) fn reactivate(call: &Call<'_>, one: &Subscriber) -> Command {
    let to = (one.channel, one.address.clone());
    // A consent that was given elsewhere stays on record.
    let consent = if one.consent == Consent::Import { Consent::Import } else { Consent::Api };
    let new = call.intake.subscriber(one.page, to, one.scope.clone(), consent);
    command(SubscriberCommand::Ask(NewSubscriber { consent_note: one.consent_note.clone(), ..new }))
}
