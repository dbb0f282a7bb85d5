//! Deliveries as operators look for them and send them again. They are rows, so each part is read from the store.

use super::Intake;
use super::shown_address;
use serde_json::{Value, json};
use skerry_domain::delivery::{AttemptResult, Delivery, DeliveryState};
use skerry_domain::notice::{Notice, NoticeSubject};
use skerry_domain::state::{IncidentKey, NoticeKey, State, SubscriberKey, WindowKey};
use skerry_domain::step::{Attempted, Command};
use skerry_domain::subscriber::SubscriberState;
use skerry_domain::time::Timestamp;
use skerry_store::{DeliveriesOf, Reader, StoreError};
use std::cmp::Reverse;

/// The number of deliveries that are sent again at once, so that the engine serves others in between.
pub const PORTION: usize = 250;
/// The states of deliveries that may be sent again: nobody refused them.
pub const RESENT: [DeliveryState; 2] = [DeliveryState::Failed, DeliveryState::SoftBounced];
/// How many of a subscriber are read at a time.
const READ: usize = 500;

/// Which deliveries are wanted. They come newest first; those of several notices by notice, and then newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of these notices. `None`: of any.
    pub notices: Option<Vec<NoticeKey>>,
    /// To these subscribers. `None`: to any.
    pub subscribers: Option<Vec<SubscriberKey>>,
    /// In these states; empty: in any.
    pub states: Vec<DeliveryState>,
}

impl Wanted {
    fn has(&self, one: &Delivery) -> bool {
        let of_notice = |all: &Vec<NoticeKey>| one.notice.is_some_and(|notice| all.contains(&notice));
        self.notices.as_ref().is_none_or(of_notice)
            && (self.states.is_empty() || self.states.contains(&one.state))
    }

    fn states(&self) -> &[DeliveryState] {
        if self.states.is_empty() { DeliveryState::ALL } else { &self.states }
    }
}

/// The notices of an incident with its postmortem.
#[must_use]
pub fn notices_of_incident(state: &State, key: IncidentKey) -> Vec<NoticeKey> {
    notices_of(state, [NoticeSubject::Incident(key), NoticeSubject::Postmortem(key)])
}

/// The notices of maintenance with its reminder.
#[must_use]
pub fn notices_of_window(state: &State, key: WindowKey) -> Vec<NoticeKey> {
    notices_of(state, [NoticeSubject::Maintenance(key), NoticeSubject::Reminder(key)])
}

fn notices_of(state: &State, subjects: [NoticeSubject; 2]) -> Vec<NoticeKey> {
    subjects.into_iter().flat_map(|subject| state.notices_of(subject)).map(|(key, _)| key).collect()
}

/// The wanted deliveries behind one, or from the beginning, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn list(
    reader: &Reader,
    state: &State,
    wanted: &Wanted,
    after: Option<&Delivery>,
    limit: usize,
) -> Result<Vec<Delivery>, StoreError> {
    let workspace = state.workspace.key;
    let before = after.map_or(i64::MAX, |one| one.key.0);
    if let Some(subscribers) = &wanted.subscribers {
        let mut found = Vec::new();
        for subscriber in subscribers {
            found.extend(to_subscriber(reader, state, (wanted, *subscriber), before, limit)?);
        }
        return Ok(newest(found, limit));
    }
    if wanted.notices.is_none() && wanted.states.is_empty() {
        return reader.deliveries_before((workspace, DeliveriesOf::Workspace), before, limit);
    }
    let mut found = Vec::new();
    let groups = groups(state, wanted);
    let behind = groups.iter().skip_while(|group| after.is_some_and(|one| one.notice != **group));
    for group in behind {
        let is_first = after.is_some_and(|one| one.notice == *group);
        let before = if is_first { before } else { i64::MAX };
        let left = limit - found.len();
        let mut of_group = Vec::new();
        for of_state in wanted.states() {
            let which = DeliveriesOf::Notice(*group, *of_state);
            of_group.extend(reader.deliveries_before((workspace, which), before, left)?);
        }
        found.extend(newest(of_group, left));
        if found.len() == limit {
            break;
        }
    }
    Ok(found)
}

/// The notices to look through, the newest first; what carries none comes last.
fn groups(state: &State, wanted: &Wanted) -> Vec<Option<NoticeKey>> {
    match &wanted.notices {
        Some(notices) => {
            let mut notices = notices.clone();
            notices.sort_by_key(|key| Reverse(*key));
            notices.dedup();
            notices.into_iter().map(Some).collect()
        }
        None => state.notices.keys().rev().map(|key| Some(*key)).chain([None]).collect(),
    }
}

fn to_subscriber(
    reader: &Reader,
    state: &State,
    (wanted, subscriber): (&Wanted, SubscriberKey),
    mut before: i64,
    limit: usize,
) -> Result<Vec<Delivery>, StoreError> {
    let which = (state.workspace.key, DeliveriesOf::Subscriber(subscriber));
    let mut found = Vec::new();
    loop {
        let read = reader.deliveries_before(which, before, READ)?;
        let is_last = read.len() < READ;
        before = read.last().map_or(before, |one| one.key.0);
        found.extend(read.into_iter().filter(|one| wanted.has(one)));
        if is_last || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
    }
}

fn newest(mut found: Vec<Delivery>, limit: usize) -> Vec<Delivery> {
    found.sort_by_key(|one| Reverse(one.key));
    found.truncate(limit);
    found
}

