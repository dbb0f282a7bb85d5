//! Subscribers as they ask, confirm, choose and leave, and as admins import and remove them.

use super::{Changes, Context, Rejected, deliver};
use crate::delivery::Message;
use crate::schedule::Due;
use crate::state::{ComponentKey, IncidentKey, PageKey, State, SubscriberKey, WindowKey};
use crate::subscriber::{
    Channel, Choices, Consent, FORMER_SECRET_SIGNS, LINK_OF_ADDRESS_PAUSE, SUPPRESSED_KEPT, Scope, Sensitive,
    SigningSecret, Subscriber, SubscriberState, Updates,
};
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// The greatest number of subscribers of a workspace.
pub const MAX_SUBSCRIBERS: usize = 1_000_000;
/// The greatest number of incidents and maintenance that a subscriber follows by themselves.
const MAX_FOLLOWED: usize = 100;

/// Somebody asks for a subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSubscriber {
    /// The page.
    pub page: PageKey,
    /// How it is reached.
    pub channel: Channel,
    /// Its mail address or URL, in the form in which it is compared.
    pub address: Sensitive,
    /// The keyed digest of the address: nothing is sent where it is suppressed.
    pub digest: [u8; 32],
    /// Of a webhook.
    pub secret: Option<Sensitive>,
    /// What it wants to hear of.
    pub scope: Scope,
    /// How it comes to be. That of the form has to be confirmed.
    pub consent: Consent,
    /// What an import says of the consent.
    pub consent_note: Option<String>,
    /// When consent was given elsewhere. `None`: now.
    pub consented_at: Option<Timestamp>,
}

/// A command about subscribers.
#[derive(Clone, Debug, PartialEq)]
pub enum SubscriberCommand {
    /// Asks for a subscription. The caller must not show the answer to strangers: it tells known, unknown and suppressed
    /// addresses apart.
    Ask(NewSubscriber),
    /// The link that was sent is opened and confirmed.
    Confirm(SubscriberKey),
    /// Replaces what it hears of.
    Choose(SubscriberKey, Scope),
    /// Sends the link to manage the subscription to its address, once in 24 hours.
    SendLink(SubscriberKey),
    /// Ends the links to manage the subscription that messages held until now. Those to end it go on.
    RenewLinks(SubscriberKey),
    /// Replaces the secret of a webhook; the former one signs beside it for a day.
    RotateSecret(SubscriberKey, Sensitive),
    /// Leaves, or is removed: the address is erased.
    Leave(SubscriberKey),
}

impl SubscriberCommand {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Ask(_) => "subscribe",
            Self::Confirm(_) => "confirm_subscriber",
            Self::Choose(..) => "change_subscriber",
            Self::SendLink(_) => "send_subscriber_link",
            Self::RenewLinks(_) => "renew_subscriber_links",
            Self::RotateSecret(..) => "rotate_subscriber_secret",
            Self::Leave(_) => "remove_subscriber",
        }
    }
}

/// Carries it out. Returns the subscriber that was made or found.
pub(super) fn run(
    state: &mut State,
    command: &SubscriberCommand,
    context: Context,
    changes: &mut Changes,
) -> Result<Option<SubscriberKey>, Rejected> {
    match command {
        SubscriberCommand::Ask(new) => return ask(state, new, context, changes),
        SubscriberCommand::Confirm(key) => confirm(state, *key, context, changes)?,
        SubscriberCommand::Choose(key, scope) => choose(state, *key, scope, context, changes)?,
        SubscriberCommand::SendLink(key) => {
            found(state, *key)?;
            send_once_a_day(state, *key, Message::Manage, context, changes);
        }
        SubscriberCommand::RenewLinks(key) => {
            let one = found(state, *key)?.clone();
            let renewed = Subscriber { link_version: one.link_version + 1, updated_at: context.now, ..one };
            put(state, *key, renewed, changes);
        }
        SubscriberCommand::RotateSecret(key, secret) => rotate(state, *key, secret, context.now, changes)?,
        SubscriberCommand::Leave(key) => {
            found(state, *key)?;
            remove(state, *key, changes);
        }
    }
    Ok(None)
}

