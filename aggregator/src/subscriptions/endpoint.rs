//! What visitors get who subscribe, choose and leave. Only a form that is sent changes anything. The answer to a form does not
//! depend on whether an address is known: not in its bytes, and not in how long it takes.

use super::address::UrlRules;
use super::entered::{self, channel_of, choices, read_address};
use super::form_limits::FormLimits;
use super::links::{LinkKey, LinkPurpose};
use super::masked;
use super::page_now::PageNow;
use super::shown::{kept, subscription};
use crate::engine::{CommandError, Engine};
use crate::outbox::EndpointTester;
use crate::sign_ins::minute_after;
use async_trait::async_trait;
use skerry_domain::delivery::Delivery;
use skerry_domain::state::{SubscriberKey, WorkspaceKey};
use skerry_domain::step::{Command, NewSubscriber, RejectedKind, SubscriberCommand};
use skerry_domain::subscriber::{Channel, Consent, Scope, Sensitive, SubscriberState};
use skerry_notify::webhook::Secret;
use skerry_publish::html::{self, Chosen, Document, FormFault, Refused, Sent, SubscribeForm, Topic};
use skerry_publish::output::Publication;
use skerry_store::Reader;
use skerry_web::{Form, SubscriptionAnswer, SubscriptionRequest, SubscriptionTarget, Subscriptions};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// An address that is not known takes no turn of the writer: the answer to a form comes no sooner than this.
const SOONEST: Duration = Duration::from_millis(400);
/// Deliveries that the file of a subscription holds.
const MOST_DELIVERIES: usize = 1_000;
/// Files of subscriptions that are written at a time.
const READERS: usize = 4;
/// Characters of an address that are shown again.
const LONGEST_TYPED: usize = 2_100;

/// Answers requests about subscriptions.
#[derive(Debug)]
pub struct SubscriptionEndpoint {
    pub(super) engine: Engine,
    pub(super) key: LinkKey,
    rules: UrlRules,
    limits: FormLimits,
    /// `None`: nothing is sent.
    pub(super) tester: Option<EndpointTester>,
    /// `None`: no deliveries are known.
    reader: Option<Arc<Mutex<Reader>>>,
    /// Of those who read at a time.
    reading: Semaphore,
}

/// The result of a command that its sender learns of.
pub(super) enum Done {
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
        let (rules, limits) = (UrlRules::default(), FormLimits::default());
        Self { engine, key, rules, limits, tester: None, reader: None, reading: Semaphore::new(READERS) }
    }

    /// The same, whose owners of endpoints can send test messages.
    #[must_use]
    pub fn testing(self, tester: EndpointTester) -> Self {
        Self { tester: Some(tester), ..self }
    }

    /// The same, which tells everybody what was sent to them.
    #[must_use]
    pub fn reading(self, reader: Reader) -> Self {
        Self { reader: Some(Arc::new(Mutex::new(reader))), ..self }
    }

    /// The same with other rules for URLs of webhooks.
    #[must_use]
    pub fn with_rules(self, rules: UrlRules) -> Self {
        Self { rules, ..self }
    }

    /// The page that is asked, if visitors may still see it or the link to leave it is asked for.
    fn page(&self, page: Option<&Publication>, target: &SubscriptionTarget) -> Option<PageNow> {
        match (page, target) {
            (Some(page), _) => PageNow::of(&self.engine, page),
            (None, SubscriptionTarget::Unsubscribe(token)) => {
                PageNow::of_link(&self.engine, &self.key, token)
            }
            (None, _) => None,
        }
    }

    pub(super) async fn command(&self, page: &PageNow, command: SubscriberCommand) -> Done {
        let command = Command::Subscriber(Box::new(command));
        match self.engine.command((page.workspace, command)).await {
            Ok(_) => Done::Accepted,
            Err(CommandError::Rejected(rejected)) => Done::Rejected(rejected.kind, rejected.field),
            Err(_) => Done::Unavailable,
        }
    }

    pub(super) fn limit(&self, client: Option<IpAddr>) -> Result<(), FormFault> {
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

    pub(super) fn asked(
        &self,
        page: &PageNow,
        channel: Channel,
        address: Sensitive,
        scope: Scope,
    ) -> NewSubscriber {
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

    /// The question whether a subscription is wanted, and the answer.
    async fn confirm(&self, page: &PageNow, token: &str, is_sent: bool) -> Option<SubscriptionAnswer> {
        let found = page.found(&self.key, LinkPurpose::Confirm, token);
        // A form that is sent twice is answered as it was the first time; the link itself works once.
        let found =
            found.filter(|(_, one)| one.can_confirm(page.now) || (is_sent && one.has_confirmed(page.now)));
        let Some((key, subscriber)) = found else { return Some(spent(page, 2)) };
        let scope = match &subscriber.wanted {
            Some(wanted) => subscriber.scope.joined(wanted),
            None => subscriber.scope.clone(),
        };
        let shown = subscription(page.state()?, subscriber, &scope, page.now);
        if !is_sent {
            return Some(document(200, html::confirm(&page.view, &shown)));
        }
        if subscriber.can_confirm(page.now) {
            match self.command(page, SubscriberCommand::Confirm(key)).await {
                Done::Accepted => {}
                Done::Rejected(..) => return Some(spent(page, 2)),
                Done::Unavailable => return Some(SubscriptionAnswer::Unavailable),
            }
        }
        let manage = self.key.token(LinkPurpose::Manage, subscriber);
        Some(document(200, html::confirmed(&page.view, &shown, &manage)))
    }

    /// The question whether to stop: with [`LinkPurpose::Manage`] behind the page of a subscription, with
    /// [`LinkPurpose::Unsubscribe`] behind the link of each message. Who has left already is told so: a form may be sent twice,
    /// and a provider of mail may ask again.
    async fn stop(
        &self,
        page: &PageNow,
        (purpose, token): (LinkPurpose, &str),
        is_sent: bool,
    ) -> Option<SubscriptionAnswer> {
        let manage = (purpose == LinkPurpose::Manage).then_some(token);
        let slashes = if manage.is_some() { 2 } else { 1 };
        match page.found(&self.key, purpose, token) {
            Some((key, _)) if is_sent => Some(self.leave(page, key, slashes).await),
            None if is_sent => Some(document(200, html::stopped(&page.view, slashes))),
            Some((_, one)) => {
                let address = masked(one.channel, &one.address);
                Some(document(200, html::stop(&page.view, &address, manage)))
            }
            None => Some(spent(page, slashes)),
        }
    }

    async fn leave(&self, page: &PageNow, key: SubscriberKey, slashes: usize) -> SubscriptionAnswer {
        match self.command(page, SubscriberCommand::Leave(key)).await {
            Done::Accepted | Done::Rejected(..) => document(200, html::stopped(&page.view, slashes)),
            Done::Unavailable => SubscriptionAnswer::Unavailable,
        }
    }

    async fn data(&self, page: &PageNow, token: &str, client: Option<IpAddr>) -> Option<SubscriptionAnswer> {
        if self.limit(client).is_err() {
            return Some(SubscriptionAnswer::Unavailable);
        }
        let found = page.found(&self.key, LinkPurpose::Manage, token);
        let Some((key, subscriber)) = found else { return Some(spent(page, 2)) };
        let Some(deliveries) = self.deliveries((page.workspace, key)).await else {
            return Some(SubscriptionAnswer::Unavailable);
        };
        Some(SubscriptionAnswer::Data(kept(page.state()?, subscriber, &deliveries)))
    }

    /// What was sent to a subscriber, the newest first. `None`: it cannot be read.
    async fn deliveries(&self, to: (WorkspaceKey, SubscriberKey)) -> Option<Vec<Delivery>> {
        let Some(reader) = self.reader.clone() else { return Some(Vec::new()) };
        // Whoever has a link must not fill the threads that the outbox reads with.
        let _permit = self.reading.try_acquire().ok()?;
        let read = move || {
            let reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            reader.deliveries_to(to, MOST_DELIVERIES)
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(found)) => Some(found.into_iter().map(|(_, delivery)| delivery).collect()),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the deliveries to a subscriber cannot be read");
                None
            }
            // A panic was logged.
            Err(_) => None,
        }
    }
}

