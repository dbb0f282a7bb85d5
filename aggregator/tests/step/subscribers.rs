//! Subscribers through the store: who asked, who confirmed, who left, and what is left of them.

use crate::fixture::Fixture;
use skerry_domain::delivery::{AttemptResult, Delivery, DeliveryState, Message};
use skerry_domain::rows::{Author, Row, Write};
use skerry_domain::state::{PageKey, SubscriberKey};
use skerry_domain::step::{
    Answer, Asked, Attempted, Change, Command, Context, Ids, NewSubscriber, RejectedKind, SubscriberCommand,
    step_asked,
};
use skerry_domain::subscriber::{Channel, Choices, Consent, Scope, Sensitive, SubscriberState, Updates};
use skerry_domain::time::{DAY, MINUTE, SECOND};
use std::collections::BTreeSet;

pub(crate) const PAGE: PageKey = PageKey(1);

pub(crate) fn all() -> Scope {
    Scope::of_page(Choices::default())
}

pub(crate) fn asked(address: &str, scope: Scope) -> NewSubscriber {
    let mut digest = [0; 32];
    digest[..address.len().min(32)].copy_from_slice(&address.as_bytes()[..address.len().min(32)]);
    NewSubscriber {
        page: PAGE,
        channel: Channel::Email,
        address: Sensitive::new(address),
        digest,
        secret: None,
        scope,
        consent: Consent::Form,
        consent_note: None,
        consented_at: None,
    }
}

pub(crate) fn deliveries(rows: &[Write]) -> Vec<Delivery> {
    let delivery = |write: &Write| match write {
        Write::Put(Row::Delivery(row)) => Some(Delivery::from((**row).clone())),
        _ => None,
    };
    rows.iter().filter_map(delivery).collect()
}

impl Fixture {
    /// Returns the subscriber, if there is one, and what is sent.
    pub(crate) fn ask(&mut self, new: NewSubscriber) -> (Option<SubscriberKey>, Vec<Delivery>) {
        let stepped = self.step(Command::Subscriber(Box::new(SubscriberCommand::Ask(new))));
        let key = match stepped.answer {
            Answer::Subscriber(key) => Some(key),
            _ => None,
        };
        (key, deliveries(&stepped.rows))
    }

    pub(crate) fn told(&mut self, command: SubscriberCommand) -> Vec<Delivery> {
        let stepped = self.step(Command::Subscriber(Box::new(command)));
        deliveries(&stepped.rows)
    }

    /// A subscriber that has confirmed.
    pub(crate) fn subscriber(&mut self, address: &str, scope: Scope) -> SubscriberKey {
        let key = self.ask(asked(address, scope)).0.expect("it is made");
        self.told(SubscriberCommand::Confirm(key));
        key
    }

    pub(crate) fn result(&mut self, delivery: &Delivery, result: AttemptResult) -> Vec<Change> {
        self.attempted(delivery, result).0
    }

    /// Returns what changes, and what is sent besides.
    fn attempted(&mut self, delivery: &Delivery, result: AttemptResult) -> (Vec<Change>, Vec<Delivery>) {
        let address = self.state.subscribers.get(&delivery.subscriber).map(|one| one.address.clone());
        let digest = address.map_or([0; 32], |address| asked(address.reveal(), all()).digest);
        let (delivery, answer) = (delivery.clone(), Some("550 5.1.1 unknown".to_owned()));
        let attempted = Attempted { delivery, tried: true, result, answer, digest };
        let key = attempted.delivery.key;
        let stepped = self.step(Command::Attempted(Box::new(attempted)));
        let others = deliveries(&stepped.rows).into_iter().filter(|one| one.key != key).collect();
        (stepped.changes, others)
    }

    fn state_of(&self, key: SubscriberKey) -> Option<SubscriberState> {
        self.state.subscribers.get(&key).map(|one| one.state)
    }
}

fn messages(deliveries: &[Delivery]) -> Vec<Message> {
    deliveries.iter().map(|one| one.message).collect()
}

