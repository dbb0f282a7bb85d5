//! Lines, the area between them and columns, in the units of the picture. Where nothing was measured they break.

use crate::view::ResponsePoint;
use skerry_domain::time::Timestamp;
use std::fmt::Write;

/// Size of the view box, which is stretched to the size of the picture.
pub(super) const WIDTH: i64 = 1_000;
pub(super) const HEIGHT: i64 = 1_000;
/// Height of the foot of an outage: 6 px of 152.
pub(super) const FOOT: i64 = 40;
/// The least width of a column, so that a minute in 90 days can be seen: 6 px of 662. On phones the style sheet adds to it.
const MIN_WIDTH: i64 = 9;

/// Where times and values are in the picture.
pub(super) struct Scale {
    from: Timestamp,
    to: Timestamp,
    /// The value at the top, ms.
    pub(super) top: f64,
    mirrored: bool,
}

impl Scale {
    pub(super) fn new((from, to): (Timestamp, Timestamp), points: &[ResponsePoint], mirrored: bool) -> Self {
        Self { from, to, top: round_up(highest(points)), mirrored }
    }

    /// What is outside the window is at its edge.
    pub(super) fn x(&self, at: Timestamp) -> i64 {
        let share = (at - self.from) as f64 / ((self.to - self.from) as f64).max(1.0);
        let x = (share.clamp(0.0, 1.0) * WIDTH as f64).round() as i64;
        if self.mirrored { WIDTH - x } else { x }
    }

    fn y(&self, value: f64) -> i64 {
        HEIGHT - (value / self.top * HEIGHT as f64).round() as i64
    }

    /// The position and the width of a time.
    pub(super) fn column(&self, from: Timestamp, to: Timestamp) -> (i64, i64) {
        let (one, other) = (self.x(from), self.x(to));
        let (left, width) = (one.min(other), (one - other).abs().max(MIN_WIDTH));
        (left.min(WIDTH - width), width)
    }

    /// The line of a value.
    pub(super) fn line(
        &self,
        points: &[ResponsePoint],
        step: i64,
        value: fn(&ResponsePoint) -> f64,
    ) -> String {
        let mut out = String::new();
        for run in runs(points, step) {
            for (index, (x, y)) in self.corners(run, step, value).into_iter().enumerate() {
                // Writing to a string cannot fail.
                let _ = write!(out, "{}{x} {y}", if index == 0 { 'M' } else { 'L' });
            }
        }
        out
    }

    /// The area between the median and the 95th percentile.
    pub(super) fn band(&self, points: &[ResponsePoint], step: i64) -> String {
        let mut out = String::new();
        for run in runs(points, step) {
            let upper = self.corners(run, step, |point| point.p95_ms);
            let lower = self.corners(run, step, |point| point.p50_ms);
            for (index, (x, y)) in upper.into_iter().chain(lower.into_iter().rev()).enumerate() {
                let _ = write!(out, "{}{x} {y}", if index == 0 { 'M' } else { 'L' });
            }
            out.push('z');
        }
        out
    }

    /// A point stands in the middle of its step; a run reaches from the beginning of its first step to the end of its last.
    fn corners(&self, run: &[ResponsePoint], step: i64, value: fn(&ResponsePoint) -> f64) -> Vec<(i64, i64)> {
        let middle = run.iter().map(|point| (point.at + step / 2, value(point)));
        let first = run.first().map(|point| (point.at, value(point)));
        let last = run.last().map(|point| (point.at + step, value(point)));
        first.into_iter().chain(middle).chain(last).map(|(at, value)| (self.x(at), self.y(value))).collect()
    }
}

/// The points without a step between them in which nothing was measured.
fn runs(points: &[ResponsePoint], step: i64) -> impl Iterator<Item = &[ResponsePoint]> {
    points.chunk_by(move |one, next| next.at - one.at <= step)
}

/// The highest value to show: all medians, and the 95th percentiles but for a few that are far above the others.
fn highest(points: &[ResponsePoint]) -> f64 {
    let mut slowest: Vec<_> = points.iter().map(|point| point.p95_ms).collect();
    slowest.sort_by(f64::total_cmp);
    let most = slowest.get(slowest.len().saturating_sub(1 + slowest.len() / 20)).copied().unwrap_or(0.0);
    let all = slowest.last().copied().unwrap_or(0.0);
    let shown = if all <= 1.5 * most { all } else { most };
    points.iter().map(|point| point.p50_ms).fold(shown, f64::max)
}

/// The next round number whose half is also round; at least 10 ms.
fn round_up(highest: f64) -> f64 {
    let mut scale = 10.0;
    while scale < 1e9 {
        for factor in [1.0, 2.0, 3.0, 4.0, 6.0, 8.0] {
            if highest <= scale * factor {
                return scale * factor;
            }
        }
        scale *= 10.0;
    }
    highest
}

#[cfg(test)]
#[path = "line_test.rs"]
mod tests;