pub(super) fn new_secret() -> Sensitive {
    Sensitive::new(&Secret::random().reveal())
}

pub(super) fn status_of(fault: &FormFault) -> u16 {
    match fault {
        FormFault::TooManyTries(_) => 429,
        FormFault::Unavailable => 503,
        _ => 422,
    }
}

/// A link that no longer works looks as one that never did.
pub(super) fn spent(page: &PageNow, slashes: usize) -> SubscriptionAnswer {
    document(404, html::spent(&page.view, slashes))
}

pub(super) fn document(status: u16, document: anyhow::Result<Document>) -> SubscriptionAnswer {
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
        let SubscriptionRequest { page, target, form, client, query } = request;
        let page = self.page(page.as_deref(), &target)?;
        let is_sent = form.is_some();
        let answer = match &target {
            SubscriptionTarget::Subscribe => self.subscribe(&page, None, &form?, client).await?,
            SubscriptionTarget::SubscribeToIncident(_) | SubscriptionTarget::SubscribeToMaintenance(_) => {
                let topic = page.topic(&target)?;
                self.subscribe(&page, Some(topic), &form?, client).await?
            }
            SubscriptionTarget::SendLink => self.send_link(&page, &form?, client).await?,
            SubscriptionTarget::Manage(token) => {
                return match &form {
                    Some(form) => self.change(&page, token, form, client).await,
                    None => self.managed(&page, token, &query),
                };
            }
            SubscriptionTarget::Stop(token) => {
                return self.stop(&page, (LinkPurpose::Manage, token), is_sent).await;
            }
            SubscriptionTarget::Data(token) => return self.data(&page, token, client).await,
            SubscriptionTarget::Confirm(token) => return self.confirm(&page, token, is_sent).await,
            SubscriptionTarget::Unsubscribe(token) => {
                return self.stop(&page, (LinkPurpose::Unsubscribe, token), is_sent).await;
            }
        };
        tokio::time::sleep_until(begun + SOONEST).await;
        Some(answer)
    }

    async fn refuse(
        &self,
        page: Option<Arc<Publication>>,
        target: SubscriptionTarget,
    ) -> Option<SubscriptionAnswer> {
        let page = self.page(page.as_deref(), &target)?;
        // The form for links stands beside the others; every other one at the path that it is sent to.
        let again = if target == SubscriptionTarget::SendLink { "../subscribe" } else { "" };
        Some(document(403, html::foreign(&page.view, target.slashes(), again)))
    }
}

#[cfg(test)]
#[path = "endpoint_test.rs"]
mod tests;