#[test]
fn an_address_is_confirmed_within_a_day_and_asked_once_a_day() {
    let mut fixture = Fixture::new();
    let (key, sent) = fixture.ask(asked("ann@example.com", all()));
    let key = key.expect("it is made");
    assert_eq!((messages(&sent), sent[0].state), (vec![Message::Confirm], DeliveryState::Queued));
    fixture.assert_stored();
    let (again, sent) = fixture.ask(asked("ann@example.com", all()));
    assert_eq!((again, sent.len()), (Some(key), 0), "nobody can be flooded with confirmations");
    fixture.now = fixture.now + DAY - 1;
    assert!(fixture.state.subscribers[&key].can_confirm(fixture.now));
    fixture.now = fixture.now + 1;
    assert!(!fixture.state.subscribers[&key].can_confirm(fixture.now), "after 24 hours the link is spent");
    assert_eq!(messages(&fixture.ask(asked("ann@example.com", all())).1), [Message::Confirm]);
    fixture.told(SubscriberCommand::Confirm(key));
    assert_eq!(fixture.state_of(key), Some(SubscriberState::Active));
    let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
    let confirm = Command::Subscriber(Box::new(SubscriberCommand::Confirm(key)));
    let refused = skerry_domain::step::step(&mut fixture.state, confirm, context).expect_err("it was used");
    assert_eq!(refused.kind, RejectedKind::State);
    fixture.assert_stored();
}

#[test]
fn an_address_that_nobody_confirms_is_erased_after_two_days() {
    let mut fixture = Fixture::new();
    let key = fixture.ask(asked("ann@example.com", all())).0.expect("made");
    let confirmed = fixture.subscriber("bob@example.com", all());
    fixture.now = fixture.now + 2 * DAY - MINUTE;
    fixture.run(Command::Tick);
    assert!(fixture.state.subscribers.contains_key(&key));
    fixture.pass(MINUTE);
    assert_eq!(fixture.state_of(key), None);
    assert_eq!(fixture.state_of(confirmed), Some(SubscriberState::Active));
    fixture.assert_stored();
    assert_eq!(fixture.state.subscriber_at(PAGE, Channel::Email, &Sensitive::new("ann@example.com")), None);
}

#[test]
fn a_stranger_changes_nothing_of_a_subscription_that_is_confirmed() {
    let mut fixture = Fixture::new();
    let site = fixture.component();
    let outages = |updates| Choices { updates, ..Choices::default() };
    let key = fixture.subscriber("ann@example.com", Scope::of_page(outages(Updates::Outages)));
    fixture.now = fixture.now + DAY;
    let some = Choices { components: Some(BTreeSet::from([site])), ..Choices::default() };
    let (found, sent) = fixture.ask(asked("ann@example.com", Scope::of_page(some.clone())));
    assert_eq!((found, messages(&sent)), (Some(key), vec![Message::Confirm]), "its owner gets a link");
    assert_eq!(fixture.state.subscribers[&key].scope, Scope::of_page(outages(Updates::Outages)));
    fixture.assert_stored();
    fixture.told(SubscriberCommand::Confirm(key));
    assert_eq!(fixture.state.subscribers[&key].scope, Scope::of_page(some));
    // Who hears of everything gets the link to manage that.
    let key = fixture.subscriber("bob@example.com", all());
    fixture.now = fixture.now + DAY + MINUTE;
    let (found, sent) = fixture.ask(asked("bob@example.com", Scope::of_page(outages(Updates::Outages))));
    assert_eq!((found, messages(&sent)), (Some(key), vec![Message::Manage]));
    assert_eq!(
        (&fixture.state.subscribers[&key].scope, &fixture.state.subscribers[&key].wanted),
        (&all(), &None)
    );
    fixture.assert_stored();
}

