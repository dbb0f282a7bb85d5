//! The outputs of a page that are rendered ahead, their paths, and which of them a change affects. The pages of what has been
//! over for some days are in the archive instead.

mod announced;
mod shared;
mod subscribing;

use shared::of_asset;
pub use shared::shared;

use super::archive::Versions;
use super::html::{self, Document, PageStatus};
use super::output::{CacheClass, Compression, Kind, Output, Publication};
use super::view::{ComponentView, MonthView, PageView};
use super::{api_v2, badge, branding, calendar, csv, feed, overall_status, robots, sitemap};
use announced::{Announced, announced};
use skerry_domain::published::SETTLED;
use skerry_domain::time::{SECOND, Timestamp};
use skerry_domain::uptime::Figure;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The `Content-Type` of HTML pages.
pub const HTML: &str = "text/html; charset=utf-8";

/// Which outputs to render.
#[derive(Clone, Debug)]
pub enum Scope {
    /// All outputs, and what is in the archive may have changed.
    All,
    /// All outputs; the archive stays as it is.
    Quarter,
    /// Those that show what changed.
    Changed(Changed),
    /// Those that show when they were verified: all except past months and resolved incidents, which cannot become stale.
    Refresh,
}

/// What changed on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Components, by public id. The pages of others are rendered if one of their figures changed.
    pub components: BTreeSet<String>,
    /// Incidents, maintenance and announcements that began within the days shown or are still to come, by public id.
    pub announced: BTreeSet<String>,
}

impl Scope {
    /// Whether every path that is rendered ahead is known afterwards.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::All | Self::Quarter)
    }
}

/// Whether something ended so long ago that its page is in the archive.
#[must_use]
pub fn is_settled(ended: Option<Timestamp>, now: Timestamp) -> bool {
    ended.is_some_and(|at| now - at > SETTLED)
}

/// What all months in the archive depend on beside what is listed in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// The present year: dates of others have theirs.
    pub year: i16,
    /// Since when the page has been watched.
    pub watched: Option<Timestamp>,
    /// The first month before the days shown in which something is listed that lasts.
    pub lasting: Option<(i16, i8)>,
}

/// The figures on the components' pages, by public id.
pub type Figures = HashMap<String, [Figure; 4]>;

/// The result of [`render`].
pub struct Rendered {
    /// By path below the page's root.
    pub outputs: Vec<(String, Arc<Output>)>,
    /// Every path that was rendered; if the scope is the whole page, every path that is rendered ahead.
    pub paths: HashSet<String>,
    /// The `figures` to pass to the next call once the outputs are published.
    pub figures: Figures,
    /// The versions of what is in the archive.
    pub versions: Versions,
    /// What the months before the present one held, oldest first.
    pub earlier: Arc<[MonthView]>,
    /// What the list of pages says of the page.
    pub status: PageStatus,
    /// What a copy has in place of the forms.
    pub copied: HashMap<String, Arc<Output>>,
}

/// Renders the outputs in `scope`. An output whose bytes did not change is the one of `former`. `figures` are those of
/// `former`: a component's page is rendered together with the index if one of its figures changed.
pub fn render(
    view: &PageView,
    scope: &Scope,
    former: &Publication,
    figures: &Figures,
    level: Compression,
) -> anyhow::Result<Rendered> {
    let mut versions = former.versions.clone();
    if matches!(scope, Scope::All) {
        versions.renew(view.now);
    }
    versions.renew_for(html::basis(view), view.now);
    let copied = if scope.is_whole() { HashMap::new() } else { former.copied.clone() };
    let mut renderer = Renderer { view, former, level, outputs: Vec::new(), copied, versions };
    let changed = |one: &ComponentView| figures.get(&one.id).is_none_or(|known| differ(known, &one.windows));
    let selected: HashMap<&str, [Figure; 4]> = overall_status::components(view)
        .filter(|one| match scope {
            Scope::All | Scope::Quarter | Scope::Refresh => true,
            Scope::Changed(these) => these.components.contains(&one.id) || changed(one),
        })
        .map(|one| (one.id.as_str(), one.windows))
        .collect();
    renderer.page("", CacheClass::Live, html::index(view)?);
    for (path, content_type, bytes) in html::icons(view) {
        renderer.live(path, content_type, bytes);
    }
    renderer.status(&|id| selected.contains_key(id))?;
    match scope {
        Scope::Changed(these) => {
            renderer.announced(&|one| these.announced.contains(one.id) || one.open)?;
            if !these.announced.is_empty() {
                renderer.feeds()?;
                renderer.touch(&these.announced);
                renderer.months_of(&these.announced)?;
            }
        }
        Scope::Refresh => {
            renderer.announced(&|one| one.open)?;
            renderer.recent_months(false)?;
        }
        Scope::All | Scope::Quarter => {
            renderer.announced(&|_| true)?;
            renderer.recent_months(true)?;
            renderer.take_over()?;
            renderer.feeds()?;
            renderer.live("robots.txt", robots::CONTENT_TYPE, robots::of_page(view));
            renderer.forms()?;
            renderer.static_outputs();
        }
    }
    let paths: HashSet<String> = renderer.outputs.iter().map(|(path, _)| path.clone()).collect();
    let mut figures = if scope.is_whole() { Figures::new() } else { figures.clone() };
    figures.extend(selected.into_iter().map(|(id, windows)| (id.to_owned(), windows)));
    let (earlier, status) = (html::earlier(view).into(), PageStatus::of(view));
    let Renderer { outputs, copied, versions, .. } = renderer;
    Ok(Rendered { outputs, paths, figures, versions, earlier, status, copied })
}

