//! What visitors see of incidents or planned windows, by page and time and by public id. It is derived at load, and after
//! each step from what the step touched. Drafts and windows that were not announced are not in it.

use super::incident::Incident;
use super::keys::{IncidentKey, PageKey, WindowKey};
use super::maintenance::PlannedWindow;
use super::state::State;
use super::time::{DAY, Timestamp};
use imbl::{OrdMap, OrdSet};
use std::sync::Arc;

/// How long after its end late data changes what visitors read of something, in ms: a spool keeps seven days. What data
/// that is later still changes is said with [`Change::PastCorrected`](super::step::Change::PastCorrected).
pub const SETTLED: i64 = 8 * DAY;

/// A row key with its bounds.
pub trait Key: Copy + Ord {
    /// Before all.
    const LEAST: Self;
    /// After all.
    const GREATEST: Self;
}

impl Key for IncidentKey {
    const LEAST: Self = Self(i64::MIN);
    const GREATEST: Self = Self(i64::MAX);
}

impl Key for WindowKey {
    const LEAST: Self = Self(i64::MIN);
    const GREATEST: Self = Self(i64::MAX);
}

/// The published ones of a kind. A copy shares its entries with the original.
#[derive(Clone, Debug, PartialEq)]
pub struct Published<K: Ord> {
    places: OrdMap<K, Place>,
    by_start: OrdSet<(PageKey, Timestamp, K)>,
    by_end: OrdSet<(PageKey, Timestamp, K)>,
    by_id: OrdMap<Arc<str>, K>,
}

/// Where one stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    page: PageKey,
    from: Timestamp,
    /// Never before `from`; [`Timestamp::FAR`] while it lasts or is still to come.
    to: Timestamp,
    id: Arc<str>,
}

impl<K: Ord> Default for Published<K> {
    fn default() -> Self {
        Self { places: OrdMap::new(), by_start: OrdSet::new(), by_end: OrdSet::new(), by_id: OrdMap::new() }
    }
}

impl<K: Key> Published<K> {
    /// Those of a page, the latest beginning first.
    pub fn newest(&self, page: PageKey) -> impl Iterator<Item = K> {
        let all = (page, Timestamp(i64::MIN), K::LEAST)..=(page, Timestamp::FAR, K::GREATEST);
        self.by_start.range(all).rev().map(|(.., key)| *key)
    }

    /// Those of a page that ended at `at` or later, or last, in the order of their ends.
    pub fn ending_since(&self, page: PageKey, at: Timestamp) -> impl Iterator<Item = K> {
        let since = (page, at, K::LEAST)..=(page, Timestamp::FAR, K::GREATEST);
        self.by_end.range(since).map(|(.., key)| *key)
    }

    /// Those of a page that began by `to` and ended at `from` or later.
    pub fn touching(&self, page: PageKey, from: Timestamp, to: Timestamp) -> impl Iterator<Item = K> {
        let began = move |key: &K| self.places.get(key).is_some_and(|place| place.from <= to);
        self.ending_since(page, from).filter(began)
    }

    /// The one with this public id.
    #[must_use]
    pub fn with_id(&self, id: &str) -> Option<K> {
        self.by_id.get(id).copied()
    }

    /// Places one anew; `None`: visitors do not see it.
    fn place(&mut self, key: K, place: Option<Place>) {
        if self.places.get(&key) == place.as_ref() {
            return;
        }
        if let Some(Place { page, from, to, id }) = self.places.remove(&key) {
            self.by_start.remove(&(page, from, key));
            self.by_end.remove(&(page, to, key));
            if self.by_id.get(&id) == Some(&key) {
                self.by_id.remove(&id);
            }
        }
        if let Some(place) = place {
            self.by_start.insert((place.page, place.from, key));
            self.by_end.insert((place.page, place.to, key));
            self.by_id.insert(Arc::clone(&place.id), key);
            self.places.insert(key, place);
        }
    }
}

fn of_incident(incident: &Incident) -> Option<Place> {
    let ended = incident.resolved_at.filter(|_| !incident.is_open());
    let (page, from) = (incident.page, incident.started_at);
    let to = ended.map_or(Timestamp::FAR, |at| at.max(from));
    incident.is_published().then(|| Place { page, from, to, id: incident.id.as_str().into() })
}

fn of_window(window: &PlannedWindow) -> Option<Place> {
    let (page, from) = (window.page?, window.from);
    let to = window.ended_at().map_or(Timestamp::FAR, |at| at.max(from));
    window.is_published().then(|| Place { page, from, to, id: window.id.as_str().into() })
}

impl State {
    /// Derives what is published from all incidents and planned windows, as after a load.
    pub fn derive_published(&mut self) {
        (self.published_incidents, self.published_windows) = (Published::default(), Published::default());
        for (key, incident) in self.incidents.iter() {
            self.published_incidents.place(*key, of_incident(incident));
        }
        for (key, window) in self.windows.iter() {
            self.published_windows.place(*key, of_window(window));
        }
    }

    /// Updates what is published after these changed, or were deleted.
    pub(crate) fn place_published<'a>(
        &mut self,
        incidents: impl IntoIterator<Item = &'a IncidentKey>,
        windows: impl IntoIterator<Item = &'a WindowKey>,
    ) {
        for key in incidents {
            self.published_incidents.place(*key, self.incidents.get(key).and_then(of_incident));
        }
        for key in windows {
            self.published_windows.place(*key, self.windows.get(key).and_then(of_window));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: PageKey = PageKey(1);

    fn at(page: PageKey, from: i64, to: i64, id: &str) -> Option<Place> {
        Some(Place { page, from: Timestamp(from), to: Timestamp(to), id: id.into() })
    }

    #[test]
    fn each_is_found_by_its_times_and_its_id_until_it_is_gone() {
        let mut published: Published<IncidentKey> = Published::default();
        let places = [
            at(PAGE, 10, 20, "a"),
            at(PAGE, 5, i64::MAX, "b"),
            at(PAGE, 30, 40, "c"),
            at(PageKey(2), 1, 50, "d"),
        ];
        for (key, place) in (1..).zip(places) {
            published.place(IncidentKey(key), place);
        }
        let keys = |found: &mut dyn Iterator<Item = IncidentKey>| found.map(|key| key.0).collect::<Vec<_>>();
        assert_eq!(keys(&mut published.newest(PAGE)), [3, 1, 2]);
        assert_eq!(keys(&mut published.ending_since(PAGE, Timestamp(20))), [1, 3, 2]);
        assert_eq!(keys(&mut published.ending_since(PAGE, Timestamp(21))), [3, 2]);
        assert_eq!(keys(&mut published.touching(PAGE, Timestamp(15), Timestamp(25))), [1, 2]);
        assert_eq!(published.with_id("d"), Some(IncidentKey(4)));
        let copy = published.clone();
        published.place(IncidentKey(1), at(PAGE, 10, 60, "a"));
        published.place(IncidentKey(3), None);
        assert_eq!(keys(&mut published.ending_since(PAGE, Timestamp(21))), [1, 2]);
        assert_eq!((published.with_id("c"), copy.with_id("c")), (None, Some(IncidentKey(3))));
    }
}
