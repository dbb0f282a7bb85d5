//! A subscription as its owner sees it, and what we keep of it as a file.

use super::masked;
use serde_json::{Value, json};
use skerry_domain::delivery::Delivery;
use skerry_domain::state::{ComponentKey, PageKey, State};
use skerry_domain::subscriber::{Channel, Choices, Scope, Subscriber, SubscriberState, Updates};
use skerry_domain::time::Timestamp;
use skerry_publish::IncidentViews;
use skerry_publish::html::{Chosen, Subscription, Topic};
use std::collections::BTreeSet;

/// A subscription with this scope.
pub(super) fn subscription(
    state: &State,
    subscriber: &Subscriber,
    scope: &Scope,
    now: Timestamp,
) -> Subscription {
    let secret = subscriber.secret.as_ref().map(|secret| {
        let former = secret.former.as_ref().map(|(_, until)| *until).filter(|until| *until > now);
        (secret.current.reveal().to_owned(), former)
    });
    Subscription {
        address: masked(subscriber.channel, &subscriber.address),
        since: subscriber.confirmed_at,
        chosen: scope.page.as_ref().map(|choices| chosen(state, choices)),
        followed: followed(state, subscriber.page, scope),
        given_up: BTreeSet::new(),
        channel: subscriber.channel,
        secret,
        is_quarantined: subscriber.state == SubscriberState::Quarantined,
        can_be_tested: subscriber.channel != Channel::Email && subscriber.state == SubscriberState::Active,
    }
}

fn chosen(state: &State, choices: &Choices) -> Chosen {
    Chosen {
        only_outages: choices.updates == Updates::Outages,
        components: choices.components.as_ref().map(|keys| ids(state, keys)),
        status_changes: choices.status_changes,
        monthly: choices.monthly,
    }
}

/// The public ids of those that visitors see.
fn ids(state: &State, keys: &BTreeSet<ComponentKey>) -> BTreeSet<String> {
    let known = keys.iter().filter_map(|key| state.components.get(key));
    known.filter(|one| one.settings.public && !one.archived).map(|one| one.id.clone()).collect()
}

/// The incidents and the maintenance of a scope that visitors see.
pub(super) fn followed(state: &State, page: PageKey, scope: &Scope) -> Vec<Topic> {
    let Some(page) = state.pages.get(&page) else { return Vec::new() };
    if scope.incidents.is_empty() && scope.windows.is_empty() {
        return Vec::new();
    }
    let views = IncidentViews::on(state, page);
    let incidents = scope.incidents.iter().filter_map(|key| state.incidents.get(key));
    let incidents = incidents.filter(|one| one.is_published());
    let windows = scope.windows.iter().filter_map(|key| state.windows.get(key));
    let windows = windows.filter(|one| one.is_published());
    incidents
        .map(|one| Topic::of_incident(&views.incident(one)))
        .chain(windows.map(|one| Topic::of_maintenance(&views.maintenance(one))))
        .collect()
}

/// All that is kept of a subscriber, apart from its secret, as JSON, with its deliveries, the newest first.
pub(super) fn kept(state: &State, subscriber: &Subscriber, deliveries: &[Delivery]) -> String {
    let scope = &subscriber.scope;
    let choices = scope.page.as_ref().map(|choices| {
        json!({
            "updates": choices.updates.name(),
            "components": choices.components.as_ref().map(|keys| names(state, keys)),
            "status_changes": choices.status_changes,
            "monthly": choices.monthly,
        })
    });
    let followed = followed(state, subscriber.page, scope);
    let topics = |is_maintenance: bool| -> Vec<Value> {
        let these = followed.iter().filter(|one| one.is_maintenance == is_maintenance);
        these.map(|one| json!({ "id": one.id, "title": one.title })).collect()
    };
    // The URL of a hook is a secret of its channel, which those who have the link need not know.
    let address = match subscriber.channel {
        Channel::Email => subscriber.address.reveal().to_owned(),
        channel => masked(channel, &subscriber.address),
    };
    let kept = json!({
        "id": subscriber.id,
        "page": state.pages.get(&subscriber.page).map(|page| page.settings.name.clone()),
        "channel": subscriber.channel.name(),
        "address": address,
        "state": subscriber.state.name(),
        "choices": choices,
        "incidents": topics(false),
        "maintenance": topics(true),
        "consent": subscriber.consent.name(),
        "consent_note": subscriber.consent_note,
        "created_at": time(Some(subscriber.created_at)),
        "link_sent_at": time(subscriber.asked_at.max(subscriber.managed_at)),
        "confirmed_at": time(subscriber.confirmed_at),
        "updated_at": time(Some(subscriber.updated_at)),
        "days_of_refused_mails": subscriber.refused_days.len(),
        "days_of_full_mailbox": subscriber.full_days.len(),
        "deliveries": deliveries.iter().map(|one| sent(state, one)).collect::<Vec<_>>(),
    });
    format!("{kept:#}\n")
}

/// What was answered is for operators: it names relays and files of this host.
fn sent(state: &State, one: &Delivery) -> Value {
    let notice = one.notice.and_then(|key| state.notices.get(&key));
    json!({
        "about": notice.map_or(one.message.name(), |notice| notice.subject.parts().0.name()),
        "state": one.state.name(),
        "attempts": one.attempts,
        "queued_at": time(Some(one.queued_at)),
        "updated_at": time(Some(one.updated_at)),
    })
}

/// Those that visitors see.
fn names(state: &State, keys: &BTreeSet<ComponentKey>) -> Vec<String> {
    let known = keys.iter().filter_map(|key| state.components.get(key));
    let shown = known.filter(|component| component.settings.public && !component.archived);
    shown.map(|component| component.settings.name.clone()).collect()
}

/// RFC 3339 in UTC.
fn time(at: Option<Timestamp>) -> Option<String> {
    jiff::Timestamp::from_millisecond(at?.0).ok().map(|at| at.to_string())
}
