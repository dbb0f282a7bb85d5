//! Subscribers: who hears of a page, by which channel, and of what.

use super::delivery::Message;
use super::keys::{ComponentKey, IncidentKey, PageKey, SubscriberKey, WindowKey};
use super::named::named;
use super::notice::{Notice, NoticeSubject, OutageEdge};
use super::state::State;
use super::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// For how long an address that was not confirmed is kept, ms.
pub const UNCONFIRMED_KEPT: i64 = 48 * HOUR;
/// For how long a link to confirm works, ms.
pub const CONFIRM_WITHIN: i64 = DAY;
/// The least time between two links to confirm that are sent to one address, ms, and between two links to manage.
pub const LINK_OF_ADDRESS_PAUSE: i64 = DAY;
/// The least time between two links that are sent to subscribers of a workspace, ms: what is more waits.
pub const LINK_PAUSE: i64 = SECOND;
/// The least time between two links that are sent to one host, ms.
pub const HOST_LINK_PAUSE: i64 = MINUTE;
/// How many pauses are tried for one that is free, before a link waits for the last one.
const PAUSES_TRIED: usize = 600;
/// For how long after its end somebody who follows one incident or one maintenance alone is kept, ms: its postmortem
/// comes then.
pub const FOLLOWED_KEPT: i64 = 30 * DAY;
/// For how long the digest of an address that bounced or complained is kept, ms.
pub const SUPPRESSED_KEPT: i64 = 365 * DAY;
/// For how many days a refusal of a mail counts.
pub const REFUSALS_COUNT: i64 = 30;
/// For how long the former secret of a webhook signs beside the new one, ms.
pub const FORMER_SECRET_SIGNS: i64 = DAY;

/// An address or a secret. It is never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sensitive(Arc<str>);

impl Sensitive {
    /// Keeps it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The address or secret itself: to send to it or with it, to store it, to find it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

named! {
    /// How a subscriber is reached.
    Channel {
        /// A mail.
        Email = "email",
        /// Signed JSON to a URL.
        Webhook = "webhook",
        /// A message in a channel of Slack.
        Slack = "slack",
        /// A message in a channel of Microsoft Teams.
        Teams = "teams",
        /// A message in a channel of Discord.
        Discord = "discord",
    }
}

named! {
    /// Whether a subscriber hears anything.
    SubscriberState {
        /// Nobody has confirmed the address yet: it gets nothing but the confirmation.
        Unconfirmed = "unconfirmed",
        /// It hears.
        Active = "active",
        /// Its endpoint failed for too long: it hears nothing until its owner confirms it again.
        Quarantined = "quarantined",
    }
}

named! {
    /// How much a subscriber hears of.
    Updates {
        /// Of every update.
        All = "all",
        /// Of the beginning and the end of outages.
        Outages = "outages",
    }
}

named! {
    /// How a subscriber came to be.
    Consent {
        /// The form of the page, and a link that was opened.
        Form = "form",
        /// An admin imported it with the consent that another system had recorded.
        Import = "import",
        /// A client of the REST API.
        Api = "api",
    }
}

/// The mailbox of a mail address, as far as strangers can write to it by many spellings: in lower case, without what follows `+`.
#[must_use]
pub fn mailbox(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let local = local.split('+').next().unwrap_or(local).to_lowercase();
    format!("{local}@{domain}")
}

/// What a subscriber of a page chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// How much it hears of.
    pub updates: Updates,
    /// The components that it hears of. `None`: all, those that are added later too.
    pub components: Option<BTreeSet<ComponentKey>>,
    /// Whether it also hears of each change of a component's status.
    pub status_changes: bool,
    /// Whether it gets the monthly report.
    pub monthly: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self { updates: Updates::All, components: None, status_changes: false, monthly: false }
    }
}

/// What a subscriber hears of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The page. `None`: only what it follows.
    pub page: Option<Choices>,
    /// Incidents of the page that it follows.
    pub incidents: BTreeSet<IncidentKey>,
    /// Maintenance of the page that it follows.
    pub windows: BTreeSet<WindowKey>,
}

impl Scope {
    /// A page.
    #[must_use]
    pub fn of_page(choices: Choices) -> Self {
        Self { page: Some(choices), ..Self::default() }
    }

    /// Both together; the choices of `other` replace those of this one.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        Self {
            page: other.page.clone().or_else(|| self.page.clone()),
            incidents: self.incidents.union(&other.incidents).copied().collect(),
            windows: self.windows.union(&other.windows).copied().collect(),
        }
    }

    fn follows(&self, subject: NoticeSubject) -> bool {
        match subject {
            NoticeSubject::Incident(key) | NoticeSubject::Postmortem(key) => self.incidents.contains(&key),
            NoticeSubject::Maintenance(key) | NoticeSubject::Reminder(key) => self.windows.contains(&key),
            NoticeSubject::Announcement(_) | NoticeSubject::Status(_) | NoticeSubject::Report(_) => false,
        }
    }
}

