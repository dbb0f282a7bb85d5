//! A month in figures: the uptime of groups and components in it, and what it held as one line of a list.

use super::history::path_of;
use super::month::mean_of;
use super::words::balanced;
use crate::overall_status::components;
use crate::texts::Texts;
use crate::view::{ComponentView, Item, Month, MonthView, PageView};
use jiff::civil::date;
use skerry_domain::uptime::Figure;

/// From this figure on, hundredths of a percent, it is not in bold.
const GOOD: u32 = 9_990;

/// A figure with the class that shows its weight.
pub(crate) struct Shown {
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

/// The uptime of a group, or of a component without a group.
pub(crate) struct GroupFigure {
    pub(crate) name: String,
    pub(crate) figure: Shown,
}

/// A month as one line of a list.
pub(crate) struct MonthLine {
    pub(crate) href: String,
    pub(crate) name: String,
    /// "3 incidents, 1 maintenance"
    pub(crate) held: String,
    pub(crate) figure: Option<Shown>,
}

/// The uptime of the groups, and of the components without a group, in a month; those without uptime are left out.
pub(crate) fn figures(view: &PageView, month: Month) -> Vec<GroupFigure> {
    let item = |item: &Item| {
        let name = match item {
            Item::Group(group) => &group.name,
            Item::Component(component) => &component.name,
        };
        let shown_ones: Vec<_> = item.components().into_iter().filter(|one| one.showcase).collect();
        let figure = || shown(&mean_of(&shown_ones, month, view), view.texts());
        (!shown_ones.is_empty()).then(|| GroupFigure { name: balanced(name), figure: figure() })
    };
    view.items.iter().filter_map(item).collect()
}

/// Whether one of the figures needs an explanation.
pub(crate) fn lacks_data(figures: &[GroupFigure], texts: &Texts) -> bool {
    figures.iter().any(|one| one.figure.text == texts.past.not_enough())
}

/// 100% is quiet, what is far from it stands out.
fn shown(figure: &Figure, texts: &Texts) -> Shown {
    let (class, text) = match figure.hundredths {
        None => ("no", texts.past.no_figure().to_owned()),
        Some(_) if !figure.enough => ("no", texts.past.not_enough().to_owned()),
        Some(hundredths) => {
            let class = match hundredths {
                10_000.. => "q",
                GOOD.. => "",
                _ => "lo",
            };
            (class, texts.dates.percentage(hundredths))
        }
    };
    Shown { class, text }
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
pub(crate) fn lines(view: &PageView) -> Vec<MonthLine> {
    let (held, texts) = (earlier(view), view.texts());
    let months = super::months(view);
    let before = months.iter().rev().skip(1);
    let line = |month: &Month| {
        let held = held.iter().find(|one| one.month == *month);
        MonthLine {
            href: path_of(*month),
            name: texts.dates.month(*month),
            held: held.map_or_else(String::new, |held| texts.past.held(held.incidents, held.maintenance)),
            figure: held.filter(|held| held.figure.coverage > 0).map(|held| shown(&held.figure, texts)),
        }
    };
    before.map(line).collect()
}