#[test]
fn two_who_ask_at_once_are_one() {
    let mut fixture = Fixture::new();
    let first = fixture.ask(asked("ann@example.com", all())).0;
    let page = Choices { monthly: true, ..Choices::default() };
    assert_eq!(fixture.ask(asked("ann@example.com", Scope::of_page(page.clone()))).0, first);
    let key = first.expect("made");
    assert_eq!(
        fixture.state.subscribers[&key].scope,
        Scope::of_page(page),
        "what was asked for last is confirmed"
    );
    let webhook = NewSubscriber { channel: Channel::Webhook, ..asked("ann@example.com", all()) };
    assert_ne!(fixture.ask(webhook).0, first, "by another channel it is another");
}

#[test]
fn who_leaves_is_gone() {
    let mut fixture = Fixture::new();
    let key = fixture.subscriber("ann@example.com", all());
    fixture.told(SubscriberCommand::Leave(key));
    assert!(fixture.state.subscribers.is_empty() && fixture.state.subscriber_addresses.is_empty());
    assert!(fixture.state.subscriber_ids.is_empty() && fixture.state.page_subscribers.is_empty());
    fixture.assert_stored();
    let again = fixture.ask(asked("ann@example.com", all())).0.expect("made");
    assert_ne!(again, key, "a key is never used again");
}

#[test]
fn no_byte_of_the_database_says_who_left() {
    let mut fixture = Fixture::new();
    for number in 0..200 {
        let key = fixture.ask(asked(&format!("zq{number}@example.com"), all())).0.expect("made");
        fixture.told(SubscriberCommand::Confirm(key));
        let monthly = Choices { monthly: number % 3 == 0, ..Choices::default() };
        fixture.told(SubscriberCommand::Choose(key, Scope::of_page(monthly)));
    }
    let stays = Sensitive::new("zq7@example.com");
    let keys: Vec<SubscriberKey> = fixture.state.subscribers.keys().copied().collect();
    for key in keys {
        if fixture.state.subscribers[&key].address != stays {
            fixture.told(SubscriberCommand::Leave(key));
        }
    }
    let bytes = fixture.closed();
    let found = |text: &str| bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count();
    assert!(found("zq7@example.com") >= 1, "the search finds what is there");
    assert_eq!(found("@example.com"), found("zq7@example.com"));
}

#[test]
fn the_audit_and_debug_know_no_address() {
    let mut fixture = Fixture::new();
    let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
    let (actor, action) = ("cli:0".to_owned(), "import".to_owned());
    let author = Author { actor, action, source: None, request: None };
    let secret = Some(Sensitive::new("whsec_secretsecretsecretsecretsecret"));
    let new = NewSubscriber { consent: Consent::Import, secret, ..asked("ann@example.com", all()) };
    let command = Command::Subscriber(Box::new(SubscriberCommand::Ask(new)));
    let asked = Asked { author: Some(&author), expected: None };
    let said = format!("{command:?}");
    let stepped = step_asked(&mut fixture.state, command, context, asked).expect("taken");
    let audit = |write: &Write| match write {
        Write::Append(Row::Audit(row)) => row.after.clone(),
        _ => None,
    };
    let audited: Vec<String> = stepped.rows.iter().filter_map(audit).collect();
    assert!(audited.iter().any(|after| after.contains("\"consent\":\"import\"")), "{audited:?}");
    let said = format!("{said} {audited:?} {:?}", fixture.state.subscribers.values().collect::<Vec<_>>());
    assert!(!said.contains("ann@") && !said.contains("secretsecret"), "{said}");
}

#[test]
fn what_was_asked_for_before_the_confirmation_is_joined() {
    let mut fixture = Fixture::new();
    let follows = |key| Scope { incidents: BTreeSet::from([key]), ..Scope::default() };
    let one = fixture.opened(&[]);
    let two = fixture.opened(&[]);
    let key = fixture.ask(asked("ann@example.com", follows(one))).0.expect("made");
    fixture.ask(asked("ann@example.com", follows(two)));
    assert_eq!(fixture.state.subscribers[&key].scope.incidents, BTreeSet::from([one, two]));
    fixture.told(SubscriberCommand::Confirm(key));
    // Of the page it hears once its owner says so.
    fixture.now = fixture.now + DAY;
    let (_, sent) = fixture.ask(asked("ann@example.com", all()));
    assert_eq!(
        (messages(&sent), fixture.state.subscribers[&key].scope.page.clone()),
        (vec![Message::Confirm], None)
    );
    fixture.told(SubscriberCommand::Confirm(key));
    assert_eq!(fixture.state.subscribers[&key].scope.page, Some(Choices::default()));
    fixture.assert_stored();
}

