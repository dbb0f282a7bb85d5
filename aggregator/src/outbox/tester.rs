//! Test messages to endpoints: sent at once, since their owners wait, and stored nowhere. An owner sees the class of the answer
//! alone, so that nobody can read another server's answers here.

use super::attempt::{Addressed, Attempts};
use super::limits::Limits;
use skerry_domain::delivery::{Delivery, DeliveryState, Message};
use skerry_domain::state::{DeliveryKey, SubscriberKey, WorkspaceKey};
use skerry_domain::subscriber::{Channel, Subscriber, SubscriberState};
use skerry_domain::time::Timestamp;
use skerry_notify::Class;
use std::sync::Arc;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tested {
    /// With an answer of this class.
    Answered(Class),
    /// Nothing was sent: the destination gets as many messages as it takes.
    TooSoon,
}

/// Sends test messages.
#[derive(Clone, Debug)]
pub struct EndpointTester {
    attempts: Arc<Attempts>,
    limits: Limits,
}

impl EndpointTester {
    pub(super) fn new(attempts: Arc<Attempts>, limits: Limits) -> Self {
        Self { attempts, limits }
    }

    /// Sends a test message to the endpoint of a subscriber that hears of the page. `None`: there is no such endpoint.
    pub async fn test(&self, workspace: WorkspaceKey, key: SubscriberKey) -> Option<Tested> {
        let (snapshot, now) = self.attempts.engine.present();
        let state = snapshot.workspaces.get(workspace)?;
        let subscriber = state.subscribers.get(&key)?;
        if subscriber.channel == Channel::Email || subscriber.state != SubscriberState::Active {
            return None;
        }
        let Ok(_permit) = self.limits.enter(subscriber.channel, &subscriber.address) else {
            return Some(Tested::TooSoon);
        };
        let delivery = delivery(key, subscriber, now);
        let rendered = self.attempts.contents.of((workspace, &snapshot), &delivery, now).await?;
        let to = Addressed { state, subscriber, place: &rendered.place, now };
        let outcome = self.attempts.hand_over(&to, &rendered, &delivery).await;
        Some(Tested::Answered(outcome.answer().class))
    }
}

/// No row is made of it.
fn delivery(subscriber: SubscriberKey, to: &Subscriber, now: Timestamp) -> Delivery {
    Delivery {
        key: DeliveryKey(0),
        id: format!("test-{:016x}", u64::from_ne_bytes(skerry_host::random::bytes())),
        message: Message::Test,
        notice: None,
        subscriber,
        channel: to.channel,
        priority: 0,
        state: DeliveryState::Queued,
        attempts: 0,
        queued_at: now,
        next_at: None,
        updated_at: now,
        answer: None,
    }
}