/// Whether a visitor would see different figures.
fn differ(some: &[Figure; 4], others: &[Figure; 4]) -> bool {
    let shown = |figure: &Figure| (figure.hundredths, figure.enough, figure.coverage);
    some.iter().map(shown).ne(others.iter().map(shown))
}

struct Renderer<'a> {
    view: &'a PageView,
    former: &'a Publication,
    level: Compression,
    outputs: Vec<(String, Arc<Output>)>,
    copied: HashMap<String, Arc<Output>>,
    versions: Versions,
}

/// The output at a path of a page. `at` is its date if it has none of `former`.
pub(super) fn output(
    view: &PageView,
    path: &str,
    (content_type, cache, policy): (&'static str, CacheClass, &str),
    bytes: Vec<u8>,
    (at, former): (Timestamp, Option<&Arc<Output>>),
    level: Compression,
) -> Arc<Output> {
    let name = match path {
        "" => "index".to_owned(),
        path => path.replace('/', "-"),
    };
    let page = format!("page-{}", view.id);
    let output = format!("{page}-{name}");
    let keys = [page.as_str(), output.as_str()];
    let kind = Kind { content_type, cache, keys: &keys, policy };
    Output::render(kind, bytes, at, former, level)
}

impl Renderer<'_> {
    fn page(&mut self, path: &str, cache: CacheClass, page: Document) {
        let output = self.rendered(path, (HTML, cache, &page.policy), page.html.into_bytes());
        self.outputs.push((path.to_owned(), output));
    }

    fn rendered(&self, path: &str, kind: (&'static str, CacheClass, &str), bytes: Vec<u8>) -> Arc<Output> {
        let (former, now) = (self.former.outputs.get(path), self.view.now);
        // It may have been in the archive.
        let at = if former.is_some() { now } else { now.max(self.former.versions.date(path) + SECOND) };
        output(self.view, path, kind, bytes, (at, former), self.level)
    }

    fn live(&mut self, path: &str, content_type: &'static str, bytes: impl Into<Vec<u8>>) {
        let output = self.rendered(path, (content_type, CacheClass::Live, ""), bytes.into());
        self.outputs.push((path.to_owned(), output));
    }

    /// Outputs that show a status or a figure; of the outputs of components only the `selected` ones.
    fn status(&mut self, selected: &dyn Fn(&str) -> bool) -> anyhow::Result<()> {
        for (path, bytes) in api_v2::render(self.view)? {
            self.live(path, api_v2::CONTENT_TYPE, bytes);
        }
        for badge in badge::render(self.view, selected)? {
            self.live(&badge.path, badge.content_type, badge.bytes);
        }
        self.page("uptime", CacheClass::Live, html::uptime(self.view)?);
        if let Some(month) = html::months(self.view).pop() {
            let page = html::uptime_of_month(self.view, month)?;
            self.page(&html::uptime_path_of(month), CacheClass::Live, page);
        }
        self.page("widget.html", CacheClass::Live, html::widget(self.view)?);
        self.live("uptime.csv", csv::CONTENT_TYPE, csv::render(self.view)?);
        for one in overall_status::components(self.view).filter(|one| selected(&one.id)) {
            if let Some(page) = html::component(self.view, &one.id) {
                self.page(&format!("components/{}", one.id), CacheClass::Live, page);
            }
            for (path, page) in html::component_windows(self.view, &one.id) {
                self.page(&path, CacheClass::Live, page);
            }
        }
        Ok(())
    }

    /// What changes with what is announced, and with it alone: feeds, calendars, the sitemap. Those of all components: an
    /// update or a window may name one no more.
    fn feeds(&mut self) -> anyhow::Result<()> {
        let view = self.view;
        for one in feed::render(view)? {
            self.live(&one.path, one.content_type, one.bytes);
        }
        self.live("calendar.ics", calendar::CONTENT_TYPE, calendar::render(view));
        for component in overall_status::components(view) {
            let path = format!("components/{}/calendar.ics", component.id);
            self.live(&path, calendar::CONTENT_TYPE, calendar::render_component(view, component));
        }
        if !view.noindex {
            self.live("sitemap.xml", sitemap::CONTENT_TYPE, sitemap::render(view)?);
        }
        Ok(())
    }

    /// The pages of the incidents, the maintenance and the announcements that are `wanted`.
    fn announced(&mut self, wanted: &dyn Fn(&Announced<'_>) -> bool) -> anyhow::Result<()> {
        let view = self.view;
        for one in announced(view).filter(|one| wanted(one) && !one.is_archived(view.now)) {
            self.page(&one.path, one.cache(), one.html(view)?);
            if let Some((path, bytes)) = one.calendar(view) {
                self.live(&path, calendar::CONTENT_TYPE, bytes);
            }
            if let Some(topic) = one.topic() {
                self.form(Some(&topic))?;
            }
        }
        Ok(())
    }

    /// The pages of these are new versions if they are in the archive.
    fn touch(&mut self, ids: &BTreeSet<String>) {
        let now = self.view.now;
        for one in announced(self.view).filter(|one| ids.contains(one.id) && one.is_archived(now)) {
            self.versions.touch(&one.path, now);
        }
    }

    /// The months that show these incidents and this maintenance, and the present one.
    fn months_of(&mut self, ids: &BTreeSet<String>) -> anyhow::Result<()> {
        self.page("history", CacheClass::Live, html::history(self.view, None)?);
        let these = announced(self.view).filter(|one| ids.contains(one.id) && one.is_in_history());
        let mut shown: BTreeSet<_> =
            these.flat_map(|one| html::months_of(self.view, one.from, one.to)).collect();
        for (month, is_closed) in html::recent_months(self.view) {
            if shown.remove(&month) {
                self.month(month, is_closed)?;
            }
        }
        for month in shown {
            let path = html::path_of(month);
            if self.former.outputs.contains_key(&path) {
                self.month(month, true)?;
            } else {
                self.versions.touch(&path, self.view.now);
                self.versions.touch(&html::uptime_path_of(month), self.view.now);
            }
        }
        Ok(())
    }

    fn month(&mut self, month: (i16, i8), is_closed: bool) -> anyhow::Result<()> {
        let page = html::history(self.view, Some(month))?;
        let cache = if is_closed { CacheClass::Closed } else { CacheClass::Live };
        self.page(&html::path_of(month), cache, page);
        // That of the present month is rendered with every figure.
        if html::months(self.view).last() != Some(&month) {
            let page = html::uptime_of_month(self.view, month)?;
            self.page(&html::uptime_path_of(month), cache, page);
        }
        Ok(())
    }

    /// The months that can still change; `all`: also those that were over lately.
    fn recent_months(&mut self, all: bool) -> anyhow::Result<()> {
        self.page("history", CacheClass::Live, html::history(self.view, None)?);
        for (month, is_closed) in html::recent_months(self.view) {
            if all || !is_closed {
                self.month(month, is_closed)?;
            }
        }
        Ok(())
    }

    /// What was rendered ahead and is in the archive from now on: its last rendering says when it last changed.
    fn take_over(&mut self) -> anyhow::Result<()> {
        let view = self.view;
        let mut leaving = Vec::new();
        for one in announced(view).filter(|one| one.is_archived(view.now)) {
            if self.former.outputs.contains_key(&one.path) {
                leaving.push((one.html(view)?, one.path));
            }
        }
        let recent: Vec<_> = html::recent_months(view).into_iter().map(|(month, _)| month).collect();
        for month in html::months(view).into_iter().filter(|month| !recent.contains(month)) {
            let path = html::path_of(month);
            if self.former.outputs.contains_key(&path) {
                leaving.push((html::history(view, Some(month))?, path));
            }
            let path = html::uptime_path_of(month);
            if self.former.outputs.contains_key(&path) {
                leaving.push((html::uptime_of_month(view, month)?, path));
            }
        }
        for (page, path) in leaving {
            let kind = (HTML, CacheClass::Closed, page.policy.as_str());
            let last = self.rendered(&path, kind, page.html.into_bytes());
            self.versions.take_over(&path, last.last_modified);
        }
        Ok(())
    }

    /// Outputs that only a new version of the program changes.
    fn static_outputs(&mut self) {
        for asset in html::assets_of(self.view.language) {
            let former = self.former.outputs.get(&asset.path);
            let output = former.map_or_else(|| of_asset(asset, self.view.now), Arc::clone);
            self.outputs.push((asset.path.clone(), output));
        }
        for file in branding::files(&self.view.branding) {
            let kind = (file.content_type, file.cache, file.policy);
            let output = self.rendered(&file.path, kind, file.bytes.to_vec());
            let alias = file.alias.map(|path| (path.to_owned(), Arc::clone(&output)));
            self.outputs.push((file.path, output));
            self.outputs.extend(alias);
        }
        self.live("widget.js", html::SCRIPT_TYPE, html::widget_script(self.view.language));
    }
}

#[cfg(test)]
#[path = "outputs_test.rs"]
mod tests;
