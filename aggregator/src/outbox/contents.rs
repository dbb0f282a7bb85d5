//! What messages say, rendered once for all recipients of a notice and again after a moment, since what it is about may be
//! edited meanwhile.

use super::payload::Payload;
use crate::engine::Snapshot;
use crate::publish::Addresses;
use skerry_domain::delivery::{Delivery, Message};
use skerry_domain::state::{NoticeKey, State, WorkspaceKey};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_publish::messages::{self, Content, MessagePage};
use skerry_publish::view::Place;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// How long a rendered notice is used, ms.
const FRESH: i64 = 2 * SECOND;
/// Notices that are kept; above it those that are no longer fresh are forgotten.
const MOST_KEPT: usize = 64;

/// What a message says, and where its page answers.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) content: Content,
    pub(super) place: Place,
    /// The same for webhooks. `None`: what it would say is no longer published.
    pub(super) payload: Option<Payload>,
}

/// What was rendered, for all who wait for it. `None`: it is no longer published.
type Shared = Arc<OnceCell<Option<Arc<Rendered>>>>;

/// Renders, and remembers what it rendered.
#[derive(Debug)]
pub(super) struct Contents {
    addresses: Addresses,
    /// What is rendered, or will be, and since when.
    notices: Mutex<HashMap<(WorkspaceKey, NoticeKey), (Timestamp, Shared)>>,
}

impl Contents {
    pub(super) fn new(addresses: Addresses) -> Self {
        Self { addresses, notices: Mutex::default() }
    }

    /// What a delivery says at `now`, rendered on a thread of its own. `None`: what it would say is no longer published.
    pub(super) async fn of(
        &self,
        (workspace, snapshot): (WorkspaceKey, &Arc<Snapshot>),
        delivery: &Delivery,
        now: Timestamp,
    ) -> Option<Arc<Rendered>> {
        let render = async || {
            let (addresses, snapshot) = (self.addresses.clone(), Arc::clone(snapshot));
            let delivery = delivery.clone();
            let rendering = tokio::task::spawn_blocking(move || {
                rendered(&addresses, snapshot.workspaces.get(workspace)?, &delivery, now).map(Arc::new)
            });
            match rendering.await {
                Ok(rendered) => rendered,
                // A panic was logged, and goes on to the attempt.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        };
        match delivery.notice {
            Some(notice) => self.shared((workspace, notice), now).get_or_init(render).await.clone(),
            None => render().await,
        }
    }

    fn shared(&self, notice: (WorkspaceKey, NoticeKey), now: Timestamp) -> Shared {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, shared)) = notices.get(&notice).filter(|(at, _)| now - *at < FRESH) {
            return Arc::clone(shared);
        }
        if notices.len() >= MOST_KEPT {
            notices.retain(|_, (at, _)| now - *at < FRESH);
        }
        let shared = Shared::default();
        notices.insert(notice, (now, Arc::clone(&shared)));
        shared
    }
}

fn rendered(addresses: &Addresses, state: &State, delivery: &Delivery, now: Timestamp) -> Option<Rendered> {
    let notice = delivery.notice.map(|key| state.notices.get(&key));
    let subscriber = state.subscribers.get(&delivery.subscriber);
    let key = match notice {
        Some(notice) => notice?.page,
        None => subscriber?.page,
    };
    let place = Place::at(&addresses.url_of_page(&state.pages.get(&key)?.settings));
    let page = MessagePage { state, page: key, place: &place, now };
    let content = match (notice.flatten(), delivery.message) {
        (Some(notice), _) => messages::of_notice(page, notice)?,
        (None, Message::Confirm) => {
            let one = subscriber?;
            messages::confirmation(page, one.wanted.as_ref().unwrap_or(&one.scope))?
        }
        (None, Message::Quarantined) => messages::quarantine(page)?,
        (None, Message::Test) => messages::test(page)?,
        (None, Message::Manage | Message::Notice) => messages::management(page)?,
    };
    let payload = Payload::of(state, key, notice.flatten(), (&place.url, now));
    Some(Rendered { content, place: place.clone(), payload })
}
