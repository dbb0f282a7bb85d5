//! A month in which mail servers refuse the sender: nobody is removed for it, and those whose address does not exist are.

use super::super::attempt::Ready;
use super::post::reply;
use super::sender::{Aggregator, Recipients, WORKSPACE};
use skerry_domain::delivery::Message;
use skerry_domain::incident::IncidentStatus;
use skerry_domain::state::{ComponentKey, IncidentKey, SubscriberKey};
use skerry_domain::step::{Answer, Command, IncidentChange, NewIncident, NewSubscriber, SubscriberCommand};
use skerry_domain::subscriber::{Channel, Choices, Consent, Scope, Sensitive};
use skerry_domain::time::{DAY, HOUR, Timestamp};
use skerry_notify::Outcome;
use skerry_store::WorkspaceDelivery;
use std::collections::{BTreeSet, HashMap};

const START: i64 = 1_790_000_000_000;
const DAYS: usize = 30;
/// Each has an incident that is updated every day, in an hour of its own.
const COMPONENTS: usize = 20;
const BLOCKED: usize = 200;

/// What servers say that ask a block list, or have a policy.
const BLOCK_LISTS: [&str; 4] = [
    "550 5.7.1 Service unavailable; client [192.0.2.7] blocked using zen.example.org",
    "554 5.7.1 <ann@example.com>: Recipient address rejected: sender blocked using bl.example.net",
    "550 #5.7.1 Your address is blocked using our own list, see https://postmaster.example.com/7",
    "553 5.7.1 Message rejected due to local policy; blocked using reputation",
];
const UNKNOWN: &str = "550 5.1.1 The mailbox does not exist";
const REFUSED: &str = "550 5.6.0 Message not accepted";
const TAKEN: &str = "250 2.0.0 Ok";

/// Mail servers that always reply the same to a subscriber.
struct Servers {
    replies: HashMap<SubscriberKey, &'static str>,
    asked: HashMap<SubscriberKey, usize>,
}

impl Recipients for Servers {
    fn take(&mut self, _: &Ready<'_>, (workspace, delivery): &WorkspaceDelivery, _: Timestamp) -> Outcome {
        assert_eq!((*workspace, delivery.message), (WORKSPACE, Message::Notice));
        *self.asked.entry(delivery.subscriber).or_default() += 1;
        reply(self.replies[&delivery.subscriber])
    }
}

struct World {
    aggregator: Aggregator,
    servers: Servers,
}

impl World {
    async fn new() -> Self {
        let aggregator = Aggregator::new(START, 1, COMPONENTS).await;
        Self { aggregator, servers: Servers { replies: HashMap::new(), asked: HashMap::new() } }
    }

    /// Subscribers to these components, whose servers reply like this.
    async fn subscribers(
        &mut self,
        many: usize,
        components: &[ComponentKey],
        reply: impl Fn(usize) -> &'static str,
    ) -> Vec<SubscriberKey> {
        let mut keys = Vec::new();
        for number in 0..many {
            let address = Sensitive::new(&format!("person-{}@example.com", self.servers.replies.len()));
            let components = Some(components.iter().copied().collect());
            let ask = SubscriberCommand::Ask(NewSubscriber {
                page: self.aggregator.pages()[0],
                channel: Channel::Email,
                digest: self.aggregator.links.digest(Channel::Email, &address),
                address,
                secret: None,
                scope: Scope::of_page(Choices { components, ..Choices::default() }),
                consent: Consent::Import,
                consent_note: None,
                consented_at: None,
            });
            let Answer::Subscriber(key) = self.aggregator.subscriber(ask).await else { panic!("it is new") };
            self.servers.replies.insert(key, reply(number));
            keys.push(key);
        }
        keys
    }

    async fn open(&mut self, components: &[ComponentKey]) -> IncidentKey {
        let new = NewIncident {
            page: self.aggregator.pages()[0],
            title: self.aggregator.text("Orders fail"),
            status: IncidentStatus::Investigating,
            body: None,
            components: components.iter().map(|one| (*one, None)).collect(),
            impact_override: None,
            draft: false,
            backfilled: None,
            problems: Vec::new(),
        };
        match self.aggregator.command(Command::OpenIncident(Box::new(new))).await {
            Answer::Incident(key) => key,
            other => panic!("{other:?}"),
        }
    }

