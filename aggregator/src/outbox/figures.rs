//! What the outbox counts since the start, for the metrics.

use skerry_domain::state::{SubscriberKey, WorkspaceKey};
use skerry_domain::subscriber::Channel;
use skerry_domain::time::{HOUR, Timestamp};
use skerry_notify::Class;
use skerry_store::Waiting;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Attempts by channel and class of the answer, and what waits.
#[derive(Debug, Default)]
pub struct OutboxFigures {
    attempts: Mutex<BTreeMap<(Channel, &'static str), u64>>,
    /// When they were counted, and those that waited.
    waiting: Mutex<Option<(Timestamp, Vec<Waiting>)>>,
    mail_failure: Mutex<Option<MailFailure>>,
    failing: Mutex<BTreeMap<(WorkspaceKey, Channel), Failing>>,
}

/// No relay has begun a session for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFailure {
    /// When the first of the attempts failed.
    pub since: Timestamp,
    /// What the last of them led to, without an address.
    pub answer: String,
}

/// Nothing of a channel was taken for some time, and not for what its recipients are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// When the first of the attempts failed.
    pub since: Timestamp,
    /// When the last of them did.
    pub last: Timestamp,
    /// Whose messages have failed.
    pub subscribers: BTreeSet<SubscriberKey>,
    /// What the last of them led to, without an address.
    pub answer: String,
}

/// No more subscribers are noted: these are enough to see that the fault is not theirs.
const NOTED: usize = 10;
/// A failure that is older than this says nothing of the present, ms.
const FORGOTTEN_AFTER: i64 = HOUR;

impl OutboxFigures {
    /// Counts an attempt by the class of its answer.
    pub(super) fn attempted(&self, channel: Channel, class: Class) {
        let mut counts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((channel, class.name())).or_default() += 1;
    }

    /// Notes what became of a notice to a subscriber.
    pub(super) fn noted(
        &self,
        (workspace, channel): (WorkspaceKey, Channel),
        subscriber: SubscriberKey,
        (class, answer): (Class, &str),
        at: Timestamp,
    ) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match class {
            Class::Success => {
                failing.remove(&(workspace, channel));
            }
            // These say something of the recipient alone.
            Class::NoSuchAddress | Class::MailboxFull | Class::Rejected | Class::Gone | Class::Forbidden => {}
            _ => {
                let none =
                    || Failing { since: at, last: at, subscribers: BTreeSet::new(), answer: String::new() };
                let noted = failing.entry((workspace, channel)).or_insert_with(none);
                if at - noted.last > FORGOTTEN_AFTER {
                    *noted = none();
                }
                noted.last = at;
                if noted.subscribers.len() < NOTED {
                    noted.subscribers.insert(subscriber);
                }
                answer.clone_into(&mut noted.answer);
            }
        }
    }

    /// The channels of a workspace of which nothing is taken any more.
    #[must_use]
    pub fn failing(&self, workspace: WorkspaceKey, now: Timestamp) -> BTreeMap<Channel, Failing> {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let present = |(of, one): (&(WorkspaceKey, Channel), &Failing)| {
            (of.0 == workspace && now - one.last <= FORGOTTEN_AFTER).then(|| (of.1, one.clone()))
        };
        failing.iter().filter_map(present).collect()
    }

    /// A mail was tried. `failure`: what kept it from any relay.
    pub(super) fn mail(&self, failure: Option<&str>, at: Timestamp) {
        let mut noted = self.mail_failure.lock().unwrap_or_else(PoisonError::into_inner);
        *noted = failure.map(|answer| {
            let since = noted.as_ref().map_or(at, |former| former.since);
            MailFailure { since, answer: answer.to_owned() }
        });
    }

    /// That mails are handed to no relay, if the last attempts all failed.
    #[must_use]
    pub fn mail_failure(&self) -> Option<MailFailure> {
        self.mail_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of attempts by the name of the channel and of the class.
    #[must_use]
    pub fn attempts(&self) -> Vec<(&'static str, &'static str, u64)> {
        let counts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((channel, class), count)| (channel.name(), *class, *count)).collect()
    }

    pub(super) fn wait(&self, at: Timestamp, waiting: Vec<Waiting>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, waiting));
    }

    /// The deliveries that waited at that time, by channel. `None`: they were not counted yet.
    #[must_use]
    pub fn waiting(&self) -> Option<(Timestamp, Vec<Waiting>)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
