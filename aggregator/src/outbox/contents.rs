//! What messages say, rendered once for all recipients of a notice and again after a moment, since what it is about may be
//! edited meanwhile.

use super::payload::Payload;
use crate::publish::Addresses;
use skerry_domain::delivery::{Delivery, Message};
use skerry_domain::state::{NoticeKey, PageKey, State, WorkspaceKey};
use skerry_domain::subscriber::Subscriber;
use skerry_domain::time::{SECOND, Timestamp};
use skerry_publish::messages::{self, Content, MessagePage};
use skerry_publish::view::Place;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How long a rendered notice is used, ms.
const FRESH: i64 = 2 * SECOND;
/// Notices that are kept; above it those that are no longer fresh are forgotten.
const MOST_KEPT: usize = 64;

/// What a message says, and where its page answers.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) content: Content,
    pub(super) place: Place,
    payload: OnceLock<Option<Payload>>,
}

impl Rendered {
    fn new(content: Content, place: Place) -> Self {
        Self { content, place, payload: OnceLock::new() }
    }

    /// The same for webhooks, rendered for the first of them.
    pub(super) fn payload(
        &self,
        state: &State,
        (page, notice): (PageKey, Option<NoticeKey>),
        now: Timestamp,
    ) -> Option<&Payload> {
        let notice = || notice.and_then(|key| state.notices.get(&key));
        self.payload.get_or_init(|| Payload::of(state, page, notice(), (&self.place.url, now))).as_ref()
    }
}

/// What was rendered, and when. `None`: it is no longer published.
type Kept = (Timestamp, Option<Arc<Rendered>>);

/// Renders, and remembers what it rendered.
#[derive(Debug)]
pub(super) struct Contents {
    addresses: Addresses,
    notices: Mutex<HashMap<(WorkspaceKey, NoticeKey), Kept>>,
}

impl Contents {
    pub(super) fn new(addresses: Addresses) -> Self {
        Self { addresses, notices: Mutex::default() }
    }

    /// What a delivery says. `None`: what it would say is no longer published.
    pub(super) fn of(
        &self,
        (workspace, state): (WorkspaceKey, &State),
        delivery: &Delivery,
        now: Timestamp,
    ) -> Option<Arc<Rendered>> {
        let Some(notice) = delivery.notice else {
            let subscriber = state.subscribers.get(&delivery.subscriber)?;
            return self.of_subscription(state, subscriber, delivery.message, now).map(Arc::new);
        };
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, rendered)) = notices.get(&(workspace, notice)).filter(|(at, _)| now - *at < FRESH) {
            return rendered.clone();
        }
        if notices.len() >= MOST_KEPT {
            notices.retain(|_, (at, _)| now - *at < FRESH);
        }
        let rendered = self.of_notice(state, notice, now).map(Arc::new);
        notices.insert((workspace, notice), (now, rendered.clone()));
        rendered
    }

    fn of_notice(&self, state: &State, notice: NoticeKey, now: Timestamp) -> Option<Rendered> {
        let notice = state.notices.get(&notice)?;
        let settings = &state.pages.get(&notice.page)?.settings;
        let place = Place::at(&self.addresses.url_of_page(settings));
        let page = MessagePage { state, page: notice.page, place: &place, now };
        Some(Rendered::new(messages::of_notice(page, notice)?, place.clone()))
    }

    fn of_subscription(
        &self,
        state: &State,
        subscriber: &Subscriber,
        message: Message,
        now: Timestamp,
    ) -> Option<Rendered> {
        let settings = &state.pages.get(&subscriber.page)?.settings;
        let place = Place::at(&self.addresses.url_of_page(settings));
        let page = MessagePage { state, page: subscriber.page, place: &place, now };
        let content = match message {
            Message::Confirm => {
                messages::confirmation(page, subscriber.wanted.as_ref().unwrap_or(&subscriber.scope))?
            }
            Message::Manage | Message::Notice => messages::management(page)?,
        };
        Some(Rendered::new(content, place.clone()))
    }
}
