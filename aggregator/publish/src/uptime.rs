//! The uptime of a component over a time that a client of the REST API asks for, by the rule of its page. Over the days
//! of a bar it is the figure that the page shows.

use super::component_now::ComponentNow;
use super::times;
use jiff::tz::TimeZone;
use skerry_domain::days::Calendar;
use skerry_domain::layers;
use skerry_domain::state::{Component, Page, State};
use skerry_domain::time::{DAY, Timestamp};
use skerry_domain::uptime::{Figure, figure, tally};

/// Uptime over a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uptime {
    /// The figure.
    pub figure: Figure,
    /// Since when the component has been watched; `None`: it was never observed or set.
    pub watched_from: Option<Timestamp>,
}

/// The uptime of a component over `[from, to)`; nothing after `now` counts.
#[must_use]
pub fn component_uptime(
    state: &State,
    page: &Page,
    component: &Component,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> Uptime {
    let to = to.min(now);
    let component_now = ComponentNow { state, component, now };
    let intervals = component_now.intervals(from);
    let watched_from = component_now.watched_from(&intervals);
    let intervals = layers::watched_from(intervals, watched_from.unwrap_or(Timestamp::FAR));
    let start = component.settings.start_date.map(|_| component.layers.start);
    let days = days_of(&times::zone_of(page), (from, to), start);
    let settings = &page.settings;
    let figure = figure(&tally(&intervals, from, to), settings.rule, settings.weights, days);
    Uptime { figure, watched_from }
}

/// The calendar days of a time, each counted whole, less those before a start date.
fn days_of(zone: &TimeZone, (from, to): (Timestamp, Timestamp), start: Option<Timestamp>) -> u32 {
    let most = usize::try_from((to - from) / DAY).unwrap_or(0) + 3;
    let calendar = Calendar::new(zone, to + -1, most);
    let begun = from.max(start.unwrap_or(from));
    let days = calendar.days().iter().filter(|day| day.to > begun && from < to);
    u32::try_from(days.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "uptime_test.rs"]
mod tests;
