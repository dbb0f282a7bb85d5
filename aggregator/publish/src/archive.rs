//! The pages of what is over: resolved incidents, maintenance that has ended and past months, from some days after their
//! end. Nothing but a change alters them, so they are rendered when somebody asks for them, from the state of the page's
//! last publication. Pure, but for the seam through which requests reach the renderer.

use super::build::closed_view;
use super::html::{self, Document};
use super::incidents::IncidentViews;
use super::maintenance::is_shown;
use super::output::{CacheClass, Compression, Output, whole_second};
use super::outputs::{self, Basis, HTML};
use super::times;
use super::view::{IncidentView, Item, MaintenanceView, Month, PageView, Place};
use blake3::Hasher;
use jiff::tz::TimeZone;
use skerry_domain::state::{IncidentKey, Page, PageKey, State, WindowKey};
use skerry_domain::time::{SECOND, Timestamp};
use std::cmp::Reverse;
use std::fmt::{self, Debug, Write as _};
use std::pin::Pin;
use std::sync::Arc;

/// Answers for the pages of what is over. Implementations take no lock that a writer holds.
pub trait Archive: Debug + Send + Sync {
    /// Whether there is a page at a path below the page's root.
    fn has(&self, path: &str) -> bool;

    /// The output at a path below the page's root.
    fn find(&self, path: &str) -> Archived;

    /// The paths of all pages, each with a number that differs between two versions of it.
    fn versions(&self) -> Vec<(String, Timestamp)>;

    /// A digest of what the page at a path is rendered from: with the same one, the same program renders the same page.
    /// `None`: there is none, or something in it lasts.
    fn digest(&self, path: &str) -> Option<Digest>;

    /// Renders the page at a path at once and keeps nothing of it, for those who read the whole archive. `None`: there
    /// is none, or it could not be rendered.
    fn render(&self, path: &str) -> Option<Arc<Output>>;
}

/// See [`Archive::digest`].
pub type Digest = [u8; 16];

/// An output that is being rendered; `None`: it could not be.
pub type Rendering = Pin<Box<dyn Future<Output = Option<Arc<Output>>> + Send>>;

/// The answer of an [`Archive`].
pub enum Archived {
    /// There is no such page.
    Nothing,
    /// It was rendered before.
    Ready(Arc<Output>),
    /// It is being rendered.
    Soon(Rendering),
    /// Too many others are to be rendered before.
    Busy,
}

/// The versions of the pages of what is over. Each version has a date later than the one before, which is its
/// `Last-Modified`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Versions {
    /// The date of all that are not in `dates`.
    since: Timestamp,
    /// By path: what was rendered ahead later than `since`, or changed later.
    dates: imbl::HashMap<String, Timestamp>,
    basis: Basis,
}

impl Versions {
    /// The date of a page.
    #[must_use]
    pub fn date(&self, path: &str) -> Timestamp {
        self.dates.get(path).copied().unwrap_or(self.since)
    }

    /// Whether something in a month lasts, although the month lies before the days shown.
    fn lasts(&self, month: (i16, i8)) -> bool {
        self.basis.lasting.is_some_and(|first| month >= first)
    }

    /// All of them have changed, or may have.
    pub(super) fn renew(&mut self, now: Timestamp) {
        let newest = self.dates.values().copied().max().unwrap_or(self.since).max(self.since);
        self.since = whole_second(now).max(newest + SECOND);
        self.dates.clear();
    }

    /// The same if what all of them depend on is another one.
    pub(super) fn renew_for(&mut self, basis: Basis, now: Timestamp) {
        if self.basis != basis {
            self.renew(now);
            self.basis = basis;
        }
    }

    /// One changed.
    pub(super) fn touch(&mut self, path: &str, now: Timestamp) {
        let date = whole_second(now).max(self.date(path) + SECOND);
        self.dates.insert(path.to_owned(), date);
    }

    /// One that was rendered ahead as of `date` is so no more.
    pub(super) fn take_over(&mut self, path: &str, date: Timestamp) {
        if date > self.date(path) {
            self.dates.insert(path.to_owned(), date);
        }
    }
}

/// What a page of the archive is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// A resolved incident.
    Incident(IncidentKey),
    /// Maintenance that was completed or cancelled.
    Maintenance(WindowKey),
    /// A month that is over.
    Month((i16, i8)),
    /// The uptime of such a month.
    Uptime((i16, i8)),
}