#[test]
fn one_confirmation_a_day_goes_to_an_address_whatever_the_page() {
    let mut fixture = Fixture::new();
    let other = skerry_domain::state::PageSettings {
        public: true,
        ..skerry_domain::state::PageSettings::named("other")
    };
    let (made, _) = fixture.run(Command::CreatePage(Box::new(other)));
    let Answer::Page(other) = made else { panic!("{made:?}") };
    assert_eq!(fixture.ask(asked("ann@example.com", all())).1.len(), 1);
    let there = NewSubscriber { page: other, ..asked("ann@example.com", all()) };
    assert_eq!(fixture.ask(there).1, vec![]);
}

#[test]
fn who_follows_one_incident_is_forgotten_a_month_after_its_end() {
    let mut fixture = Fixture::new();
    let incident = fixture.opened(&[]);
    let follows = Scope { incidents: BTreeSet::from([incident]), ..Scope::default() };
    let key = fixture.subscriber("ann@example.com", follows);
    let fold = |fixture: &Fixture| Command::Fold {
        before: fixture.now - 400 * DAY,
        limit: 10,
        after: skerry_domain::state::TrackKey(0),
    };
    fixture.now = fixture.now + 60 * DAY;
    let command = fold(&fixture);
    fixture.run(command);
    assert!(fixture.state.subscribers.contains_key(&key), "it lasts");
    fixture.updated(incident, skerry_domain::incident::IncidentStatus::Resolved);
    for (days, stays) in [(29, true), (1, false)] {
        fixture.now = fixture.now + days * DAY;
        let command = fold(&fixture);
        fixture.run(command);
        assert_eq!(fixture.state.subscribers.contains_key(&key), stays);
    }
}

#[test]
fn an_endpoint_that_failed_to_the_end_is_quarantined_until_its_owner_confirms() {
    let mut fixture = Fixture::new();
    let webhook = NewSubscriber { channel: Channel::Webhook, ..asked("https://example.com/hook", all()) };
    let (key, sent) = fixture.ask(webhook.clone());
    let key = key.expect("made");
    fixture.told(SubscriberCommand::Confirm(key));
    let failed = Delivery { message: Message::Notice, ..sent[0].clone() };
    let (changes, note) = fixture.attempted(&failed, AttemptResult::Quarantined);
    assert_eq!(changes, [Change::SubscriberQuarantined(key)]);
    assert_eq!(fixture.state_of(key), Some(SubscriberState::Quarantined));
    assert_eq!(messages(&note), [Message::Quarantined], "its owner is told");
    assert_eq!(fixture.attempted(&failed, AttemptResult::Quarantined).1, vec![], "once");
    assert_eq!(
        fixture.attempted(&note[0], AttemptResult::Quarantined).1,
        vec![],
        "and of that failure nothing"
    );
    fixture.now = fixture.now + DAY;
    assert_eq!(messages(&fixture.ask(webhook).1), [Message::Confirm], "its owner asks again");
    fixture.told(SubscriberCommand::Confirm(key));
    assert_eq!(fixture.state_of(key), Some(SubscriberState::Active));
    fixture.assert_stored();
}

