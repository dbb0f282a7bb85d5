//! What bounces and complaints do to addresses.

use crate::fixture::Fixture;
use crate::subscribers::{PAGE, all, asked};
use skerry_domain::delivery::{AttemptResult, Delivery, Message, Refusal};
use skerry_domain::state::PageSettings;
use skerry_domain::step::{Answer, Change, Command, NewSubscriber, SubscriberCommand};
use skerry_domain::subscriber::{Channel, Consent, Sensitive};
use skerry_domain::time::{DAY, HOUR};

/// A delivery of a notice to the same subscriber.
fn notice(confirmation: &Delivery) -> Delivery {
    Delivery { message: Message::Notice, ..confirmation.clone() }
}

#[test]
fn what_bounces_is_removed_by_rule() {
    // The refusals of mails, hours apart, and whether the address is still there.
    type Case = (&'static str, &'static [(i64, Refusal)], bool);
    let cases: &[Case] = &[
        ("it does not exist", &[(0, Refusal::Final)], false),
        ("once", &[(0, Refusal::Rejected)], true),
        (
            "three times on one day",
            &[(0, Refusal::Rejected), (1, Refusal::Rejected), (1, Refusal::Rejected)],
            true,
        ),
        ("on two days", &[(0, Refusal::Rejected), (24, Refusal::Rejected)], true),
        ("on three days", &[(0, Refusal::Rejected), (24, Refusal::Rejected), (24, Refusal::Rejected)], false),
        ("a block list", &[(0, Refusal::Blocked), (24, Refusal::Blocked), (24, Refusal::Blocked)], true),
    ];
    for (case, refusals, stays) in cases {
        let mut fixture = Fixture::new();
        let (key, sent) = fixture.ask(asked("ann@example.com", all()));
        let key = key.expect("made");
        fixture.told(SubscriberCommand::Confirm(key));
        for (hours, refusal) in *refusals {
            fixture.now = fixture.now + hours * HOUR;
            fixture.result(&sent[0], AttemptResult::HardBounced(*refusal));
        }
        assert_eq!(fixture.state.subscribers.contains_key(&key), *stays, "{case}");
        fixture.assert_stored();
        if !stays {
            assert_eq!(
                fixture.ask(asked("ann@example.com", all())),
                (None, vec![]),
                "{case}: nothing is sent for a year"
            );
            fixture.now = fixture.now + 365 * DAY;
            assert!(fixture.ask(asked("ann@example.com", all())).0.is_some(), "{case}");
        }
    }
}

#[test]
fn refusals_of_a_month_ago_do_not_count_the_refusals_before_it() {
    let mut fixture = Fixture::new();
    let (key, sent) = fixture.ask(asked("ann@example.com", all()));
    fixture.told(SubscriberCommand::Confirm(key.expect("made")));
    for _ in 0..9 {
        fixture.now = fixture.now + 16 * DAY;
        // A relay takes every mail; what it could not hand over comes back later.
        fixture.result(&sent[0], AttemptResult::Delivered);
        fixture.result(&sent[0], AttemptResult::HardBounced(Refusal::Rejected));
        fixture.assert_stored();
    }
    assert!(!fixture.state.subscribers.is_empty());
}

#[test]
fn a_block_list_removes_nobody() {
    let mut fixture = Fixture::new();
    let mut sent = Vec::new();
    for number in 0..60 {
        let (key, mut confirm) = fixture.ask(asked(&format!("{number}@example.com"), all()));
        fixture.told(SubscriberCommand::Confirm(key.expect("made")));
        sent.append(&mut confirm);
    }
    let sent: Vec<Delivery> = sent.iter().map(notice).collect();
    for one in &sent[..30] {
        fixture.result(one, AttemptResult::Delivered);
    }
    let mut told = 0;
    for one in &sent[30..] {
        let changes = fixture.result(one, AttemptResult::HardBounced(Refusal::Final));
        told += usize::from(changes.contains(&Change::BouncesAreMany));
    }
    assert_eq!(
        (fixture.state.subscribers.len(), told),
        (40, 10),
        "after twenty within an hour nobody is removed"
    );
    fixture.now = fixture.now + HOUR;
    fixture.result(&sent[58], AttemptResult::HardBounced(Refusal::Final));
    assert_eq!(fixture.state.subscribers.len(), 40, "the turn of an hour forgets nothing");
    fixture.now = fixture.now + 2 * HOUR;
    fixture.result(&sent[59], AttemptResult::HardBounced(Refusal::Final));
    assert_eq!(fixture.state.subscribers.len(), 39, "two hours later one bounce is one bounce");
}

