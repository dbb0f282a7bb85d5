//! The chart of response times: drawn when the page is rendered, and described in text. It is stretched to the width of its
//! column, so that its texts stand beside the picture.

mod line;
mod points;
mod small;
mod ticks;

use super::words::{Clock, Tone};
use crate::texts::Texts;
use crate::view::{ComponentView, PageView, ResponsePoint, ResponseWindow};
use line::Scale;
use skerry_domain::days::WINDOWS;
use skerry_domain::interval::Interval;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::{DAY, Timestamp};
pub(crate) use small::SmallChart;
pub(crate) use ticks::Tick;

/// More outages than this are summed in the description.
const MAX_NAMED: usize = 3;

/// The windows of a chart, in the order of [`WINDOWS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Day,
    Week,
    Month,
    Quarter,
}

impl Span {
    pub(crate) const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Quarter];

    /// The last part of the page's path; that of a day is the page of the component itself.
    pub(crate) fn path(self) -> Option<&'static str> {
        match self {
            Self::Day => None,
            Self::Week => Some("7d"),
            Self::Month => Some("30d"),
            Self::Quarter => Some("90d"),
        }
    }

    fn days(self) -> i64 {
        WINDOWS[self as usize]
    }
}

/// A chart with its texts.
pub(crate) struct Chart {
    pub(crate) columns: Vec<Column>,
    /// Path of the median.
    pub(crate) median: String,
    /// Path of the 95th percentile.
    pub(crate) upper: String,
    /// The area between them.
    pub(crate) band: String,
    /// "800 ms" at the top of the scale, "400" in its middle.
    pub(crate) scale: [String; 2],
    pub(crate) ticks: Vec<Tick>,
    /// "238 ms" and "612 ms": median and 95th percentile of the window.
    pub(crate) figures: [String; 2],
    /// The picture in words.
    pub(crate) description: String,
    /// Each point, for the script.
    pub(crate) points: String,
}

/// An outage.
pub(crate) struct Column {
    pub(crate) class: &'static str,
    /// Behind the lines.
    pub(crate) back: String,
    /// At the bottom, above the lines.
    pub(crate) foot: String,
}

/// Draws the chart of a window; returns `None` if nothing was measured in it.
pub(crate) fn chart(
    component: &ComponentView,
    span: Span,
    view: &PageView,
    clock: &Clock<'_>,
) -> Option<Chart> {
    let response = component.response.as_ref()?;
    let window = Some(&response.windows[span as usize]).filter(|window| !window.points.is_empty())?;
    // The axis of a chart that is younger than its window begins with its first point.
    let from = (view.now + -span.days() * DAY).max(response.since?);
    let mirrored = clock.texts.right_to_left;
    let scale = Scale::new((from, view.now), &window.points, mirrored);
    let outages = outages(component, (from, view.now));
    let (top, middle) = figures_of(scale.top, clock.texts);
    Some(Chart {
        columns: outages.iter().map(|one| column(one, &scale)).collect(),
        median: scale.line(&window.points, window.step, |point| point.p50_ms),
        upper: scale.line(&window.points, window.step, |point| point.p95_ms),
        band: scale.band(&window.points, window.step),
        scale: [top, middle],
        ticks: ticks::ticks((from, view.now), mirrored, clock),
        figures: [window.p50_ms, window.p95_ms].map(|ms| clock.texts.dates.response_time(ms)),
        description: description(window, span, &outages, clock),
        points: points::points(window, &scale, clock),
    })
}

/// The outages of a time, oldest first.
fn outages(component: &ComponentView, (from, to): (Timestamp, Timestamp)) -> Vec<Interval<Status>> {
    let outage = |one: &Interval<Effective>| match one.value {
        Effective::Known(status) | Effective::Partly(status) if status >= Status::PartialOutage => {
            Some(Interval { from: one.from.max(from), to: one.to, value: status })
        }
        _ => None,
    };
    component.past.iter().filter_map(outage).filter(|one| one.from < one.to && one.from < to).collect()
}

fn column(outage: &Interval<Status>, scale: &Scale) -> Column {
    let (x, width) = scale.column(outage.from, outage.to);
    let foot = line::HEIGHT - line::FOOT;
    Column {
        class: Tone::Of(outage.value).class(),
        back: format!("M{x} 0h{width}v{}h-{width}z", line::HEIGHT),
        foot: format!("M{x} {foot}h{width}v{}h-{width}z", line::FOOT),
    }
}

/// "Response time over the last 24 hours: median 150 to 310 ms, slowest 5% over 240 to 740 ms, major outage
/// from 14:02 to 15:20."
fn description(
    window: &ResponseWindow,
    span: Span,
    outages: &[Interval<Status>],
    clock: &Clock<'_>,
) -> String {
    let all = |of: fn(&ResponsePoint) -> f64| {
        let values = || window.points.iter().map(of);
        range(values().fold(f64::MAX, f64::min), values().fold(0.0, f64::max), clock.texts)
    };
    let at = |at| match span {
        Span::Day => clock.time_of_week(at),
        _ => clock.time_of_year(at),
    };
    let texts = clock.texts.component;
    let mut words = Vec::new();
    if outages.len() > MAX_NAMED {
        let sum: i64 = outages.iter().map(|one| one.to.min(clock.now()) - one.from).sum();
        words.push(texts.outages(outages.len(), &clock.texts.dates.duration(sum)));
    } else {
        for one in outages {
            let to = (one.to <= clock.now()).then(|| at(one.to));
            words.push(texts.outage(one.value, &at(one.from), to.as_deref()));
        }
    }
    texts.chart(span as usize, &all(|point| point.p50_ms), &all(|point| point.p95_ms), &words)
}

/// "150 to 310 ms", "150 ms".
fn range(lowest: f64, highest: f64, texts: &Texts) -> String {
    let (low, high) = (texts.dates.response_time(lowest), texts.dates.response_time(highest));
    let (low_unit, high_unit) = (low.split_once(' '), high.split_once(' '));
    match (low_unit, high_unit) {
        _ if low == high => low,
        (Some((number, unit)), Some((_, other))) if unit == other => texts.component.range(number, &high),
        _ => texts.component.range(&low, &high),
    }
}

/// The top of a scale with its unit, and its middle without.
fn figures_of(top: f64, texts: &Texts) -> (String, String) {
    let middle = if top < 1_000.0 { top / 2.0 } else { top / 2_000.0 };
    (texts.dates.response_time(top), texts.dates.decimal(middle))
}

#[cfg(test)]
#[path = "chart_test.rs"]
mod tests;
