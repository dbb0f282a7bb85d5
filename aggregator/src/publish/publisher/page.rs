//! The publisher's record of a page: its address, its publication, and when it is rendered again.

use super::super::addresses::{PageId, PreviewLink, Wanted};
use super::super::archive::ArchiveCache;
use super::super::options::Restricted;
use super::super::output::Publication;
use super::super::outputs::{Changed, Figures, Scope, is_settled};
use super::super::view::Place;
use super::pool::Job;
use super::{AFTER_FAILURE, MIN_INTERVAL, REFRESH_EVERY};
use skerry_domain::time::{DAY, HOUR, Timestamp};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Work that is due for all pages at once is delayed by up to this time per existing page, in ms.
const SPREAD_PER_PAGE: i64 = 250;
/// The longest such delay, in ms.
const MAX_SPREAD: i64 = 55_000;

/// An incident or a maintenance that began within this time, in ms, is shown only in months that lie within the days shown.
const RECENT: i64 = 58 * DAY;

/// The addresses of a page.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Address {
    pub(super) slug: String,
    /// It is served at `/` of every host that does not belong to a page.
    pub(super) root: bool,
    pub(super) place: Place,
    /// Hosts that belong to the page.
    pub(super) hosts: Vec<String>,
    /// It is not for everybody.
    pub(super) restricted: Option<Restricted>,
    /// Only its link shows it.
    pub(super) preview: Option<PreviewLink>,
}

pub(super) struct Page {
    key: PageId,
    pub(super) generation: u64,
    /// Its name in the directory of pages; `None` if it is not listed.
    pub(super) listed: Option<String>,
    pub(super) publication: Arc<Publication>,
    /// The figures of the publication.
    figures: Arc<Figures>,
    /// The configured address.
    pub(super) address: Address,
    /// The address and publication that the site has; `None` before the first.
    pub(super) shown: Option<(Address, Arc<Publication>)>,
    /// What must be rendered, and since when.
    pub(super) dirty: Option<Dirty>,
    /// What is being rendered changed; it did not only become older.
    pub(super) is_changing: bool,
    /// When its rendering began, while it lasts.
    pub(super) busy: Option<Instant>,
    /// The earliest instant of its next rendering.
    pub(super) not_before: Option<Instant>,
    pub(super) refreshed: Instant,
    changed: Instant,
    compressed: bool,
    pub(super) quarter: i64,
}

pub(super) struct Dirty {
    pub(super) since: Instant,
    all: bool,
    /// Something beyond what is rendered ahead changed, or disappeared.
    past: bool,
    changed: Changed,
}