fn ask(
    state: &mut State,
    new: &NewSubscriber,
    context: Context,
    changes: &mut Changes,
) -> Result<Option<SubscriberKey>, Rejected> {
    check_page(state, new.page)?;
    let scope = checked(state, new.page, &new.scope)?;
    let now = context.now;
    let is_suppressed = state.suppressed.get(&new.digest).is_some_and(|at| now < *at + SUPPRESSED_KEPT);
    if is_suppressed {
        return Ok(None);
    }
    let known = state.subscriber_at(new.page, new.channel, &new.address);
    let Some(key) = known else { return add(state, new, scope, context, changes).map(Some) };
    let former = found(state, key)?.clone();
    let mut one = former.clone();
    if new.consent == Consent::Form {
        match one.state {
            SubscriberState::Unconfirmed => one.scope = one.scope.joined(&scope),
            _ if one.scope.joined(&scope) == one.scope || hears_all(&one.scope) => {}
            // Nobody but its owner changes what is confirmed.
            _ => one.wanted = Some(one.wanted.take().map_or(scope.clone(), |wanted| wanted.joined(&scope))),
        }
    } else {
        deliver::consider_early(state, key, context, changes);
        one.scope = if one.state == SubscriberState::Active { one.scope.joined(&scope) } else { scope };
        (one.state, one.wanted) = (SubscriberState::Active, None);
        one.confirmed_at = one.confirmed_at.or(Some(new.consented_at.unwrap_or(now).min(now)));
        (one.consent, one.consent_note) = (new.consent, new.consent_note.clone());
    }
    check_followed(&one.scope)?;
    one.wanted.as_ref().map_or(Ok(()), check_followed)?;
    let waits = one.state != SubscriberState::Active || one.wanted.is_some();
    if one != former {
        one.updated_at = now;
        put(state, key, one, changes);
    }
    if new.consent == Consent::Form {
        send_once_a_day(state, key, if waits { Message::Confirm } else { Message::Manage }, context, changes);
    }
    Ok(Some(key))
}

/// Whether somebody hears of everything that the page shows.
fn hears_all(scope: &Scope) -> bool {
    let all = |choices: &Choices| choices.updates == Updates::All && choices.components.is_none();
    scope.page.as_ref().is_some_and(all)
}

fn add(
    state: &mut State,
    new: &NewSubscriber,
    scope: Scope,
    context: Context,
    changes: &mut Changes,
) -> Result<SubscriberKey, Rejected> {
    let now = context.now;
    if state.subscribers.len() >= MAX_SUBSCRIBERS {
        let reason = format!("a workspace has at most {MAX_SUBSCRIBERS} subscribers");
        return Err(Rejected::state("subscriber", reason));
    }
    let key = SubscriberKey::next(&mut state.counters.subscribers);
    let confirmed = new.consent != Consent::Form;
    let subscriber = Subscriber {
        id: context.ids.id("subscriber", key.0),
        page: new.page,
        channel: new.channel,
        address: new.address.clone(),
        secret: new.secret.clone().map(|current| SigningSecret { current, former: None }),
        state: if confirmed { SubscriberState::Active } else { SubscriberState::Unconfirmed },
        scope,
        wanted: None,
        consent: new.consent,
        consent_note: new.consent_note.clone(),
        created_at: now,
        asked_at: None,
        managed_at: None,
        link_version: 0,
        confirmed_at: confirmed.then(|| new.consented_at.unwrap_or(now).min(now)),
        updated_at: now,
        refused_days: BTreeSet::new(),
        full_days: BTreeSet::new(),
    };
    put(state, key, subscriber, changes);
    if !confirmed {
        send_once_a_day(state, key, Message::Confirm, context, changes);
    }
    Ok(key)
}

fn confirm(
    state: &mut State,
    key: SubscriberKey,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    if !found(state, key)?.can_confirm(now) {
        let reason = "this link no longer works: it was used, or is older than 24 hours";
        return Err(Rejected::state("subscriber", reason));
    }
    deliver::consider_early(state, key, context, changes);
    let mut one = found(state, key)?.clone();
    if let Some(wanted) = one.wanted.take() {
        one.scope = one.scope.joined(&wanted);
        check_followed(&one.scope)?;
    }
    (one.state, one.updated_at) = (SubscriberState::Active, now);
    one.confirmed_at = one.confirmed_at.or(Some(now));
    one.refused_days.clear();
    one.full_days.clear();
    put(state, key, one, changes);
    Ok(())
}

fn choose(
    state: &mut State,
    key: SubscriberKey,
    scope: &Scope,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let page = found(state, key)?.page;
    let scope = checked(state, page, scope)?;
    if found(state, key)?.scope == scope {
        return Ok(());
    }
    deliver::consider_early(state, key, context, changes);
    let mut one = found(state, key)?.clone();
    (one.scope, one.updated_at) = (scope, context.now);
    put(state, key, one, changes);
    Ok(())
}

fn rotate(
    state: &mut State,
    key: SubscriberKey,
    secret: &Sensitive,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let mut one = found(state, key)?.clone();
    let Some(signing) = one.secret.as_mut() else {
        return Err(Rejected::state("secret", "only webhooks are signed"));
    };
    let former = std::mem::replace(&mut signing.current, secret.clone());
    signing.former = Some((former, now + FORMER_SECRET_SIGNS));
    one.updated_at = now;
    put(state, key, one, changes);
    Ok(())
}

