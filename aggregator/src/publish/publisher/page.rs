//! One page: where it answers, what it shows, and when it is rendered again.

use super::super::addresses::Wanted;
use super::super::output::Publication;
use super::super::outputs::{Figures, Scope};
use super::pool::Job;
use super::{AFTER_FAILURE, MIN_INTERVAL, REFRESH_EVERY};
use skerry_domain::state::WorkspacePage;
use skerry_domain::time::{HOUR, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Delay of work that falls due for all pages at once: the more pages, the longer it may be; for each page, ms.
const SPREAD_PER_PAGE: i64 = 250;
/// The greatest such delay, ms.
const MAX_SPREAD: i64 = 55_000;

/// Where a page answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) slug: String,
    /// It answers at `/` of every host that is no page's own.
    pub(super) root: bool,
    /// Its address in links, feeds and JSON.
    pub(super) url: String,
    /// Hosts of its own.
    pub(super) hosts: Vec<String>,
}

pub(super) struct Page {
    key: WorkspacePage,
    pub(super) generation: u64,
    /// Its name, where it stands in the index of pages of the base host.
    pub(super) listed: Option<String>,
    pub(super) publication: Arc<Publication>,
    /// Those of the publication.
    figures: Arc<Figures>,
    /// Where it is to answer.
    pub(super) address: Address,
    /// What the site has of it, and where.
    pub(super) shown: Option<(Address, Arc<Publication>)>,
    /// What must be rendered, and since when it waits.
    pub(super) dirty: Option<Dirty>,
    /// Since when it is being rendered.
    pub(super) busy: Option<Instant>,
    /// It is not rendered before this.
    pub(super) not_before: Option<Instant>,
    pub(super) refreshed: Instant,
    changed: Instant,
    compressed: bool,
    pub(super) quarter: i64,
}

pub(super) struct Dirty {
    pub(super) since: Instant,
    all: bool,
    components: BTreeSet<String>,
}

impl Page {
    pub(super) fn unpublished(key: WorkspacePage, generation: u64) -> Self {
        let now = Instant::now();
        Self {
            key,
            generation,
            listed: None,
            publication: Arc::default(),
            figures: Arc::default(),
            address: Address::default(),
            shown: None,
            dirty: None,
            busy: None,
            not_before: None,
            refreshed: now,
            changed: now,
            compressed: false,
            quarter: i64::MIN,
        }
    }

    /// Where it answers from now on. One that has moved is rendered before it answers there, however soon that is: its
    /// links and JSON name their own address. Returns whether it answers elsewhere at once.
    pub(super) fn place(&mut self, wanted: Wanted, hosts: Vec<String>, url: String) -> bool {
        let moved = self.address.url != url;
        if moved {
            self.mark_all();
            self.not_before = None;
        }
        let address = Address { slug: wanted.slug, root: wanted.root, url, hosts };
        let before = std::mem::replace(&mut self.address, address);
        self.listed = wanted.listed;
        !moved && before != self.address
    }

    fn mark(&mut self) -> &mut Dirty {
        let none = || Dirty { since: Instant::now(), all: false, components: BTreeSet::new() };
        self.dirty.get_or_insert_with(none)
    }

    /// Everything is to be rendered again.
    pub(super) fn mark_all(&mut self) {
        self.mark().all = true;
    }

    /// So is a component, by its public id.
    pub(super) fn mark_component(&mut self, id: String) {
        self.mark().components.insert(id);
    }

    /// It is not being rendered, and its pause is over.
    fn can_render(&self) -> bool {
        self.busy.is_none() && self.not_before.is_none_or(|at| at <= Instant::now())
    }

    /// Something on it changed, and it may be rendered.
    pub(super) fn is_urgent(&self) -> bool {
        self.dirty.is_some() && self.can_render()
    }

    /// Time has passed, and it may be rendered; `pages` are as many as there are.
    pub(super) fn is_old(&self, now: Timestamp, pages: usize) -> bool {
        self.dirty.is_none()
            && self.can_render()
            && (self.is_verified_long_ago() || self.next_quarter(now, pages).is_some())
    }

