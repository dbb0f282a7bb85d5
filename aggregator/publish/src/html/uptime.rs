//! `/uptime`: the figures of all groups and components over 24 hours and 7, 30 and 90 days, and how they are worked out.

use super::Live;
use super::document::{Document, Sheet};
use super::figures::{self, Cell, Window};
use super::frame::{Frame, zone};
use super::head::Head;
use super::headline::is_shown;
use super::month::{self, MonthLink};
use super::rows::{FOLD_ABOVE, mean, watched_from};
use super::words::{Clock, balanced};
use super::{history, markup};
use crate::texts::{self, Texts};
use crate::view::{ComponentView, Item, PageView};
use sailfish::TemplateSimple;

/// Lengths of the windows in days, in the order of [`ComponentView::windows`].
const WINDOWS: [i64; 4] = [1, 7, 30, 90];

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

/// A group with its components, or a component.
pub(super) struct Entry {
    name: String,
    /// Path of its page below the page's root; `None` for a group.
    page: Option<String>,
    cells: [Cell; 4],
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
        let entry = |component: &ComponentView| {
            (component.showcase && wanted(component)).then(|| Entry {
                name: balanced(&component.name),
                page: Some(format!("components/{}", component.id)),
                cells: cells(&[component]),
                children: Vec::new(),
            })
        };
        let of = |item: &Item| match item {
            Item::Component(component) => entry(component),
            Item::Group(group) => {
                let children: Vec<_> = group.children.iter().filter_map(entry).collect();
                // A child that is hidden while it is operational counts, too: a figure must not depend on what is shown.
                let counted: Vec<_> = group.children.iter().filter(|child| child.showcase).collect();
                (!children.is_empty()).then(|| Entry {
                    name: balanced(&group.name),
                    page: None,
                    cells: cells(&counted),
                    children,
                })
            }
        };
        let entries: Vec<Entry> = view.items.iter().filter_map(of).collect();
        let listed: usize = entries.iter().map(|one| one.children.len().max(1)).sum();
        let all = entries.iter().flat_map(|one| std::iter::once(one).chain(&one.children));
        Self {
            root,
            caption,
            columns,
            durations: columns == view.texts().uptime.month(),
            grouped: entries.iter().any(|one| one.page.is_none()),
            open: listed <= FOLD_ABOVE,
            notes: figures::notes(&all.flat_map(|one| &one.cells), view.texts()),
            entries,
        }
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
    Frame::new(view, Sheet::Uptime, "", "uptime", title).with_head(head).render(body.render_once()?)
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
    let figures = Table::new(view, ("../", title.clone(), texts.uptime.month()), &cells, &listed);
    let at = view.verified_at.unwrap_or(view.now);
    let at = (!history::is_closed(view, month)).then(|| markup::time(at, &clock.full_day(at), &clock));
    let lead = texts.uptime.lead_of_month(at.as_deref(), month::is_present(month, &clock), figures.grouped);
    let document = texts::title(&title, &balanced(&view.name));
    let body = UptimeMonth {
        texts,
        name: balanced(&view.name),
        title,
        live: at.map(|_| Live::as_of(lead.clone(), view, &clock)),
        lead,
        figures,
        history: MonthLink { href: format!("../{}", history::path_of(month)), name },
        earlier: link(index.checked_sub(1)),
        later: link(Some(index + 1)),
    };
    Frame::new(view, Sheet::Uptime, "../", &month::path_of(month), document).render(body.render_once()?)
}

#[cfg(test)]
#[path = "uptime_test.rs"]
mod tests;
