//! A subscriber as Statuspage's clients decode it, and what it hears of, beside.

use super::objects::Writer;
use crate::api::call::Call;
use crate::subscriptions::{masked, shown_address};
use serde::Serialize;
use skerry_domain::state::Page;
use skerry_domain::subscriber::{Channel, Consent, Subscriber, SubscriberState, UNCONFIRMED_KEPT};

/// A subscriber.
#[derive(Serialize)]
pub(in crate::api) struct SubscriberObject {
    id: String,
    skip_confirmation_notification: bool,
    mode: &'static str,
    email: Option<String>,
    endpoint: Option<String>,
    phone_number: Option<String>,
    phone_country: Option<String>,
    display_phone_number: Option<String>,
    obfuscated_channel_name: Option<String>,
    workspace_name: Option<String>,
    quarantined_at: Option<String>,
    purge_at: Option<String>,
    /// Null for all: clients decode a text or a list here, and null is both.
    components: Option<Vec<String>>,
    page_access_user_id: Option<String>,
    created_at: String,
    // What follows is ours.
    page_id: String,
    state: &'static str,
    consent: &'static str,
    /// For those who see addresses.
    consent_note: Option<String>,
    confirmed_at: Option<String>,
    /// Whether it hears of the page, and not only of what it follows.
    follows_page: bool,
    updates: Option<&'static str>,
    status_changes: bool,
    monthly: bool,
    /// Incidents and maintenance that it follows by themselves.
    incident_ids: Vec<String>,
}

/// The object; addresses are masked for those who may not see them.
pub(in crate::api) fn object(call: &Call<'_>, page: &Page, one: &Subscriber) -> SubscriberObject {
    let (state, writer) = (call.state, Writer::new(call, page));
    let sees = call.sees_addresses();
    let address = shown_address(one, sees);
    let is_mail = one.channel == Channel::Email;
    let is_chat = !is_mail && one.channel != Channel::Webhook;
    let choices = one.scope.page.as_ref();
    let components = choices.and_then(|choices| choices.components.as_ref());
    let components = components.map(|all| {
        let living = all.iter().filter_map(|key| state.components.get(key)).filter(|one| !one.archived);
        living.map(|one| one.id.clone()).collect()
    });
    let incidents = one.scope.incidents.iter().filter_map(|key| state.incidents.get(key)).map(|one| &one.id);
    let windows = one.scope.windows.iter().filter_map(|key| state.windows.get(key)).map(|one| &one.id);
    let unconfirmed = one.state == SubscriberState::Unconfirmed;
    let purge_at = unconfirmed.then(|| one.asked_at.unwrap_or(one.created_at) + UNCONFIRMED_KEPT);
    SubscriberObject {
        id: one.id.clone(),
        skip_confirmation_notification: one.consent != Consent::Form,
        mode: one.channel.name(),
        email: is_mail.then(|| address.clone()),
        endpoint: (!is_mail).then_some(address),
        phone_number: None,
        phone_country: None,
        display_phone_number: None,
        obfuscated_channel_name: is_chat.then(|| masked(one.channel, &one.address)),
        workspace_name: None,
        quarantined_at: (one.state == SubscriberState::Quarantined).then(|| writer.at(one.updated_at)),
        purge_at: purge_at.map(|at| writer.at(at)),
        components,
        page_access_user_id: None,
        created_at: writer.at(one.created_at),
        page_id: page.id.clone(),
        state: one.state.name(),
        consent: one.consent.name(),
        consent_note: one.consent_note.clone().filter(|_| sees),
        confirmed_at: one.confirmed_at.map(|at| writer.at(at)),
        follows_page: choices.is_some(),
        updates: choices.map(|choices| choices.updates.name()),
        status_changes: choices.is_some_and(|choices| choices.status_changes),
        monthly: choices.is_some_and(|choices| choices.monthly),
        incident_ids: incidents.chain(windows).cloned().collect(),
    }
}
