//! The outputs of a page, their paths, and which of them a change affects.

use super::html;
use super::output::{CacheClass, Compression, Kind, Output, Publication};
use super::view::{AnnouncementView, ComponentView, IncidentView, MaintenanceView, PageView};
use super::{api_v2, badge, csv, robots};
use skerry_domain::time::{DAY, Timestamp};
use skerry_domain::uptime::Figure;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The `Content-Type` of HTML pages.
pub const HTML: &str = "text/html; charset=utf-8";

/// Which outputs to render.
#[derive(Clone, Debug)]
pub enum Scope {
    /// All outputs.
    All,
    /// All except the pages of incidents, maintenance and announcements that are over, which time does not change; of those only these,
    /// by public id.
    Quarter(BTreeSet<String>),
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
    /// Whether every path of the page is known afterwards. It needs the complete past.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::All | Self::Quarter(_))
    }
}

/// How long after its end late data may change what the page of an incident says of it, in ms: a spool keeps seven days.
const SETTLED: i64 = 8 * DAY;

/// The figures on the components' pages, by public id.
pub type Figures = HashMap<String, [Figure; 4]>;

/// The result of [`render`].
pub struct Rendered {
    /// By path below the page's root.
    pub outputs: Vec<(String, Arc<Output>)>,
    /// Every path that was rendered or stays; if the scope is the whole page, every path of it.
    pub paths: HashSet<String>,
    /// The `figures` to pass to the next call once the outputs are published.
    pub figures: Figures,
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
    let mut renderer = Renderer { view, former, level, outputs: Vec::new() };
    let changed = |one: &ComponentView| figures.get(&one.id).is_none_or(|known| differ(known, &one.windows));
    let selected: HashMap<&str, [Figure; 4]> = super::overall_status::components(view)
        .filter(|one| match scope {
            Scope::All | Scope::Quarter(_) | Scope::Refresh => true,
            Scope::Changed(these) => these.components.contains(&one.id) || changed(one),
        })
        .map(|one| (one.id.as_str(), one.windows))
        .collect();
    renderer.live("", HTML, html::index(view)?);
    renderer.status(&|id| selected.contains_key(id))?;
    match scope {
        Scope::Changed(these) => {
            renderer.announced(&|one| these.announced.contains(one.id) || one.open)?;
            if !these.announced.is_empty() {
                renderer.months_of(&these.announced)?;
            }
        }
        Scope::Refresh => {
            renderer.announced(&|one| one.open)?;
            renderer.open_months()?;
        }
        Scope::All | Scope::Quarter(_) => {
            let kept = |one: &Announced<'_>| {
                let Scope::Quarter(changed) = scope else { return false };
                let known = former.outputs.get(&one.path);
                let is_settled = one.to.is_some_and(|to| view.now - to > SETTLED);
                is_settled
                    && !changed.contains(one.id)
                    && known.is_some_and(|known| known.cache == CacheClass::Closed)
            };
            renderer.announced(&|one| one.open || !kept(one))?;
            renderer.open_months()?;
            renderer.closed_months()?;
            renderer.static_outputs();
        }
    }
    let mut paths: HashSet<String> = renderer.outputs.iter().map(|(path, _)| path.clone()).collect();
    paths.extend(announced(view).map(|one| one.path));
    let mut figures = if scope.is_whole() { Figures::new() } else { figures.clone() };
    figures.extend(selected.into_iter().map(|(id, windows)| (id.to_owned(), windows)));
    Ok(Rendered { outputs: renderer.outputs, paths, figures })
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
}

