//! `/uptime`: the figures of all groups and components over 24 hours and 7, 30 and 90 days, and how they are worked out.

use super::Live;
use super::document::{Document, Extra, Sheet};
use super::figures::{self, Cell, Window};
use super::frame::{Frame, zone};
use super::head::Head;
use super::headline::is_shown;
use super::month::{self, MonthLink};
use super::rows::{FOLD_ABOVE, mean, watched_from};
use super::words::{Clock, balanced};
use super::{history, markup};
use crate::overall_status::components;
use crate::texts::{self, Texts};
use crate::view::{ComponentView, Item, PageView};
use sailfish::TemplateSimple;
use skerry_domain::days::WINDOWS;

#[derive(TemplateSimple)]
#[template(path = "uptime.stpl")]
struct Uptime {
    texts: &'static Texts,
    name: String,
    live: Live,
    figures: Table,
    formula: [String; 3],
    /// Path of the present month.
    month: String,
}

#[derive(TemplateSimple)]
#[template(path = "uptime_month.stpl")]
struct UptimeMonth {
    texts: &'static Texts,
    name: String,
    title: String,
    /// `None` for a month that cannot change any more.
    live: Option<Live>,
    /// As markup.
    lead: String,
    figures: Table,
    history: MonthLink,
    earlier: Option<MonthLink>,
    later: Option<MonthLink>,
}

/// The figures of all groups and components.
pub(super) struct Table {
    /// The way to the page's root.
    root: &'static str,
    caption: String,
    columns: [&'static str; 4],
    /// Most columns hold durations, which are wider than figures.
    durations: bool,
    entries: Vec<Entry>,
    /// There are groups, which are disclosures; else it is a plain table.
    grouped: bool,
    /// The groups are unfolded.
    open: bool,
    /// What words stand for.
    notes: Vec<&'static str>,
}

/// A group with its rows, or a component.
pub(super) struct Entry {
    name: String,
    /// Path of its page below the page's root; `None` for a group.
    page: Option<String>,
    cells: [Cell; 4],
    /// "since 28 Nov": the first monitored day, if a window begins earlier.
    since: Option<String>,
    children: Vec<Entry>,
}

impl Table {
    /// `cells` are those of one component or the means of several; a component is listed if it is `wanted`.
    pub(super) fn new(
        view: &PageView,
        (root, caption, columns): (&'static str, String, [&'static str; 4]),
        cells: &dyn Fn(&[&ComponentView]) -> [Cell; 4],
        wanted: &dyn Fn(&ComponentView) -> bool,
    ) -> Self {
        let entries: Vec<Entry> =
            view.items.iter().filter_map(|item| Entry::of(item, cells, wanted)).collect();
        let all = || entries.iter().flat_map(Entry::with_rows);
        Self {
            root,
            caption,
            columns,
            durations: columns == view.texts().uptime.month(),
            grouped: entries.iter().any(|one| one.page.is_none()),
            open: all().filter(|one| one.page.is_some()).count() <= FOLD_ABOVE,
            notes: figures::notes(&all().flat_map(|one| &one.cells), view.texts()),
            entries,
        }
    }
}

impl Entry {
    fn of(
        item: &Item,
        cells: &dyn Fn(&[&ComponentView]) -> [Cell; 4],
        wanted: &dyn Fn(&ComponentView) -> bool,
    ) -> Option<Self> {
        match item {
            Item::Component(component) => (component.showcase && wanted(component)).then(|| {
                let page = Some(format!("components/{}", component.id));
                Self::new(balanced(&component.name), page, cells(&[component]), Vec::new())
            }),
            Item::Group(group) => {
                let children: Vec<_> =
                    group.children.iter().filter_map(|child| Self::of(child, cells, wanted)).collect();
                // A child that is hidden while it is operational counts, too: a figure must not depend on what is shown.
                let counted: Vec<_> = group.components().into_iter().filter(|child| child.showcase).collect();
                (!children.is_empty())
                    .then(|| Self::new(balanced(&group.name), None, cells(&counted), children))
            }
        }
    }

    /// Its cells name the same first day, which stands once below the name.
    fn new(name: String, page: Option<String>, cells: [Cell; 4], children: Vec<Self>) -> Self {
        let since = cells.iter().find_map(|cell| cell.since.clone());
        Self { name, page, cells, since, children }
    }

