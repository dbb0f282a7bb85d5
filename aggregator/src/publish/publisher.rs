//! Decides when a page is rendered again: at once on a change, then at most five times a second; every
//! 60 s as a heartbeat; when a day or an hour begins. Looks at the state between two commits, renders
//! apart from the writer, and swaps the whole [`Site`] in.

use super::addresses::{Addresses, Wanted, page_of, public_pages};
use super::build::{page_view, page_view_with_past};
use super::html;
use super::output::{CacheClass, Compression, Kind, Output, Publication, Site};
use super::outputs::{Figures, HTML, Scope, render};
use super::squeeze::{Squeezed, Squeezer};
use super::view::PageView;
use crate::engine::{CommandError, Engine};
use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use skerry_domain::state::PageKey;
use skerry_domain::step::Change;
use skerry_domain::time::{HOUR, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two renderings of one page that changes all the time.
const LEAST_APART: Duration = Duration::from_millis(200);
/// After a page could not be rendered.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// A page is verified again this often.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// Compression is done at its best after this long without a change.
const QUIET: Duration = Duration::from_secs(30);

struct Page {
    /// Its name, where it stands in the index of pages of the base host.
    listed: Option<String>,
    publication: Arc<Publication>,
    /// Those of the publication.
    figures: Figures,
    slug: String,
    /// It answers at `/` of every host that is no page's own.
    root: bool,
    /// Its address in links, feeds and JSON.
    url: String,
    /// Hosts of its own.
    hosts: Vec<String>,
    /// What must be rendered, and since when it waits.
    dirty: Option<Dirty>,
    rendered: Option<Instant>,
    beaten: Instant,
    changed: Instant,
    squeezed: bool,
    hour: i64,
}

#[derive(Default)]
struct Dirty {
    all: bool,
    components: BTreeSet<String>,
}

/// The publisher's thread body: runs until the engine is gone.
pub struct Publisher {
    engine: Engine,
    changed: Receiver<Vec<Change>>,
    site: Arc<ArcSwap<Site>>,
    addresses: Addresses,
    pages: BTreeMap<PageKey, Page>,
    shared: HashMap<String, Arc<Output>>,
    directory: Option<Arc<Output>>,
    squeezer: Squeezer,
    turned: watch::Sender<()>,
}

impl Publisher {
    /// A publisher with nothing published yet. `shared` are the outputs of no page.
    #[must_use]
    pub fn new(
        engine: Engine,
        changed: Receiver<Vec<Change>>,
        site: Arc<ArcSwap<Site>>,
        addresses: Addresses,
        shared: HashMap<String, Arc<Output>>,
    ) -> Self {
        let squeezer = Squeezer::start();
        let turned = watch::Sender::new(());
        Self {
            engine,
            changed,
            site,
            addresses,
            pages: BTreeMap::new(),
            shared,
            directory: None,
            squeezer,
            turned,
        }
    }

    /// Tells of each turn of the thread, of which there is one a second at least.
    #[must_use]
    pub fn turned(&self) -> watch::Receiver<()> {
        self.turned.subscribe()
    }

    /// Publishes every page once, so that what is bound next has something to show, then starts the
    /// thread that keeps it true.
    ///
    /// # Errors
    /// [`CommandError::Stopping`] when the engine has ended; an I/O error when no thread can be had.
    pub fn start(mut self) -> anyhow::Result<std::thread::JoinHandle<()>> {
        // What led to the state that is looked at next needs no rendering of its own.
        self.changed.try_iter().for_each(drop);
        self.refresh_pages(&BTreeSet::new())?;
        self.turn()?;
        Ok(std::thread::Builder::new().name("publisher".to_owned()).spawn(move || self.run())?)
    }

    fn run(mut self) {
        loop {
            match self.changed.recv_timeout(self.patience()) {
                Ok(changes) => {
                    let more: Vec<_> = self.changed.try_iter().flatten().collect();
                    if self.note(changes.into_iter().chain(more)).is_err() {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.turn().is_err() {
                return;
            }
        }
    }

    /// Until the next page is due, at most a second.
    fn patience(&self) -> Duration {
        let waits = self.pages.values().filter(|page| page.dirty.is_some());
        let next = waits
            .map(|page| page.rendered.map_or(Duration::ZERO, |at| LEAST_APART.saturating_sub(at.elapsed())));
        next.min().unwrap_or(Duration::from_secs(1)).min(Duration::from_secs(1))
    }

    fn note(&mut self, changes: impl Iterator<Item = Change>) -> Result<(), CommandError> {
        let (mut shown, mut saved) = (Vec::new(), Vec::new());
        for change in changes {
            match change {
                Change::Shown(component) => shown.push(component),
                other => saved.push(other),
            }
        }
        if !saved.is_empty() {
            let pages = self.engine.look(move |state, _| {
                saved.iter().filter_map(|change| page_of(state, change)).collect::<BTreeSet<_>>()
            })?;
            self.refresh_pages(&pages)?;
        }
        let pages = self.engine.look(move |state, _| {
            let known = shown.into_iter().filter_map(|key| state.components.get(&key));
            // One that visitors do not see must not be felt in when their page was rendered.
            let seen = known.filter(|component| component.settings.public && !component.archived);
            seen.map(|component| (component.id.clone(), component.page)).collect::<Vec<_>>()
        })?;
        for (component, page) in pages {
            if let Some(page) = self.pages.get_mut(&page) {
                page.dirty.get_or_insert_default().components.insert(component);
            }
        }
        Ok(())
    }

    /// Which pages are public, and where they answer. Those that are new, have moved or are `saved` are
    /// rendered again, and no others: what is private is not felt in when they were.
    fn refresh_pages(&mut self, saved: &BTreeSet<PageKey>) -> Result<(), CommandError> {
        let owner = self.addresses.owner.clone();
        let wanted = self.engine.look(move |state, _| public_pages(state, &owner))?;
        let before = self.pages.len();
        let keys: BTreeSet<PageKey> = wanted.iter().map(|wanted| wanted.key).collect();
        self.pages.retain(|key, _| keys.contains(key));
        if self.pages.len() < before {
            // What is no longer public is gone before anything else is rendered.
            self.list_pages();
            self.site.store(Arc::new(self.site_now()));
        }
        for wanted in wanted {
            let hosts = self.addresses.hosts_of(&wanted);
            let url = self.addresses.url_of(&wanted, &hosts);
            let page = self.pages.entry(wanted.key).or_insert_with(Page::unpublished);
            if saved.contains(&wanted.key) {
                page.dirty.get_or_insert_default().all = true;
            }
            page.place(wanted, hosts, url);
        }
        self.list_pages();
        Ok(())
    }

    /// The index of pages.
    fn list_pages(&mut self) {
        let listed = self.pages.values().filter_map(|page| Some((page.listed.clone()?, page)));
        let entries: Vec<_> =
            listed.map(|(name, page)| html::Entry { name, url: page.url.clone() }).collect();
        if entries.is_empty() {
            self.directory = None;
            return;
        }
        match html::directory(&entries) {
            Ok(body) => {
                let kind = Kind {
                    content_type: HTML,
                    cache: CacheClass::Live,
                    keys: &["directory"],
                    frame_ancestors: &[],
                };
                let former = self.directory.as_ref();
                let now = self.engine.now();
                self.directory =
                    Some(Output::render(kind, body.into_bytes(), now, former, Compression::Best));
            }
            Err(error) => tracing::error!(%error, "the index of pages could not be rendered"),
        }
    }

    /// Renders what is due and swaps the site in if anything is new.
    fn turn(&mut self) -> Result<(), CommandError> {
        let now = self.engine.now();
        let due: Vec<(PageKey, Scope)> =
            self.pages.iter_mut().filter_map(|(key, page)| Some((*key, page.due(now)?))).collect();
        let mut swapped = !due.is_empty();
        for (key, scope) in due {
            let url = self.pages[&key].url.clone();
            // Months that are over tell of more than is drawn.
            let past = matches!(scope, Scope::All);
            let view = self.engine.look(move |state, now| {
                let view = if past { page_view_with_past } else { page_view };
                view(state, key, &url, now)
            })?;
            if let (Some(view), Some(page)) = (view, self.pages.get_mut(&key)) {
                page.publish(&view, &scope);
            }
        }
        swapped |= self.take_squeezed();
        self.give_to_squeeze();
        if swapped || self.pages.is_empty() {
            self.site.store(Arc::new(self.site_now()));
        }
        self.turned.send_replace(());
        Ok(())
    }

    fn take_squeezed(&mut self) -> bool {
        let mut taken = false;
        for Squeezed { page, path, from, output } in self.squeezer.done() {
            let Some(page) = self.pages.get_mut(&page) else { continue };
            let current = page.publication.outputs.get(&path);
            if current.is_some_and(|current| Arc::ptr_eq(current, &from)) {
                page.publication = Arc::new(page.publication.with([(path, output)]));
                taken = true;
            }
        }
        taken
    }

    fn give_to_squeeze(&mut self) {
        for (key, page) in &mut self.pages {
            if !page.squeezed && page.dirty.is_none() && page.changed.elapsed() >= QUIET {
                page.squeezed = true;
                self.squeezer.give(*key, &page.publication);
            }
        }
    }

    fn site_now(&self) -> Site {
        let published = || self.pages.values();
        Site {
            by_slug: published().map(|page| (page.slug.clone(), Arc::clone(&page.publication))).collect(),
            by_host: published()
                .flat_map(|page| page.hosts.iter().map(|host| (host.clone(), Arc::clone(&page.publication))))
                .collect(),
            root: published().find(|page| page.root).map(|page| Arc::clone(&page.publication)),
            directory: self.directory.clone(),
            shared: self.shared.clone(),
        }
    }
}

impl Page {
    fn unpublished() -> Self {
        let now = Instant::now();
        Self {
            listed: None,
            publication: Arc::default(),
            figures: Figures::new(),
            slug: String::new(),
            root: false,
            url: String::new(),
            hosts: Vec::new(),
            dirty: None,
            rendered: None,
            beaten: now,
            changed: now,
            squeezed: false,
            hour: i64::MIN,
        }
    }

    /// Where it answers from now on. One that has moved is rendered before it answers there, however soon that is: its
    /// links and JSON name their own address.
    fn place(&mut self, wanted: Wanted, hosts: Vec<String>, url: String) {
        if self.url != url {
            self.dirty.get_or_insert_default().all = true;
            self.rendered = None;
        }
        self.slug = wanted.slug;
        self.root = wanted.root;
        self.url = url;
        self.hosts = hosts;
        self.listed = wanted.listed;
    }

    /// What to render now, if anything. An hour's beginning renders all: charts, rolling windows, and the
    /// days of every zone begin with one (those of a quarter past, with a heartbeat).
    fn due(&mut self, now: Timestamp) -> Option<Scope> {
        let soon = self.rendered.is_some_and(|at| at.elapsed() < LEAST_APART);
        if soon {
            return None;
        }
        let quarter = now.0.div_euclid(HOUR / 4);
        if self.hour != quarter {
            self.hour = quarter;
            self.dirty = None;
            return Some(Scope::All);
        }
        let beat = self.beaten.elapsed() >= HEARTBEAT;
        match self.dirty.take() {
            Some(dirty) if dirty.all => Some(Scope::All),
            // Changes without end must not keep from the other pages that they were verified.
            Some(dirty) if !beat => Some(Scope::Components(dirty.components)),
            Some(_) => Some(Scope::All),
            None => beat.then_some(Scope::Heartbeat),
        }
    }

    fn publish(&mut self, view: &PageView, scope: &Scope) {
        let begun = Instant::now();
        let rendered = match render(view, scope, &self.publication, &self.figures, Compression::Fast) {
            Ok(rendered) => rendered,
            Err(error) => {
                tracing::error!(%error, page = %view.name, "a page could not be rendered; the former one stays and it is tried again");
                self.dirty.get_or_insert_default().all = true;
                self.rendered = Some(begun + AFTER_FAILURE);
                return;
            }
        };
        let all = matches!(scope, Scope::All);
        let former = Arc::clone(&self.publication);
        let mut publication = former.with(rendered.outputs);
        if all {
            publication = publication.retaining(|path| rendered.paths.contains(path));
        }
        self.publication = Arc::new(publication);
        self.figures = rendered.figures;
        self.rendered = Some(begun);
        if !matches!(scope, Scope::Components(_)) {
            self.beaten = begun;
        }
        if !matches!(scope, Scope::Heartbeat) {
            self.changed = begun;
            self.squeezed = false;
        }
        tracing::debug!(page = %view.name, ?scope, took = ?begun.elapsed(), "published");
    }
}

#[cfg(test)]
#[path = "publisher_test.rs"]
mod tests;