/// What [`find`] and [`render`] read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The state of the page's workspace.
    pub state: &'a State,
    /// The page.
    pub page: PageKey,
    /// Where it answers.
    pub place: &'a Place,
    /// The instant of the publication.
    pub now: Timestamp,
    /// Those of the publication.
    pub versions: &'a Versions,
}

impl<'a> Source<'a> {
    fn page(&self) -> Option<&'a Page> {
        self.state.pages.get(&self.page).filter(|page| !page.archived)
    }

    /// What visitors find at a path below the page's root. It is a look-up: strangers choose the path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Closed> {
        let page = self.page()?;
        let state = self.state;
        if let Some(id) = path.strip_prefix("incidents/") {
            let key = state.published_incidents.with_id(id)?;
            let incident = state.incidents.get(&key).filter(|one| one.page == self.page && !one.is_open());
            return incident.map(|_| Closed::Incident(key));
        }
        if let Some(id) = path.strip_prefix("maintenance/") {
            let key = state.published_windows.with_id(id)?;
            let window = state.windows.get(&key).filter(|one| one.page == Some(self.page) && !one.is_open());
            return window.filter(|one| is_shown(state, one)).map(|_| Closed::Maintenance(key));
        }
        if path.starts_with("uptime/") {
            return html::past_uptime(&self.view(page), path).map(Closed::Uptime);
        }
        if !path.starts_with("history/") {
            return None;
        }
        html::past_month(&self.view(page), path).map(Closed::Month)
    }

    /// The paths at which [`Self::find`] finds something, also of what is rendered ahead.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let Some(page) = self.page() else { return Vec::new() };
        let state = self.state;
        let incidents = state.published_incidents.newest(self.page).filter_map(|key| {
            let incident = state.incidents.get(&key).filter(|one| !one.is_open())?;
            Some(format!("incidents/{}", incident.id))
        });
        let windows = state.published_windows.newest(self.page).filter_map(|key| {
            let window = state.windows.get(&key).filter(|one| !one.is_open() && is_shown(state, one))?;
            Some(format!("maintenance/{}", window.id))
        });
        let mut months = html::months(&self.view(page));
        months.pop();
        // A month has a page of its history, and may have one of its uptime.
        let months = months.into_iter().flat_map(|month| {
            let history = html::path_of(month);
            let uptime = history.replacen("history", "uptime", 1);
            [history, uptime]
        });
        let all = incidents.chain(windows).chain(months);
        all.filter(|path| self.find(path).is_some()).collect()
    }

    /// A number that differs between two versions of a page: its date, or for a month in which something lasts the
    /// instant of the publication.
    #[must_use]
    pub fn version(&self, path: &str, closed: Closed) -> Timestamp {
        if self.is_live(closed) { self.now } else { self.versions.date(path) }
    }

    fn is_live(&self, closed: Closed) -> bool {
        matches!(closed, Closed::Month(month) | Closed::Uptime(month) if self.versions.lasts(month))
    }

    /// Renders what [`Self::find`] found at a path.
    ///
    /// # Errors
    ///
    /// A template that cannot be written, which would be a fault of the program.
    pub fn render(&self, path: &str, closed: Closed) -> anyhow::Result<Option<Arc<Output>>> {
        let Some((view, page)) = self.page_of(closed).transpose()? else { return Ok(None) };
        let cache = if self.is_live(closed) { CacheClass::Live } else { CacheClass::Closed };
        let at = self.version(path, closed);
        let (kind, level) = ((HTML, cache, page.policy.as_str()), Compression::Fast);
        Ok(Some(outputs::output(&view, path, kind, page.html.into_bytes(), (at, None), level)))
    }

    /// A digest of what [`Self::render`] reads. `None`: something in it lasts, so that it shows the present.
    #[must_use]
    pub fn digest(&self, closed: Closed) -> Option<Digest> {
        if self.is_live(closed) {
            return None;
        }
        let (mut view, subject) = self.view_of(closed)?;
        let mut hasher = Hasher::new();
        for (_, image) in view.branding.images() {
            hasher.update(&image.bytes);
        }
        // Nothing shows the instant of the publication, but its year: dates of others have theirs.
        let year = times::zoned(view.now, &view.time_zone).year();
        (view.now, view.believe_until, view.time_zone) = (Timestamp(0), Timestamp(0), TimeZone::UTC);
        timeless(&mut view.items);
        // It is not printed.
        hasher.update(view.feed_query().as_bytes());
        write!(Digesting(&mut hasher), "{year} {subject:?} {view:?}").ok()?;
        let mut digest = Digest::default();
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Some(digest)
    }

    fn page_of(&self, closed: Closed) -> Option<anyhow::Result<(PageView, Document)>> {
        let (view, subject) = self.view_of(closed)?;
        let page = match &subject {
            Subject::Incident(one) => html::incident(&view, one),
            Subject::Maintenance(one) => html::maintenance(&view, one),
            Subject::Month(month) => html::history(&view, Some(*month)),
            Subject::Uptime(month) => html::uptime_of_month(&view, *month),
        };
        Some(page.map(|page| (view, page)))
    }

    /// The view from which a page is rendered, and what it is about.
    fn view_of(&self, closed: Closed) -> Option<(PageView, Subject)> {
        let page = self.page()?;
        let views = IncidentViews::on(self.state, page);
        let view = |announced, span, wanted: &dyn Fn(&str) -> bool| {
            closed_view(self.state, page, (self.place, self.now), announced, span, wanted)
        };
        Some(match closed {
            Closed::Incident(key) => {
                let one = views.incident(self.state.incidents.get(&key)?);
                let span = (one.started_at, one.started_at);
                let view = view((vec![one.clone()], Vec::new()), span, &|id| one.names(id));
                (view, Subject::Incident(one))
            }
            Closed::Maintenance(key) => {
                let one = views.maintenance(self.state.windows.get(&key)?);
                let view = view((Vec::new(), vec![one.clone()]), (one.from, one.from), &|_| false);
                (view, Subject::Maintenance(one))
            }
            Closed::Month(month) => {
                let span = html::span_of(&self.view(page), month);
                (view(self.announced(&views, span), span, &|_| true), Subject::Month(month))
            }
            Closed::Uptime(month) => {
                let span = html::span_of(&self.view(page), month);
                (view((Vec::new(), Vec::new()), span, &|_| true), Subject::Uptime(month))
            }
        })
    }

    /// The page with what is announced of a month, and with the past of its components in it.
    pub(super) fn month(&self, month: Month) -> Option<PageView> {
        Some(self.view_of(Closed::Month(month))?.0)
    }

    /// The incidents and the maintenance of a time, the latest beginning first.
    fn announced(
        &self,
        views: &IncidentViews<'_>,
        (from, to): (Timestamp, Timestamp),
    ) -> (Vec<IncidentView>, Vec<MaintenanceView>) {
        let state = self.state;
        let incidents = state.published_incidents.touching(self.page, from, to);
        let incidents = incidents.filter_map(|key| Some((key, state.incidents.get(&key)?)));
        let mut incidents: Vec<_> = incidents.collect();
        incidents.sort_by_key(|(key, one)| Reverse((one.started_at, *key)));
        let windows = state.published_windows.touching(self.page, from, to);
        let windows = windows.filter_map(|key| Some((key, state.windows.get(&key)?)));
        let mut windows: Vec<_> = windows.filter(|(_, one)| is_shown(state, one)).collect();
        windows.sort_by_key(|(key, one)| Reverse((one.from, *key)));
        (
            incidents.into_iter().map(|(_, one)| views.incident(one)).collect(),
            windows.into_iter().map(|(_, one)| views.maintenance(one)).collect(),
        )
    }

    /// The page with nothing on it.
    fn view(&self, page: &Page) -> PageView {
        super::build::frame(page, times::zone_of(page), self.place, self.now)
    }
}

/// What [`Closed`] names, as it is rendered.
#[derive(Debug)]
enum Subject {
    Incident(IncidentView),
    Maintenance(MaintenanceView),
    Month(Month),
    Uptime(Month),
}

/// Removes the instant of the publication from components, whose present state no page of the archive shows.
fn timeless(items: &mut [Item]) {
    for item in items {
        match item {
            Item::Component(component) => component.since = Timestamp(0),
            Item::Group(group) => timeless(&mut group.children),
        }
    }
}

/// Hashes what is written.
struct Digesting<'a>(&'a mut Hasher);

impl fmt::Write for Digesting<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
#[path = "archive_test.rs"]
mod tests;
