//! Decides when a page is rendered again: at once on a change, but at most five times a second; every 60 s as a refresh;
//! and when a quarter of an hour begins. It reads snapshots, lets a few threads render, and puts the results into the
//! [`Site`], so that its cost follows the changes. Refreshes leave threads free for changes.

mod edge;
mod list;
mod noted;
mod page;
mod pool;
mod restricted;
mod site;

use super::addresses::{Addresses, PageId, shown_pages};
use super::archive::ArchiveCache;
use super::build;
use super::compressor::{Compressed, Compressor};
use super::output::{Output, Site};
use super::published::Published;
use crate::engine::Engine;
use anyhow::Context;
use arc_swap::ArcSwap;
use crossbeam_channel::Receiver;
use edge::EdgeNotes;
use list::PageList;
use page::Page;
use pool::{Done, Outcome, Pool};
use restricted::RestrictedPages;
use skerry_domain::state::{WorkspaceKey, WorkspacePage};
use skerry_domain::step::Change;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two renderings of a page that changes continuously.
const MIN_INTERVAL: Duration = Duration::from_millis(200);
/// Before a page that could not be rendered is tried again.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Between two refreshes of a page.
const REFRESH_EVERY: Duration = Duration::from_secs(60);
/// Outputs get the best compression after this time without a change.
const QUIET: Duration = Duration::from_secs(30);
/// The publisher counts as stuck when every thread has been rendering for this long.
const STUCK: Duration = Duration::from_secs(30);

/// The publisher. Its thread runs until the engine stops.
pub struct Publisher {
    engine: Engine,
    changed: Receiver<Vec<(WorkspaceKey, Change)>>,
    site: Arc<ArcSwap<Site>>,
    /// The site as it will be stored next.
    next: Site,
    /// The pages that are not for everybody.
    restricted: RestrictedPages,
    /// `next` differs from the stored site.
    is_dirty: bool,
    addresses: Addresses,
    pages: BTreeMap<PageId, Page>,
    generation: u64,
    list: PageList,
    pool: Pool,
    cache: ArchiveCache,
    /// Pages that are being refreshed.
    refreshing: BTreeSet<PageId>,
    compressor: Compressor,
    /// Results that wait because their page is being rendered.
    compressed: Vec<Compressed>,
    turned: watch::Sender<()>,
    edge: EdgeNotes,
    failures: Arc<AtomicU64>,
}

impl Publisher {
    /// A publisher that has published nothing yet. `shared` are the outputs that belong to no page.
    #[must_use]
    pub fn new(
        engine: Engine,
        changed: Receiver<Vec<(WorkspaceKey, Change)>>,
        site: Arc<ArcSwap<Site>>,
        addresses: Addresses,
        shared: HashMap<String, Arc<Output>>,
    ) -> Self {
        Self {
            engine,
            changed,
            site,
            next: Site { shared: shared.into(), ..Site::default() },
            restricted: RestrictedPages::new(&addresses),
            is_dirty: true,
            addresses,
            pages: BTreeMap::new(),
            generation: 0,
            list: PageList::new(),
            pool: Pool::new(Arc::new(build::view)),
            cache: ArchiveCache::new(),
            refreshing: BTreeSet::new(),
            compressor: Compressor::start(),
            compressed: Vec::new(),
            turned: watch::Sender::new(()),
            edge: EdgeNotes::default(),
            failures: Arc::default(),
        }
    }

    /// Notifies of each turn of the thread; there is at least one a second.
    #[must_use]
    pub fn turned(&self) -> watch::Receiver<()> {
        self.turned.subscribe()
    }

    /// How far pages are published.
    #[must_use]
    pub fn published(&self) -> Published {
        Published::new(Arc::clone(&self.site), self.turned())
    }

