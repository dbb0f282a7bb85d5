//! A table of what becomes of a delivery.

use super::*;
use skerry_domain::delivery::{DeliveryState, Message};
use skerry_domain::state::{DeliveryKey, NoticeKey, SubscriberKey};
use skerry_domain::time::HOUR;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn delivery(channel: Channel, attempts: u64, age: i64) -> Delivery {
    Delivery {
        key: DeliveryKey(1),
        id: "delivery0001".to_owned(),
        message: Message::Notice,
        notice: Some(NoticeKey(1)),
        subscriber: SubscriberKey(1),
        channel,
        priority: 0,
        state: DeliveryState::Queued,
        attempts,
        queued_at: NOW - age,
        next_at: Some(NOW),
        updated_at: NOW - age,
        answer: None,
    }
}

fn answer(class: Class) -> Answer {
    Answer { class, text: "answer".to_owned() }
}

fn later(class: Class) -> Outcome {
    Outcome::Later { answer: answer(class), after: None }
}

#[test]
fn a_refusal_decides_by_its_class() {
    let final_one = AttemptResult::HardBounced(Refusal::Final);
    for (channel, class, expected) in [
        (Channel::Email, Class::NoSuchAddress, final_one),
        (Channel::Email, Class::Rejected, AttemptResult::HardBounced(Refusal::Rejected)),
        (Channel::Email, Class::Policy, AttemptResult::HardBounced(Refusal::Blocked)),
        (Channel::Email, Class::MailboxFull, AttemptResult::MailboxFull),
        (Channel::Email, Class::Own, AttemptResult::Failed),
        (Channel::Webhook, Class::Gone, AttemptResult::EndpointRefused),
        (Channel::Webhook, Class::Forbidden, AttemptResult::EndpointRefused),
        (Channel::Slack, Class::Gone, AttemptResult::EndpointRefused),
        (Channel::Slack, Class::Rejected, AttemptResult::Failed),
        (Channel::Webhook, Class::Own, AttemptResult::Failed),
    ] {
        let settled = settled(&delivery(channel, 0, 0), &Outcome::Refused(answer(class)), NOW, 0.0);
        assert_eq!(settled, Settled::counted(expected), "{channel:?} {class:?}");
    }
}

#[test]
fn what_was_not_taken_is_tried_again_and_given_up_in_the_end() {
    let mail = |attempts, age| {
        settled(&delivery(Channel::Email, attempts, age), &later(Class::Unavailable), NOW, 0.0)
    };
    assert_eq!(mail(0, 0).result, AttemptResult::Later(NOW + 5 * MINUTE));
    assert_eq!(mail(1, 5 * MINUTE).result, AttemptResult::Later(NOW + 30 * MINUTE));
    assert_eq!(mail(50, 4 * DAY).result, AttemptResult::SoftBounced);
    let unreached = settled(&delivery(Channel::Email, 50, 4 * DAY), &later(Class::Unreachable), NOW, 0.0);
    assert_eq!(unreached.result, AttemptResult::Failed);
    let full = settled(&delivery(Channel::Email, 50, 4 * DAY), &later(Class::MailboxFull), NOW, 0.0);
    assert_eq!(full.result, AttemptResult::MailboxFull);
    let hook =
        |attempts| settled(&delivery(Channel::Webhook, attempts, HOUR), &later(Class::Timeout), NOW, 0.0);
    assert_eq!(hook(0).result, AttemptResult::Later(NOW + 5_000));
    assert_eq!(hook(9).result, AttemptResult::Quarantined);
}

#[test]
fn a_fault_of_our_own_uses_up_no_attempt_and_blames_no_address() {
    for channel in [Channel::Email, Channel::Webhook] {
        let waits = settled(&delivery(channel, 9, DAY), &later(Class::Own), NOW, 0.0);
        assert_eq!(waits, Settled { result: AttemptResult::Later(NOW + 5 * MINUTE), counts: false });
        let over = settled(&delivery(channel, 0, 4 * DAY), &later(Class::Own), NOW, 0.0);
        assert_eq!(over, Settled { result: AttemptResult::Failed, counts: false });
    }
}

#[test]
fn a_relay_that_begins_no_session_blames_no_delivery() {
    let without_relay = |class, attempts, age| {
        let outcome = Outcome::NoRelay(answer(class));
        settled(&delivery(Channel::Email, attempts, age), &outcome, NOW, 1.0)
    };
    for class in [Class::Unreachable, Class::Timeout, Class::Tls, Class::Unavailable, Class::Policy] {
        let waits = Settled { result: AttemptResult::Later(NOW + 5 * SECOND), counts: false };
        assert_eq!(without_relay(class, 0, 0), waits, "{class:?}");
        assert_eq!(without_relay(class, 50, 4 * DAY - 1), waits, "{class:?}");
        let over = Settled { result: AttemptResult::Failed, counts: false };
        assert_eq!(without_relay(class, 0, 4 * DAY), over, "{class:?}");
    }
    assert_eq!(without_relay(Class::Own, 0, 0).result, AttemptResult::Later(NOW + 5 * MINUTE));
}

#[test]
fn a_report_says_what_became_of_a_mail() {
    let report = |event, text: &str| {
        let status = skerry_notify::mail::answer::Status::at_start_of(text);
        reported(&Report::new("delivery0001", event, status, text))
    };
    let bounced = |refusal| Some(AttemptResult::HardBounced(refusal));
    assert_eq!(report(Event::Failed, "5.1.1 no such user"), bounced(Refusal::Final));
    assert_eq!(report(Event::Failed, "5.7.1 blocked"), bounced(Refusal::Blocked));
    assert_eq!(report(Event::Failed, "5.2.2 full"), Some(AttemptResult::MailboxFull));
    assert_eq!(report(Event::Failed, "4.2.2 full"), Some(AttemptResult::MailboxFull));
    assert_eq!(report(Event::Failed, "4.4.1 timed out"), Some(AttemptResult::SoftBounced));
    assert_eq!(report(Event::Complaint, ""), bounced(Refusal::Complaint));
    assert_eq!(report(Event::Delayed, "4.4.1 timed out"), None);
    assert_eq!(report(Event::Delivered, "2.0.0 ok"), None);
}
