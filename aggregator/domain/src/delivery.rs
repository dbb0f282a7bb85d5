//! Deliveries: one notice to one subscriber. They are rows and no part of the state: a delivery is made with its notice, and
//! each attempt changes its row through a step.

use super::keys::{DeliveryKey, NoticeKey, SubscriberKey};
use super::named::named;
use super::subscriber::Channel;
use super::time::{HOUR, Timestamp};

/// The priorities of deliveries, the most urgent first.
pub const PRIORITIES: std::ops::Range<i64> = 0..4;
/// The greatest length of an answer that is kept, in characters.
pub const LONGEST_ANSWER: usize = 500;

named! {
    /// What became of a delivery.
    DeliveryState {
        /// It waits for its first or next attempt.
        Queued = "queued",
        /// The next relay, or the endpoint, has taken it.
        Delivered = "delivered",
        /// A mailbox was full, or a relay gave up after refusals that are not final.
        SoftBounced = "soft_bounced",
        /// Refused for good.
        HardBounced = "hard_bounced",
        /// The subscriber had left before it went.
        Unsubscribed = "unsubscribed",
        /// Given up after all attempts.
        Failed = "failed",
        /// What it says is no longer published.
        Cancelled = "cancelled",
    }
}

named! {
    /// What a delivery carries.
    Message {
        /// A notice.
        Notice = "notice",
        /// A link to confirm the subscription.
        Confirm = "confirm",
        /// A link to manage the subscription, which its owner asked for.
        Manage = "manage",
        /// That its endpoint failed for too long and gets nothing more, with the link to manage, whose page sends a test message.
        Quarantined = "quarantined",
        /// A test of its endpoint, which its owner asked for: no row is made of it.
        Test = "test",
    }
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its row key.
    pub key: DeliveryKey,
    /// 12 random lower-case alphanumerics: in the return path of mails, and the `webhook-id`.
    pub id: String,
    /// What it carries.
    pub message: Message,
    /// The notice. `None`: it carries none.
    pub notice: Option<NoticeKey>,
    /// The subscriber; it may have left since.
    pub subscriber: SubscriberKey,
    /// How it is reached.
    pub channel: Channel,
    /// Deliveries of a lower number go first.
    pub priority: i64,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u64,
    /// When it was made.
    pub queued_at: Timestamp,
    /// When it is tried next. `None`: it is not.
    pub next_at: Option<Timestamp>,
    /// When it was last tried or changed.
    pub updated_at: Timestamp,
    /// The last answer, for operators.
    pub answer: Option<String>,
}

named! {
    /// What the refusal of a mail says of its address.
    Refusal {
        /// It does not exist: it is removed at once.
        Final = "final",
        /// Its owner complained: it is removed at once, however many mails bounce.
        Complaint = "complaint",
        /// The sender is refused, as by a block list: it says nothing of the address.
        Blocked = "blocked",
        /// Refused for another reason: it is removed once mails were refused on three days within [`super::subscriber::REFUSALS_COUNT`].
        Rejected = "rejected",
    }
}

/// What an attempt led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// Taken.
    Delivered,
    /// It is tried again.
    Later(Timestamp),
    /// It is not tried again, and that says nothing of the address.
    Failed,
    /// The same, after temporary refusals.
    SoftBounced,
    /// The same, for a mailbox that is full: its subscriber is removed after five such days within
    /// [`super::subscriber::REFUSALS_COUNT`].
    MailboxFull,
    /// Refused for good.
    HardBounced(Refusal),
    /// The endpoint failed until the last attempt: its subscriber is quarantined, and told as soon as the endpoint takes that.
    Quarantined,
    /// The endpoint wants no more, or leads where nothing may be sent: its subscriber is quarantined.
    EndpointRefused,
    /// The subscriber has left.
    Unsubscribed,
    /// What it says is no longer published.
    Cancelled,
}

impl AttemptResult {
    /// The state of the delivery, and when it is tried next.
    #[must_use]
    pub fn state(&self) -> (DeliveryState, Option<Timestamp>) {
        match self {
            Self::Delivered => (DeliveryState::Delivered, None),
            Self::Later(at) => (DeliveryState::Queued, Some(*at)),
            Self::Failed | Self::Quarantined | Self::EndpointRefused => (DeliveryState::Failed, None),
            Self::SoftBounced | Self::MailboxFull => (DeliveryState::SoftBounced, None),
            Self::HardBounced(_) => (DeliveryState::HardBounced, None),
            Self::Unsubscribed => (DeliveryState::Unsubscribed, None),
            Self::Cancelled => (DeliveryState::Cancelled, None),
        }
    }
}

/// The mails of an hour or so, and how many of them bounced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounces {
    /// The mails that were taken or refused.
    pub tried: u64,
    /// Those that were refused.
    pub refused: u64,
}

/// The bounces of the present hour and of the one before it, so that a block list does not empty the list of subscribers, at no
/// turn of an hour either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BounceRate {
    hour: i64,
    present: Bounces,
    before: Bounces,
}

/// More bounces of an hour than this, and more than one in [`MANY_OF`] mails, remove nobody.
pub const MANY: u64 = 20;
/// See [`MANY`].
pub const MANY_OF: u64 = 20;

impl BounceRate {
    /// Counts a mail of that time: whether it was tried now or came back, and whether it was refused.
    pub fn count(&mut self, at: Timestamp, tried: bool, refused: bool) {
        let hour = at.0.div_euclid(HOUR);
        if self.hour != hour {
            let before = if self.hour + 1 == hour { self.present } else { Bounces::default() };
            *self = Self { hour, before, ..Self::default() };
        }
        self.present.tried += u64::from(tried);
        self.present.refused += u64::from(refused);
    }

    /// The bounces of an hour that tell that the fault is not the addresses', and when it began: the hour of `at`, or the one
    /// before it.
    #[must_use]
    pub fn many(&self, at: Timestamp) -> Option<(Timestamp, Bounces)> {
        let hour = at.0.div_euclid(HOUR);
        let of_hours = [(self.hour, self.present), (self.hour - 1, self.before)];
        let are_many = |one: &Bounces| one.refused > MANY && one.refused * MANY_OF > one.tried;
        let mut near = of_hours.into_iter().filter(|(of, one)| *of >= hour - 1 && are_many(one));
        near.next().map(|(of, one)| (Timestamp(of.saturating_mul(HOUR)), one))
    }
}