impl Page {
    pub(super) fn unpublished(key: PageId, generation: u64) -> Self {
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
            is_changing: false,
            busy: None,
            not_before: None,
            refreshed: now,
            changed: now,
            compressed: false,
            quarter: i64::MIN,
        }
    }

    /// Sets the address. If the URL changed, the page is rendered before it is served there, without a pause, since its
    /// links and JSON contain the URL. Returns whether it can be served at a new address at once.
    pub(super) fn set_address(&mut self, wanted: Wanted, hosts: Vec<String>, place: Place) -> bool {
        let moved = self.address.place.url != place.url;
        if self.address.place != place {
            self.mark_all();
            self.not_before = None;
        }
        let Wanted { slug, root, restricted, listed, preview, .. } = wanted;
        let address = Address { slug, root, place, hosts, restricted, preview };
        let before = std::mem::replace(&mut self.address, address);
        self.listed = listed;
        !moved && before != self.address
    }

    fn mark(&mut self) -> &mut Dirty {
        let none = || Dirty { since: Instant::now(), all: false, past: false, changed: Changed::default() };
        self.dirty.get_or_insert_with(none)
    }

    /// Marks everything to be rendered again.
    pub(super) fn mark_all(&mut self) {
        self.mark().all = true;
    }

    /// Marks a component to be rendered again, by its public id.
    pub(super) fn mark_component(&mut self, id: String) {
        self.mark().changed.components.insert(id);
    }

    /// Marks an incident or a maintenance to be rendered again, by its public id. `times`: when it began or will begin, and when
    /// it ended.
    pub(super) fn mark_announced(
        &mut self,
        id: String,
        (from, ended): (Timestamp, Option<Timestamp>),
        now: Timestamp,
    ) {
        let dirty = self.mark();
        dirty.past |= now - from >= RECENT || is_settled(ended, now);
        dirty.changed.announced.insert(id);
    }

    /// Something of the past disappeared, or changed beyond what is rendered ahead.
    pub(super) fn mark_past(&mut self) {
        self.mark().past = true;
    }

    /// Whether it is not being rendered and its pause is over.
    fn can_render(&self) -> bool {
        self.busy.is_none() && self.not_before.is_none_or(|at| at <= Instant::now())
    }

    /// Whether something on it changed and it can be rendered.
    pub(super) fn is_urgent(&self) -> bool {
        self.dirty.is_some() && self.can_render()
    }

    /// Whether it is due by time alone and can be rendered; `pages` is the number of pages.
    pub(super) fn is_old(&self, now: Timestamp, pages: usize) -> bool {
        self.dirty.is_none()
            && self.can_render()
            && (self.is_refresh_due() || self.next_quarter(now, pages).is_some())
    }

    fn is_refresh_due(&self) -> bool {
        self.refreshed.elapsed() >= REFRESH_EVERY
    }

    /// The current quarter of an hour, if the page was not rendered in it yet.
    fn next_quarter(&self, now: Timestamp, pages: usize) -> Option<i64> {
        let quarter = (now.0 - spread(self.key, pages, MAX_SPREAD)).div_euclid(HOUR / 4);
        (quarter != self.quarter).then_some(quarter)
    }

    /// What to render now, if anything: changes come before refreshes. In each new quarter of an hour everything that
    /// time changes is rendered: charts and rolling windows move on, and the days of every zone begin at such a time.
    pub(super) fn due(&mut self, now: Timestamp, pages: usize) -> Option<Scope> {
        if !self.can_render() {
            return None;
        }
        let quarter = self.next_quarter(now, pages);
        self.is_changing = self.dirty.is_some();
        match self.dirty.take() {
            Some(dirty) if dirty.all || dirty.past => {
                self.quarter = quarter.unwrap_or(self.quarter);
                Some(Scope::All)
            }
            // Continuous changes must not prevent the refresh of the outputs that did not change. It leaves out incidents
            // that were just resolved, and their months.
            Some(dirty) if self.is_refresh_due() => {
                self.note_changed(Instant::now());
                self.quarter = quarter.unwrap_or(self.quarter);
                let whole = quarter.is_some() || !dirty.changed.announced.is_empty();
                Some(if whole { Scope::Quarter } else { Scope::Refresh })
            }
            Some(dirty) => Some(Scope::Changed(dirty.changed)),
            None if quarter.is_some() => {
                self.quarter = quarter.unwrap_or(self.quarter);
                Some(Scope::Quarter)
            }
            None => self.is_refresh_due().then_some(Scope::Refresh),
        }
    }

    /// Whether visitors find something at a path.
    pub(super) fn has(&self, path: &str) -> bool {
        let archive = self.publication.archive.as_ref();
        self.publication.outputs.contains_key(path) || archive.is_some_and(|archive| archive.has(path))
    }

    fn note_changed(&mut self, at: Instant) {
        (self.changed, self.compressed) = (at, false);
    }

    /// Creates the job and marks the page as being rendered.
    pub(super) fn job(
        &mut self,
        scope: Scope,
        snapshot: Arc<crate::engine::Snapshot>,
        now: Timestamp,
        cache: &ArchiveCache,
    ) -> Job {
        self.busy = Some(Instant::now());
        Job {
            page: self.key,
            generation: self.generation,
            scope,
            place: self.address.place.clone(),
            snapshot,
            now,
            former: Arc::clone(&self.publication),
            figures: Arc::clone(&self.figures),
            cache: cache.clone(),
        }
    }

    /// Accepts a rendered publication; `pages` is the number of pages.
    pub(super) fn accept(
        &mut self,
        publication: Arc<Publication>,
        figures: Arc<Figures>,
        scope: &Scope,
        started: Instant,
        pages: usize,
    ) {
        let first = self.shown.is_none();
        (self.publication, self.figures) = (publication, figures);
        self.not_before = Some(started + MIN_INTERVAL);
        if !matches!(scope, Scope::Changed(_)) {
            // Pages that are first rendered at the same time must not be refreshed at the same time.
            let early = if first { spread(self.key, pages, MAX_SPREAD / 2) } else { 0 };
            self.refreshed =
                started.checked_sub(Duration::from_millis(early.unsigned_abs())).unwrap_or(started);
        }
        if !matches!(scope, Scope::Refresh) {
            self.note_changed(started);
        }
    }

    /// Records that the page could not be rendered.
    pub(super) fn fail(&mut self) {
        self.mark_all();
        self.not_before = Some(Instant::now() + AFTER_FAILURE);
    }

    /// Returns `true` once after each change, when the page has been unchanged for `quiet` and should get the best
    /// compression.
    pub(super) fn take_compression_due(&mut self, quiet: Duration) -> bool {
        let due = !self.compressed
            && self.dirty.is_none()
            && self.busy.is_none()
            && self.changed.elapsed() >= quiet;
        self.compressed |= due;
        due
    }
}

/// The delay of a page's timed work in ms: less than `max`, and always the same for a page.
fn spread(PageId { page: (workspace, page), .. }: PageId, pages: usize, max: i64) -> i64 {
    let range = i64::try_from(pages).unwrap_or(i64::MAX).saturating_mul(SPREAD_PER_PAGE).clamp(1, max);
    let scattered =
        ((workspace.0.rotate_left(32) ^ page.0).cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33)
            .cast_signed();
    scattered % range
}