/// The secret with which a webhook is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningSecret {
    /// `whsec_` and base64 of 24 to 64 bytes.
    pub current: Sensitive,
    /// The one before it, and until when it signs too.
    pub former: Option<(Sensitive, Timestamp)>,
}

/// Who hears of a page. An address has one of a page and channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscriber {
    /// 12 random lower-case alphanumerics: what logs, audit and deliveries know it by.
    pub id: String,
    /// The page.
    pub page: PageKey,
    /// How it is reached.
    pub channel: Channel,
    /// Its mail address or URL, in the form in which it is compared.
    pub address: Sensitive,
    /// Of a webhook.
    pub secret: Option<SigningSecret>,
    /// Whether it hears anything.
    pub state: SubscriberState,
    /// What it hears of.
    pub scope: Scope,
    /// A request that its owner has not confirmed yet.
    pub wanted: Option<Scope>,
    /// How it came to be.
    pub consent: Consent,
    /// What an import says of the consent: when and where it was given.
    pub consent_note: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a link to confirm was last sent to it, or will be.
    pub asked_at: Option<Timestamp>,
    /// When a link to manage was last sent to it because somebody asked for it, or will be.
    pub managed_at: Option<Timestamp>,
    /// How often its owner ended the links to manage. The links of now hold this number.
    pub link_version: u64,
    /// When it was confirmed; of an import and of the API, when it was made.
    pub confirmed_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The days (since 1970 in UTC) on which mails to it were refused, of the last [`REFUSALS_COUNT`].
    pub refused_days: BTreeSet<i64>,
    /// The same, on which its mailbox was full.
    pub full_days: BTreeSet<i64>,
}

impl Subscriber {
    /// Whether the link to confirm that was last sent still works.
    #[must_use]
    pub fn can_confirm(&self, now: Timestamp) -> bool {
        let waits = self.state != SubscriberState::Active || self.wanted.is_some();
        waits && self.is_link_recent(now)
    }

    /// Whether nothing waits to be confirmed, and the last link would still work if something did.
    #[must_use]
    pub fn has_confirmed(&self, now: Timestamp) -> bool {
        self.is_link_recent(now) && !self.can_confirm(now)
    }

    fn is_link_recent(&self, now: Timestamp) -> bool {
        self.asked_at.is_some_and(|asked| now < asked + CONFIRM_WITHIN)
    }

    /// The host that gets what is sent, if strangers could have us send much to it by many addresses. The hosts of Slack and
    /// Discord are everybody's, and each of their URLs holds a secret.
    fn spared_host(&self) -> Option<String> {
        match self.channel {
            Channel::Webhook | Channel::Teams => {
                let (_, rest) = self.address.reveal().split_once("://")?;
                rest.split(['/', '?', '#']).next().map(str::to_owned)
            }
            Channel::Email => Some(mailbox(self.address.reveal())),
            Channel::Slack | Channel::Discord => None,
        }
    }

    /// When it is forgotten, if nobody confirms it.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        let asked = self.asked_at.unwrap_or(self.created_at);
        (self.state == SubscriberState::Unconfirmed).then(|| asked + UNCONFIRMED_KEPT)
    }

    /// Whether it hears of a notice, as it is now.
    #[must_use]
    pub fn hears(&self, notice: &Notice) -> bool {
        let confirmed = self.confirmed_at.is_some_and(|at| at.max(self.created_at) <= notice.at);
        let chooses =
            || self.scope.page.as_ref().is_some_and(|choices| chosen(choices, self.channel, notice));
        let follows = || !notice.only_edge() && self.scope.follows(notice.subject);
        let active = self.page == notice.page && self.state == SubscriberState::Active;
        active && confirmed && (chooses() || follows())
    }
}

/// Whether the choices include a notice. Webhooks hear of each change of a status, as Statuspage's do.
fn chosen(choices: &Choices, channel: Channel, notice: &Notice) -> bool {
    if let NoticeSubject::Announcement(_) = notice.subject {
        return choices.updates == Updates::All;
    }
    if let NoticeSubject::Report(_) = notice.subject {
        return choices.monthly;
    }
    let named = |of: &BTreeSet<ComponentKey>| notice.components.iter().any(|one| of.contains(one));
    if !choices.components.as_ref().is_none_or(named) {
        return false;
    }
    if let NoticeSubject::Status(_) = notice.subject {
        return choices.status_changes || channel == Channel::Webhook;
    }
    match choices.updates {
        Updates::All => !notice.only_edge(),
        Updates::Outages => matches!(notice.edge, Some(OutageEdge::Start | OutageEdge::End)),
    }
}

impl State {
    /// The subscriber with this id.
    #[must_use]
    pub fn subscriber_with_id(&self, id: &str) -> Option<SubscriberKey> {
        self.subscriber_ids.get(id).copied()
    }