/// The commands that send deliveries again at once. Who has left, or hears nothing for now, is left out.
#[must_use]
pub fn resend(state: &State, deliveries: &[Delivery], intake: &Intake, now: Timestamp) -> Vec<Command> {
    let hears = |one: &&Delivery| {
        let subscriber = state.subscribers.get(&one.subscriber);
        subscriber.is_some_and(|one| one.state == SubscriberState::Active)
    };
    deliveries.iter().filter(hears).map(|one| again(state, one, intake, now)).collect()
}

/// The command that tries a delivery once more at once.
#[must_use]
pub fn again(state: &State, delivery: &Delivery, intake: &Intake, now: Timestamp) -> Command {
    let subscriber = state.subscribers.get(&delivery.subscriber);
    let digest = subscriber.map_or([0; 32], |one| intake.digest(one.channel, &one.address));
    Command::Attempted(Box::new(Attempted {
        delivery: delivery.clone(),
        tried: false,
        result: AttemptResult::Later(now),
        answer: None,
        digest,
    }))
}

/// Why a delivery cannot be tried now. It reads on behind its name.
///
/// # Errors
/// It cannot.
pub fn may_be_tried(state: &State, delivery: &Delivery, now: Timestamp) -> Result<(), String> {
    let waits = delivery.state == DeliveryState::Queued && delivery.next_at.is_some_and(|at| at > now);
    if !waits && !RESENT.contains(&delivery.state) {
        return Err(match delivery.state {
            DeliveryState::Queued => "is due now and waits for its turn".to_owned(),
            other => format!(
                "is {}: only what failed, soft-bounced or waits for its next attempt is tried",
                other.name()
            ),
        });
    }
    if !state.subscribers.contains_key(&delivery.subscriber) {
        return Err("goes to nobody: its subscriber has left".to_owned());
    }
    Ok(())
}

/// A delivery as JSON; `whole` shows the address.
#[must_use]
pub fn object(state: &State, one: &Delivery, whole: bool) -> Value {
    let notice = one.notice.and_then(|key| state.notices.get(&key));
    let subscriber = state.subscribers.get(&one.subscriber);
    let address = subscriber.map(|one| shown_address(one, whole));
    json!({
        "id": one.id,
        "message": one.message.name(),
        "notice": notice.map(|one| &one.id),
        "subject": notice.map(|one| subject(state, one)),
        // It has left, or was removed, since.
        "subscriber": subscriber.map(|one| &one.id),
        "address": address,
        "channel": subscriber.map(|one| one.channel.name()),
        "state": one.state.name(),
        "attempts": one.attempts,
        "queued_at": one.queued_at.to_string(),
        "next_at": one.next_at.map(|at| at.to_string()),
        "updated_at": one.updated_at.to_string(),
        "answer": one.answer,
    })
}

/// What a notice is about, by kind and id.
#[must_use]
pub fn subject(state: &State, notice: &Notice) -> Value {
    let id = match notice.subject {
        NoticeSubject::Incident(key) | NoticeSubject::Postmortem(key) => {
            state.incidents.get(&key).map(|one| one.id.clone())
        }
        NoticeSubject::Maintenance(key) | NoticeSubject::Reminder(key) => {
            state.windows.get(&key).map(|one| one.id.clone())
        }
        NoticeSubject::Announcement(key) => state.announcements.get(&key).map(|one| one.id.clone()),
        NoticeSubject::Status(key) => state.components.get(&key).map(|one| one.id.clone()),
        NoticeSubject::Report(month) => {
            let (year, number) = month.year_and_month();
            Some(format!("{year:04}-{number:02}"))
        }
    };
    json!({ "kind": notice.subject.parts().0.name(), "id": id })
}

/// A notice as JSON, with how many of its deliveries are in each state.
///
/// # Errors
/// [`StoreError`].
pub fn notice_object(
    reader: &Reader,
    state: &State,
    (key, notice): (NoticeKey, &Notice),
) -> Result<Value, StoreError> {
    let mut counts = serde_json::Map::new();
    for known in DeliveryState::ALL {
        counts.insert(known.name().to_owned(), 0.into());
    }
    for (of, count) in reader.delivery_counts((state.workspace.key, key))? {
        counts.insert(of.name().to_owned(), count.into());
    }
    let page = state.pages.get(&notice.page).map(|page| &page.id);
    Ok(json!({
        "id": notice.id,
        "page_id": page,
        "subject": subject(state, notice),
        "update_ids": updates(state, notice),
        "at": notice.at.to_string(),
        "due_at": notice.due_at.to_string(),
        "done_at": notice.progress.done_at.map(|at| at.to_string()),
        "deliveries": counts,
    }))
}

/// The ids of the updates that a notice tells of.
fn updates<'s>(state: &'s State, notice: &Notice) -> Vec<&'s str> {
    let told = |number: i64| notice.updates.contains(&number);
    match notice.subject {
        NoticeSubject::Incident(key) => {
            let all = state.incidents.get(&key).into_iter().flat_map(|one| &one.updates);
            all.filter(|one| told(one.number)).map(|one| one.id.as_str()).collect()
        }
        NoticeSubject::Maintenance(key) => {
            let all = state.windows.get(&key).into_iter().flat_map(|one| one.updates.iter());
            all.filter(|one| told(one.number)).map(|one| one.id.as_str()).collect()
        }
        _ => Vec::new(),
    }
}