    fn is_verified_long_ago(&self) -> bool {
        self.refreshed.elapsed() >= REFRESH_EVERY
    }

    /// A quarter of an hour has begun that it was not rendered in.
    fn next_quarter(&self, now: Timestamp, pages: usize) -> Option<i64> {
        let quarter = (now.0 - spread(self.key, pages, MAX_SPREAD)).div_euclid(HOUR / 4);
        (quarter != self.quarter).then_some(quarter)
    }

    /// What to render now, if anything: what changed comes before what grew old. An hour's beginning renders all:
    /// charts, rolling windows, and the days of every zone begin with one, or with a quarter past.
    pub(super) fn due(&mut self, now: Timestamp, pages: usize) -> Option<Scope> {
        if !self.can_render() {
            return None;
        }
        let quarter = self.next_quarter(now, pages);
        match self.dirty.take() {
            Some(dirty) if dirty.all => {
                self.quarter = quarter.unwrap_or(self.quarter);
                Some(Scope::All)
            }
            // Changes without end must not keep from the other pages that they were verified.
            Some(_) if self.is_verified_long_ago() => {
                self.note_changed(Instant::now());
                self.quarter = quarter.unwrap_or(self.quarter);
                Some(if quarter.is_some() { Scope::All } else { Scope::Refresh })
            }
            Some(dirty) => Some(Scope::Components(dirty.components)),
            None if quarter.is_some() => {
                self.quarter = quarter.unwrap_or(self.quarter);
                Some(Scope::All)
            }
            None => self.is_verified_long_ago().then_some(Scope::Refresh),
        }
    }

    fn note_changed(&mut self, at: Instant) {
        (self.changed, self.compressed) = (at, false);
    }

    /// The work; it is being rendered from now on.
    pub(super) fn job(
        &mut self,
        scope: Scope,
        snapshot: Arc<crate::engine::Snapshot>,
        now: Timestamp,
    ) -> Job {
        self.busy = Some(Instant::now());
        Job {
            page: self.key,
            generation: self.generation,
            scope,
            url: self.address.url.clone(),
            snapshot,
            now,
            former: Arc::clone(&self.publication),
            figures: Arc::clone(&self.figures),
        }
    }

    /// It was rendered; `pages` are as many as there are.
    pub(super) fn take(
        &mut self,
        publication: Arc<Publication>,
        figures: Arc<Figures>,
        scope: &Scope,
        begun: Instant,
        pages: usize,
    ) {
        let first = self.shown.is_none();
        (self.publication, self.figures) = (publication, figures);
        self.not_before = Some(begun + MIN_INTERVAL);
        if !matches!(scope, Scope::Components(_)) {
            // Pages that are first rendered together are not refreshed together.
            let early = if first { spread(self.key, pages, MAX_SPREAD / 2) } else { 0 };
            self.refreshed = begun.checked_sub(Duration::from_millis(early.unsigned_abs())).unwrap_or(begun);
        }
        if !matches!(scope, Scope::Refresh) {
            self.note_changed(begun);
        }
    }

    /// It could not be rendered.
    pub(super) fn fail(&mut self) {
        self.mark_all();
        self.not_before = Some(Instant::now() + AFTER_FAILURE);
    }

    /// It stands still, and is to be compressed at its best now; said once.
    pub(super) fn is_to_compress(&mut self, quiet: Duration) -> bool {
        let due = !self.compressed
            && self.dirty.is_none()
            && self.busy.is_none()
            && self.changed.elapsed() >= quiet;
        self.compressed |= due;
        due
    }
}

/// By how much the work of a page comes later than it falls due, ms: always the same, less than `most`.
fn spread((workspace, page): WorkspacePage, pages: usize, most: i64) -> i64 {
    let range = i64::try_from(pages).unwrap_or(i64::MAX).saturating_mul(SPREAD_PER_PAGE).clamp(1, most);
    let scattered =
        ((workspace.0.rotate_left(32) ^ page.0).cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33)
            .cast_signed();
    scattered % range
}
