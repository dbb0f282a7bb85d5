//! What visitors get who subscribe, choose and leave. Only a form that is sent changes anything. The answer to a form does not
//! depend on whether an address is known: not in its bytes, and not in how long it takes.

use super::address::UrlRules;
use super::entered::{self, channel_of, choices, read_address};
use super::form_limits::FormLimits;
use super::links::{LinkKey, LinkPurpose};
use super::masked;
use super::page_now::PageNow;
use super::shown::{followed, kept, subscription};
use crate::engine::{CommandError, Engine};
use crate::sign_ins::minute_after;
use async_trait::async_trait;
use skerry_domain::state::SubscriberKey;
use skerry_domain::step::{Command, NewSubscriber, RejectedKind, SubscriberCommand};
use skerry_domain::subscriber::{Channel, Consent, Scope, Sensitive, Subscriber, SubscriberState};
use skerry_notify::webhook::Secret;
use skerry_publish::html::{
    self, Chosen, Document, FormFault, ManageNote, Refused, Sent, SubscribeForm, Topic,
};
use skerry_publish::view::PageView;
use skerry_web::{Form, SubscriptionAnswer, SubscriptionRequest, SubscriptionTarget, Subscriptions};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;

/// An address that is not known takes no turn of the writer: the answer to a form comes no sooner than this.
const SOONEST: Duration = Duration::from_millis(400);
/// Characters of an address that are shown again.
const LONGEST_TYPED: usize = 2_100;

/// Answers requests about subscriptions.
#[derive(Debug)]
pub struct SubscriptionEndpoint {
    engine: Engine,
    key: LinkKey,
    rules: UrlRules,
    limits: FormLimits,
}

/// The result of a command that its sender learns of.
enum Done {
    /// It was carried out.
    Accepted,
    /// The kind and the field.
    Rejected(RejectedKind, &'static str),
    /// It cannot be carried out at the moment.
    Unavailable,
}

impl SubscriptionEndpoint {
    /// An endpoint for the pages in the engine's state, with links by `key`.
    #[must_use]
    pub fn new(engine: Engine, key: LinkKey) -> Self {
        Self { engine, key, rules: UrlRules::default(), limits: FormLimits::default() }
    }

    /// The same with other rules for URLs of webhooks.
    #[must_use]
    pub fn with_rules(self, rules: UrlRules) -> Self {
        Self { rules, ..self }
    }

    async fn command(&self, page: &PageNow, command: SubscriberCommand) -> Done {
        let command = Command::Subscriber(Box::new(command));
        match self.engine.command((page.workspace, command)).await {
            Ok(_) => Done::Accepted,
            Err(CommandError::Rejected(rejected)) => Done::Rejected(rejected.kind, rejected.field),
            Err(_) => Done::Unavailable,
        }
    }

    fn limit(&self, client: Option<IpAddr>) -> Result<(), FormFault> {
        self.limits.check(client).map_err(|wait| {
            let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 2);
            FormFault::TooManyTries(minute_after(self.engine.now() + wait))
        })
    }

    /// A form of the page, or of one incident or maintenance.
    async fn subscribe(
        &self,
        page: &PageNow,
        topic: Option<(Topic, Scope)>,
        form: &Form,
        client: Option<IpAddr>,
    ) -> Option<SubscriptionAnswer> {
        let (one, view) = (topic.as_ref().map(|(topic, _)| topic), &page.view);
        let offered = |kind: &SubscribeForm| *kind != SubscribeForm::Email || view.takes_mail;
        let mut kinds = SubscribeForm::CHANNELS.into_iter().filter(offered);
        let Some(kind) = kinds.find(|kind| kind.name() == form.value("channel")) else {
            return Some(document(400, html::subscribe(view, one, None)));
        };
        let chosen = entered::chosen(form, view);
        let typed: String = form.value("address").trim().chars().take(LONGEST_TYPED).collect();
        let refuse = |fault: FormFault| {
            let status = status_of(&fault);
            let refused = Refused { form: kind, typed: typed.clone(), fault, chosen: chosen.clone() };
            Some(document(status, html::subscribe(view, one, Some(&refused))))
        };
        let channel = channel_of(kind)?;
        let address = match read_address(channel, &typed, &self.rules) {
            Ok(address) => address,
            Err(fault) => return refuse(fault),
        };
        if one.is_none() && chosen.components.as_ref().is_some_and(BTreeSet::is_empty) {
            return refuse(FormFault::NoComponent);
        }
        if let Err(fault) = self.limit(client) {
            return refuse(fault);
        }
        let scope = match &topic {
            Some((_, scope)) => scope.clone(),
            None => Scope::of_page(choices(&chosen, page.state()?, page.key)),
        };
        match self.command(page, SubscriberCommand::Ask(self.asked(page, channel, address, scope))).await {
            // It no longer exists for visitors.
            Done::Rejected(RejectedKind::NotFound, _) | Done::Rejected(_, "page") => return None,
            Done::Rejected(_, "components") => return refuse(FormFault::NoComponent),
            Done::Unavailable => return refuse(FormFault::Unavailable),
            // Other refusals would tell what is known of the address.
            Done::Accepted | Done::Rejected(..) => {}
        }
        let sent = if channel == Channel::Email { Sent::Mail } else { Sent::Test };
        let root = if one.is_some() { "../../" } else { "" };
        Some(SubscriptionAnswer::SeeOther(format!("{root}{}", sent.path())))
    }

