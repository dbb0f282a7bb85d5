//! Removes what expires: addresses that nobody confirmed, digests of addresses that bounced, subscribers that follow only what
//! is over.

use super::Changes;
use super::subscribe::{put, remove};
use crate::state::{IncidentKey, State, SubscriberKey, WindowKey};
use crate::subscriber::{FOLLOWED_KEPT, SUPPRESSED_KEPT, Subscriber, UNCONFIRMED_KEPT};
use crate::time::Timestamp;

/// The greatest number that one turn of the housekeeping forgets.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// Everything that is due for a subscriber by time alone.
pub(super) fn due(state: &mut State, key: SubscriberKey, now: Timestamp, changes: &mut Changes) {
    if state.subscribers.get(&key).and_then(Subscriber::expires).is_some_and(|at| at <= now) {
        remove(state, key, changes);
    }
}

/// Forgets the digests of addresses whose time is over, a limited number at once; returns how many.
pub(super) fn forget_suppressed(state: &mut State, now: Timestamp, changes: &mut Changes) -> usize {
    let over = state.suppressed.iter().filter(|(_, at)| **at + SUPPRESSED_KEPT <= now);
    let over: Vec<[u8; 32]> = over.take(FORGOTTEN_AT_ONCE).map(|(digest, _)| *digest).collect();
    for digest in &over {
        state.suppressed.remove(digest);
        changes.touched.suppressed(*digest);
    }
    over.len()
}

/// Forgets subscribers that follow nothing that is not over for [`FOLLOWED_KEPT`], what was asked for and never confirmed, and
/// former secrets, a limited number at once; returns how many.
pub(super) fn forget_over(state: &mut State, now: Timestamp, changes: &mut Changes) -> usize {
    let stale = state.subscribers.iter().filter(|(_, one)| is_over(state, one, now) || holds_over(one, now));
    let stale: Vec<SubscriberKey> = stale.map(|(key, _)| *key).take(FORGOTTEN_AT_ONCE).collect();
    for key in &stale {
        let Some(mut one) = state.subscribers.get(key).cloned() else { continue };
        if is_over(state, &one, now) {
            remove(state, *key, changes);
            continue;
        }
        one.wanted.take_if(|_| one.asked_at.is_none_or(|asked| asked + UNCONFIRMED_KEPT <= now));
        if let Some(secret) = one.secret.as_mut() {
            secret.former.take_if(|(_, until)| *until <= now);
        }
        put(state, *key, one, changes);
    }
    stale.len()
}

/// Whether all that a subscriber follows ended long ago, and it hears of nothing else.
fn is_over(state: &State, one: &Subscriber, now: Timestamp) -> bool {
    let incident = |key: &IncidentKey| match state.incidents.get(key) {
        Some(incident) if incident.is_open() => Timestamp::FAR,
        Some(incident) => incident.resolved_at.unwrap_or(incident.updated_at),
        None => Timestamp(0),
    };
    let window = |key: &WindowKey| match state.windows.get(key) {
        Some(window) => window.ended_at().unwrap_or(Timestamp::FAR),
        None => Timestamp(0),
    };
    let ends = one.scope.incidents.iter().map(incident).chain(one.scope.windows.iter().map(window));
    let last = ends.max().unwrap_or(Timestamp(0)).max(one.updated_at);
    one.scope.page.is_none() && one.wanted.is_none() && last < Timestamp::FAR && last + FOLLOWED_KEPT <= now
}

fn holds_over(one: &Subscriber, now: Timestamp) -> bool {
    let wanted = one.wanted.is_some() && one.asked_at.is_none_or(|asked| asked + UNCONFIRMED_KEPT <= now);
    let former = one.secret.as_ref().and_then(|secret| secret.former.as_ref());
    wanted || former.is_some_and(|(_, until)| *until <= now)
}
