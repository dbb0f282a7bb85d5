//! The other side of each channel: it answers as its people's habits are, remembers what it was offered, and works out by the
//! product's description who is removed for how it answered.

use super::history::Item;
use super::people::{Habit, Person};
use skerry_domain::delivery::{Delivery, Message};
use skerry_domain::state::DeliveryKey;
use skerry_domain::subscriber::Channel;
use skerry_domain::time::{DAY, HOUR};
use skerry_notify::mail::answer::{self, Step};
use skerry_notify::{Answer, Class, Outcome};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Attempts after which an endpoint that fails is quarantined.
const ATTEMPTS: usize = 10;
/// On how many days mails are refused before their address is removed.
const DAYS: usize = 3;
/// On how many days a mailbox is full before it is removed.
const FULL_DAYS: usize = 5;

/// What the reply of a mail server to the recipient means, as the line came.
pub(super) fn reply(line: &str) -> Outcome {
    let (code, text) = line.split_once(' ').expect("a code and a text");
    let code: u16 = code.parse().expect("a code");
    match code / 100 {
        2 => Outcome::Accepted(Answer::new(Class::Success, line)),
        _ => answer::outcome(Step::Recipient, code, text),
    }
}

/// A message as somebody was offered it.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    /// Of the first attempt.
    pub(super) first: i64,
    /// Of the last one.
    pub(super) last: i64,
    pub(super) items: Arc<Vec<Item>>,
    pub(super) attempts: usize,
    pub(super) taken: usize,
}

/// The mails of an hour, as the other side saw them.
#[derive(Default)]
struct Hour {
    number: i64,
    tried: u64,
    refused: u64,
}

#[derive(Default)]
pub(super) struct Post {
    /// Of each person.
    pub(super) offered: HashMap<usize, BTreeMap<DeliveryKey, Offered>>,
    /// Links to confirm, of each person.
    pub(super) links: HashMap<usize, BTreeSet<DeliveryKey>>,
    /// Deliveries whose answer was lost with the aggregator.
    pub(super) lost: BTreeSet<DeliveryKey>,
    /// Mails of which their owners complained.
    pub(super) complaints: Vec<(usize, Delivery)>,
    /// Endpoints that were quarantined since somebody looked.
    pub(super) quarantined: Vec<usize>,
    /// Hours in which so many mails were refused that nobody is removed.
    pub(super) bad_hours: usize,
    hour: Hour,
    refused_days: HashMap<usize, BTreeSet<i64>>,
    full_days: HashMap<usize, BTreeSet<i64>>,
}

impl Post {
    /// The aggregator counts the bounces of an hour anew after a start.
    pub(super) fn restart(&mut self) {
        self.hour = Hour::default();
    }

    /// Somebody is offered a message at `now`.
    pub(super) fn offer(
        &mut self,
        (number, person): (usize, &mut Person),
        delivery: &Delivery,
        items: &Arc<Vec<Item>>,
        now: i64,
    ) -> Outcome {
        let is_notice = delivery.message == Message::Notice;
        let attempts = if is_notice {
            let all = self.offered.entry(number).or_default();
            let offered = all.entry(delivery.key).or_insert_with(|| Offered {
                first: now,
                last: now,
                items: Arc::clone(items),
                attempts: 0,
                taken: 0,
            });
            assert_eq!(offered.items, *items, "a message says the same at each attempt");
            offered.attempts += 1;
            offered.last = now;
            offered.attempts
        } else {
            if delivery.message == Message::Confirm {
                self.links.entry(number).or_default().insert(delivery.key);
            }
            1
        };
        let outcome = self.answer((number, person), (delivery, attempts), now);
        if let (Outcome::Accepted(_), true) = (&outcome, is_notice) {
            let offered = self.offered.get_mut(&number).and_then(|all| all.get_mut(&delivery.key));
            offered.expect("it was offered").taken += 1;
        }
        outcome
    }

    fn answer(
        &mut self,
        (number, person): (usize, &mut Person),
        (delivery, attempts): (&Delivery, usize),
        now: i64,
    ) -> Outcome {
        let is_notice = delivery.message == Message::Notice;
        // Whoever confirms could be reached.
        let habit = if is_notice { person.habit } else { Habit::Takes };
        let is_mail = person.channel == Channel::Email;
        let outcome = match habit {
            Habit::Greylists if attempts == 1 => reply("451 4.7.1 Greylisted, try again later"),
            Habit::Vanishes(from) if from <= now => reply("550 5.1.1 No such user here"),
            Habit::Refuses(from) if from <= now => reply("550 5.6.0 Message not accepted"),
            Habit::Blocks => reply("550 5.7.1 Service unavailable; client blocked using zen.example.org"),
            Habit::IsFull => reply("552 5.2.2 Mailbox full"),
            Habit::Fails(from) if from <= now => {
                Outcome::Later { answer: Answer::new(Class::Unavailable, "HTTP 503"), after: None }
            }
            Habit::IsGone(from) if from <= now => Outcome::Refused(Answer::new(Class::Gone, "HTTP 410")),
            Habit::Complains(from) if from <= now && person.gone.is_none() => {
                if self.complaints.iter().all(|(one, _)| *one != number) {
                    self.complaints.push((number, delivery.clone()));
                }
                reply("250 2.0.0 Ok")
            }
            _ if is_mail => reply("250 2.0.0 Ok"),
            _ => Outcome::Accepted(Answer::new(Class::Success, "HTTP 200")),
        };
        if is_notice && person.gone.is_none() {
            self.judge((number, person), (habit, attempts), &outcome, now);
        }
        outcome
    }

    /// Who is removed or quarantined for this answer.
    fn judge(
        &mut self,
        (number, person): (usize, &mut Person),
        (habit, attempts): (Habit, usize),
        outcome: &Outcome,
        now: i64,
    ) {
        if person.channel != Channel::Email {
            let ends = match habit {
                Habit::Fails(_) => attempts == ATTEMPTS,
                Habit::IsGone(_) => !matches!(outcome, Outcome::Accepted(_)),
                _ => false,
            };
            if ends && person.quarantined.is_none() {
                person.quarantined = Some((now, i64::MAX));
                self.quarantined.push(number);
            }
            return;
        }
        let is_calm = !self.is_bad() || self.hour.number < now / HOUR - 1;
        if habit == Habit::IsFull && is_calm {
            let days = self.full_days.entry(number).or_default();
            days.insert(now / DAY);
            person.gone = person.gone.or((days.len() >= FULL_DAYS).then_some(now));
        }
        // A full mailbox bounces softly.
        let refused = matches!(outcome, Outcome::Refused(_)) && habit != Habit::IsFull;
        if !refused && !matches!(outcome, Outcome::Accepted(_)) {
            return;
        }
        let was_bad = self.is_bad();
        if self.hour.number != now / HOUR {
            self.hour = Hour { number: now / HOUR, ..Hour::default() };
        }
        self.hour.tried += 1;
        self.hour.refused += u64::from(refused);
        self.bad_hours += usize::from(!was_bad && self.is_bad());
        if !refused || self.is_bad() {
            return;
        }
        let goes = match habit {
            Habit::Vanishes(_) => true,
            Habit::Refuses(_) => {
                let days = self.refused_days.entry(number).or_default();
                days.insert(now / DAY);
                days.len() >= DAYS
            }
            _ => false,
        };
        person.gone = person.gone.or(goes.then_some(now));
    }

    /// Above 5 % and 20 bounces an hour.
    fn is_bad(&self) -> bool {
        self.hour.refused > 20 && self.hour.refused * 20 > self.hour.tried
    }
}
