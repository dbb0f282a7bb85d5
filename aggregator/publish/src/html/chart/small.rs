//! A small chart of the last day, without a scale.

use super::super::words::Clock;
use super::line::Scale;
use super::range;
use crate::view::{ResponsePoint, ResponseWindow};
use skerry_domain::time::DAY;

/// A small chart with its texts.
pub(crate) struct SmallChart {
    /// Path of the median.
    pub(crate) median: String,
    /// Path of the 95th percentile.
    pub(crate) upper: String,
    /// The area between them.
    pub(crate) band: String,
    /// "Thu 16:15" and "16:15": where it begins and ends.
    pub(crate) ends: [String; 2],
    /// The picture in words.
    pub(crate) description: String,
}

impl SmallChart {
    /// Draws the last day; returns `None` if nothing was measured in it.
    pub(crate) fn of(window: &ResponseWindow, clock: &Clock<'_>) -> Option<Self> {
        // A chart that is younger than its window begins with its first point.
        let from = window.points.first()?.at.max(clock.now() - DAY);
        let points: Vec<_> = window.points.iter().filter(|point| point.at >= from).copied().collect();
        let scale = Scale::new((from, clock.now()), &points, clock.texts.right_to_left);
        let all = |of: fn(&ResponsePoint) -> f64| {
            let values = || points.iter().map(of);
            range(values().fold(f64::MAX, f64::min), values().fold(0.0, f64::max), clock.texts)
        };
        let [medians, slowest] = [all(|point| point.p50_ms), all(|point| point.p95_ms)];
        Some(Self {
            median: scale.line(&points, window.step, |point| point.p50_ms),
            upper: scale.line(&points, window.step, |point| point.p95_ms),
            band: scale.band(&points, window.step),
            ends: [clock.time_of_week(from), clock.time(clock.now())],
            description: clock.texts.sections.chart(&medians, &slowest),
        })
    }
}
