//! One attempt: a delivery as it was read becomes a message of its channel, which is handed over once. What is said is
//! rendered now, so that edits since are included, and what is no longer published is not said.

use super::channels::{Channels, Mail};
use super::contents::{Contents, Rendered};
use super::result::Settled;
use crate::engine::{Engine, Snapshot};
use crate::publish::Published;
use crate::subscriptions::{LinkKey, LinkPurpose};
use skerry_domain::delivery::{AttemptResult, Delivery, Message};
use skerry_domain::notice::NoticeSubject;
use skerry_domain::state::{State, WorkspaceKey};
use skerry_domain::step::Attempted;
use skerry_domain::subscriber::{Channel, SUPPRESSED_KEPT, Sensitive, Subscriber, SubscriberState};
use skerry_domain::time::Timestamp;
use skerry_host::clock::wall_ms;
use skerry_notify::chat::{self, ChatMessage, Colour, Link};
use skerry_notify::destination::{ChatService, chat_url, webhook_url};
use skerry_notify::mail::answer::Status;
use skerry_notify::mail::{self, Attachment, Sender, Unfit};
use skerry_notify::webhook::{Secret, Webhook};
use skerry_notify::{Answer, Class, Outcome};
use skerry_publish::messages::{self, ChatParts, Content, Links, MessageColour, MessagePage};
use skerry_publish::view::Place;
use skerry_store::WorkspaceDelivery;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use url::Url;

/// Makes attempts.
#[derive(Debug)]
pub(super) struct Attempts {
    pub(super) engine: Engine,
    pub(super) channels: Arc<Channels>,
    pub(super) contents: Contents,
    pub(super) published: Published,
    pub(super) links: LinkKey,
}

/// What an attempt led to, for the engine and for the limits.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) workspace: WorkspaceKey,
    pub(super) attempted: Attempted,
    /// The other side asks for a pause of all messages to it.
    pub(super) pause: Option<Duration>,
    /// The class of the answer. `None`: nothing was sent.
    pub(super) class: Option<Class>,
    /// No relay has begun a session.
    pub(super) no_relay: bool,
}

impl Attempts {
    /// Tries it once.
    pub(super) async fn make(&self, one: WorkspaceDelivery) -> Attempt {
        self.wait_for_page(&one).await;
        let (snapshot, now) = self.engine.present();
        let ready = match Ready::of(&snapshot, (&self.contents, &self.links), &one, now).await {
            Ok(ready) => ready,
            Err(unsent) => return *unsent,
        };
        let Ready { state, subscriber, rendered, .. } = &ready;
        let addressed = Addressed { state, subscriber, place: &rendered.place, now };
        let outcome = self.hand_over(&addressed, rendered, &one.1).await;
        let chance = f64::from(u32::from_ne_bytes(skerry_host::random::bytes())) / f64::from(u32::MAX);
        ready.ended(one, &outcome, (self.engine.now(), chance))
    }

    /// Who follows the link in a message finds there what it says.
    async fn wait_for_page(&self, (workspace, delivery): &WorkspaceDelivery) {
        let (snapshot, now) = self.engine.present();
        let state = snapshot.workspaces.get(*workspace);
        let notice = state.and_then(|state| Some((state, state.notices.get(&delivery.notice?)?)));
        // A report changes nothing on the page.
        let notice = notice.filter(|(_, one)| !matches!(one.subject, NoticeSubject::Report(_)));
        if let Some((page, at)) = notice.and_then(|(state, one)| Some((state.pages.get(&one.page)?, one.at)))
        {
            self.published.wait_until_shown(&page.settings.slug, at, now).await;
        }
    }

    pub(super) async fn hand_over(
        &self,
        to: &Addressed<'_>,
        rendered: &Rendered,
        delivery: &Delivery,
    ) -> Outcome {
        let address = to.subscriber.address.reveal();
        let service = match to.subscriber.channel {
            Channel::Email => return self.mail(to, &rendered.content, delivery).await,
            Channel::Webhook => return self.webhook(to, rendered, delivery).await,
            Channel::Slack => ChatService::Slack,
            Channel::Teams => ChatService::Teams,
            Channel::Discord => ChatService::Discord,
        };
        let Ok(url) = chat_url(service, address) else {
            return own_for_good("its URL is none of that service");
        };
        match chat_message(rendered.content.chat(&to.links(&self.links))) {
            Some(message) => chat::post(&self.channels.http, service, &url, &message, None).await.outcome,
            None => own_for_good("a link in the message is no URL"),
        }
    }

