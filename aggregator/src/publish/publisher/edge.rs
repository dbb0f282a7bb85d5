//! What the publisher notes for caches and copies outside. They are told of it once the site is stored, so that whoever
//! asks again gets the new bytes.

use super::super::output::Publication;
use super::super::purge::{Queue, page_key, stale_keys};
use super::Publisher;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::watch;

/// The key of the list of pages.
const DIRECTORY: &str = "directory";

#[derive(Debug)]
pub(super) struct EdgeNotes {
    queues: Vec<Arc<Queue>>,
    /// The keys of outputs with new bytes, by the key of the page.
    stale: BTreeMap<String, BTreeSet<String>>,
    stored: watch::Sender<()>,
}

impl Default for EdgeNotes {
    fn default() -> Self {
        Self { queues: Vec::new(), stale: BTreeMap::new(), stored: watch::Sender::new(()) }
    }
}

impl EdgeNotes {
    /// Notes a change of a page. No cache has a preview.
    pub(super) fn stale(&mut self, former: &Publication, now: &Publication) {
        if !self.queues.is_empty() && !now.place.preview {
            self.stale.entry(page_key(now)).or_default().extend(stale_keys(former, now));
        }
    }

    /// Notes that everything of a page is somewhere else, or gone.
    pub(super) fn stale_page(&mut self, page: &Publication) {
        if !page.place.preview {
            self.note(page_key(page));
        }
    }

    pub(super) fn stale_directory(&mut self) {
        self.note(DIRECTORY.to_owned());
    }

    fn note(&mut self, key: String) {
        if !self.queues.is_empty() && !key.is_empty() {
            self.stale.entry(key.clone()).or_default().insert(key);
        }
    }

    /// The site is stored.
    pub(super) fn tell(&mut self) {
        let mut stale = std::mem::take(&mut self.stale);
        stale.retain(|page, keys| !page.is_empty() && !keys.is_empty());
        if !stale.is_empty() {
            self.queues.iter().for_each(|queue| queue.add(&stale));
        }
        self.stored.send_replace(());
    }
}

impl Publisher {
    /// Adds to these queues what is to be purged.
    pub(in super::super) fn purge_with(&mut self, queues: Vec<Arc<Queue>>) {
        self.edge.queues = queues;
    }

    /// Notifies of each site that is stored.
    pub(in super::super) fn stored(&self) -> watch::Receiver<()> {
        self.edge.stored.subscribe()
    }

    /// Has every page purged once, also those that are private now: this process does not know what the one before it had
    /// still to purge.
    pub(super) fn purge_everything(&mut self) {
        let snapshot = self.engine.snapshot();
        let pages = snapshot.workspaces.iter().flat_map(|(_, state)| state.pages.values());
        for page in pages {
            self.edge.note(format!("page-{}", page.id));
        }
        self.edge.stale_directory();
        self.edge.tell();
    }
}