#[test]
fn a_complaint_is_heard_on_every_page_and_among_many_bounces() {
    let mut fixture = Fixture::new();
    let other = PageSettings { public: true, ..PageSettings::named("other") };
    let (made, _) = fixture.run(Command::CreatePage(Box::new(other)));
    let Answer::Page(other) = made else { panic!("{made:?}") };
    let (key, sent) = fixture.ask(asked("ann@example.com", all()));
    fixture.told(SubscriberCommand::Confirm(key.expect("made")));
    let import = NewSubscriber { page: other, consent: Consent::Import, ..asked("ann@example.com", all()) };
    fixture.ask(import).0.expect("made");
    for number in 0..60 {
        let new =
            NewSubscriber { consent: Consent::Import, ..asked(&format!("{number}@example.com"), all()) };
        let subscriber = fixture.ask(new).0.expect("made");
        let delivery = Delivery { subscriber, ..notice(&sent[0]) };
        fixture.result(&delivery, AttemptResult::HardBounced(Refusal::Final));
    }
    assert!(fixture.state.bounces.many(fixture.now).is_some());
    fixture.result(&sent[0], AttemptResult::HardBounced(Refusal::Complaint));
    let address = Sensitive::new("ann@example.com");
    for page in [PAGE, other] {
        assert_eq!(fixture.state.subscriber_at(page, Channel::Email, &address), None);
    }
    fixture.assert_stored();
}

#[test]
fn invented_addresses_do_not_keep_others_from_being_removed() {
    let mut fixture = Fixture::new();
    for number in 0..60 {
        let (_, sent) = fixture.ask(asked(&format!("invented-{number}@example.com"), all()));
        fixture.result(&sent[0], AttemptResult::HardBounced(Refusal::Final));
    }
    assert!(fixture.state.bounces.many(fixture.now).is_none(), "only those who asked for mails count");
    assert!(fixture.state.subscribers.is_empty(), "none of them exists");
    assert_eq!(
        fixture.state.suppressed.len(),
        0,
        "whoever owns the mailbox can subscribe, and goes on hearing"
    );
}

#[test]
fn a_mailbox_that_stays_full_is_removed_and_may_subscribe_again() {
    let mut fixture = Fixture::new();
    let key = fixture.subscriber("ann@example.com", all());
    let sent = fixture.ask(asked("bob@example.com", all())).1;
    let delivery = Delivery { subscriber: key, ..notice(&sent[0]) };
    for pause in [1, 1, 16, 16, 1, 1] {
        fixture.now = fixture.now + pause * DAY;
        for _ in 0..3 {
            assert_eq!(fixture.result(&delivery, AttemptResult::MailboxFull), []);
        }
        fixture.result(&delivery, AttemptResult::SoftBounced);
        fixture.assert_stored();
    }
    fixture.now = fixture.now + DAY;
    let changes = fixture.result(&delivery, AttemptResult::MailboxFull);
    assert!(
        matches!(&changes[..], [Change::MailboxStayedFull { .. }]),
        "on the fifth of thirty days: {changes:?}"
    );
    assert!(!fixture.state.subscribers.contains_key(&key));
    assert_eq!(fixture.state.suppressed.len(), 0);
    fixture.ask(asked("ann@example.com", all())).0.expect("made");
    fixture.assert_stored();
}

#[test]
fn a_month_of_a_block_list_removes_nobody() {
    let mut fixture = Fixture::new();
    let subscribers =
        ["ann@example.com", "bob@example.com"].map(|address| fixture.subscriber(address, all()));
    let sent = fixture.ask(asked("cho@example.com", all())).1;
    for _ in 0..30 {
        fixture.now = fixture.now + DAY;
        for subscriber in subscribers {
            let delivery = Delivery { subscriber, ..notice(&sent[0]) };
            fixture.result(&delivery, AttemptResult::HardBounced(Refusal::Blocked));
        }
    }
    assert!(subscribers.iter().all(|key| fixture.state.subscribers.contains_key(key)));
}

#[test]
fn an_endpoint_that_nobody_confirmed_and_that_is_gone_is_forgotten() {
    let mut fixture = Fixture::new();
    let new =
        NewSubscriber { channel: Channel::Discord, ..asked("https://discord.com/api/webhooks/1/a", all()) };
    let (key, sent) = fixture.ask(new);
    fixture.result(&sent[0], AttemptResult::Quarantined);
    assert!(!fixture.state.subscribers.contains_key(&key.expect("made")));
    fixture.assert_stored();
}

#[test]
fn a_removal_is_told_by_id_and_reason() {
    let mut fixture = Fixture::new();
    let new = NewSubscriber { consent: Consent::Import, ..asked("ann@example.com", all()) };
    let key = fixture.ask(new).0.expect("made");
    let id = fixture.state.subscribers[&key].id.clone();
    let (_, sent) = fixture.ask(asked("bob@example.com", all()));
    let delivery = Delivery { subscriber: key, ..notice(&sent[0]) };
    let changes = fixture.result(&delivery, AttemptResult::HardBounced(Refusal::Rejected));
    assert_eq!(changes, [], "once is not enough");
    let changes = fixture.result(&delivery, AttemptResult::HardBounced(Refusal::Complaint));
    let told = |one: &Change| matches!(one, Change::SubscriberSuppressed { subscriber, refusal: Refusal::Complaint, .. } if *subscriber == id);
    assert!(changes.len() == 1 && told(&changes[0]), "{changes:?}");
}