    /// The entry and all below it.
    fn with_rows(&self) -> Vec<&Self> {
        std::iter::once(self).chain(self.children.iter().flat_map(Self::with_rows)).collect()
    }
}

/// The uptime page.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn uptime(view: &PageView) -> anyhow::Result<Document> {
    let (clock, texts) = (Clock::of(view), view.texts());
    let cells = |children: &[&ComponentView]| {
        std::array::from_fn(|window| {
            let watched = watched_from(children);
            Cell::of(&mean(children, window), Window::last(WINDOWS[window], &clock), watched, view, &clock)
        })
    };
    let caption = ("", texts.status.uptime().to_owned(), texts.uptime.windows());
    let figures = Table::new(view, caption, &cells, &is_shown);
    let at = view.verified_at.unwrap_or(view.now);
    let lead = texts.uptime.lead(&markup::time(at, &clock.full_day(at), &clock), figures.grouped);
    let body = Uptime {
        texts,
        name: balanced(&view.name),
        live: Live::as_of(lead, view, &clock),
        figures,
        formula: texts.uptime.formula(
            view.rule.statuspage,
            view.rule.major_percent,
            view.rule.partial_percent,
            zone(view),
        ),
        month: month::path_of((clock.today().year(), clock.today().month())),
    };
    let title = texts::title(texts.status.uptime(), &balanced(&view.name));
    let head = Head::of_page(view, &title);
    let frame = Frame::new(view, Sheet::Uptime, "", "uptime", title).with_head(head);
    frame.with_styles(&nested(view)).render(body.render_once()?)
}

/// `/uptime/<yyyy-mm>`: the figures of a month. One outside [`history::months`] is replaced by the nearest.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn uptime_of_month(view: &PageView, wanted: (i16, i8)) -> anyhow::Result<Document> {
    let (clock, texts) = (Clock::of(view), view.texts());
    let months = history::months(view);
    let index = months.partition_point(|known| *known < wanted).min(months.len().saturating_sub(1));
    let month = months.get(index).copied().unwrap_or(wanted);
    let link = |at: Option<usize>| months.get(at?).map(|month| MonthLink::to_uptime(*month, texts));
    let cells = |children: &[&ComponentView]| month::cells(children, month, view, &clock);
    let listed = |component: &ComponentView| {
        !component.only_show_if_degraded || month::was_impaired(component, month, view)
    };
    let name = texts.dates.month(month);
    let title = texts.uptime.in_month(&name);
    let counted: Vec<_> = components(view).filter(|one| one.showcase).collect();
    let mean = month::mean_of(&counted, month, view);
    let uptime = mean.hundredths.filter(|_| mean.enough).map(|share| texts.dates.percentage(share));
    let figures = Table::new(view, ("../", title.clone(), texts.uptime.month()), &cells, &listed);
    let at = view.verified_at.unwrap_or(view.now);
    let as_of = (!history::is_closed(view, month)).then_some(at);
    let time = as_of.map(|at| markup::time(at, &clock.full_day(at), &clock));
    let lead = texts.uptime.lead_of_month(time.as_deref(), month::is_present(month, &clock), figures.grouped);
    let document = texts::title(&title, &balanced(&view.name));
    let body = UptimeMonth {
        texts,
        name: balanced(&view.name),
        title,
        live: time.map(|_| Live::as_of(lead.clone(), view, &clock)),
        lead,
        figures,
        history: MonthLink { href: format!("../{}", history::path_of(month)), name: name.clone() },
        earlier: link(index.checked_sub(1)),
        later: link(Some(index + 1)),
    };
    let held = texts.uptime.described(&name, uptime.as_deref());
    let head = Head::of_month(view, &document, held, as_of, &clock);
    Frame::new(view, Sheet::Uptime, "../", &month::path_of(month), document)
        .with_head(head)
        .with_styles(&nested(view))
        .render(body.render_once()?)
}

/// The styles of groups inside groups, if the page has some.
fn nested(view: &PageView) -> Vec<Extra> {
    if view.has_nested_groups() { vec![Extra::NestedFigures] } else { Vec::new() }
}

#[cfg(test)]
#[path = "uptime_test.rs"]
mod tests;