    fn asked(&self, page: &PageNow, channel: Channel, address: Sensitive, scope: Scope) -> NewSubscriber {
        NewSubscriber {
            page: page.key,
            channel,
            digest: self.key.digest(channel, &address),
            address,
            secret: (channel == Channel::Webhook).then(new_secret),
            scope,
            consent: Consent::Form,
            consent_note: None,
            consented_at: None,
        }
    }

    /// Asks for a link by an address.
    async fn send_link(
        &self,
        page: &PageNow,
        form: &Form,
        client: Option<IpAddr>,
    ) -> Option<SubscriptionAnswer> {
        let typed: String = form.value("address").trim().chars().take(LONGEST_TYPED).collect();
        let refuse = |fault: FormFault| {
            let (status, chosen) = (status_of(&fault), Chosen::default());
            let refused = Refused { form: SubscribeForm::Link, typed: typed.clone(), fault, chosen };
            Some(document(status, html::subscribe(&page.view, None, Some(&refused))))
        };
        if !page.view.takes_mail {
            return None;
        }
        let address = match read_address(Channel::Email, &typed, &self.rules) {
            Ok(address) => address,
            Err(fault) => return refuse(fault),
        };
        if let Err(fault) = self.limit(client) {
            return refuse(fault);
        }
        let state = page.state()?;
        let known = state.subscriber_at(page.key, Channel::Email, &address);
        let known = known.and_then(|key| Some((key, state.subscribers.get(&key)?)));
        if let Some((key, subscriber)) = known {
            let command = match subscriber.state {
                SubscriberState::Active => SubscriberCommand::SendLink(key),
                // A link to confirm is what it waits for.
                _ => SubscriberCommand::Ask(self.asked(
                    page,
                    Channel::Email,
                    address,
                    subscriber.scope.clone(),
                )),
            };
            // Unknown addresses cause no command, so neither its time nor its failure may show.
            let (engine, workspace) = (self.engine.clone(), page.workspace);
            let command = Command::Subscriber(Box::new(command));
            tokio::spawn(async move { engine.command((workspace, command)).await });
        }
        Some(SubscriptionAnswer::SeeOther(format!("../{}", Sent::Link.path())))
    }

