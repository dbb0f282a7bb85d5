//! A month in figures: the uptime of groups and components in it, and what it held as one line of a list.

use super::figures::Cell;
use super::history::path_of;
use super::month::{cell, cell_of, mean_of};
use super::words::{Clock, balanced};
use crate::overall_status::components;
use crate::texts::Texts;
use crate::view::{ComponentView, Item, Month, MonthView, PageView};
use jiff::civil::date;

/// The uptime of a group, or of a component without a group.
pub(crate) struct GroupFigure {
    pub(crate) name: String,
    pub(crate) figure: Cell,
}

/// A month as one line of a list.
pub(crate) struct MonthLine {
    pub(crate) href: String,
    pub(crate) name: String,
    /// "3 incidents, 1 maintenance"
    pub(crate) held: String,
    pub(crate) figure: Option<Cell>,
}

/// The uptime of the groups, and of the components without a group, in a month; those without uptime are left out.
pub(crate) fn figures(view: &PageView, month: Month, clock: &Clock<'_>) -> Vec<GroupFigure> {
    let item = |item: &Item| {
        let name = match item {
            Item::Group(group) => &group.name,
            Item::Component(component) => &component.name,
        };
        let shown_ones: Vec<_> = item.components().into_iter().filter(|one| one.showcase).collect();
        let figure = || cell(&shown_ones, month, view, clock);
        (!shown_ones.is_empty()).then(|| GroupFigure { name: balanced(name), figure: figure() })
    };
    view.items.iter().filter_map(item).collect()
}

/// What the words among the figures mean.
pub(crate) fn notes(figures: &[GroupFigure], texts: &Texts) -> Vec<&'static str> {
    super::figures::notes(&figures.iter().map(|one| &one.figure), texts)
}

/// What the months before the present one held, oldest first, as far as the view tells.
pub(crate) fn earlier(view: &PageView) -> Vec<MonthView> {
    let months = super::months(view);
    let before = months.split_last().map_or(&[][..], |(_, before)| before);
    let days = counted(view).filter_map(|one| one.days.first()).map(|day| day.date);
    let first_shown = days.min();
    let held = |month: &Month| {
        if first_shown.is_none_or(|shown| date(month.0, month.1, 1) < shown) {
            return view.earlier.iter().find(|one| one.month == *month).cloned();
        }
        Some(held_in(view, *month))
    };
    before.iter().filter_map(held).collect()
}

/// The components that show their uptime.
fn counted(view: &PageView) -> impl Iterator<Item = &ComponentView> {
    components(view).filter(|one| one.showcase)
}

/// What a month held whose past the view has.
fn held_in(view: &PageView, month: Month) -> MonthView {
    let (from, to) = super::history::span_of(view, month);
    let began = |at| from <= at && at < to;
    MonthView {
        month,
        incidents: view.incidents.iter().filter(|one| began(one.started_at)).count(),
        maintenance: view.maintenance.iter().filter(|one| one.has_begun() && began(one.from)).count(),
        figure: mean_of(&counted(view).collect::<Vec<_>>(), month, view),
    }
}

/// "November 2026: 3 incidents, 1 maintenance. Uptime 99.93%.", of a month whose past the view has.
pub(crate) fn summary(view: &PageView, month: Month) -> String {
    let held = held_in(view, month);
    let texts = view.texts();
    let uptime = held.figure.hundredths.filter(|_| held.figure.enough);
    let uptime = uptime.map(|hundredths| texts.dates.percentage(hundredths));
    let events = texts.past.held(held.incidents, held.maintenance);
    texts.head.month(&texts.dates.month(month), &events, uptime.as_deref())
}

/// The months before the present one, the newest first.
pub(crate) fn lines(view: &PageView, clock: &Clock<'_>) -> Vec<MonthLine> {
    let (held, texts) = (earlier(view), clock.texts);
    let counted: Vec<_> = counted(view).collect();
    let months = super::months(view);
    let before = months.iter().rev().skip(1);
    let line = |month: &Month| {
        let held = held.iter().find(|one| one.month == *month);
        let seen = held.filter(|held| held.figure.coverage > 0);
        MonthLine {
            href: path_of(*month),
            name: texts.dates.month(*month),
            held: held.map_or_else(String::new, |held| texts.past.held(held.incidents, held.maintenance)),
            figure: seen.map(|held| cell_of(&held.figure, &counted, *month, view, clock)),
        }
    };
    before.map(line).collect()
}