    /// An update, at this time after the beginning, and all of its mails.
    async fn update(&mut self, incident: IncidentKey, at: i64) {
        self.aggregator.set_time(START + at);
        let change = IncidentChange {
            body: Some(self.aggregator.text("More is known.")),
            ..IncidentChange::default()
        };
        self.aggregator.command(Command::UpdateIncident { incident, change: Box::new(change) }).await;
        assert!(!self.aggregator.settle(&mut self.servers).await);
    }

    /// Those that are still there.
    fn left(&self, of: &[SubscriberKey]) -> usize {
        let state = self.aggregator.state();
        of.iter().filter(|key| state.subscribers.contains_key(key)).count()
    }

    /// Asserts that each was offered so many mails.
    fn assert_asked(&self, of: &[SubscriberKey], many: usize) {
        let asked: BTreeSet<usize> =
            of.iter().map(|key| self.servers.asked.get(key).copied().unwrap_or(0)).collect();
        assert_eq!(asked, BTreeSet::from([many]), "a refusal for good is not tried again");
    }
}

#[tokio::test]
async fn a_month_of_block_lists_removes_nobody_and_unknown_addresses_go() {
    let mut world = World::new().await;
    let components = world.aggregator.components();
    let (mut blocked, mut unknown, mut refused, mut others) = (vec![], vec![], vec![], vec![]);
    let mut incidents = Vec::new();
    for component in &components {
        let of = [*component];
        let reply = |number| BLOCK_LISTS[number % BLOCK_LISTS.len()];
        blocked.extend(world.subscribers(BLOCKED / COMPONENTS, &of, reply).await);
        unknown.extend(world.subscribers(1, &of, |_| UNKNOWN).await);
        refused.extend(world.subscribers(1, &of, |_| REFUSED).await);
        others.extend(world.subscribers(2, &of, |_| TAKEN).await);
    }
    for (hour, component) in (0..).zip(&components) {
        world.aggregator.set_time(START + hour * HOUR);
        incidents.push(world.open(&[*component]).await);
        assert!(!world.aggregator.settle(&mut world.servers).await);
    }
    assert_eq!(world.left(&unknown), 0, "5.1.1 is removed at once");
    let mut found = Vec::new();
    for day in 1..=DAYS as i64 {
        for (hour, incident) in (0..).zip(&incidents) {
            world.update(*incident, day * DAY + hour * HOUR).await;
            assert_eq!(
                world.aggregator.state().bounces.many(Timestamp(world.aggregator.now())),
                None,
                "so few bounces protect nobody"
            );
        }
        found.push([&blocked, &refused, &others].map(|of| world.left(of)));
    }
    // The incidents were opened on the day before.
    let refused: Vec<usize> = found.iter().map(|[_, refused, _]| *refused).collect();
    assert_eq!(refused[..2], [COMPONENTS, 0], "another refusal removes on the third day");
    assert!(
        found.iter().all(|[blocked, _, others]| (*blocked, *others) == (BLOCKED, 2 * COMPONENTS)),
        "{found:?}"
    );
    world.assert_asked(&blocked, DAYS + 1);
    world.assert_asked(&others, DAYS + 1);
    world.assert_asked(&unknown, 1);
}

#[tokio::test]
async fn a_month_in_which_everybody_is_blocked_removes_nobody_else_either() {
    let mut world = World::new().await;
    let components = world.aggregator.components();
    let reply = |number| BLOCK_LISTS[number % BLOCK_LISTS.len()];
    let blocked = world.subscribers(BLOCKED, &components[..1], reply).await;
    let unknown = world.subscribers(5, &components[..2], |_| UNKNOWN).await;
    let refused = world.subscribers(5, &components[..2], |_| REFUSED).await;
    let incident = world.open(&components[..1]).await;
    assert!(!world.aggregator.settle(&mut world.servers).await);
    for day in 1..=DAYS as i64 {
        world.update(incident, day * DAY).await;
        assert!(
            world.aggregator.state().bounces.many(Timestamp(world.aggregator.now())).is_some(),
            "the team is told"
        );
        assert_eq!([&blocked, &unknown, &refused].map(|of| world.left(of)), [BLOCKED, 5, 5], "day {day}");
    }
    world.assert_asked(&blocked, DAYS + 1);
    let alone = world.open(&components[1..2]).await;
    world.update(alone, (DAYS as i64 + 1) * DAY).await;
    assert_eq!([&blocked, &unknown, &refused].map(|of| world.left(of)), [BLOCKED, 0, 5], "a few bounces");
}