    /// The page of a subscription.
    async fn manage(
        &self,
        page: &PageNow,
        token: &str,
        form: Option<&Form>,
        client: Option<IpAddr>,
    ) -> Option<SubscriptionAnswer> {
        let found = page.found(&self.key, LinkPurpose::Manage, token);
        let found = found.filter(|(_, one)| one.state != SubscriberState::Unconfirmed);
        let Some((key, subscriber)) = found else { return Some(spent(page, 1)) };
        let shown = subscription(page.state()?, subscriber, &subscriber.scope, page.now);
        let Some(form) = form else {
            return Some(document(200, html::manage(&page.view, &shown, token, None)));
        };
        let show = |page: &PageNow, shown: &html::Subscription, note: ManageNote| {
            let status = match &note {
                ManageNote::Fault(fault) => status_of(fault),
                ManageNote::Saved | ManageNote::TestSent => 200,
            };
            Some(document(status, html::manage(&page.view, shown, token, Some(&note))))
        };
        if let Err(fault) = self.limit(client) {
            return show(page, &shown, ManageNote::Fault(fault));
        }
        let mut note = ManageNote::Saved;
        let command = match form.value("action") {
            "rotate" if subscriber.secret.is_some() => SubscriberCommand::RotateSecret(key, new_secret()),
            "test" if subscriber.state == SubscriberState::Quarantined => {
                note = ManageNote::TestSent;
                let (address, scope) = (subscriber.address.clone(), subscriber.scope.clone());
                SubscriberCommand::Ask(self.asked(page, subscriber.channel, address, scope))
            }
            _ => match wanted(page, subscriber, form) {
                Ok(scope) => SubscriberCommand::Choose(key, scope),
                Err((fault, chosen)) => {
                    let shown = html::Subscription { chosen, ..shown };
                    return show(page, &shown, ManageNote::Fault(fault));
                }
            },
        };
        match self.command(page, command).await {
            Done::Accepted => {}
            Done::Rejected(RejectedKind::NotFound, "subscriber") => return Some(spent(page, 1)),
            Done::Rejected(_, "components") => {
                return show(page, &shown, ManageNote::Fault(FormFault::NoComponent));
            }
            Done::Rejected(..) | Done::Unavailable => {
                return show(page, &shown, ManageNote::Fault(FormFault::Unavailable));
            }
        }
        let (snapshot, now) = self.engine.present();
        let changed = PageNow { snapshot, now, view: PageView { now, ..page.view.clone() }, ..*page };
        let Some((_, subscriber)) = changed.found(&self.key, LinkPurpose::Manage, token) else {
            return Some(spent(page, 1));
        };
        let shown = subscription(changed.state()?, subscriber, &subscriber.scope, now);
        show(&changed, &shown, note)
    }

    /// The question whether a subscription is wanted, and the answer.
    async fn confirm(&self, page: &PageNow, token: &str, is_sent: bool) -> Option<SubscriptionAnswer> {
        let found = page.found(&self.key, LinkPurpose::Confirm, token);
        let found = found.filter(|(_, one)| one.can_confirm(page.now));
        let Some((key, subscriber)) = found else { return Some(spent(page, 2)) };
        let scope = match &subscriber.wanted {
            Some(wanted) => subscriber.scope.joined(wanted),
            None => subscriber.scope.clone(),
        };
        let shown = subscription(page.state()?, subscriber, &scope, page.now);
        if !is_sent {
            return Some(document(200, html::confirm(&page.view, &shown)));
        }
        match self.command(page, SubscriberCommand::Confirm(key)).await {
            Done::Accepted => {
                let manage = self.key.token(LinkPurpose::Manage, subscriber);
                Some(document(200, html::confirmed(&page.view, &shown, &manage)))
            }
            Done::Rejected(..) => Some(spent(page, 2)),
            Done::Unavailable => Some(SubscriptionAnswer::Unavailable),
        }
    }

    /// The question whether to stop, behind the page of a subscription.
    async fn stop(&self, page: &PageNow, token: &str, is_sent: bool) -> Option<SubscriptionAnswer> {
        let Some((key, one)) = page.found(&self.key, LinkPurpose::Manage, token) else {
            return Some(spent(page, 2));
        };
        if is_sent {
            return Some(self.leave(page, key, 2).await);
        }
        let address = masked(one.channel, &one.address);
        Some(document(200, html::stop(&page.view, &address, Some(token))))
    }

    /// The same behind the link of each message. Who has left already is told so: a provider of mail may ask again.
    async fn unsubscribe(&self, page: &PageNow, token: &str, is_sent: bool) -> Option<SubscriptionAnswer> {
        let found = page.found(&self.key, LinkPurpose::Unsubscribe, token);
        match found {
            Some((key, _)) if is_sent => Some(self.leave(page, key, 1).await),
            None if is_sent => Some(document(200, html::stopped(&page.view, 1))),
            Some((_, one)) => {
                let address = masked(one.channel, &one.address);
                Some(document(200, html::stop(&page.view, &address, None)))
            }
            None => Some(spent(page, 1)),
        }
    }

    async fn leave(&self, page: &PageNow, key: SubscriberKey, slashes: usize) -> SubscriptionAnswer {
        match self.command(page, SubscriberCommand::Leave(key)).await {
            Done::Accepted | Done::Rejected(..) => document(200, html::stopped(&page.view, slashes)),
            Done::Unavailable => SubscriptionAnswer::Unavailable,
        }
    }

