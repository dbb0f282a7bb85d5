//! Deliveries of notices: made in portions when a notice is due, so that many subscribers hold up nothing; and what became of
//! each attempt, which changes its row and may remove an address.

use super::notify::put;
use super::{Change, Changes, Context, subscribe};
use crate::delivery::{AttemptResult, Delivery, DeliveryState, LONGEST_ANSWER, Message, Refusal};
use crate::notice::Notice;
use crate::schedule::Due;
use crate::state::{DeliveryKey, NoticeKey, State, SubscriberKey};
use crate::subscriber::{Channel, REFUSALS_COUNT, Subscriber, SubscriberState};
use crate::time::{DAY, Timestamp};
use std::collections::BTreeSet;

/// The number of subscribers that one tick considers for a notice.
const PORTION: usize = 250;
/// On how many days mails are refused before their address is removed.
const REFUSED_DAYS: usize = 3;
/// On how many days a mailbox is full before it is removed.
const FULL_DAYS: usize = 5;

/// Makes the next portion of the deliveries of a notice, or forgets it.
pub(super) fn due(state: &mut State, key: NoticeKey, context: Context, changes: &mut Changes) {
    let Some(mut notice) = state.notices.get(&key).filter(|one| one.next() <= context.now).cloned() else {
        return state.reschedule(Due::Notice(key));
    };
    if notice.progress.done_at.is_some() {
        state.remove_notice(key);
        changes.touched.notice(key);
        return state.reschedule(Due::Notice(key));
    }
    let turn = state.subscribers_of(notice.page, notice.progress.through);
    let turn: Vec<SubscriberKey> = turn.take(PORTION).collect();
    for subscriber in &turn {
        let early = notice.progress.early.remove(subscriber);
        let hearing = state.subscribers.get(subscriber);
        let hearing = hearing.filter(|one| one.hears(&notice) && notice.says_more(state, one));
        if let Some(channel) = hearing.map(|one| one.channel).filter(|_| !early) {
            deliver(state, (key, &mut notice), (*subscriber, channel), context, changes);
        }
        notice.progress.through = *subscriber;
    }
    if turn.len() < PORTION {
        notice.progress.done_at = Some(context.now);
        notice.progress.early.clear();
    }
    put(state, key, notice, changes);
}

/// Makes the deliveries of all waiting notices to one subscriber whose choices are about to change: the choices at the time
/// of the change decide what it is told. Who heard nothing until now hears only what joins later.
pub(super) fn consider_early(
    state: &mut State,
    subscriber: SubscriberKey,
    context: Context,
    changes: &mut Changes,
) {
    let hearing = state.subscribers.get(&subscriber).filter(|one| one.state == SubscriberState::Active);
    let Some(one) = hearing.cloned() else { return };
    let waiting: Vec<NoticeKey> = state.open_notices.iter().copied().collect();
    for key in waiting {
        let Some(mut notice) = state.notices.get(&key).cloned() else { continue };
        if notice.page != one.page || notice.has_considered(subscriber) {
            continue;
        }
        if one.hears(&notice) && notice.says_more(state, &one) {
            deliver(state, (key, &mut notice), (subscriber, one.channel), context, changes);
        }
        notice.progress.early.insert(subscriber);
        put(state, key, Notice { joins: false, ..notice }, changes);
    }
}

fn deliver(
    state: &mut State,
    (key, notice): (NoticeKey, &mut Notice),
    subscriber: (SubscriberKey, Channel),
    context: Context,
    changes: &mut Changes,
) {
    notice.progress.deliveries += 1;
    let priority = notice.subject.priority();
    // More of the subject may join the notice until it is due.
    let at = notice.due_at.max(context.now);
    let delivery = queued(state, (Message::Notice, Some(key)), subscriber, (priority, at), context);
    changes.touched.delivery(delivery);
}

/// Sends a message that is about the subscription itself, at that time.
pub(super) fn send(
    state: &mut State,
    subscriber: SubscriberKey,
    (message, at): (Message, Timestamp),
    context: Context,
    changes: &mut Changes,
) {
    let Some(channel) = state.subscribers.get(&subscriber).map(|one| one.channel) else { return };
    let delivery = queued(state, (message, None), (subscriber, channel), (0, at), context);
    changes.touched.delivery(delivery);
}

fn queued(
    state: &mut State,
    (message, notice): (Message, Option<NoticeKey>),
    (subscriber, channel): (SubscriberKey, Channel),
    (priority, at): (i64, Timestamp),
    context: Context,
) -> Delivery {
    let key = DeliveryKey::next(&mut state.counters.deliveries);
    Delivery {
        key,
        id: context.ids.id("delivery", key.0),
        message,
        notice,
        subscriber,
        channel,
        priority,
        state: DeliveryState::Queued,
        attempts: 0,
        queued_at: context.now,
        next_at: Some(at),
        updated_at: context.now,
        answer: None,
    }
}