#[test]
fn two_secrets_sign_for_a_day() {
    let mut fixture = Fixture::new();
    let secret = Some(Sensitive::new("whsec_one"));
    let new = NewSubscriber { channel: Channel::Webhook, secret, ..asked("https://example.com/hook", all()) };
    let key = fixture.ask(new).0.expect("made");
    fixture.told(SubscriberCommand::RotateSecret(key, Sensitive::new("whsec_two")));
    let signing = fixture.state.subscribers[&key].secret.clone().expect("it has one");
    assert_eq!(signing.current, Sensitive::new("whsec_two"));
    assert_eq!(signing.former, Some((Sensitive::new("whsec_one"), fixture.now + DAY)));
    fixture.assert_stored();
}

#[test]
fn links_that_many_ask_for_at_once_wait_for_each_other() {
    let mut fixture = Fixture::new();
    let now = fixture.now;
    let mut at = |address: &str, channel: Channel| {
        let new = NewSubscriber { channel, ..asked(address, all()) };
        let (key, sent) = fixture.ask(new);
        let at = sent[0].next_at.expect("it is sent");
        assert_eq!(
            fixture.state.subscribers[&key.expect("made")].asked_at,
            Some(at),
            "the link counts from then"
        );
        fixture.assert_stored();
        at - now
    };
    assert_eq!(at("a@example.com", Channel::Email), 0);
    assert_eq!(at("b@example.com", Channel::Email), SECOND, "one each second");
    assert_eq!(at("https://one.example.com/a", Channel::Webhook), 2 * SECOND);
    assert_eq!(at("https://one.example.com/b?c", Channel::Webhook), 62 * SECOND, "one each minute to a host");
    assert_eq!(at("https://two.example.com/a", Channel::Webhook), 3 * SECOND, "others do not wait for that");
    assert_eq!(at("https://hooks.slack.com/services/T/B/1", Channel::Slack), 4 * SECOND);
    assert_eq!(
        at("https://hooks.slack.com/services/T/B/2", Channel::Slack),
        5 * SECOND,
        "Slack is everybody's"
    );
    assert_eq!(at("https://one.example.com/c", Channel::Webhook), 122 * SECOND);
}

#[test]
fn a_link_to_manage_does_not_wait_for_a_day_after_that_to_confirm() {
    let mut fixture = Fixture::new();
    let ann = fixture.ask(asked("ann@example.com", all())).0.expect("made");
    fixture.told(SubscriberCommand::Confirm(ann));
    let asked_at = fixture.state.subscribers[&ann].asked_at;
    let sent = fixture.told(SubscriberCommand::SendLink(ann));
    assert_eq!(messages(&sent), [Message::Manage]);
    assert_eq!(fixture.told(SubscriberCommand::SendLink(ann)), vec![], "once a day");
    assert_eq!(fixture.state.subscribers[&ann].asked_at, asked_at, "the link to confirm is as it was");
    fixture.assert_stored();
    // It waited a minute for the other.
    fixture.now = fixture.now + DAY + MINUTE;
    assert_eq!(fixture.told(SubscriberCommand::SendLink(ann)).len(), 1);
}

#[test]
fn a_mailbox_gets_one_link_a_day_however_it_is_spelled() {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.ask(asked("ann@example.com", all())).1.len(), 1);
    for spelling in ["Ann@example.com", "aNN+1@example.com", "ann+status@example.com"] {
        assert_eq!(fixture.ask(asked(spelling, all())).1, vec![], "{spelling}");
    }
    assert_eq!(fixture.ask(asked("anna@example.com", all())).1.len(), 1);
    fixture.now = fixture.now + DAY;
    assert_eq!(fixture.ask(asked("ann+status@example.com", all())).1.len(), 1);
    fixture.assert_stored();
}

#[test]
fn a_thousand_at_once_are_all_sent_a_link() {
    let mut fixture = Fixture::new();
    let now = fixture.now;
    let mut last = now;
    for number in 0..1_000 {
        let sent = fixture.ask(asked(&format!("a{number}@example.com"), all())).1;
        let at = sent[0].next_at.expect("none is dropped");
        assert!(number == 0 || at >= last + SECOND, "{number}");
        last = at;
    }
    assert!(last <= now + 1_000 * SECOND);
}