    async fn mail(&self, to: &Addressed<'_>, content: &Content, delivery: &Delivery) -> Outcome {
        let Some(mail) = &self.channels.mail else { return own("there is no [mail] in the configuration") };
        match mail_message(mail, to, content, (delivery, &self.links)) {
            Ok(message) => mail.mailer.send(&message).await,
            Err(unfit) => own_for_good(&unfit.to_string()),
        }
    }

    async fn webhook(&self, to: &Addressed<'_>, rendered: &Rendered, delivery: &Delivery) -> Outcome {
        let Channels { plain_http, reach, http, .. } = &*self.channels;
        let Ok(url) = webhook_url(to.subscriber.address.reveal(), *plain_http, reach) else {
            return Outcome::Refused(Answer::new(
                Class::Forbidden,
                "its URL leads where webhooks may not go",
            ));
        };
        let secrets = secrets(to.subscriber, to.now);
        let links = to.links(&self.links);
        let Some(payload) = &rendered.payload else {
            return own_for_good("what it would say is no longer published");
        };
        match payload.body(&rendered.content, (delivery.message, &links), to.now) {
            Ok(body) if !secrets.is_empty() => {
                let webhook = Webhook { id: delivery.id.clone(), body, secrets };
                webhook.send(http, &url, to.now.0 / 1_000).await
            }
            Ok(_) => own_for_good("it has no secret to sign with"),
            Err(error) => own_for_good(&format!("its payload cannot be written: {error}")),
        }
    }
}

/// A delivery that can be handed over.
#[derive(Debug)]
pub(super) struct Ready<'a> {
    pub(super) state: &'a State,
    pub(super) subscriber: &'a Subscriber,
    /// What it says.
    pub(super) rendered: Arc<Rendered>,
    digest: [u8; 32],
}

impl<'a> Ready<'a> {
    /// Whom a delivery reaches and what it says, as of now. `Err`: nothing is sent, with what becomes of it instead.
    pub(super) async fn of(
        snapshot: &'a Arc<Snapshot>,
        (contents, links): (&Contents, &LinkKey),
        (workspace, delivery): &WorkspaceDelivery,
        now: Timestamp,
    ) -> Result<Self, Box<Attempt>> {
        let ends = |result, why| Err(Box::new(unsent((*workspace, delivery.clone()), result, why)));
        let state = snapshot.workspaces.get(*workspace);
        let subscriber = state.and_then(|state| state.subscribers.get(&delivery.subscriber));
        let (Some(state), Some(subscriber)) = (state, subscriber) else {
            return ends(AttemptResult::Unsubscribed, None);
        };
        let digest = links.digest(subscriber.channel, &subscriber.address);
        if state.suppressed.get(&digest).is_some_and(|at| now < *at + SUPPRESSED_KEPT) {
            let why = "its mailbox was removed before, by another spelling of the address";
            return ends(AttemptResult::Cancelled, Some(why));
        }
        if is_outdated(delivery, subscriber, now) {
            return ends(AttemptResult::Cancelled, Some("it was no longer true when it could be sent"));
        }
        if subscriber.state == SubscriberState::Quarantined && delivery.notice.is_some() {
            return ends(AttemptResult::Failed, Some("its endpoint is quarantined"));
        }
        match contents.of((*workspace, snapshot), delivery, now).await {
            Some(rendered) => Ok(Self { state, subscriber, rendered, digest }),
            None => ends(AttemptResult::Cancelled, None),
        }
    }

    /// What became of it at `now`, after it was handed over; `chance` is from 0 to 1.
    pub(super) fn ended(
        &self,
        (workspace, delivery): WorkspaceDelivery,
        outcome: &Outcome,
        (now, chance): (Timestamp, f64),
    ) -> Attempt {
        let Subscriber { channel, address, .. } = self.subscriber;
        let Settled { result, counts } = super::result::settled(&delivery, outcome, now, chance);
        let said = outcome.answer();
        let pause = match outcome {
            Outcome::Later { answer, after } if answer.class == Class::RateLimited => *after,
            _ => None,
        };
        let answer = Some(without_mailbox(&said.text, (*channel, address)));
        let attempted = Attempted { delivery, tried: counts, result, answer, digest: self.digest };
        let no_relay = matches!(outcome, Outcome::NoRelay(_));
        Attempt { workspace, attempted, pause, class: Some(said.class), no_relay }
    }
}

