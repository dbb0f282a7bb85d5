//! What caches are still to be told: the keys of each page, at most one message per page and [`PAUSE`]. The publisher only
//! adds to it, and never waits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Between two messages about a page.
pub(super) const PAUSE: Duration = Duration::from_secs(5);
/// With more keys, the page is named as a whole.
const MOST_KEYS: usize = 60;

/// The keys of the outputs of a page that are to be purged, by the key of the page itself.
pub(in super::super) type Stale = BTreeMap<String, BTreeSet<String>>;

/// What is still to be purged.
#[derive(Debug, Default)]
pub(in super::super) struct Queue {
    pages: Mutex<BTreeMap<String, Page>>,
    pub(super) added: Notify,
}

#[derive(Debug, Default)]
struct Page {
    keys: BTreeSet<String>,
    /// After a message about it.
    not_before: Option<Instant>,
}

impl Page {
    fn is_due(&self, now: Instant) -> bool {
        !self.keys.is_empty() && self.not_before.is_none_or(|at| at <= now)
    }
}

impl Queue {
    /// Adds keys of outputs that visitors get with new bytes.
    pub(in super::super) fn add(&self, stale: &Stale) {
        let mut pages = self.lock();
        for (page, keys) in stale {
            merge(&mut pages.entry(page.clone()).or_default().keys, page, keys.iter().cloned());
        }
        drop(pages);
        self.added.notify_one();
    }

    /// Takes what may be sent now.
    pub(in super::super) fn take_due(&self, now: Instant) -> Stale {
        let mut pages = self.lock();
        pages.retain(|_, page| !page.keys.is_empty() || page.not_before.is_some_and(|at| at > now));
        let due = pages.iter_mut().filter(|(_, page)| page.is_due(now));
        let taken = due.map(|(key, page)| {
            page.not_before = Some(now + PAUSE);
            (key.clone(), std::mem::take(&mut page.keys))
        });
        taken.collect()
    }

    /// Takes back what could not be sent; it may be sent again at once.
    pub(super) fn give_back(&self, stale: Stale) {
        let mut pages = self.lock();
        for (key, keys) in stale {
            let page = pages.entry(key.clone()).or_default();
            page.not_before = None;
            merge(&mut page.keys, &key, keys);
        }
    }

    /// When something may be sent next; `None`: nothing waits.
    pub(in super::super) fn next_due(&self, now: Instant) -> Option<Instant> {
        let pages = self.lock();
        let waiting = pages.values().filter(|page| !page.keys.is_empty());
        waiting.map(|page| page.not_before.unwrap_or(now)).min()
    }

    /// The number of keys that wait.
    pub(super) fn len(&self) -> usize {
        self.lock().values().map(|page| page.keys.len()).sum()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Page>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds keys of a page; its own key stands for all of them.
fn merge(keys: &mut BTreeSet<String>, page: &str, more: impl IntoIterator<Item = String>) {
    if keys.contains(page) {
        return;
    }
    keys.extend(more);
    if keys.contains(page) || keys.len() > MOST_KEYS {
        *keys = BTreeSet::from([page.to_owned()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stale(page: &str, keys: &[&str]) -> Stale {
        Stale::from([(page.to_owned(), keys.iter().map(|key| (*key).to_owned()).collect())])
    }

    #[test]
    fn the_first_is_sent_at_once_and_those_after_it_together() {
        let (queue, now) = (Queue::default(), Instant::now());
        assert_eq!(queue.next_due(now), None);
        queue.add(&stale("page-a", &["page-a-index"]));
        assert_eq!(queue.next_due(now), Some(now));
        assert_eq!(queue.take_due(now), stale("page-a", &["page-a-index"]));
        queue.add(&stale("page-a", &["page-a-index"]));
        queue.add(&stale("page-a", &["page-a-history"]));
        queue.add(&stale("page-b", &["page-b-index"]));
        let soon = now + Duration::from_secs(1);
        assert_eq!(queue.take_due(soon), stale("page-b", &["page-b-index"]), "another page does not wait");
        assert_eq!(queue.next_due(soon), Some(now + PAUSE));
        assert_eq!(queue.take_due(now + PAUSE), stale("page-a", &["page-a-history", "page-a-index"]));
        assert_eq!((queue.len(), queue.next_due(now + PAUSE)), (0, None));
        assert_eq!(queue.take_due(now + PAUSE * 3), Stale::new());
        assert!(queue.lock().is_empty(), "nothing is kept of pages that rest");
    }

    #[test]
    fn what_could_not_be_sent_is_merged_with_what_came_meanwhile() {
        let (queue, now) = (Queue::default(), Instant::now());
        queue.add(&stale("page-a", &["page-a-index"]));
        let taken = queue.take_due(now);
        queue.add(&stale("page-a", &["page-a-history"]));
        queue.give_back(taken);
        assert_eq!(queue.take_due(now), stale("page-a", &["page-a-history", "page-a-index"]));
    }

    #[test]
    fn many_keys_become_that_of_the_page() {
        let (queue, now) = (Queue::default(), Instant::now());
        for number in 0..=MOST_KEYS {
            queue.add(&stale("page-a", &[&format!("page-a-{number}")]));
        }
        queue.add(&stale("page-a", &["page-a-index"]));
        assert_eq!(queue.take_due(now), stale("page-a", &["page-a"]));
    }
}
