//! Uptime over one month, from the intervals of a view. It must say the same of a month in the archive as of one that is
//! rendered ahead.

use super::component::left_out;
use super::figures::{Cell, Window};
use super::history::{self, span_of};
use super::rows::watched_from;
use super::words::Clock;
use crate::texts::Texts;
use crate::view::{ComponentView, PageView};
use jiff::civil::date;
use skerry_domain::interval::Interval;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::Timestamp;
use skerry_domain::uptime::{Figure, Rule, Tally, Weights, figure, group, tally};

/// A link to the page of a month.
pub(crate) struct MonthLink {
    pub(crate) href: String,
    pub(crate) name: String,
}

impl MonthLink {
    /// From the uptime of one month to that of another.
    pub(crate) fn to_uptime(month: (i16, i8), texts: &Texts) -> Self {
        Self { href: format!("../{}", path_of(month)), name: texts.dates.month(month) }
    }
}

/// The path of the uptime of a month below the page's root.
#[must_use]
pub fn path_of((year, month): (i16, i8)) -> String {
    format!("uptime/{year:04}-{month:02}")
}

/// The month that is over whose uptime stands at a path, as [`path_of`] writes it, if the page has it.
pub(crate) fn past_month(view: &PageView, path: &str) -> Option<(i16, i8)> {
    history::past_month(view, &format!("history/{}", path.strip_prefix("uptime/")?))
}

pub(crate) fn is_present(month: (i16, i8), clock: &Clock<'_>) -> bool {
    (clock.today().year(), clock.today().month()) == month
}

/// The figure of a component over a month; nothing after the instant of the view counts.
pub(crate) fn figure_of(component: &ComponentView, month: (i16, i8), view: &PageView) -> Figure {
    let weights =
        Weights { partial_percent: view.rule.partial_percent, major_percent: view.rule.major_percent };
    let rule = if view.rule.statuspage { Rule::Statuspage } else { Rule::Observed };
    figure(&tally_of(component, month, view), rule, weights, days_of(component, month, view))
}

/// The figure of several components over a month: of one its own, of a group their mean.
pub(crate) fn mean_of(children: &[&ComponentView], month: (i16, i8), view: &PageView) -> Figure {
    let figures: Vec<_> = children.iter().map(|child| figure_of(child, month, view)).collect();
    match figures.as_slice() {
        [one] => *one,
        all => group(all),
    }
}

/// Uptime, outages, partial outages and what is left out.
pub(super) fn cells(
    children: &[&ComponentView],
    month: (i16, i8),
    view: &PageView,
    clock: &Clock<'_>,
) -> [Cell; 4] {
    let figure = mean_of(children, month, view);
    let window = Window::since(date(month.0, month.1, 1));
    let left_out: i64 =
        children.iter().map(|child| left_out(&tally_of(child, month, view), child, view)).sum();
    [
        Cell::of(&figure, window, watched_from(children), view, clock),
        Cell::lasting(figure.tally.major, clock),
        Cell::lasting(figure.tally.partial, clock),
        Cell::lasting(left_out / (children.len().max(1) as i64), clock),
    ]
}

/// Whether visitors were affected in a month.
pub(super) fn was_impaired(component: &ComponentView, month: (i16, i8), view: &PageView) -> bool {
    let tally = tally_of(component, month, view);
    tally.major + tally.partial + tally.degraded > 0
}

fn tally_of(component: &ComponentView, month: (i16, i8), view: &PageView) -> Tally {
    let (from, to) = span_of(view, month);
    tally(&intervals(component, view.now), from, to.min(view.now))
}

/// The intervals since a component has been watched: it was operational where its past tells of nothing else.
fn intervals(component: &ComponentView, now: Timestamp) -> Vec<Interval<Effective>> {
    let Some(watched) = component.watched_from else { return Vec::new() };
    let operational = |from, to| Interval { from, to, value: Effective::Known(Status::Operational) };
    let mut intervals = Vec::with_capacity(2 * component.past.len() + 1);
    let mut at = watched;
    for one in component.past.iter().filter(|one| one.to > watched) {
        if one.from > at {
            intervals.push(operational(at, one.from));
        }
        intervals.push(Interval { from: one.from.max(at), ..*one });
        at = one.to;
    }
    if at <= now {
        intervals.push(operational(at, now + 1));
    }
    intervals
}

/// The calendar days of a month up to today, each counted whole, less those before a start date.
fn days_of(component: &ComponentView, (year, month): (i16, i8), view: &PageView) -> u32 {
    let first = date(year, month, 1);
    let last = first.last_of_month().min(Clock::of(view).today());
    let begun = component.start_date.map_or(first, |start| start.max(first));
    u32::try_from((last - begun).get_days() + 1).unwrap_or(0)
}

#[cfg(test)]
#[path = "month_test.rs"]
mod tests;