    /// The subscriber of a page with this address.
    #[must_use]
    pub fn subscriber_at(
        &self,
        page: PageKey,
        channel: Channel,
        address: &Sensitive,
    ) -> Option<SubscriberKey> {
        self.subscriber_addresses.get(&(page, channel, address.clone())).copied()
    }

    /// The subscribers of all pages with this address.
    pub(crate) fn subscribers_at(&self, channel: Channel, address: &Sensitive) -> Vec<SubscriberKey> {
        let pages = self.pages.keys();
        pages.filter_map(|page| self.subscriber_at(*page, channel, address)).collect()
    }

    /// The subscribers of a page after a key, in the order in which they were made.
    pub fn subscribers_of(&self, page: PageKey, after: SubscriberKey) -> impl Iterator<Item = SubscriberKey> {
        let all = (page, SubscriberKey(after.0 + 1))..=(page, SubscriberKey(i64::MAX));
        self.page_subscribers.range(all).map(|(_, key)| *key)
    }

    /// Keeps a subscriber, new or changed.
    pub(crate) fn insert_subscriber(&mut self, key: SubscriberKey, subscriber: Subscriber) {
        self.remove_subscriber(key);
        self.subscriber_ids.insert(subscriber.id.clone(), key);
        let address = (subscriber.page, subscriber.channel, subscriber.address.clone());
        self.subscriber_addresses.insert(address, key);
        self.page_subscribers.insert((subscriber.page, key));
        self.link_times.extend(subscriber.managed_at.map(|at| (at, key)));
        if let Some(at) = subscriber.asked_at {
            self.link_times.insert((at, key));
            if let Some(host) = subscriber.spared_host() {
                self.host_link_times.insert((host, at, key));
            }
        }
        self.subscribers.insert(key, subscriber);
    }

    /// Forgets a subscriber.
    pub(crate) fn remove_subscriber(&mut self, key: SubscriberKey) {
        let Some(former) = self.subscribers.remove(&key) else { return };
        self.subscriber_ids.remove(&former.id);
        self.subscriber_addresses.remove(&(former.page, former.channel, former.address.clone()));
        self.page_subscribers.remove(&(former.page, key));
        if let Some(at) = former.managed_at {
            self.link_times.remove(&(at, key));
        }
        if let Some(at) = former.asked_at {
            self.link_times.remove(&(at, key));
            if let Some(host) = former.spared_host() {
                self.host_link_times.remove(&(host, at, key));
            }
        }
    }

    /// When such a link was last sent, or will be, to the address of a subscriber, on any page. A link to confirm counts for all
    /// spellings of a mailbox.
    #[must_use]
    pub fn last_link(&self, subscriber: &Subscriber, message: Message) -> Option<Timestamp> {
        let all = self.subscribers_at(subscriber.channel, &subscriber.address).into_iter();
        let all = all.filter_map(|key| self.subscribers.get(&key));
        if message == Message::Manage {
            return all.filter_map(|one| one.managed_at).max();
        }
        let of_mailbox = (subscriber.channel == Channel::Email).then(|| self.last_link_to_host(subscriber));
        all.filter_map(|one| one.asked_at).max().max(of_mailbox.flatten())
    }

    /// When a link to confirm was last sent, or will be, to the mailbox of a subscriber, or to its host if that is spared.
    fn last_link_to_host(&self, subscriber: &Subscriber) -> Option<Timestamp> {
        let host = subscriber.spared_host()?;
        let of_host = (host.clone(), Timestamp(i64::MIN), SubscriberKey(0))
            ..=(host, Timestamp(i64::MAX), SubscriberKey(i64::MAX));
        self.host_link_times.range(of_host).next_back().map(|(_, at, _)| *at)
    }

    /// When a link can be sent to a subscriber: not much at once to all, nor to one host. Nothing is dropped; what is too much
    /// waits.
    pub(super) fn next_link_at(&self, subscriber: &Subscriber, now: Timestamp) -> Timestamp {
        let last_to_host = self.last_link_to_host(subscriber);
        let mut at = last_to_host.map_or(now, |last| now.max(last + HOST_LINK_PAUSE));
        for _ in 0..PAUSES_TRIED {
            let near = (at - (LINK_PAUSE - 1), SubscriberKey(0))..(at + LINK_PAUSE, SubscriberKey(0));
            let Some((taken, _)) = self.link_times.range(near).next_back() else { return at };
            at = *taken + LINK_PAUSE;
        }
        self.link_times.get_max().map_or(at, |(last, _)| at.max(*last + LINK_PAUSE))
    }

    /// When a tick has something to do for a subscriber.
    pub(super) fn subscriber_due(&self, key: SubscriberKey) -> Option<Timestamp> {
        self.subscribers.get(&key)?.expires()
    }
}
