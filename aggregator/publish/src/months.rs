//! What the months before the days shown held, for the list of months. Pure.

use super::component_now::ComponentNow;
use super::html;
use super::maintenance::is_shown;
use super::view::{Month, MonthView, PageView};
use jiff::civil::{Date, date};
use skerry_domain::interval::Interval;
use skerry_domain::state::{Component, Page, PageKey, State};
use skerry_domain::status::Effective;
use skerry_domain::time::{DAY, Timestamp};
use skerry_domain::uptime::{self, Figure, tally};

/// A month as time.
struct Span {
    month: Month,
    from: Timestamp,
    to: Timestamp,
    /// The last of its days that has begun.
    last: Date,
}

impl Span {
    /// A month of the page.
    fn of(view: &PageView, month: Month) -> Self {
        let (from, to) = html::span_of(view, month);
        let today = super::times::zoned(view.now, &view.time_zone).date();
        Self { month, from, to, last: date(month.0, month.1, 1).last_of_month().min(today) }
    }

    /// The uptime of a component whose status is that of the `intervals`, which cover the month up to `now`.
    fn figure(
        &self,
        (page, component): (&Page, &Component),
        intervals: &[Interval<Effective>],
        now: Timestamp,
    ) -> Figure {
        let first = date(self.month.0, self.month.1, 1);
        let first = component.settings.start_date.map_or(first, |start| start.max(first));
        let days = u32::try_from((self.last - first).get_days() + 1).unwrap_or(0);
        let tally = tally(intervals, self.from, self.to.min(now).max(self.from));
        uptime::figure(&tally, page.settings.rule, page.settings.weights, days)
    }
}

/// What the months that begin before `begin` held, oldest first. Its work grows with the past.
pub(super) fn earlier(
    state: &State,
    (key, page): (PageKey, &Page),
    view: &PageView,
    begin: Timestamp,
) -> Vec<MonthView> {
    let spans = html::months(view).into_iter().map(|month| Span::of(view, month));
    let spans: Vec<Span> = spans.filter(|span| span.from < begin).collect();
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Vec::new() };
    let components = skerry_domain::state::components_of(&page.items);
    let components = components.into_iter().filter_map(|key| state.components.get(&key));
    let shown = components.filter(|one| one.settings.public && !one.archived && one.settings.showcase);
    let mut figures: Vec<Vec<Figure>> = vec![Vec::new(); spans.len()];
    for component in shown {
        let component_now = ComponentNow { state, component, now: view.now };
        let watched = component_now.watched_from(&component_now.intervals(view.now - DAY));
        let intervals = component_now.over(watched, first.from, last.to);
        for (span, figures) in spans.iter().zip(&mut figures) {
            figures.push(span.figure((page, component), &intervals, view.now));
        }
    }
    let place = |at: Timestamp| spans.partition_point(|span| span.to <= at);
    let (mut incidents, mut maintenance) = (vec![0; spans.len() + 1], vec![0; spans.len() + 1]);
    let begun = state.published_incidents.newest(key).filter_map(|key| state.incidents.get(&key));
    for incident in begun {
        incidents[place(incident.started_at)] += 1;
    }
    let windows = state.published_windows.newest(key).filter_map(|key| state.windows.get(&key));
    for window in windows.filter(|one| one.started_at.is_some() && is_shown(state, one)) {
        maintenance[place(window.from)] += 1;
    }
    let held = spans.iter().zip(&figures).enumerate().map(|(place, (span, figures))| MonthView {
        month: span.month,
        incidents: incidents[place],
        maintenance: maintenance[place],
        figure: uptime::group(figures),
    });
    held.collect()
}