/// Removes a subscriber from all pages: its address is sent nothing more for a year. Returns the ids of those that are gone.
pub(super) fn suppress(
    state: &mut State,
    key: SubscriberKey,
    digest: [u8; 32],
    now: Timestamp,
    changes: &mut Changes,
) -> Vec<String> {
    state.suppressed.insert(digest, now);
    changes.touched.suppressed(digest);
    let Some(one) = state.subscribers.get(&key) else { return Vec::new() };
    let (channel, address) = (one.channel, one.address.clone());
    let keys = state.subscribers_at(channel, &address);
    let ids = keys.iter().filter_map(|key| Some(state.subscribers.get(key)?.id.clone())).collect();
    for key in keys {
        remove(state, key, changes);
    }
    ids
}

/// Keeps a subscriber as it is now.
pub(super) fn put(state: &mut State, key: SubscriberKey, subscriber: Subscriber, changes: &mut Changes) {
    state.insert_subscriber(key, subscriber);
    changes.touched.subscriber(key);
    state.reschedule(Due::Subscriber(key));
}

pub(super) fn remove(state: &mut State, key: SubscriberKey, changes: &mut Changes) {
    state.remove_subscriber(key);
    changes.touched.subscriber(key);
    state.reschedule(Due::Subscriber(key));
}

/// Sends it, at once or when others are not too many, unless such a link was sent to the address within a day, whatever the page.
fn send_once_a_day(
    state: &mut State,
    key: SubscriberKey,
    message: Message,
    context: Context,
    changes: &mut Changes,
) {
    let now = context.now;
    let Some(mut one) = state.subscribers.get(&key).cloned() else { return };
    if state.last_link(&one, message).is_some_and(|sent| now < sent + LINK_OF_ADDRESS_PAUSE) {
        return;
    }
    let at = state.next_link_at(&one, now);
    match message {
        Message::Manage => one.managed_at = Some(at),
        _ => one.asked_at = Some(at),
    }
    put(state, key, one, changes);
    deliver::send(state, key, (message, at), context, changes);
}

fn found(state: &State, key: SubscriberKey) -> Result<&Subscriber, Rejected> {
    let none = || Rejected::not_found("subscriber", "there is no such subscriber");
    state.subscribers.get(&key).ok_or_else(none)
}

fn check_page(state: &State, key: PageKey) -> Result<(), Rejected> {
    let none = || Rejected::not_found("page", "there is no such page");
    let page = state.pages.get(&key).ok_or_else(none)?;
    if page.archived || !page.settings.public {
        let reason =
            format!("page {:?} is not public, so that nobody can subscribe to it", page.settings.name);
        return Err(Rejected::invalid("page", reason));
    }
    Ok(())
}

/// The scope without what the page does not show.
fn checked(state: &State, page: PageKey, scope: &Scope) -> Result<Scope, Rejected> {
    let components = scope.page.as_ref().and_then(|choices| choices.components.as_ref());
    let components = components.map(|all| shown_components(state, page, all));
    if components.as_ref().is_some_and(BTreeSet::is_empty) {
        return Err(Rejected::invalid("components", "choose at least one component, or all"));
    }
    let of_page = scope.page.as_ref().map(|choices| Choices { components, ..choices.clone() });
    let incidents = scope.incidents.iter().copied().filter(|key| shows_incident(state, page, *key)).collect();
    let windows = scope.windows.iter().copied().filter(|key| shows_window(state, page, *key)).collect();
    let checked = Scope { page: of_page, incidents, windows };
    if checked == Scope::default() {
        return Err(Rejected::not_found("incident", "there is no such incident or maintenance"));
    }
    check_followed(&checked)?;
    Ok(checked)
}

fn check_followed(scope: &Scope) -> Result<(), Rejected> {
    if scope.incidents.len() + scope.windows.len() > MAX_FOLLOWED {
        let reason = format!("at most {MAX_FOLLOWED} incidents and maintenance are followed");
        return Err(Rejected::invalid("incidents", reason));
    }
    Ok(())
}

fn shown_components(state: &State, page: PageKey, all: &BTreeSet<ComponentKey>) -> BTreeSet<ComponentKey> {
    let shown = |key: &ComponentKey| {
        let component = state.components.get(key);
        component.is_some_and(|one| one.page == page && !one.archived && one.settings.public)
    };
    all.iter().copied().filter(shown).collect()
}

fn shows_incident(state: &State, page: PageKey, key: IncidentKey) -> bool {
    state.incidents.get(&key).is_some_and(|one| one.page == page && one.is_published())
}

fn shows_window(state: &State, page: PageKey, key: WindowKey) -> bool {
    state.windows.get(&key).is_some_and(|one| one.page == Some(page) && one.is_published())
}