/// Whether a message about a subscription came too late: its link to confirm has expired, or its endpoint works again.
fn is_outdated(delivery: &Delivery, subscriber: &Subscriber, now: Timestamp) -> bool {
    match delivery.message {
        Message::Confirm => !subscriber.can_confirm(now),
        Message::Quarantined => subscriber.state != SubscriberState::Quarantined,
        Message::Manage | Message::Notice | Message::Test => false,
    }
}

/// A subscriber to whom something is said, and the page that says it.
#[derive(Clone, Copy)]
pub(super) struct Addressed<'a> {
    pub(super) state: &'a State,
    pub(super) subscriber: &'a Subscriber,
    pub(super) place: &'a Place,
    pub(super) now: Timestamp,
}

impl<'a> Addressed<'a> {
    pub(super) fn page(&self) -> MessagePage<'a> {
        let Self { state, subscriber, place, now } = *self;
        MessagePage { state, page: subscriber.page, place, now }
    }

    fn links(&self, key: &LinkKey) -> Links {
        let Self { subscriber, place, .. } = self;
        let url = |path: &str, purpose, rest: &str| {
            Some(format!("{}/{path}/{}{rest}", place.url, key.token(purpose, subscriber)))
        };
        let is_new = subscriber.state != SubscriberState::Active || subscriber.wanted.is_some();
        Links {
            manage: url("subscriptions", LinkPurpose::Manage, ""),
            stop: url("unsubscribe", LinkPurpose::Unsubscribe, ""),
            confirm: is_new.then(|| url("subscriptions", LinkPurpose::Confirm, "/confirm")).flatten(),
        }
    }
}

fn mail_message(
    mail: &Mail,
    to: &Addressed<'_>,
    content: &Content,
    (delivery, key): (&Delivery, &LinkKey),
) -> Result<mail::Message, Unfit> {
    let Addressed { subscriber, .. } = to;
    let links = to.links(key);
    let followed = messages::followed(to.page(), &subscriber.scope);
    let parts = content.mail(&links, followed.as_deref());
    let domain = mail.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    // What is about the subscription itself ends no subscription.
    let unsubscribe = links.stop.filter(|url| delivery.notice.is_some() && url.starts_with("https://"));
    let said_at = Duration::from_millis(u64::try_from(content.at().0).unwrap_or(0));
    let return_path = mail.verp.return_path(&delivery.id);
    let mail_of = mail::Mail {
        from: Sender { name: content.page_name().to_owned(), address: mail.address.clone() },
        to: subscriber.address.reveal().to_owned(),
        return_path: return_path.unwrap_or_else(|| mail.address.clone()),
        subject: parts.subject,
        text: parts.text,
        html: parts.html,
        message_id: format!("{}@{domain}", delivery.id),
        // Nobody sent the root of a thread: clients join what names it.
        follows: content
            .thread()
            .map(|thread| format!("{thread}.{}@{domain}", subscriber.id))
            .into_iter()
            .collect(),
        unsubscribe,
        headers: mail.delivery_headers.iter().map(|header| header.of(&delivery.id)).collect(),
        language: content.language().tag().to_owned(),
        date: SystemTime::UNIX_EPOCH + said_at,
        attachments: parts.attachments.into_iter().map(attachment).collect(),
    };
    let mut message = mail_of.message()?;
    if let Some(dkim) = &mail.dkim {
        // Receivers judge the time of a signature by their clocks, not by the aggregator's.
        let wall = SystemTime::UNIX_EPOCH + Duration::from_millis(wall_ms().unsigned_abs());
        message.sign(dkim, wall);
    }
    Ok(message)
}

fn attachment(one: messages::Attachment) -> Attachment {
    Attachment { name: one.name, content_type: one.content_type.to_owned(), content: one.content.to_vec() }
}

fn chat_message(parts: ChatParts) -> Option<ChatMessage> {
    let link = |(label, url): (String, String)| Some(Link { label, url: Url::parse(&url).ok()? });
    Some(ChatMessage {
        page: parts.page,
        title: parts.title,
        state: parts.state,
        text: parts.text,
        facts: parts.facts,
        link: link(parts.link)?,
        subscription: parts.subscription.and_then(link),
        colour: colour(parts.colour),
        at: jiff::Timestamp::from_millisecond(parts.at.0).unwrap_or_default(),
    })
}