/// What became of an attempt, or of a mail that was taken and came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// The delivery as it was read.
    pub delivery: Delivery,
    /// Whether it was tried; a mail that came back was not.
    pub tried: bool,
    /// What it led to.
    pub result: AttemptResult,
    /// The answer, for operators; without the address.
    pub answer: Option<String>,
    /// The keyed digest of the address, for when it is removed.
    pub digest: [u8; 32],
}

pub(super) fn attempted(state: &mut State, one: &Attempted, context: Context, changes: &mut Changes) {
    let now = context.now;
    let (result, next_at) = one.result.state();
    let answer = one.answer.as_ref().map(|text| text.chars().take(LONGEST_ANSWER).collect());
    let delivery = Delivery {
        state: result,
        next_at,
        attempts: one.delivery.attempts + u64::from(one.tried),
        updated_at: now,
        answer: answer.or_else(|| one.delivery.answer.clone()),
        ..one.delivery.clone()
    };
    changes.touched.delivery(delivery);
    let key = one.delivery.subscriber;
    let Some(subscriber) = state.subscribers.get(&key).cloned() else { return };
    let is_mail = subscriber.channel == Channel::Email;
    let is_notice = one.delivery.message == Message::Notice;
    match one.result {
        // Strangers can have confirmations sent to addresses that do not exist.
        AttemptResult::Delivered if is_mail && is_notice => state.bounces.count(now, one.tried, false),
        AttemptResult::HardBounced(refusal) => {
            if is_mail && is_notice && refusal != Refusal::Complaint {
                state.bounces.count(now, one.tried, true);
            }
            refused(state, (key, subscriber), (refusal, one), now, changes);
        }
        AttemptResult::MailboxFull if is_notice => full(state, (key, subscriber), now, changes),
        // Nobody asked for it but whoever invented it.
        AttemptResult::Quarantined | AttemptResult::EndpointRefused if subscriber.confirmed_at.is_none() => {
            subscribe::remove(state, key, changes);
        }
        // What tells of a quarantine decides nothing.
        AttemptResult::Quarantined | AttemptResult::EndpointRefused
            if one.delivery.message == Message::Quarantined => {}
        AttemptResult::Quarantined | AttemptResult::EndpointRefused => {
            let is_told = one.result == AttemptResult::Quarantined && is_notice;
            quarantine(state, (key, subscriber), is_told, context, changes);
        }
        _ => {}
    }
}

/// Sends a subscriber nothing more until its owner confirms it again; `is_told`: its owner hears why, once the endpoint takes it.
fn quarantine(
    state: &mut State,
    (key, subscriber): (SubscriberKey, Subscriber),
    is_told: bool,
    context: Context,
    changes: &mut Changes,
) {
    let was_active = subscriber.state == SubscriberState::Active;
    let quarantined =
        Subscriber { state: SubscriberState::Quarantined, updated_at: context.now, ..subscriber };
    subscribe::put(state, key, quarantined, changes);
    changes.push(Change::SubscriberQuarantined(key));
    if is_told && was_active {
        send(state, key, (Message::Quarantined, context.now), context, changes);
    }
}

/// Removes an address whose mailbox stays full. Whoever empties it may subscribe again.
fn full(
    state: &mut State,
    (key, mut subscriber): (SubscriberKey, Subscriber),
    now: Timestamp,
    changes: &mut Changes,
) {
    if state.bounces.many(now).is_some() {
        return;
    }
    note_day(&mut subscriber.full_days, now);
    if subscriber.full_days.len() < FULL_DAYS {
        return subscribe::put(state, key, subscriber, changes);
    }
    subscribe::remove(state, key, changes);
    let days = subscriber.full_days.len();
    changes.push(Change::MailboxStayedFull { subscriber: subscriber.id, days });
}

/// Adds the present day to those of the last [`REFUSALS_COUNT`].
fn note_day(days: &mut BTreeSet<i64>, now: Timestamp) {
    let today = now.0.div_euclid(DAY);
    days.retain(|day| today - day < REFUSALS_COUNT);
    days.insert(today);
}

/// Removes an address that does not exist, whose owner complained, or that refused mails on three days. So many bounces that
/// the fault is not the addresses' remove nobody.
fn refused(
    state: &mut State,
    (key, mut subscriber): (SubscriberKey, Subscriber),
    (refusal, one): (Refusal, &Attempted),
    now: Timestamp,
    changes: &mut Changes,
) {
    if state.bounces.many(now).is_some() && refusal != Refusal::Complaint {
        return changes.push(Change::BouncesAreMany);
    }
    if refusal == Refusal::Blocked {
        return;
    }
    // Strangers can invent spellings of a mailbox that its server does not know: that says nothing of the mailbox.
    if subscriber.confirmed_at.is_none() && refusal == Refusal::Final {
        return subscribe::remove(state, key, changes);
    }
    note_day(&mut subscriber.refused_days, now);
    if refusal != Refusal::Rejected || subscriber.refused_days.len() >= REFUSED_DAYS {
        for subscriber in subscribe::suppress(state, key, one.digest, now, changes) {
            let answer = one.answer.clone();
            changes.push(Change::SubscriberSuppressed { subscriber, refusal, answer });
        }
    } else {
        subscribe::put(state, key, subscriber, changes);
    }
}