    fn data(&self, page: &PageNow, token: &str) -> Option<SubscriptionAnswer> {
        let found = page.found(&self.key, LinkPurpose::Manage, token);
        let Some((_, subscriber)) = found else { return Some(spent(page, 2)) };
        Some(SubscriptionAnswer::Data(kept(page.state()?, subscriber)))
    }
}

/// What the form of a subscription asks for, or why it is not taken, with what was chosen.
fn wanted(
    page: &PageNow,
    subscriber: &Subscriber,
    form: &Form,
) -> Result<Scope, (FormFault, Option<Chosen>)> {
    let Some(state) = page.state() else { return Err((FormFault::Unavailable, None)) };
    let former = &subscriber.scope;
    let chosen = former.page.as_ref().map(|_| entered::chosen(form, &page.view));
    let kept: Vec<&str> = form.values("followed").collect();
    // Only what is shown can be given up.
    let given_up: Vec<Topic> = followed(state, page.key, former);
    let given_up = given_up.into_iter().filter(|one| !kept.contains(&one.path().as_str()));
    let mut scope = former.clone();
    for one in given_up {
        scope.incidents.retain(|key| one.is_maintenance || state.incident_with_id(&one.id) != Some(*key));
        scope.windows.retain(|key| !one.is_maintenance || state.window_with_id(&one.id) != Some(*key));
    }
    scope.page = chosen.as_ref().map(|chosen| choices(chosen, state, page.key));
    let is_none = |chosen: &Chosen| chosen.components.as_ref().is_some_and(BTreeSet::is_empty);
    if chosen.as_ref().is_some_and(is_none) {
        return Err((FormFault::NoComponent, chosen));
    }
    if scope == Scope::default() {
        return Err((FormFault::NothingFollowed, None));
    }
    Ok(scope)
}

fn new_secret() -> Sensitive {
    Sensitive::new(&Secret::random().reveal())
}

fn status_of(fault: &FormFault) -> u16 {
    match fault {
        FormFault::TooManyTries(_) => 429,
        FormFault::Unavailable => 503,
        _ => 422,
    }
}

/// A link that no longer works looks as one that never did.
fn spent(page: &PageNow, slashes: usize) -> SubscriptionAnswer {
    document(404, html::spent(&page.view, slashes))
}

fn document(status: u16, document: anyhow::Result<Document>) -> SubscriptionAnswer {
    match document {
        Ok(document) => SubscriptionAnswer::Document(status, document),
        Err(error) => {
            tracing::error!(%error, "a page of subscriptions could not be rendered: report this line");
            SubscriptionAnswer::Unavailable
        }
    }
}

#[async_trait]
impl Subscriptions for SubscriptionEndpoint {
    async fn answer(&self, request: SubscriptionRequest) -> Option<SubscriptionAnswer> {
        let begun = Instant::now();
        let SubscriptionRequest { page, target, form, client } = request;
        let page = match (&page, &target) {
            (Some(page), _) => PageNow::of(&self.engine, page)?,
            (None, SubscriptionTarget::Unsubscribe(token)) => {
                PageNow::of_link(&self.engine, &self.key, token)?
            }
            (None, _) => return None,
        };
        let is_sent = form.is_some();
        let answer = match &target {
            SubscriptionTarget::Subscribe => self.subscribe(&page, None, &form?, client).await?,
            SubscriptionTarget::SubscribeToIncident(_) | SubscriptionTarget::SubscribeToMaintenance(_) => {
                let topic = page.topic(&target)?;
                self.subscribe(&page, Some(topic), &form?, client).await?
            }
            SubscriptionTarget::SendLink => self.send_link(&page, &form?, client).await?,
            SubscriptionTarget::Manage(token) => {
                return self.manage(&page, token, form.as_ref(), client).await;
            }
            SubscriptionTarget::Stop(token) => return self.stop(&page, token, is_sent).await,
            SubscriptionTarget::Data(token) => return self.data(&page, token),
            SubscriptionTarget::Confirm(token) => return self.confirm(&page, token, is_sent).await,
            SubscriptionTarget::Unsubscribe(token) => return self.unsubscribe(&page, token, is_sent).await,
        };
        tokio::time::sleep_until(begun + SOONEST).await;
        Some(answer)
    }
}

#[cfg(test)]
#[path = "endpoint_test.rs"]
mod tests;