fn colour(colour: MessageColour) -> Colour {
    match colour {
        MessageColour::Operational => Colour::Operational,
        MessageColour::Degraded => Colour::Degraded,
        MessageColour::PartialOutage => Colour::PartialOutage,
        MessageColour::MajorOutage => Colour::MajorOutage,
        MessageColour::Maintenance => Colour::Maintenance,
        MessageColour::Neutral => Colour::Neutral,
    }
}

/// The present secret of a webhook, and the former one while it still signs.
fn secrets(subscriber: &Subscriber, now: Timestamp) -> Vec<Secret> {
    let Some(signing) = &subscriber.secret else { return Vec::new() };
    let former = signing.former.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
    let all = std::iter::once(&signing.current).chain(former);
    all.filter_map(|secret| Secret::read(secret.reveal()).ok()).collect()
}

/// The answer without the name of the mailbox, which some servers repeat: it is kept longer than the address. Codes at its
/// beginning, and words in which the name is a part of another, stay as they are.
pub(super) fn without_mailbox(answer: &str, (channel, address): (Channel, &Sensitive)) -> String {
    let address = Some(address.reveal()).filter(|_| channel == Channel::Email);
    let Some((local, _)) = address.and_then(|address| address.rsplit_once('@')) else {
        return answer.to_owned();
    };
    let (mut out, lower, local) = (String::new(), answer.to_ascii_lowercase(), local.to_ascii_lowercase());
    let (mut done, begin) = (0, answer.len() - after_codes(answer).len());
    let goes_on = |next: Option<char>| next.is_some_and(char::is_alphanumeric);
    for (at, found) in lower.match_indices(&local) {
        let (before, behind) = (&lower[..at], &lower[at + found.len()..]);
        if at < begin || goes_on(before.chars().next_back()) || goes_on(behind.chars().next()) {
            continue;
        }
        out.push_str(&answer[done..at]);
        out.push_str("[mailbox]");
        done = at + found.len();
    }
    out.push_str(&answer[done..]);
    out
}

/// What follows the reply code and the statuses at the beginning of an answer.
fn after_codes(answer: &str) -> &str {
    let mut rest = answer;
    while let Some((word, behind)) = rest.split_once(' ') {
        let is_code = word.len() == 3 && word.bytes().all(|one| one.is_ascii_digit());
        if !is_code && Status::at_start_of(word).is_none() {
            break;
        }
        rest = behind;
    }
    rest
}

fn unsent((workspace, delivery): WorkspaceDelivery, result: AttemptResult, why: Option<&str>) -> Attempt {
    let answer = why.map(str::to_owned);
    let attempted = Attempted { delivery, tried: false, result, answer, digest: [0; 32] };
    Attempt { workspace, attempted, pause: None, class: None, no_relay: false }
}

fn own(text: &str) -> Outcome {
    Outcome::Later { answer: Answer::new(Class::Own, text), after: None }
}

fn own_for_good(text: &str) -> Outcome {
    Outcome::Refused(Answer::new(Class::Own, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_kept_names_no_mailbox() {
        let kept = |answer: &str, channel, address: &str| {
            without_mailbox(answer, (channel, &Sensitive::new(address)))
        };
        let mail = |answer: &str| kept(answer, Channel::Email, "Ann.Lee@example.com");
        assert_eq!(mail("550 5.1.1 unknown user: \"ann.lee\""), "550 5.1.1 unknown user: \"[mailbox]\"");
        assert_eq!(mail("550 ANN.LEE... User unknown, ann.lee"), "550 [mailbox]... User unknown, [mailbox]");
        assert_eq!(mail("250 2.0.0 ok, größe"), "250 2.0.0 ok, größe");
        let of = |address: &str, answer: &str| kept(answer, Channel::Email, address);
        assert_eq!(
            of("a@example.com", "550 5.1.1 a is unknown (a)"),
            "550 5.1.1 [mailbox] is unknown ([mailbox])"
        );
        assert_eq!(of("ann@example.com", "452 4.2.2 cannot do it, ann"), "452 4.2.2 cannot do it, [mailbox]");
        let numbered = "4.2.2 452 4.2.2 Mailbox 452 is full";
        assert_eq!(of("452@example.com", numbered), "4.2.2 452 4.2.2 Mailbox [mailbox] is full");
        assert_eq!(kept("HTTP 410", Channel::Webhook, "https://hooks.example.com/a@b"), "HTTP 410");
    }
}