impl Renderer<'_> {
    fn add(&mut self, path: &str, content_type: &'static str, cache: CacheClass, bytes: Vec<u8>) {
        let name = match path {
            "" => "index".to_owned(),
            path => path.replace('/', "-"),
        };
        let page = format!("page-{}", self.view.id);
        let output = format!("{page}-{name}");
        let keys = [page.as_str(), output.as_str()];
        let kind = Kind { content_type, cache, keys: &keys, frame_ancestors: &self.view.frame_ancestors };
        let former = self.former.outputs.get(path);
        let output = Output::render(kind, bytes, self.view.now, former, self.level);
        self.outputs.push((path.to_owned(), output));
    }

    fn live(&mut self, path: &str, content_type: &'static str, bytes: impl Into<Vec<u8>>) {
        self.add(path, content_type, CacheClass::Live, bytes.into());
    }

    /// Outputs that show a status or a figure; of the outputs of components only the `selected` ones.
    fn status(&mut self, selected: &dyn Fn(&str) -> bool) -> anyhow::Result<()> {
        for (path, bytes) in api_v2::render(self.view)? {
            self.live(path, api_v2::CONTENT_TYPE, bytes);
        }
        let badges = badge::render(self.view)?;
        for badge in badges.into_iter().filter(|badge| badge.component.as_deref().is_none_or(selected)) {
            self.live(&badge.path, badge.content_type, badge.bytes);
        }
        self.live("uptime", HTML, html::uptime(self.view)?);
        self.live("uptime.csv", csv::CONTENT_TYPE, csv::render(self.view)?);
        for one in super::overall_status::components(self.view).filter(|one| selected(&one.id)) {
            if let Some(page) = html::component(self.view, &one.id) {
                self.live(&format!("components/{}", one.id), HTML, page);
            }
        }
        Ok(())
    }

    /// The pages of the incidents, the maintenance and the announcements that are `wanted`.
    fn announced(&mut self, wanted: &dyn Fn(&Announced<'_>) -> bool) -> anyhow::Result<()> {
        for one in announced(self.view).filter(|one| wanted(one)) {
            let page = match one.of {
                Of::Incident(incident) => html::incident(self.view, incident)?,
                Of::Maintenance(maintenance) => html::maintenance(self.view, maintenance)?,
                Of::Announcement(announcement) => html::announcement(self.view, announcement)?,
            };
            let cache = if one.open { CacheClass::Live } else { CacheClass::Closed };
            self.add(&one.path, HTML, cache, page.into_bytes());
        }
        Ok(())
    }

    /// The months that show these incidents and this maintenance, and the present one.
    fn months_of(&mut self, ids: &BTreeSet<String>) -> anyhow::Result<()> {
        self.live("history", HTML, html::history(self.view, None)?);
        let months = html::months(self.view);
        let in_history = |one: &Announced<'_>| !matches!(one.of, Of::Announcement(_));
        let these = announced(self.view).filter(|one| ids.contains(one.id) && in_history(one));
        let shown: BTreeSet<_> = these.flat_map(|one| html::months_of(self.view, one.from, one.to)).collect();
        for month in months.into_iter().filter(|month| shown.contains(month)) {
            self.month(month)?;
        }
        Ok(())
    }

    fn month(&mut self, month: (i16, i8)) -> anyhow::Result<()> {
        let page = html::history(self.view, Some(month))?;
        let cache = if html::is_closed(self.view, month) { CacheClass::Closed } else { CacheClass::Live };
        self.add(&html::path_of(month), HTML, cache, page.into_bytes());
        Ok(())
    }

    /// The months that can still change.
    fn open_months(&mut self) -> anyhow::Result<()> {
        self.live("history", HTML, html::history(self.view, None)?);
        for month in html::months(self.view).into_iter().filter(|month| !html::is_closed(self.view, *month)) {
            self.month(month)?;
        }
        Ok(())
    }

    /// Months that are over.
    fn closed_months(&mut self) -> anyhow::Result<()> {
        for month in html::months(self.view).into_iter().filter(|month| html::is_closed(self.view, *month)) {
            self.month(month)?;
        }
        Ok(())
    }

    /// Outputs that only a new version of the program changes.
    fn static_outputs(&mut self) {
        for (path, output) in shared(self.view.now) {
            let output = self.former.outputs.get(&path).map_or(output, Arc::clone);
            self.outputs.push((path, output));
        }
    }
}

/// An incident, a maintenance or an announcement, with what decides when its page is rendered.
struct Announced<'a> {
    of: Of<'a>,
    id: &'a str,
    path: String,
    open: bool,
    from: Timestamp,
    to: Option<Timestamp>,
}

enum Of<'a> {
    Incident(&'a IncidentView),
    Maintenance(&'a MaintenanceView),
    Announcement(&'a AnnouncementView),
}

/// All incidents, all maintenance and all announcements of the view.
fn announced(view: &PageView) -> impl Iterator<Item = Announced<'_>> {
    let incidents = view.incidents.iter().map(|one| Announced {
        of: Of::Incident(one),
        id: &one.id,
        path: format!("incidents/{}", one.id),
        open: one.is_open(),
        from: one.started_at,
        to: one.resolved_at,
    });
    let maintenance = view.maintenance.iter().map(|one| Announced {
        of: Of::Maintenance(one),
        id: &one.id,
        path: format!("maintenance/{}", one.id),
        open: one.is_open(),
        from: one.from,
        to: one.ended_at,
    });
    let announcements = view.announcements.iter().map(|one| Announced {
        of: Of::Announcement(one),
        id: &one.id,
        path: format!("announcements/{}", one.id),
        open: one.is_shown(),
        from: one.from,
        to: one.ended_at,
    });
    incidents.chain(maintenance).chain(announcements)
}

/// Outputs that are the same for every page; they are also served at the root if no page has it.
#[must_use]
pub fn shared(now: Timestamp) -> HashMap<String, Arc<Output>> {
    let one = |content_type, cache, bytes: &[u8]| {
        let kind = Kind { content_type, cache, keys: &["assets"], frame_ancestors: &[] };
        Output::render(kind, bytes.to_vec(), now, None, Compression::Best)
    };
    let mut outputs: HashMap<_, _> = html::assets()
        .iter()
        .map(|asset| (asset.path.clone(), one(asset.content_type, CacheClass::Immutable, asset.bytes)))
        .collect();
    let icon = one(html::FAVICON_ICO_TYPE, CacheClass::Live, html::FAVICON_ICO);
    outputs.insert("favicon.ico".to_owned(), icon);
    let robots = one(robots::CONTENT_TYPE, CacheClass::Live, robots::BODY.as_bytes());
    outputs.insert("robots.txt".to_owned(), robots);
    outputs
}

#[cfg(test)]
#[path = "outputs_test.rs"]
mod tests;
