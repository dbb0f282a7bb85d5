//! Uptime over one month, from the intervals of a view. It must say the same of a month in the archive as of one that is
//! rendered ahead.

use super::component::left_out;
use super::figures::{Cell, Window};
use super::history::{self, span_of};
use super::rows::watched_from;
use super::words::Clock;
use crate::texts::Texts;
use crate::view::{ComponentView, Month, PageView};
use jiff::civil::{Date, date};
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
    pub(crate) fn to_uptime(month: Month, texts: &Texts) -> Self {
        Self { href: format!("../{}", path_of(month)), name: texts.dates.month(month) }
    }
}

/// The path of the uptime of a month below the page's root.
#[must_use]
pub fn path_of((year, month): Month) -> String {
    format!("uptime/{year:04}-{month:02}")
}

/// The month that is over whose uptime stands at a path, as [`path_of`] writes it, if the page has it.
pub(crate) fn past_month(view: &PageView, path: &str) -> Option<Month> {
    history::past_month(view, &format!("history/{}", path.strip_prefix("uptime/")?))
}

pub(crate) fn is_present(month: Month, clock: &Clock<'_>) -> bool {
    (clock.today().year(), clock.today().month()) == month
}

/// A month of a page as time.
pub(crate) struct MonthSpan {
    pub(crate) month: Month,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// The last of its days that has begun.
    last: Date,
}

impl MonthSpan {
    pub(crate) fn of(view: &PageView, month: Month) -> Self {
        let (from, to) = span_of(view, month);
        let last = date(month.0, month.1, 1).last_of_month().min(Clock::of(view).today());
        Self { month, from, to, last }
    }

    /// The uptime of a component from its tally.
    pub(crate) fn figure(&self, tally: &Tally, start: Option<Date>, view: &PageView) -> Figure {
        let weights =
            Weights { partial_percent: view.rule.partial_percent, major_percent: view.rule.major_percent };
        let rule = if view.rule.statuspage { Rule::Statuspage } else { Rule::Observed };
        figure(tally, rule, weights, self.days(start))
    }

    /// How long a component was in each condition, whose status is that of the `intervals`, which cover the month up to the
    /// instant of the view; nothing after it counts.
    pub(crate) fn tally(&self, intervals: &[Interval<Effective>], view: &PageView) -> Tally {
        tally(intervals, self.from, self.to.min(view.now).max(self.from))
    }

    /// The calendar days of the month up to today, each counted whole, less those before a start date.
    fn days(&self, start: Option<Date>) -> u32 {
        let first = date(self.month.0, self.month.1, 1);
        let begun = start.map_or(first, |start| start.max(first));
        u32::try_from((self.last - begun).get_days() + 1).unwrap_or(0)
    }
}

/// The figure of a component over a month.
pub(crate) fn figure_of(component: &ComponentView, month: Month, view: &PageView) -> Figure {
    MonthSpan::of(view, month).figure(&tally_of(component, month, view), component.start_date, view)
}

/// The figure of several components over a month, which is their mean.
pub(crate) fn mean_of(children: &[&ComponentView], month: Month, view: &PageView) -> Figure {
    let figures: Vec<_> = children.iter().map(|child| figure_of(child, month, view)).collect();
    group(&figures)
}

/// The same as it is shown.
pub(crate) fn cell(children: &[&ComponentView], month: Month, view: &PageView, clock: &Clock<'_>) -> Cell {
    cell_of(&mean_of(children, month, view), children, month, view, clock)
}

/// How the figure of these components over a month is shown, wherever it stands.
pub(crate) fn cell_of(
    figure: &Figure,
    children: &[&ComponentView],
    month: Month,
    view: &PageView,
    clock: &Clock<'_>,
) -> Cell {
    Cell::of(figure, Window::since(date(month.0, month.1, 1)), watched_from(children), view, clock)
}

/// Uptime, outages, partial outages and what is left out.
pub(super) fn cells(
    children: &[&ComponentView],
    month: Month,
    view: &PageView,
    clock: &Clock<'_>,
) -> [Cell; 4] {
    let figure = mean_of(children, month, view);
    let left_out: i64 =
        children.iter().map(|child| left_out(&tally_of(child, month, view), child, view)).sum();
    [
        cell_of(&figure, children, month, view, clock),
        Cell::lasting(figure.tally.major, clock),
        Cell::lasting(figure.tally.partial, clock),
        Cell::lasting(left_out / (children.len().max(1) as i64), clock),
    ]
}

/// Whether visitors were affected in a month.
pub(super) fn was_impaired(component: &ComponentView, month: Month, view: &PageView) -> bool {
    let tally = tally_of(component, month, view);
    tally.major + tally.partial + tally.degraded > 0
}

fn tally_of(component: &ComponentView, month: Month, view: &PageView) -> Tally {
    MonthSpan::of(view, month).tally(&intervals(component, view.now), view)
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

#[cfg(test)]
#[path = "month_test.rs"]
mod tests;