    /// Counts the pages that could not be rendered.
    #[must_use]
    pub fn failures(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.failures)
    }

    /// Publishes every page once, so that listeners bound afterwards have pages to serve. Then starts the thread.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub fn start(mut self) -> anyhow::Result<std::thread::JoinHandle<()>> {
        self.publish_all()?;
        self.purge_everything();
        Ok(std::thread::Builder::new().name("publisher".to_owned()).spawn(move || self.run())?)
    }

    /// Publishes every page once.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub(super) fn publish_all(&mut self) -> anyhow::Result<()> {
        self.pool.start().context("no thread to render pages")?;
        self.cache.start(&self.failures).context("no thread to render the archive")?;
        // The first snapshot includes all earlier changes.
        self.changed.try_iter().for_each(drop);
        self.refresh_pages(&BTreeSet::new());
        self.turn();
        while self.pages.values().any(|page| page.busy.is_some() || page.is_urgent()) {
            let done = self.pool.done.recv().context("the threads that render pages have ended")?;
            self.finish(done);
            self.turn();
        }
        self.list.started = true;
        self.list_pages(true);
        self.store_site();
        Ok(())
    }

    /// Renders the list of pages if it is due, or `at_once`.
    fn list_pages(&mut self, at_once: bool) {
        if at_once || self.list.is_due() {
            let changed = at_once || self.list.is_changed();
            if self.list.render(&self.pages, &mut self.next, self.engine.now()) {
                self.is_dirty = true;
                if changed {
                    self.edge.stale_directory();
                }
            }
        }
    }

    fn run(mut self) {
        loop {
            crossbeam_channel::select! {
                recv(self.changed) -> changes => {
                    let Ok(changes) = changes else { return };
                    let more: Vec<_> = self.changed.try_iter().flatten().collect();
                    self.note(changes.into_iter().chain(more));
                }
                recv(self.pool.done) -> done => {
                    let Ok(done) = done else { return };
                    self.finish(done);
                }
                default(self.until_due()) => {}
            }
            self.turn();
        }
    }

    /// The time until the next changed page can be rendered; at most a second.
    fn until_due(&self) -> Duration {
        let idle = self.pages.values().filter(|page| page.dirty.is_some() && page.busy.is_none());
        let now = Instant::now();
        let next =
            idle.map(|page| page.not_before.map_or(Duration::ZERO, |at| at.saturating_duration_since(now)));
        let next = next.min().filter(|_| self.idle() > 0);
        next.unwrap_or(Duration::from_secs(1)).min(Duration::from_secs(1))
    }

    /// Updates which pages are public, and their addresses. Only new, moved and `saved` pages are rendered again, so that
    /// private changes do not show in the dates of others.
    fn refresh_pages(&mut self, saved: &BTreeSet<WorkspacePage>) {
        let (snapshot, now) = self.engine.present();
        let wanted = shown_pages(&snapshot.workspaces, &self.addresses, now);
        self.restricted.await_end(&wanted);
        let keys: BTreeSet<PageId> = wanted.iter().map(|wanted| wanted.key).collect();
        let removed: Vec<PageId> = self.pages.keys().filter(|key| !keys.contains(key)).copied().collect();
        for key in &removed {
            if let Some((address, publication)) = self.pages.remove(key).and_then(|page| page.shown) {
                self.hide(&address, &publication, None);
                self.edge.stale_page(&publication);
            }
        }
        let closing = self.restrict_pages(&wanted);
        for wanted in wanted {
            let (key, hosts) = (wanted.key, self.addresses.hosts_of(&wanted));
            let place = self.addresses.place_of(&wanted, &hosts);
            self.generation += 1;
            let generation = self.generation;
            let page = self.pages.entry(key).or_insert_with(|| Page::unpublished(key, generation));
            if saved.contains(&key.page) {
                page.mark_all();
            }
            if page.set_address(wanted, hosts, place) {
                self.show(key);
            }
        }
        self.list_pages(true);
        if closing || !removed.is_empty() {
            // Pages that are no longer public disappear before anything else is rendered.
            self.store_site();
        }
    }

    /// Collects results, starts what is due, and stores the site if it changed.
    fn turn(&mut self) {
        while let Ok(done) = self.pool.done.try_recv() {
            self.finish(done);
        }
        self.take_compressed();
        let ended = self.restricted.has_ended(self.engine.now());
        if self.restricted.options_changed(&self.addresses) || ended {
            self.refresh_pages(&BTreeSet::new());
        }
        for (key, page) in &mut self.pages {
            if page.take_compression_due(QUIET) {
                self.compressor.submit(*key, &page.publication);
            }
        }
        self.dispatch();
        self.list_pages(false);
        if self.is_dirty {
            self.store_site();
        }
        let all_stuck = self.idle() == 0
            && self.pages.values().filter_map(|page| page.busy).all(|since| since.elapsed() >= STUCK);
        if !all_stuck {
            self.turned.send_replace(());
        }
    }

    /// The number of idle threads.
    fn idle(&self) -> usize {
        self.pool.size.saturating_sub(self.pages.values().filter(|page| page.busy.is_some()).count())
    }

    /// Starts changed pages first, the longest waiting before all; then refreshes, the oldest first.
    fn dispatch(&mut self) {
        let (snapshot, now) = self.engine.present();
        let pages = self.pages.len();
        let mut urgent: Vec<(Instant, PageId)> = self
            .pages
            .iter()
            .filter(|(_, page)| page.is_urgent())
            .filter_map(|(key, page)| Some((page.dirty.as_ref()?.since, *key)))
            .collect();
        urgent.sort_unstable();
        let mut old: Vec<(Instant, PageId)> = self
            .pages
            .iter()
            .filter(|(_, page)| page.is_old(now, pages))
            .map(|(key, page)| (page.refreshed, *key))
            .collect();
        old.sort_unstable();
        old.truncate(self.pool.refresh_limit().saturating_sub(self.refreshing.len()));
        self.refreshing.extend(old.iter().map(|(_, key)| *key));
        let idle = self.idle();
        for (_, key) in urgent.into_iter().chain(old).take(idle) {
            let page = self.pages.get_mut(&key).expect("found above");
            if let Some(scope) = page.due(now, pages) {
                self.pool.submit(page.job(scope, Arc::clone(&snapshot), now, &self.cache));
            }
        }
        self.refreshing.retain(|key| self.pages.get(key).is_some_and(|page| page.busy.is_some()));
    }

    fn finish(&mut self, done: Done) {
        let pages = self.pages.len();
        let known = self.pages.get_mut(&done.page).filter(|page| page.generation == done.generation);
        let Some(page) = known else { return };
        page.busy = None;
        self.refreshing.remove(&done.page);
        match done.outcome {
            Outcome::Rendered(publication, figures) => {
                if page.is_changing {
                    self.edge.stale(&page.publication, &publication);
                }
                self.list.note(page, &publication);
                page.accept(publication, figures, &done.scope, done.started, pages);
            }
            Outcome::Gone => return,
            Outcome::Failed => {
                page.fail();
                self.failures.fetch_add(1, Ordering::Relaxed);
                if page.shown.is_none() {
                    return;
                }
            }
        }
        if page.address.place.url == done.url {
            self.show(done.page);
        } else if let Some((address, _)) = page.shown.clone() {
            // It moved meanwhile, and is rendered for its new address next.
            self.show_at(done.page, address);
        }
    }

    fn take_compressed(&mut self) {
        let waiting = std::mem::take(&mut self.compressed);
        for compressed in waiting.into_iter().chain(self.compressor.done()) {
            let Some(page) = self.pages.get_mut(&compressed.page) else { continue };
            if page.busy.is_some() {
                self.compressed.push(compressed);
                continue;
            }
            let Compressed { page: key, path, from, output } = compressed;
            let current = page.publication.outputs.get(&path);
            if current.is_some_and(|current| Arc::ptr_eq(current, &from)) {
                page.publication = Arc::new(page.publication.with([(path, output)]));
                if let Some((address, _)) = page.shown.clone() {
                    self.show_at(key, address);
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "publisher/pages_test.rs"]
mod pages_tests;
#[cfg(test)]
#[path = "publisher_test.rs"]
mod tests;
